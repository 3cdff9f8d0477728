//! WebP: chunks of a RIFF container.

use image::metadata::Orientation;

use super::{Cursor, exif_of, orientation_of};
use crate::{MediaError, Result, picture::Outline};

/// Bits of the extended header.
const HAS_XMP: u8 = 0x04;
const HAS_EXIF: u8 = 0x08;

pub(super) fn strip(bytes: &[u8]) -> Result<(Vec<u8>, Outline)> {
    let mut cursor = Cursor { bytes };
    let head = cursor.take(12)?;
    if !head.starts_with(b"RIFF") || !head.ends_with(b"WEBP") {
        return Err(MediaError::invalid("no WebP: the header is missing"));
    }
    let length = number(&head[4..8]) as usize;
    let length = length
        .checked_sub(4)
        .ok_or_else(|| MediaError::invalid("the length of the WebP is wrong"))?;
    let mut cursor = Cursor {
        bytes: cursor.take(length)?,
    };
    let mut chunks: Vec<(&[u8], &[u8])> = Vec::new();
    let mut orientation = None;
    let mut size = None;
    let mut frames = 0;
    while !cursor.bytes.is_empty() {
        let name = cursor.take(4)?;
        let length = number(cursor.take(4)?) as usize;
        let data = cursor.take(length)?;
        if length % 2 == 1 && !cursor.bytes.is_empty() {
            cursor.take(1)?;
        }
        match name {
            b"VP8X" if data.len() == 10 => size = Some(extended_size(data)),
            b"VP8 " => size = size.or(lossy_size(data)),
            b"VP8L" => size = size.or(lossless_size(data)),
            b"ANMF" => frames += 1,
            b"ALPH" | b"ANIM" | b"ICCP" => {}
            b"EXIF" => {
                let exif = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
                orientation = orientation.or(orientation_of(exif));
                continue;
            }
            _ => continue,
        }
        chunks.push((name, data));
    }
    let (width, height) = size.ok_or_else(|| MediaError::invalid("the WebP has no picture"))?;
    let mut body = b"WEBP".to_vec();
    for (name, data) in chunks {
        if name == b"VP8X" {
            let mut header = data.to_vec();
            header[0] &= !(HAS_XMP | HAS_EXIF);
            if orientation.is_some() {
                header[0] |= HAS_EXIF;
            }
            write_chunk(&mut body, name, &header);
        } else {
            write_chunk(&mut body, name, data);
        }
    }
    if let Some(orientation) = orientation {
        write_chunk(&mut body, b"EXIF", &exif_of(orientation));
    }
    let mut kept = b"RIFF".to_vec();
    kept.extend_from_slice(&(body.len() as u32).to_le_bytes());
    kept.extend_from_slice(&body);
    let outline = Outline {
        frames: frames.max(1),
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
        ..Outline::still(width, height)
    };
    Ok((kept, outline))
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn extended_size(data: &[u8]) -> (u32, u32) {
    (number(&data[4..7]) + 1, number(&data[7..10]) + 1)
}

fn lossy_size(data: &[u8]) -> Option<(u32, u32)> {
    let sides = data.get(6..10)?;
    Some((number(&sides[..2]) & 0x3fff, number(&sides[2..]) & 0x3fff))
}

fn lossless_size(data: &[u8]) -> Option<(u32, u32)> {
    let bits = number(data.get(1..5)?);
    Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
}

fn write_chunk(out: &mut Vec<u8>, name: &[u8], data: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
}
