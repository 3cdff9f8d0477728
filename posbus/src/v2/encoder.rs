//! Entries to groups (docs/protocol.md, *Poses*). This runs for every user who moves, in every
//! tick: one pass over the entries of a group finds the widths, a second one writes.

use super::{
    MAX_DATAGRAM, MAX_GROUP,
    layout::{ANGLE_BITS, CELL_UNITS, LEVEL_UNITS, Layout, MAX_WIDTH, Rotation, WORD_BITS},
    pose::PoseEntry,
};
use crate::{
    frame::FRAME_OVERHEAD,
    wire::{put_u32, zigzag32},
};

/// Most bytes of what stands before the entries: the header and five varints.
const MAX_PREFIX: usize = 4 + 5 * 5;
/// Most bytes of the entries of a group, so that it fits a datagram with the longest tick there is.
const MAX_ENTRIES: usize = MAX_DATAGRAM - FRAME_OVERHEAD - 10 - MAX_PREFIX;
/// The writer always writes a whole word.
const WORD_BYTES: usize = 8;

/// Appends the groups of `entries`, which are in rising order of handles, in that order.
///
/// A group has up to [`MAX_GROUP`] entries and fits a datagram. `stride` is to divide all
/// differences of handles (1 does, as does 2 if all are even); a group in which it does not is
/// written with 1. Handles that do not rise start another group. Coordinates beyond the bounds are
/// clamped; of angles only the nine lowest bits count. Only growth of `out` allocates.
pub fn encode_groups(entries: &[PoseEntry], stride: u32, out: &mut Vec<u8>) {
    let stride = Stride::new(stride);
    for entries in entries.chunks(MAX_GROUP) {
        encode_group(entries, stride, out);
    }
}

/// Writes one group, or more if the entries do not go into one. At most six levels deep, as a
/// single entry always fits.
fn encode_group(entries: &[PoseEntry], stride: Stride, out: &mut Vec<u8>) {
    match Plan::new(entries, stride) {
        Ok(Some(plan)) => plan.write(entries, out),
        Ok(None) => {}
        Err(Misfit::Stride) => encode_group(entries, Stride::ONE, out),
        Err(Misfit::Cut(at)) => {
            let (before, after) = entries.split_at(at);
            encode_group(before, stride, out);
            encode_group(after, stride, out);
        }
    }
}

/// A divisor of differences of handles. A division takes longer than everything else about an
/// entry, and an exact one is a multiplication with the inverse of the odd part modulo 2^32.
#[derive(Clone, Copy)]
struct Stride {
    value: u32,
    inverse: u32,
    twos: u32,
    /// The largest quotient; a remainder shows as one above it.
    max: u32,
}

impl Stride {
    const ONE: Self = Self {
        value: 1,
        inverse: 1,
        twos: 0,
        max: u32::MAX,
    };

    fn new(value: u32) -> Self {
        if value <= 1 {
            return Self::ONE;
        }
        let twos = value.trailing_zeros();
        let odd = value >> twos;
        // Newton: an odd number is its own inverse in three bits, each step doubles them.
        let step =
            |inverse: u32| inverse.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(inverse)));
        Self {
            value,
            inverse: step(step(step(step(odd)))),
            twos,
            max: u32::MAX / value,
        }
    }

    /// `difference` / stride if that is whole, else more than the largest quotient.
    fn divide(self, difference: u32) -> u32 {
        difference
            .wrapping_mul(self.inverse)
            .rotate_right(self.twos)
    }
}

/// Reason why entries do not fit into one group.
enum Misfit {
    /// The stride does not divide a difference.
    Stride,
    /// They go into two, cut before this one.
    Cut(usize),
}

/// Properties of a group that its header needs, known before its first bit is written.
struct Plan {
    layout: Layout,
    first: u32,
    stride: Stride,
    /// In 64 m, 1 m and 64 m.
    origin: [i32; 3],
}

impl Plan {
    /// None for no entries.
    fn new(entries: &[PoseEntry], stride: Stride) -> Result<Option<Self>, Misfit> {
        let Some((first, rest)) = entries.split_first() else {
            return Ok(None);
        };
        let mut low = first.pose.units();
        let mut high = low;
        let mut yaw = first.pose.yaw;
        let mut tilt = first.pose.pitch | first.pose.roll;
        let mut before = first.handle;
        let (mut gaps, mut largest, mut rises) = (0, 0, true);
        for PoseEntry { handle, pose } in rest {
            for ((low, high), units) in low.iter_mut().zip(&mut high).zip(pose.units()) {
                *low = units.min(*low);
                *high = units.max(*high);
            }
            yaw |= pose.yaw;
            tilt |= pose.pitch | pose.roll;
            rises &= *handle > before;
            let quotient = stride.divide(handle.wrapping_sub(before));
            largest = quotient.max(largest);
            gaps |= quotient.wrapping_sub(1);
            before = *handle;
        }
        if rises && largest > stride.max {
            return Err(Misfit::Stride);
        }
        if !rises || width(gaps) > MAX_WIDTH {
            return Err(Misfit::Cut(cut(entries)));
        }
        let origin = [
            low[0].div_euclid(CELL_UNITS),
            low[1].div_euclid(LEVEL_UNITS),
            low[2].div_euclid(CELL_UNITS),
        ];
        let base = base(origin);
        let axis = |axis: usize| width((high[axis] - base[axis]).cast_unsigned());
        let layout = Layout {
            count: entries.len(),
            rotation: match (angle(yaw), angle(tilt)) {
                (0, 0) => Rotation::Still,
                (_, 0) => Rotation::Yaw,
                _ => Rotation::Full,
            },
            gap: width(gaps),
            axes: [axis(0), axis(1), axis(2)],
            has_stride: stride.value > 1 && !rest.is_empty(),
        };
        if layout.bytes() > MAX_ENTRIES {
            return Err(Misfit::Cut(entries.len() / 2));
        }
        Ok(Some(Self {
            layout,
            first: first.handle,
            stride,
            origin,
        }))
    }

    fn write(&self, entries: &[PoseEntry], out: &mut Vec<u8>) {
        let layout = &self.layout;
        out.reserve(MAX_PREFIX + layout.bytes() + WORD_BYTES);
        out.extend_from_slice(&layout.header().to_le_bytes());
        put_u32(self.first, out);
        if layout.has_stride {
            put_u32(self.stride.value, out);
        }
        let [x, y, z] = self.origin;
        for origin in [x, z, y] {
            put_u32(zigzag32(origin), out);
        }
        let start = out.len();
        out.resize(start + layout.bytes() + WORD_BYTES, 0);
        self.write_entries(entries, BitWriter::new(&mut out[start..]));
        out.truncate(start + layout.bytes());
    }

    fn write_entries(&self, entries: &[PoseEntry], mut bits: BitWriter<'_>) {
        let base = base(self.origin);
        let layout = &self.layout;
        let [x, y, z] = layout.axes;
        // Pitch and roll are 0 if they do not travel.
        let [yaw_at, roll_at] = match layout.rotation {
            Rotation::Full => [ANGLE_BITS, 2 * ANGLE_BITS],
            Rotation::Yaw | Rotation::Still => [0, 0],
        };
        let fields = |entry: &PoseEntry, before: u32| {
            let units = entry.pose.units();
            let offset = |axis: usize| u64::from((units[axis] - base[axis]).cast_unsigned());
            let quotient = self.stride.divide(entry.handle.wrapping_sub(before));
            let angles = angle(entry.pose.pitch)
                | angle(entry.pose.yaw) << yaw_at
                | angle(entry.pose.roll) << roll_at;
            let gap = u64::from(quotient.wrapping_sub(1));
            (gap, offset(0), offset(1), offset(2), angles)
        };
        // The entry before the first one would be a stride below it; that gap of 0 is left out.
        let mut before = self.first.wrapping_sub(self.stride.value);
        let mut skip = layout.gap;
        if layout.entry_bits() <= WORD_BITS {
            for entry in entries {
                let (gap, dx, dy, dz, angles) = fields(entry, before);
                let word = (((angles << z | dz) << y | dy) << x | dx) << layout.gap | gap;
                bits.push(word >> skip, layout.entry_bits() - skip);
                (before, skip) = (entry.handle, 0);
            }
        } else {
            for entry in entries {
                let (gap, dx, dy, dz, angles) = fields(entry, before);
                bits.push(gap, layout.gap - skip);
                bits.push(dx, x);
                bits.push(dy, y);
                bits.push(dz, z);
                bits.push(angles, layout.rotation.bits());
                (before, skip) = (entry.handle, 0);
            }
        }
    }
}

/// Index at which to cut entries whose handles do not rise or rise by more than a gap can hold.
/// Never 0.
#[cold]
fn cut(entries: &[PoseEntry]) -> usize {
    let mut pairs = entries.iter().zip(entries.iter().skip(1));
    let fits = |(one, next): (&PoseEntry, &PoseEntry)| {
        next.handle > one.handle && width(next.handle - one.handle - 1) <= MAX_WIDTH
    };
    pairs
        .position(|pair| !fits(pair))
        .map_or(entries.len() / 2, |index| index + 1)
}

/// The origin in units.
fn base([x, y, z]: [i32; 3]) -> [i32; 3] {
    [x * CELL_UNITS, y * LEVEL_UNITS, z * CELL_UNITS]
}

/// Bits that hold `value`.
fn width(value: u32) -> u32 {
    u32::BITS - value.leading_zeros()
}

/// The bits of an angle that travel.
fn angle(steps: u16) -> u64 {
    u64::from(steps) & ((1 << ANGLE_BITS) - 1)
}

/// Puts values next to each other, the first bit lowest.
struct BitWriter<'a> {
    /// Longer than the bits by a word.
    bytes: &'a mut [u8],
    /// Complete bytes so far.
    at: usize,
    /// Bits that follow them.
    word: u64,
    /// Number of these bits, less than 8.
    filled: u32,
}

impl<'a> BitWriter<'a> {
    fn new(bytes: &'a mut [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            word: 0,
            filled: 0,
        }
    }

    /// Adds a value of `bits` bits, at most [`WORD_BITS`].
    fn push(&mut self, value: u64, bits: u32) {
        self.word |= value << self.filled;
        if let Some(bytes) = self.bytes.get_mut(self.at..self.at + WORD_BYTES) {
            bytes.copy_from_slice(&self.word.to_le_bytes());
        }
        self.filled += bits;
        self.at += (self.filled / 8) as usize;
        self.word >>= self.filled & !7;
        self.filled &= 7;
    }
}
