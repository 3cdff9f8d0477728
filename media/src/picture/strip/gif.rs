//! GIF: blocks up to the trailer.

use super::Cursor;
use crate::{MediaError, Result, picture::Outline};

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;
/// Extensions: how the next frame is drawn, and what applications added.
const CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;

pub(super) fn strip(bytes: &[u8]) -> Result<(Vec<u8>, Outline)> {
    let mut cursor = Cursor { bytes };
    let head = cursor.take(13)?;
    if !head.starts_with(b"GIF8") {
        return Err(MediaError::invalid("no GIF: the header is missing"));
    }
    let side = |at: usize| u32::from(u16::from_le_bytes([head[at], head[at + 1]]));
    let (width, height) = (side(6), side(8));
    let mut kept = head.to_vec();
    kept.extend_from_slice(colours(&mut cursor, head[10])?);
    let mut frames = 0;
    loop {
        match cursor.byte()? {
            TRAILER => break,
            EXTENSION => {
                let label = cursor.byte()?;
                let blocks = sub_blocks(&mut cursor)?;
                // The number of repetitions is the only thing of applications that shows.
                let shows = label == CONTROL
                    || label == APPLICATION && blocks.get(1..12) == Some(b"NETSCAPE2.0");
                if shows {
                    kept.extend_from_slice(&[EXTENSION, label]);
                    kept.extend_from_slice(blocks);
                }
            }
            IMAGE => {
                let descriptor = cursor.take(9)?;
                kept.push(IMAGE);
                kept.extend_from_slice(descriptor);
                kept.extend_from_slice(colours(&mut cursor, descriptor[8])?);
                kept.push(cursor.byte()?);
                kept.extend_from_slice(sub_blocks(&mut cursor)?);
                frames += 1;
            }
            _ => return Err(MediaError::invalid("the GIF has an unknown block")),
        }
    }
    if frames == 0 {
        return Err(MediaError::invalid("the GIF has no picture"));
    }
    kept.push(TRAILER);
    let outline = Outline {
        frames,
        ..Outline::still(width, height)
    };
    Ok((kept, outline))
}

/// The table of colours that flags announce.
fn colours<'a>(cursor: &mut Cursor<'a>, flags: u8) -> Result<&'a [u8]> {
    if flags & 0x80 == 0 {
        return Ok(&[]);
    }
    cursor.take(3 << ((flags & 7) + 1))
}

/// Blocks of at most 255 bytes, with their lengths and the empty one at the end.
fn sub_blocks<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let all = cursor.bytes;
    let mut length = 0;
    loop {
        let block = usize::from(cursor.byte()?);
        cursor.take(block)?;
        length += block + 1;
        if block == 0 {
            return Ok(&all[..length]);
        }
    }
}
