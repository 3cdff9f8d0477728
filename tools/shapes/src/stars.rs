//! The stars of the default sky.

use std::f64::consts::PI;

use crate::{
    canvas::{Canvas, Colour, mix, rgb, smoothstep},
    noise::Random,
};

const STARS: u32 = 2600;
/// Width of the sky for which the sizes below are given, in pixels.
const REFERENCE_WIDTH: f64 = 4096.0;
/// Stars this faint at their edge are not worth a pixel.
const FAINTEST: f64 = 0.02;

/// Adds stars to a sky. `visibility` tells, for a place in it (0 to 1 from the left and the top),
/// how much of a star is seen there.
pub(crate) fn scatter(sky: &mut Canvas, visibility: impl Fn(f64, f64) -> f64) {
    let mut random = Random(7);
    for _ in 0..STARS {
        let u = random.next();
        // Uniform over the upper half of the sphere.
        let v = random.next().acos() / PI;
        let magnitude = random.next().powi(5);
        let warmth = random.next();
        let strength = (0.22 + 0.78 * magnitude) * visibility(u, v);
        let tint = mix(rgb(0xcfe0ff), rgb(0xffe9d2), smoothstep(0.55, 1.0, warmth));
        let size = (0.75 + 0.75 * magnitude) * f64::from(sky.width) / REFERENCE_WIDTH;
        glow(sky, (u, v), size.max(0.5), strength, tint);
    }
}

/// A soft round spot: as wide on the sphere as it is high, so stretched along the row near the
/// zenith.
fn glow(sky: &mut Canvas, (u, v): (f64, f64), size: f64, strength: f64, tint: Colour) {
    let (width, height) = (i64::from(sky.width), i64::from(sky.height));
    let stretch = (1.0 / (v * PI).sin().max(1e-3)).min(40.0);
    let (centre_x, centre_y) = (u * width as f64, v * height as f64);
    let reach = size * 3.0;
    for y in (centre_y - reach).floor() as i64..=(centre_y + reach).ceil() as i64 {
        if !(0..height).contains(&y) {
            continue;
        }
        let dy = (y as f64 + 0.5 - centre_y) / size;
        for x in
            (centre_x - reach * stretch).floor() as i64..=(centre_x + reach * stretch).ceil() as i64
        {
            let dx = (x as f64 + 0.5 - centre_x) / (size * stretch);
            let light = strength * (-0.5 * (dx * dx + dy * dy)).exp();
            if light < FAINTEST {
                continue;
            }
            let pixel = &mut sky.pixels[(y * width + x.rem_euclid(width)) as usize];
            for (channel, tint) in pixel.iter_mut().zip(tint) {
                let before = f64::from(*channel) / 255.0;
                // Screen blending: light adds up and never overflows.
                *channel = ((1.0 - (1.0 - before) * (1.0 - light * tint)) * 255.0).round() as u8;
            }
        }
    }
}
