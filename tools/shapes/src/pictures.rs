//! Two small pictures that clients ask for by a fixed media id.

use crate::canvas::{Canvas, Colour, mix, rgb, smoothstep};

/// A picture and the media id it is served under.
pub(crate) struct Picture {
    pub(crate) hash: &'static str,
    pub(crate) canvas: Canvas,
}

pub(crate) fn pictures() -> [Picture; 2] {
    [
        Picture {
            hash: "bd6563cc9fceac3e1ed6fcad752c902d",
            canvas: default_picture(),
        },
        Picture {
            hash: "03ce359d18bfc0fe977bd66ab471d222",
            canvas: asset_preview(),
        },
    ]
}

/// Picture of a token that has none of its own: a ringed planet at dusk.
fn default_picture() -> Canvas {
    const WIDTH: f64 = 394.0;
    const HEIGHT: f64 = 680.0;
    const CENTRE: (f64, f64) = (WIDTH / 2.0, HEIGHT * 0.46);
    const RADIUS: f64 = 96.0;
    Canvas::paint_smooth(WIDTH as u32, HEIGHT as u32, |x, y| {
        let mut colour = evening(y / HEIGHT);
        let (dx, dy) = (x - CENTRE.0, y - CENTRE.1);
        let from_centre = dx.hypot(dy);
        colour = mix(
            colour,
            rgb(0xffd9a8),
            0.28 * (1.0 - smoothstep(RADIUS * 0.9, RADIUS * 2.0, from_centre)),
        );
        // The ring's own axes: tilted, and seen nearly from its edge.
        let (sin, cos) = (-0.38_f64).sin_cos();
        let (along, across) = (dx * cos + dy * sin, (dy * cos - dx * sin) / 0.26);
        let ring = along.hypot(across) / RADIUS;
        let in_ring = (1.42..1.62).contains(&ring) || (1.68..1.76).contains(&ring);
        let on_planet = from_centre < RADIUS;
        if on_planet && !(in_ring && across > 0.0) {
            let light = (0.5 - 0.36 * (dx + dy) / RADIUS).clamp(0.0, 1.0);
            return mix(rgb(0x3a2a6b), rgb(0xffb27d), light);
        }
        if in_ring {
            mix(colour, rgb(0xfff1dc), 0.85)
        } else {
            colour
        }
    })
}

fn evening(down: f64) -> Colour {
    if down < 0.7 {
        mix(rgb(0x12163f), rgb(0x8a4f8f), down / 0.7)
    } else {
        mix(rgb(0x8a4f8f), rgb(0xf2936b), (down - 0.7) / 0.3)
    }
}

/// Stands in for the preview of an asset that has none: a box on a plain ground.
fn asset_preview() -> Canvas {
    const SIDE: f64 = 256.0;
    const EDGE: f64 = 72.0;
    Canvas::paint_smooth(SIDE as u32, SIDE as u32, |x, y| {
        let (dx, dy) = ((x - SIDE / 2.0).abs(), y - SIDE / 2.0);
        let half_width = EDGE * 0.866;
        if dx > half_width {
            return rgb(0x262b3f);
        }
        // Isometric: every edge that is not upright falls by half of what it goes sideways.
        let slope = dx / half_width * EDGE / 2.0;
        if dy.abs() > EDGE - slope {
            rgb(0x262b3f)
        } else if dy < -slope {
            rgb(0x8f9bc4)
        } else if x < SIDE / 2.0 {
            rgb(0x6a759e)
        } else {
            rgb(0x4d5780)
        }
    })
}
