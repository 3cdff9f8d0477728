//! Posters of videos: a still picture with a button to play (docs/spec/media.md §2.6).

use md5::{Digest as _, Md5};

use super::{Encoding, PictureLimits, Pixels, scale::Raster};
use crate::{Format, Kind, Result};

/// Radius of the disc and of the triangle in it, in heights of the picture.
const DISC: f32 = 0.14;
const TRIANGLE: f32 = 0.07;
/// Share of the picture that the disc hides.
const DISC_OPACITY: f32 = 0.72;
const DISC_COLOUR: f32 = 24.0;
const TRIANGLE_COLOUR: f32 = 255.0;

/// The name that the existing platform gives to the poster of an address.
pub fn poster_name(address: &str) -> String {
    hex::encode(Md5::digest(address.as_bytes()))
}

/// Draws the button onto a still picture, and returns a PNG.
///
/// # Errors
/// `Invalid` if it is no picture, or one beyond the limits.
pub fn poster(picture: &[u8], limits: &PictureLimits) -> Result<Vec<u8>> {
    let format = Format::expect(picture, Kind::Image)?;
    let mut raster = Pixels::decode(format, picture.to_vec().into(), limits)?.pixels;
    draw_button(&mut raster);
    Encoding::Png.encode(&raster)
}

fn draw_button(raster: &mut Raster) {
    let (width, height) = (raster.width as f32, raster.height as f32);
    let (channels, columns) = (raster.channels, raster.width as usize);
    for (index, pixel) in raster.pixels.chunks_exact_mut(channels).enumerate() {
        let x = (index % columns) as f32 + 0.5 - width / 2.0;
        let y = (index / columns) as f32 + 0.5 - height / 2.0;
        if x.abs() > height * DISC + 1.0 || y.abs() > height * DISC + 1.0 {
            continue;
        }
        // Distance from the edge of each shape inwards, in pixels; at the edge half of a pixel is
        // covered.
        let disc = height * DISC - x.hypot(y);
        let size = height * TRIANGLE;
        let half = 3.0_f32.sqrt() / 2.0;
        let triangle = (x + size / 2.0).min(size / 2.0 - x / 2.0 - y.abs() * half);
        let cover = |inside: f32| (inside + 0.5).clamp(0.0, 1.0);
        for channel in pixel.iter_mut().take(3) {
            let mut colour = f32::from(*channel);
            colour += (DISC_COLOUR - colour) * cover(disc) * DISC_OPACITY;
            colour += (TRIANGLE_COLOUR - colour) * cover(triangle);
            *channel = colour.round() as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posters_have_the_names_that_stored_values_use() {
        assert_eq!(
            poster_name("https://www.youtube.com/watch?v=UmSJIEZQAyQ"),
            "80a762d500da819b54101905d9d6fae5"
        );
    }

    #[test]
    fn the_button_is_in_the_middle_and_nowhere_else() {
        let mut raster = Raster::new(320, 180, 3, vec![200; 320 * 180 * 3]);
        draw_button(&mut raster);
        let at = |x: usize, y: usize| raster.pixels[(y * 320 + x) * 3];
        assert_eq!(at(160, 90), 255, "the triangle");
        assert!(at(160, 70) < 100, "the disc");
        assert_eq!(at(120, 90), 200, "the picture");
        assert_eq!(at(0, 0), 200);
    }
}
