//! Skies as equirectangular panoramas; the default one is an evening, the sun just down.
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

/// Direction of the setting sun: straight ahead (+z) for who arrives.
const SUN: Vec3 = vec3(0.0, -0.02, 1.0);

/// Colours by elevation in degrees.
type Stops = [(f64, Colour)];

/// Everything that tells one sky from another.
pub(crate) struct Theme {
    /// Name of the file, and of the content.
    pub(crate) name: &'static str,
    /// Direction of the light.
    sun: Vec3,
    /// Colours towards the light, and away from it.
    sunward: &'static Stops,
    shadowed: &'static Stops,
    /// Colours of the glow around the light, wide and narrow.
    glow: [Colour; 2],
    /// Colours of the edges and bodies of clouds, away from the light and towards it.
    clouds: [[Colour; 2]; 2],
    /// Visibility of clouds and stars, 0 to 1.
    cover: f64,
    stars: f64,
}

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

/// The sky of new worlds.
pub(crate) const EVENING: Theme = Theme {
    name: HASH,
    sun: SUN,
    sunward: &SUNWARD,
    shadowed: &SHADOWED,
    glow: [rgb(0xffb27a), rgb(0xfff0cf)],
    clouds: [
        [rgb(0x8a74b4), rgb(0x45407c)],
        [rgb(0xffb08a), rgb(0xb8587f)],
    ],
    cover: 0.75,
    stars: 1.0,
};

/// Skies for the public list of the node.
pub(crate) const MORE: [Theme; 6] = [
    Theme {
        name: "odysseyskybluemorning",
        sun: vec3(-0.6, 0.35, 0.8),
        sunward: &[
            (-90.0, rgb(0x4a5a66)),
            (-4.0, rgb(0x9fb4bf)),
            (0.0, rgb(0xf4ead2)),
            (14.0, rgb(0xbfdcef)),
            (90.0, rgb(0x3f86c9)),
        ],
        shadowed: &[
            (-90.0, rgb(0x465662)),
            (-4.0, rgb(0x8ca6b6)),
            (0.0, rgb(0xd4e3ea)),
            (14.0, rgb(0x9cc6e6)),
            (90.0, rgb(0x357ac0)),
        ],
        glow: [rgb(0xfff0cc), rgb(0xffffff)],
        clouds: [
            [rgb(0xe4edf4), rgb(0xc3d3e0)],
            [rgb(0xffffff), rgb(0xf2ead9)],
        ],
        cover: 0.9,
        stars: 0.0,
    },
    Theme {
        name: "odysseyskyhighnoon",
        sun: vec3(0.2, 0.9, 0.5),
        sunward: &[
            (-90.0, rgb(0x6b6f5c)),
            (-3.0, rgb(0xb7b89a)),
            (0.0, rgb(0xe8f1f5)),
            (20.0, rgb(0x8fc3ee)),
            (90.0, rgb(0x1f66b8)),
        ],
        shadowed: &[
            (-90.0, rgb(0x666a58)),
            (-3.0, rgb(0xacae92)),
            (0.0, rgb(0xdfeaf2)),
            (20.0, rgb(0x7db8ea)),
            (90.0, rgb(0x1c5fae)),
        ],
        glow: [rgb(0xf3f8ff), rgb(0xffffff)],
        clouds: [
            [rgb(0xffffff), rgb(0xd7e2ee)],
            [rgb(0xffffff), rgb(0xffffff)],
        ],
        cover: 0.6,
        stars: 0.0,
    },
    Theme {
        name: "odysseyskyrosydawn",
        sun: vec3(0.3, 0.03, 1.0),
        sunward: &[
            (-90.0, rgb(0x2c2233)),
            (-6.0, rgb(0x8a5a6c)),
            (0.0, rgb(0xffd3a8)),
            (8.0, rgb(0xf9a8a8)),
            (30.0, rgb(0xa795c9)),
            (90.0, rgb(0x4e6fae)),
        ],
        shadowed: &[
            (-90.0, rgb(0x262134)),
            (-6.0, rgb(0x5b5478)),
            (0.0, rgb(0xb59dbd)),
            (8.0, rgb(0xa898c6)),
            (30.0, rgb(0x7d86bd)),
            (90.0, rgb(0x46669f)),
        ],
        glow: [rgb(0xffc9a0), rgb(0xfff6df)],
        clouds: [
            [rgb(0xc3a9c9), rgb(0x8d7fae)],
            [rgb(0xffd9bf), rgb(0xe79aa0)],
        ],
        cover: 0.85,
        stars: 0.15,
    },
    Theme {
        name: "odysseyskyclearnight",
        sun: vec3(-0.4, 0.5, 0.7),
        sunward: &[
            (-90.0, rgb(0x03050c)),
            (-5.0, rgb(0x0b1226)),
            (0.0, rgb(0x1d2b4a)),
            (20.0, rgb(0x121d3a)),
            (90.0, rgb(0x060a1c)),
        ],
        shadowed: &[
            (-90.0, rgb(0x03050b)),
            (-5.0, rgb(0x090f20)),
            (0.0, rgb(0x17223d)),
            (20.0, rgb(0x0d1630)),
            (90.0, rgb(0x050817)),
        ],
        glow: [rgb(0x4d6796), rgb(0xe9f0ff)],
        clouds: [
            [rgb(0x24314f), rgb(0x141d35)],
            [rgb(0x52668f), rgb(0x28375a)],
        ],
        cover: 0.35,
        stars: 1.0,
    },
    Theme {
        name: "odysseyskygreenaurora",
        sun: vec3(0.0, 0.45, 1.0),
        sunward: &[
            (-90.0, rgb(0x04080d)),
            (-4.0, rgb(0x0a1a24)),
            (0.0, rgb(0x123040)),
            (12.0, rgb(0x1b6a5a)),
            (28.0, rgb(0x2fae7c)),
            (48.0, rgb(0x24607a)),
            (90.0, rgb(0x0a1030)),
        ],
        shadowed: &[
            (-90.0, rgb(0x04080d)),
            (-4.0, rgb(0x081520)),
            (0.0, rgb(0x0e2233)),
            (20.0, rgb(0x112c40)),
            (90.0, rgb(0x080d26)),
        ],
        glow: [rgb(0x46d09a), rgb(0xb7ffd9)],
        clouds: [
            [rgb(0x2a6b6b), rgb(0x17384a)],
            [rgb(0x7fe7b6), rgb(0x38967f)],
        ],
        cover: 0.5,
        stars: 0.9,
    },
    Theme {
        name: "odysseyskyquietmist",
        sun: vec3(0.5, 0.6, 0.6),
        sunward: &[
            (-90.0, rgb(0x8d8f93)),
            (-10.0, rgb(0xb9bcc0)),
            (0.0, rgb(0xe0e2e3)),
            (30.0, rgb(0xcfd5da)),
            (90.0, rgb(0xaeb9c4)),
        ],
        shadowed: &[
            (-90.0, rgb(0x85888d)),
            (-10.0, rgb(0xacb0b6)),
            (0.0, rgb(0xd3d6d9)),
            (30.0, rgb(0xbfc7cf)),
            (90.0, rgb(0xa3afbb)),
        ],
        glow: [rgb(0xf4f1ea), rgb(0xffffff)],
        clouds: [
            [rgb(0xd9dde1), rgb(0xc4cad1)],
            [rgb(0xf3f2ee), rgb(0xdedfdf)],
        ],
        cover: 0.5,
        stars: 0.0,
    },
];

/// Paints the whole sky; width should be twice the height.
pub(crate) fn paint(theme: &Theme, width: u32, height: u32) -> Canvas {
    let clouds = CloudMap::new();
    let rows: Vec<(Colour, Colour)> = (0..height)
        .map(|y| {
            let elevation = 90.0 - 180.0 * place(y, height);
            (
                ramp(theme.sunward, elevation),
                ramp(theme.shadowed, elevation),
            )
        })
        .collect();
    let sun = theme.sun.normalized();
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
            theme.glow[0],
            0.35 * air * (-(1.0 - facing) * 9.0).exp(),
        );
        colour = mix(
            colour,
            theme.glow[1],
            0.75 * air * (-(1.0 - facing) * 90.0).exp(),
        );
        let cover = clouds.cover(u, v);
        if cover > 0.0 {
            // Low clouds on the sun's side still catch its light; those high up have already lost
            // it.
            let lit = smoothstep(-0.5, 1.0, facing) * (1.0 - smoothstep(0.08, 0.5, towards.y));
            let rim = mix(theme.clouds[0][0], theme.clouds[1][0], lit);
            let body = mix(theme.clouds[0][1], theme.clouds[1][1], lit);
            colour = mix(
                colour,
                mix(rim, body, smoothstep(0.3, 1.0, cover)),
                theme.cover * cover,
            );
        }
        colour
    });
    stars::scatter(&mut sky, |u, v| {
        let towards = direction(u, v);
        let dusk = smoothstep(0.08, 0.55, towards.y - 0.18 * towards.dot(sun));
        theme.stars * dusk * (1.0 - clouds.cover(u, v))
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
