//! JPEG: segments up to the end marker.

use image::metadata::Orientation;

use super::{Cursor, exif_of, orientation_of, truncated};
use crate::{MediaError, Result, picture::Outline};

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const EXIF: &[u8] = b"Exif\0\0";

pub(super) fn strip(bytes: &[u8]) -> Result<(Vec<u8>, Outline)> {
    let mut cursor = Cursor { bytes };
    if cursor.take(2)? != [0xff, START] {
        return Err(MediaError::invalid("no JPEG: the start marker is missing"));
    }
    let mut kept = vec![0xff, START];
    let mut size = None;
    let mut orientation = None;
    let mut scans = 0;
    let mut marker = next_marker(&mut cursor)?;
    loop {
        match marker {
            END => break,
            // Markers without a length: restarts and those that decoders ignore.
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let segment = segment(&mut cursor)?;
                match marker {
                    APP1 if segment[2..].starts_with(EXIF) && orientation.is_none() => {
                        orientation = orientation_of(&segment[2 + EXIF.len()..]);
                    }
                    APP2 if !segment[2..].starts_with(b"ICC_PROFILE\0") => {}
                    // The first says which colours there are, the last how they are mixed.
                    APP0..=0xef if !matches!(marker, APP0 | APP2 | APP14) => {}
                    0xfe => {}
                    _ => {
                        kept.extend_from_slice(&[0xff, marker]);
                        kept.extend_from_slice(segment);
                    }
                }
                // Start of frame: all of this range but three.
                if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                    size = size.or(frame_size(segment));
                }
                if marker == SCAN {
                    scans += 1;
                    marker = scan(&mut cursor, &mut kept)?;
                    continue;
                }
            }
        }
        marker = next_marker(&mut cursor)?;
    }
    kept.extend_from_slice(&[0xff, END]);
    let (width, height) = size.ok_or_else(|| MediaError::invalid("the JPEG has no frame"))?;
    if scans == 0 {
        return Err(MediaError::invalid("the JPEG has no scan"));
    }
    if let Some(orientation) = orientation {
        insert_exif(&mut kept, orientation);
    }
    let outline = Outline {
        passes: scans,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
        ..Outline::still(width, height)
    };
    Ok((kept, outline))
}

/// The code of the next marker; bytes to fill up are allowed before it.
fn next_marker(cursor: &mut Cursor) -> Result<u8> {
    if cursor.byte()? != 0xff {
        return Err(MediaError::invalid(
            "the JPEG has no marker where one must be",
        ));
    }
    loop {
        match cursor.byte()? {
            0xff => {}
            0 => {
                return Err(MediaError::invalid(
                    "the JPEG has no marker where one must be",
                ));
            }
            marker => return Ok(marker),
        }
    }
}

/// A segment with its length.
fn segment<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let length = match cursor.bytes {
        [high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => return Err(truncated()),
    };
    if length < 2 {
        return Err(MediaError::invalid("a segment of the JPEG has no length"));
    }
    cursor.take(length)
}

/// Copies the data of a scan; the marker that ends it.
fn scan(cursor: &mut Cursor, kept: &mut Vec<u8>) -> Result<u8> {
    let bytes = cursor.bytes;
    let mut from = 0;
    loop {
        let found = bytes[from..].iter().position(|byte| *byte == 0xff);
        let at = from + found.ok_or_else(truncated)?;
        match bytes.get(at + 1) {
            // A byte of data, a restart, a byte to fill up.
            Some(0 | 0xd0..=0xd7) => from = at + 2,
            Some(0xff) => from = at + 1,
            Some(marker) => {
                kept.extend_from_slice(&bytes[..at]);
                cursor.bytes = &bytes[at + 2..];
                return Ok(*marker);
            }
            None => return Err(truncated()),
        }
    }
}

fn frame_size(segment: &[u8]) -> Option<(u32, u32)> {
    match segment {
        [_, _, _, h1, h2, w1, w2, ..] => Some((
            u16::from_be_bytes([*w1, *w2]).into(),
            u16::from_be_bytes([*h1, *h2]).into(),
        )),
        _ => None,
    }
}

/// Puts the orientation where readers look for it: after the first segment, if that is JFIF.
fn insert_exif(kept: &mut Vec<u8>, orientation: Orientation) {
    let at = match kept.get(2..6) {
        Some([0xff, APP0, high, low]) => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        _ => 2,
    };
    let exif = [EXIF, &exif_of(orientation)].concat();
    let length = (exif.len() + 2) as u16;
    let mut segment = vec![0xff, APP1];
    segment.extend_from_slice(&length.to_be_bytes());
    segment.extend_from_slice(&exif);
    kept.splice(at..at, segment);
}
