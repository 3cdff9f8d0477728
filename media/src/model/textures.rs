//! Textures inside a model: their headers, and that none is fetched from elsewhere.

use std::io::{Cursor, Read, Seek};

use base64::{Engine, engine::general_purpose::STANDARD};
use gltf::json::Root;

use super::{ModelLimits, container::Container};
use crate::{MediaError, Result};

/// Bytes of a picture in which its size is looked for: headers of JPEG may hold a preview.
const HEAD: u64 = 256 * 1024;
/// Bytes of a pixel in memory.
const PIXEL: u64 = 4;
const KTX2: &[u8] = b"\xabKTX 20\xbb\r\n\x1a\n";
/// Levels of a texture at most: each is half as large as the one before.
const MAX_LEVELS: u32 = 32;

/// Checks all textures; bytes that they take when they are decoded.
pub(super) fn check(
    root: &Root,
    container: &mut Container<impl Read + Seek>,
    limits: &ModelLimits,
) -> Result<u64> {
    let mut decoded = 0_u64;
    for (n, image) in root.images.iter().enumerate() {
        let name = format!("images[{n}]");
        let head = match (&image.uri, &image.buffer_view) {
            (Some(uri), _) => {
                check_uri(uri, &name)?;
                inline(uri, &name)?
            }
            (None, Some(view)) => {
                let view = &root.buffer_views[view.value()];
                // Bytes elsewhere than in the binary chunk were checked with their buffer.
                if view.buffer.value() != 0 || root.buffers[0].uri.is_some() {
                    continue;
                }
                let offset = view.byte_offset.unwrap_or_default().0;
                container.binary(offset, view.byte_length.0.min(HEAD))?
            }
            (None, None) => {
                return Err(MediaError::Invalid(format!("{name} has no bytes")));
            }
        };
        let Some((width, height)) = size(&head, &name)? else {
            continue;
        };
        if width > limits.texture_side || height > limits.texture_side {
            return Err(MediaError::Invalid(format!(
                "{name} has {width} × {height} pixels, a side of more than {}",
                limits.texture_side
            )));
        }
        decoded += u64::from(width) * u64::from(height) * PIXEL;
    }
    Ok(decoded)
}

/// Refuses an address that leads out of the file.
pub(super) fn check_uri(uri: &str, name: &str) -> Result<()> {
    if uri.starts_with("data:") {
        return Ok(());
    }
    Err(MediaError::Invalid(format!(
        "{name}.uri leads out of the file; only data: is taken"
    )))
}

fn inline(uri: &str, name: &str) -> Result<Vec<u8>> {
    let (_, encoded) = uri
        .split_once(";base64,")
        .ok_or_else(|| MediaError::Invalid(format!("{name}.uri is not base64")))?;
    STANDARD
        .decode(encoded)
        .map_err(|_| MediaError::Invalid(format!("{name}.uri is not base64")))
}

/// Width and height by the header; `None` for formats that only their extensions know.
fn size(head: &[u8], name: &str) -> Result<Option<(u32, u32)>> {
    if head.starts_with(KTX2) {
        return ktx2(head, name).map(Some);
    }
    let reader = image::ImageReader::new(Cursor::new(head)).with_guessed_format()?;
    if reader.format().is_none() {
        return Ok(None);
    }
    let size = reader.into_dimensions();
    size.map(Some)
        .map_err(|error| MediaError::Invalid(format!("{name}: {error}")))
}

fn ktx2(head: &[u8], name: &str) -> Result<(u32, u32)> {
    let number = |at: usize| {
        let bytes = head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(u32::from_le_bytes)
            .ok_or_else(|| MediaError::Invalid(format!("{name} ends inside its KTX2 header")))
    };
    let (width, height, levels) = (number(20)?, number(24)?, number(40)?);
    if width == 0 || height == 0 || levels > MAX_LEVELS {
        let rule = format!("{name} has a KTX2 header without pixels or with too many levels");
        return Err(MediaError::Invalid(rule));
    }
    Ok((width, height))
}
