//! Groups to entries (docs/protocol.md, *Poses*). A group is validated as a whole by what its
//! header allows at most; only where that says too little is every entry looked at.

use super::{
    layout::{ANGLE_BITS, CELL_UNITS, LEVEL_UNITS, Layout, Rotation, WORD_BITS},
    pose::{MAX_UNITS, PoseEntry, QuantizedPose},
};
use crate::{error::DecodeError, wire::Reader};

/// Length in bytes of the first of `groups`, so that a sender may cut between groups. None if no
/// whole group comes first.
pub fn group_len(groups: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(groups);
    Group::take(&mut reader).ok()?;
    Some(groups.len() - reader.remaining())
}

/// One group.
pub(super) struct Group<'a> {
    layout: Layout,
    /// Handle of the first entry.
    first: u32,
    stride: u32,
    /// Origin in units.
    base: [i64; 3],
    /// The entries and, where there is more, what follows them.
    bytes: &'a [u8],
}

impl<'a> Group<'a> {
    /// Reads a group and leaves the reader behind it. [`Self::validate`] checks the entries.
    pub(super) fn take(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let layout = Layout::from_header(u32::from_le_bytes(reader.array()?))?;
        let first = reader.u32()?;
        let stride = if layout.has_stride { reader.u32()? } else { 1 };
        if layout.has_stride && stride < 2 {
            return Err(DecodeError::GroupStride(stride));
        }
        let x = i64::from(reader.i32()?) * i64::from(CELL_UNITS);
        let z = i64::from(reader.i32()?) * i64::from(CELL_UNITS);
        let y = i64::from(reader.i32()?) * i64::from(LEVEL_UNITS);
        let bytes = reader.rest();
        reader.bytes(layout.bytes())?;
        Ok(Self {
            layout,
            first,
            stride,
            base: [x, y, z],
            bytes,
        })
    }

    pub(super) fn count(&self) -> usize {
        self.layout.count
    }

    /// Refuses handles and coordinates out of bounds, and what is not 0 behind the last entry.
    pub(super) fn validate(&self) -> Result<(), DecodeError> {
        let used = self.layout.bits() % 8;
        let last = self.layout.bytes().checked_sub(1);
        let last = last.and_then(|last| self.bytes.get(last)).unwrap_or(&0);
        if used > 0 && last >> used != 0 {
            return Err(DecodeError::GroupPadding);
        }
        if self.surely_in_bounds() {
            return Ok(());
        }
        let mut result = Ok(());
        self.walk(|handle, units, _| {
            if u32::try_from(handle).is_err() {
                result = Err(DecodeError::HandleOutOfBounds);
            } else if units.into_iter().any(|units| !in_bounds(units)) {
                result = Err(DecodeError::PositionOutOfBounds);
            }
        });
        result
    }

    /// True if even the largest values that the widths allow are in bounds.
    fn surely_in_bounds(&self) -> bool {
        let gaps = (self.layout.count as u64 - 1) << self.layout.gap;
        let last = gaps
            .saturating_mul(self.stride.into())
            .saturating_add(self.first.into());
        let mut axes = self.base.into_iter().zip(self.layout.axes);
        last <= u32::MAX.into()
            && axes.all(|(base, bits)| in_bounds(base) && in_bounds(base + (1 << bits) - 1))
    }

    /// Gives every entry of a group that was found valid.
    pub(super) fn for_each(&self, mut each: impl FnMut(PoseEntry)) {
        const ANGLE: u64 = (1 << ANGLE_BITS) - 1;
        // Angles that do not travel are 0.
        let (yaw_at, yaw_mask, tilt_mask) = match self.layout.rotation {
            Rotation::Yaw => (0, ANGLE, 0),
            Rotation::Still => (0, 0, 0),
            Rotation::Full => (ANGLE_BITS, ANGLE, ANGLE),
        };
        self.walk(|handle, [x, y, z], angles| {
            each(PoseEntry {
                handle: handle as u32,
                pose: QuantizedPose {
                    x: x as i32,
                    y: y as i32,
                    z: z as i32,
                    pitch: (angles & tilt_mask) as u16,
                    yaw: (angles >> yaw_at & yaw_mask) as u16,
                    roll: (angles >> (2 * ANGLE_BITS) & tilt_mask) as u16,
                },
            });
        });
    }

    /// Gives handle, coordinates in units and the bits of the angles, with whatever comes behind
    /// them, of every entry. Before validation the numbers may be out of bounds: a coordinate still
    /// fits, a handle fits up to and with the first bad one.
    fn walk(&self, mut each: impl FnMut(u64, [i64; 3], u64)) {
        let layout = &self.layout;
        let [x, y, z] = layout.axes;
        let [base_x, base_y, base_z] = self.base;
        let mut handle = u64::from(self.first);
        // The first entry has no gap.
        let (mut skip, mut stride) = (layout.gap, 0);
        let mut bit = 0;
        let mut give = |gap: u64, dx: u64, dy: u64, dz: u64, angles: u64| {
            handle = handle.wrapping_add((gap + 1).wrapping_mul(stride));
            stride = self.stride.into();
            let add = |base: i64, offset: u64| base + offset.cast_signed();
            let units = [add(base_x, dx), add(base_y, dy), add(base_z, dz)];
            each(handle, units, angles);
        };
        if layout.entry_bits() <= WORD_BITS {
            let (y_at, z_at) = (layout.gap + x, layout.gap + x + y);
            let angles_at = z_at + z;
            for _ in 0..layout.count {
                let word = load(self.bytes, bit) << skip;
                bit += (layout.entry_bits() - skip) as usize;
                skip = 0;
                give(
                    low(word, layout.gap),
                    low(word >> layout.gap, x),
                    low(word >> y_at, y),
                    low(word >> z_at, z),
                    word >> angles_at,
                );
            }
        } else {
            for _ in 0..layout.count {
                let mut field = |bits: u32| {
                    let value = low(load(self.bytes, bit), bits);
                    bit += bits as usize;
                    value
                };
                let (gap, dx, dy, dz) = (field(layout.gap - skip), field(x), field(y), field(z));
                skip = 0;
                give(gap, dx, dy, dz, field(layout.rotation.bits()));
            }
        }
    }
}

fn in_bounds(units: i64) -> bool {
    let bound = i64::from(MAX_UNITS);
    (-bound..=bound).contains(&units)
}

/// The lowest bits, fewer than 64.
fn low(word: u64, bits: u32) -> u64 {
    word & ((1 << bits) - 1)
}

/// The bits from `bit` on, at least [`WORD_BITS`]; 0 behind the end.
fn load(bytes: &[u8], bit: usize) -> u64 {
    let rest = bytes.get(bit / 8..).unwrap_or_default();
    let word = match rest.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => load_end(rest),
    };
    word >> (bit % 8)
}

/// Fewer than eight bytes.
#[cold]
fn load_end(rest: &[u8]) -> u64 {
    rest.iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}
