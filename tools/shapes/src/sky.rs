//! The default sky: an evening, the sun just down, as an equirectangular panorama.
//!
//! The left and right edges meet behind the viewer: everything is a function of the direction
//! looked in.

use std::f64::consts::{PI, TAU};

use crate::{
    canvas::{Canvas, Colour, mix, rgb, smoothstep},
    noise::fractal,
    stars,
    vector::{Vec3, vec3},
};

/// The media id under which the template of new worlds asks for a sky (docs/spec/model.md §6.5).
pub(crate) const HASH: &str = "26485e74acb29223ba7a9fa600d36c7f";
pub(crate) const WIDTH: u32 = 4096;
pub(crate) const HEIGHT: u32 = 2048;

/// Direction of the setting sun: straight ahead (−z) for who arrives without rotation.
const SUN: Vec3 = vec3(0.0, -0.02, -1.0);

/// Colours by elevation in degrees, towards the sun.
const SUNWARD: [(f64, Colour); 10] = [
    (-90.0, rgb(0x0a0d20)),
    (-35.0, rgb(0x13153a)),
    (-12.0, rgb(0x3a2a5e)),
    (-3.0, rgb(0xa65a72)),
    (0.0, rgb(0xffb877)),
    (3.5, rgb(0xf98f6b)),
    (10.0, rgb(0xc2618a)),
    (22.0, rgb(0x6a4794)),
    (48.0, rgb(0x262b6c)),
    (90.0, rgb(0x0e1540)),
];

/// Colours by elevation in degrees, away from the sun: the earth's shadow rises below a rosy band.
const SHADOWED: [(f64, Colour); 10] = [
    (-90.0, rgb(0x0a0d20)),
    (-35.0, rgb(0x13153a)),
    (-12.0, rgb(0x27265a)),
    (-3.0, rgb(0x4a4680)),
    (0.0, rgb(0x7a6a9e)),
    (3.5, rgb(0x8a6ca6)),
    (10.0, rgb(0x86629f)),
    (22.0, rgb(0x4d4488)),
    (48.0, rgb(0x262b6c)),
    (90.0, rgb(0x0e1540)),
];

/// Paints the whole sky; width should be twice the height.
pub(crate) fn paint(width: u32, height: u32) -> Canvas {
    let clouds = CloudMap::new();
    let rows: Vec<(Colour, Colour)> = (0..height)
        .map(|y| {
            let elevation = 90.0 - 180.0 * place(y, height);
            (ramp(&SUNWARD, elevation), ramp(&SHADOWED, elevation))
        })
        .collect();
    let sun = SUN.normalized();
    let mut sky = Canvas::paint(width, height, |x, y| {
        let (u, v) = (place(x, width), place(y, height));
        let towards = direction(u, v);
        let facing = towards.dot(sun);
        let (sunward, shadowed) = rows[y as usize];
        let mut colour = mix(shadowed, sunward, smoothstep(-0.9, 0.95, facing));
        // The afterglow: a wide one, and a narrow one where the sun went down. Below the horizon it
        // sinks into the haze.
        let air = smoothstep(-0.16, 0.0, towards.y);
        colour = mix(
            colour,
            rgb(0xffb27a),
            0.35 * air * (-(1.0 - facing) * 9.0).exp(),
        );
        colour = mix(
            colour,
            rgb(0xfff0cf),
            0.75 * air * (-(1.0 - facing) * 90.0).exp(),
        );
        let cover = clouds.cover(u, v);
        if cover > 0.0 {
            // Low clouds on the sun's side still catch its light; those high up have already lost
            // it.
            let lit = smoothstep(-0.5, 1.0, facing) * (1.0 - smoothstep(0.08, 0.5, towards.y));
            let rim = mix(rgb(0x8a74b4), rgb(0xffb08a), lit);
            let body = mix(rgb(0x45407c), rgb(0xb8587f), lit);
            colour = mix(
                colour,
                mix(rim, body, smoothstep(0.3, 1.0, cover)),
                0.75 * cover,
            );
        }
        colour
    });
    stars::scatter(&mut sky, |u, v| {
        let towards = direction(u, v);
        let dusk = smoothstep(0.08, 0.55, towards.y - 0.18 * towards.dot(sun));
        dusk * (1.0 - clouds.cover(u, v))
    });
    sky
}

/// Middle of pixel `index` of `count`, 0 to 1.
fn place(index: u32, count: u32) -> f64 {
    (f64::from(index) + 0.5) / f64::from(count)
}

/// The direction shown at a place of the panorama: u = 0.25 is −z, growing towards +x; v = 0 is up.
fn direction(u: f64, v: f64) -> Vec3 {
    let (sin_around, cos_around) = (TAU * u - PI).sin_cos();
    let (sin_down, cos_down) = (PI * v).sin_cos();
    vec3(sin_down * cos_around, cos_down, sin_down * sin_around)
}

/// The colour at an elevation, smooth between the stops.
fn ramp(stops: &[(f64, Colour)], elevation: f64) -> Colour {
    for pair in stops.windows(2) {
        if let [(low, below), (high, above)] = *pair
            && elevation <= high
        {
            return mix(
                below,
                above,
                ((elevation - low) / (high - low)).clamp(0.0, 1.0),
            );
        }
    }
    stops.last().map_or([0.0; 3], |&(_, colour)| colour)
}

/// Density of clouds in each direction. Clouds are soft, so a map coarser than the picture is
/// enough.
struct CloudMap {
    cover: Vec<f64>,
}

impl CloudMap {
    const WIDTH: u32 = 2048;
    const HEIGHT: u32 = 1024;

    fn new() -> Self {
        let mut cover = Vec::new();
        for y in 0..Self::HEIGHT {
            for x in 0..Self::WIDTH {
                cover.push(cloud_cover(direction(
                    place(x, Self::WIDTH),
                    place(y, Self::HEIGHT),
                )));
            }
        }
        Self { cover }
    }

    /// Cover at a place of the panorama, between the four nearest entries.
    fn cover(&self, u: f64, v: f64) -> f64 {
        let (x, y) = (
            u * f64::from(Self::WIDTH) - 0.5,
            v * f64::from(Self::HEIGHT) - 0.5,
        );
        let (left, top) = (x.floor(), y.floor());
        let at = |dx: i64, dy: i64| {
            let column = (left as i64 + dx).rem_euclid(i64::from(Self::WIDTH));
            let row = (top as i64 + dy).clamp(0, i64::from(Self::HEIGHT) - 1);
            self.cover[(row * i64::from(Self::WIDTH) + column) as usize]
        };
        let along = |a: f64, b: f64, share: f64| a + (b - a) * share;
        let upper = along(at(0, 0), at(1, 0), x - left);
        let lower = along(at(0, 1), at(1, 1), x - left);
        along(upper, lower, y - top)
    }
}

/// A thin layer of streaks high above, seen in perspective: it closes up towards the horizon and
/// fades overhead.
fn cloud_cover(towards: Vec3) -> f64 {
    let band = smoothstep(0.015, 0.11, towards.y) * (1.0 - smoothstep(0.25, 0.7, towards.y));
    if band <= 0.0 {
        return 0.0;
    }
    let distance = 1.0 / (towards.y + 0.10);
    let (x, z) = (towards.x * distance, towards.z * distance);
    let bend = fractal(x * 0.35 + 9.0, z * 0.35, 2);
    let streaks = fractal(x * 0.55 + bend, z * 1.1 + 1.5 * bend, 5);
    band * smoothstep(-0.06, 0.5, streaks)
}
