//! PNG and animated PNG: chunks up to `IEND`.

use image::metadata::Orientation;

use super::{Cursor, exif_of, orientation_of};
use crate::{MediaError, Result, picture::Outline};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Chunks that decoders need or that say what colours mean.
const KEPT: [&[u8]; 16] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP",
    b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

pub(super) fn strip(bytes: &[u8]) -> Result<(Vec<u8>, Outline)> {
    let mut cursor = Cursor { bytes };
    if cursor.take(SIGNATURE.len())? != SIGNATURE {
        return Err(MediaError::invalid("no PNG: the signature is missing"));
    }
    let mut kept = SIGNATURE.to_vec();
    let mut size = None;
    let mut frames = 0;
    let mut orientation = None;
    loop {
        let length = number(cursor.take(4)?) as usize;
        let name = cursor.take(4)?;
        let data = cursor.take(length)?;
        let check = number(cursor.take(4)?);
        if size.is_none() && name != b"IHDR" {
            return Err(MediaError::invalid("the PNG does not begin with IHDR"));
        }
        match name {
            b"IHDR" if size.is_none() && data.len() == 13 => {
                size = Some((number(&data[..4]), number(&data[4..8])));
            }
            b"IHDR" => return Err(MediaError::invalid("the IHDR of the PNG is malformed")),
            b"fcTL" => frames += 1,
            b"eXIf" => {
                orientation = orientation.or(orientation_of(data));
                continue;
            }
            // Unknown chunks in capitals change what the picture shows.
            _ if !KEPT.contains(&name) && name[0].is_ascii_uppercase() => {
                return Err(MediaError::invalid("the PNG has an unknown critical chunk"));
            }
            _ if !KEPT.contains(&name) => continue,
            _ => {}
        }
        if check != crc(name, data) {
            return Err(MediaError::invalid(
                "a chunk of the PNG has a wrong checksum",
            ));
        }
        if name == b"IEND" {
            if let Some(orientation) = orientation {
                write_chunk(&mut kept, b"eXIf", &exif_of(orientation));
            }
            write_chunk(&mut kept, name, data);
            break;
        }
        write_chunk(&mut kept, name, data);
    }
    let (width, height) = size.unwrap_or_default();
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
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn write_chunk(out: &mut Vec<u8>, name: &[u8], data: &[u8]) {
    out.extend_from_slice(&(data.len() as u32).to_be_bytes());
    out.extend_from_slice(name);
    out.extend_from_slice(data);
    out.extend_from_slice(&crc(name, data).to_be_bytes());
}

fn crc(name: &[u8], data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(name);
    crc.update(data);
    crc.sum()
}
