//! Elements of EBML, in WebM and Matroska.

use std::io::{Read, Seek, SeekFrom};

use super::Tracks;

/// Elements that are looked at in one file.
const MAX_ELEMENTS: usize = 10_000;
/// Nesting of the elements that are looked into.
const MAX_DEPTH: usize = 6;

const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_a966;
const TIMESTAMP_SCALE: u64 = 0x002a_d7b1;
const DURATION: u64 = 0x4489;
const TRACKS: u64 = 0x1654_ae6b;
const TRACK: u64 = 0xae;
const TRACK_TYPE: u64 = 0x83;
const VIDEO: u64 = 0xe0;
const WIDTH: u64 = 0xb0;
const HEIGHT: u64 = 0xba;
const CLUSTER: u64 = 0x1f43_b675;

/// Reads what the segment and its tracks tell; `None` if there is no segment.
pub(super) fn tracks(file: &mut (impl Read + Seek)) -> Option<Tracks> {
    let length = file.seek(SeekFrom::End(0)).ok()?;
    let mut walk = Walk {
        file,
        left: MAX_ELEMENTS,
        tracks: Tracks::default(),
        scale: 1_000_000,
        ticks: None,
        width: 0,
        height: 0,
        found: false,
    };
    // A walk that breaks off knows what it has seen.
    let _ = walk.elements(0, length, 0);
    if !walk.found {
        return None;
    }
    let mut tracks = walk.tracks;
    let length = walk.ticks.map(|ticks| ticks * walk.scale as f64 / 1e6);
    tracks.duration = length
        .filter(|length| length.is_finite() && *length > 0.0)
        .map(|length| length as u64);
    if walk.width > 0 && walk.height > 0 {
        tracks.size = Some((walk.width, walk.height));
    }
    Some(tracks)
}

struct Walk<'a, F> {
    file: &'a mut F,
    left: usize,
    tracks: Tracks,
    /// Nanoseconds of a tick.
    scale: u64,
    ticks: Option<f64>,
    width: u32,
    height: u32,
    found: bool,
}

impl<F: Read + Seek> Walk<'_, F> {
    /// Looks at all elements between two offsets.
    fn elements(&mut self, mut at: u64, end: u64, depth: usize) -> Option<()> {
        while at < end {
            self.left = self.left.checked_sub(1)?;
            let (id, size_at) = self.number(at, false)?;
            let (size, body) = self.number(size_at, true)?;
            // All bits set: the element ends where its parent does.
            let unknown = size == (1 << (7 * (body - size_at))) - 1;
            let next = match unknown {
                true => end,
                false => body.checked_add(size)?.min(end),
            };
            match id {
                // Everything of interest comes before the pictures.
                CLUSTER => return None,
                SEGMENT | INFO | TRACKS | TRACK | VIDEO if depth < MAX_DEPTH => {
                    self.found |= id == SEGMENT;
                    self.elements(body, next, depth + 1)?;
                }
                TIMESTAMP_SCALE => self.scale = self.value(body, size)?,
                DURATION => self.ticks = self.float(body, size),
                TRACK_TYPE => match self.value(body, size)? {
                    1 => self.tracks.has.0 = true,
                    2 => self.tracks.has.1 = true,
                    _ => {}
                },
                WIDTH if self.width == 0 => self.width = self.value(body, size)?.try_into().ok()?,
                HEIGHT if self.height == 0 => {
                    self.height = self.value(body, size)?.try_into().ok()?;
                }
                _ => {}
            }
            at = next;
        }
        Some(())
    }

    /// A number of variable length and the offset behind it; ids keep their length bit.
    fn number(&mut self, at: u64, is_size: bool) -> Option<(u64, u64)> {
        let mut bytes = [0; 8];
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(&mut bytes[..1]).ok()?;
        let length = bytes[0].leading_zeros() as usize + 1;
        if length > 8 {
            return None;
        }
        self.file.read_exact(&mut bytes[1..length]).ok()?;
        if is_size {
            bytes[0] &= (0xff_u16 >> length) as u8;
        }
        Some((big_endian(&bytes[..length]), at + length as u64))
    }

    fn value(&mut self, at: u64, size: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        let bytes = bytes.get_mut(..usize::try_from(size).ok()?)?;
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(bytes).ok()?;
        Some(big_endian(bytes))
    }

    fn float(&mut self, at: u64, size: u64) -> Option<f64> {
        let bits = self.value(at, size)?;
        match size {
            4 => Some(f32::from_bits(bits as u32).into()),
            8 => Some(f64::from_bits(bits)),
            _ => None,
        }
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
