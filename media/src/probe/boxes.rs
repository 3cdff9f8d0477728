//! Boxes of the ISO base media file format, in MP4 and QuickTime.

use std::io::{Read, Seek, SeekFrom};

use super::Tracks;

/// Boxes that are looked at in one file.
const MAX_BOXES: usize = 10_000;
/// Nesting of the boxes that are looked into.
const MAX_DEPTH: usize = 6;

/// Reads what the movie header and the tracks tell; `None` if there is no movie.
pub(super) fn tracks(file: &mut (impl Read + Seek)) -> Option<Tracks> {
    let length = file.seek(SeekFrom::End(0)).ok()?;
    let mut walk = Walk {
        file,
        left: MAX_BOXES,
        tracks: Tracks::default(),
        found: false,
    };
    walk.boxes(0, length, 0)?;
    walk.found.then_some(walk.tracks)
}

struct Walk<'a, F> {
    file: &'a mut F,
    left: usize,
    tracks: Tracks,
    found: bool,
}

impl<F: Read + Seek> Walk<'_, F> {
    /// Looks at all boxes between two offsets.
    fn boxes(&mut self, mut at: u64, end: u64, depth: usize) -> Option<()> {
        while end.saturating_sub(at) >= 8 {
            self.left = self.left.checked_sub(1)?;
            let head = self.bytes::<8>(at)?;
            let name: [u8; 4] = head[4..].try_into().ok()?;
            let (mut body, mut size) = (at + 8, number(&head[..4]));
            match size {
                0 => size = end - at,
                1 => {
                    size = number(&self.bytes::<8>(body)?);
                    body += 8;
                }
                _ => {}
            }
            let next = at.checked_add(size).filter(|next| *next >= body)?;
            let last = next.min(end);
            match &name {
                b"moov" | b"trak" | b"mdia" if depth < MAX_DEPTH => {
                    self.found |= &name == b"moov";
                    self.boxes(body, last, depth + 1)?;
                }
                b"mvhd" => self.movie(body),
                b"tkhd" => self.track(body),
                b"hdlr" => self.handler(body),
                _ => {}
            }
            at = next;
        }
        Some(())
    }

    fn bytes<const N: usize>(&mut self, at: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.file.seek(SeekFrom::Start(at)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    fn movie(&mut self, body: u64) {
        let Some(head) = self.bytes::<32>(body) else {
            return;
        };
        let (scale, duration) = match head[0] {
            1 => (number(&head[20..24]), number(&head[24..32])),
            _ => (number(&head[12..16]), number(&head[16..20])),
        };
        // All bits set: unknown.
        if scale > 0 && duration != u64::from(u32::MAX) && duration != u64::MAX {
            let length = u128::from(duration) * 1000 / u128::from(scale);
            self.tracks.duration = u64::try_from(length).ok();
        }
    }

    /// Width and height are the last two numbers of the header, with 16 bits of fraction.
    fn track(&mut self, body: u64) {
        let version = self.bytes::<1>(body).map_or(0, |[version]| version);
        let at = body + if version == 1 { 88 } else { 76 };
        if let Some(sides) = self.bytes::<8>(at) {
            let (width, height) = (number(&sides[..4]) >> 16, number(&sides[4..]) >> 16);
            if width > 0 && height > 0 && self.tracks.size.is_none() {
                self.tracks.size = Some((width as u32, height as u32));
            }
        }
    }

    fn handler(&mut self, body: u64) {
        match self.bytes::<12>(body).as_ref().map(|head| &head[8..]) {
            Some(b"vide") => self.tracks.has.0 = true,
            Some(b"soun") => self.tracks.has.1 = true,
            _ => {}
        }
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
