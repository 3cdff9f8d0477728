//! Walks over the structure of a picture: takes out what tells of its author, keeps what makes it
//! look right, and cuts what comes after its end. The pixels are not touched, and a picture that
//! was stripped stays as it is.

mod gif;
mod jpeg;
mod png;
mod webp;

use image::metadata::Orientation;

use super::Outline;
use crate::{Format, MediaError, Result};

/// The stripped picture and what its structure tells.
pub(super) fn strip(format: Format, bytes: &[u8]) -> Result<(Vec<u8>, Outline)> {
    match format {
        Format::Jpeg => jpeg::strip(bytes),
        Format::Png => png::strip(bytes),
        Format::WebP => webp::strip(bytes),
        Format::Gif => gif::strip(bytes),
        _ => Err(MediaError::UnsupportedType("not a picture")),
    }
}

/// Bytes that are read once, from the front.
struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or_else(truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }
}

fn truncated() -> MediaError {
    MediaError::invalid("the picture ends before its end")
}

/// Exif that says nothing but the orientation: a TIFF of one entry.
fn exif_of(orientation: Orientation) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend_from_slice(&[orientation.to_exif(), 0, 0, 0, 0, 0, 0]);
    tiff
}

/// The orientation that Exif tells, if it turns anything.
fn orientation_of(exif: &[u8]) -> Option<Orientation> {
    Orientation::from_exif_chunk(exif).filter(|found| *found != Orientation::NoTransforms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_exif_tells_the_orientation() {
        for number in 2..=8 {
            let orientation = Orientation::from_exif(number).expect("1 to 8");
            assert_eq!(orientation_of(&exif_of(orientation)), Some(orientation));
        }
    }
}
