//! Layout of the bits of a group, and its header (docs/protocol.md, *Poses*).

use super::MAX_GROUP;
use crate::error::DecodeError;

/// Units of the origin in x and z: 64 m.
pub(super) const CELL_UNITS: i32 = 4096;
/// Units of the origin in y: 1 m.
pub(super) const LEVEL_UNITS: i32 = 64;
/// Bits of an angle.
pub(super) const ANGLE_BITS: u32 = 9;
/// Most bits of a field that has a width.
pub(super) const MAX_WIDTH: u32 = 31;
/// Most bits that are read or written at once: with up to 7 that are there already they fill no
/// more than a word.
pub(super) const WORD_BITS: u32 = 56;

const STRIDE_FLAG: u32 = 1 << 28;
const RESERVED: u32 = 0b111 << 29;

/// Angles that travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rotation {
    /// Yaw; pitch and roll are 0.
    Yaw,
    /// None; all are 0.
    Still,
    /// Pitch, yaw and roll.
    Full,
}

impl Rotation {
    /// Bits per entry.
    pub(super) const fn bits(self) -> u32 {
        match self {
            Self::Yaw => ANGLE_BITS,
            Self::Still => 0,
            Self::Full => 3 * ANGLE_BITS,
        }
    }
}

/// Header of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Entries, 1 to 64.
    pub(super) count: usize,
    pub(super) rotation: Rotation,
    /// Bits of a gap; the first entry has none.
    pub(super) gap: u32,
    /// Bits of x, y and z.
    pub(super) axes: [u32; 3],
    /// True if a stride follows; else it is 1.
    pub(super) has_stride: bool,
}

impl Layout {
    pub(super) fn header(&self) -> u32 {
        let mode = match self.rotation {
            Rotation::Yaw => 0,
            Rotation::Still => 1,
            Rotation::Full => 2,
        };
        let [x, y, z] = self.axes;
        let stride = if self.has_stride { STRIDE_FLAG } else { 0 };
        (self.count as u32 - 1) | mode << 6 | self.gap << 8 | x << 13 | y << 18 | z << 23 | stride
    }

    pub(super) fn from_header(header: u32) -> Result<Self, DecodeError> {
        let rotation = match header >> 6 & 0b11 {
            0 => Rotation::Yaw,
            1 => Rotation::Still,
            2 => Rotation::Full,
            _ => return Err(DecodeError::GroupHeader(header)),
        };
        if header & RESERVED != 0 {
            return Err(DecodeError::GroupHeader(header));
        }
        let width = |at: u32| header >> at & MAX_WIDTH;
        Ok(Self {
            count: header as usize % MAX_GROUP + 1,
            rotation,
            gap: width(8),
            axes: [width(13), width(18), width(23)],
            has_stride: header & STRIDE_FLAG != 0,
        })
    }

    /// Bits of an entry that is not the first.
    pub(super) const fn entry_bits(&self) -> u32 {
        let [x, y, z] = self.axes;
        self.gap + x + y + z + self.rotation.bits()
    }

    /// Bits of all entries.
    pub(super) const fn bits(&self) -> usize {
        self.count * self.entry_bits() as usize - self.gap as usize
    }

    /// Bytes of all entries.
    pub(super) const fn bytes(&self) -> usize {
        self.bits().div_ceil(8)
    }
}
