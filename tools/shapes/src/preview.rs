//! Pictures of the shapes for the library: each seen from above its corner, lit from one side.

use crate::{
    canvas::{Canvas, Colour, mix, rgb},
    catalogue::Shape,
    vector::{Vec3, vec3},
};

/// Width and height in pixels.
const SIDE: usize = 256;
/// Samples of a pixel in each direction.
const SAMPLES: usize = 3;
/// Part of the picture that the shape takes.
const FILL: f64 = 0.76;
/// Directions to the viewer and to the light.
const VIEWER: Vec3 = vec3(0.62, 0.55, 1.0);
const LIGHT: Vec3 = vec3(-0.35, 1.0, 0.6);
/// Colours of the ground, of the shape in shadow, and of the shape in light.
const GROUND: Colour = rgb(0x262b3f);
const SHADE: Colour = rgb(0x3d4670);
const LIT: Colour = rgb(0xb9c4ee);

/// Draws a shape.
pub(crate) fn render(shape: &Shape) -> Canvas {
    let side = SIDE * SAMPLES;
    let mut depths = vec![f64::NEG_INFINITY; side * side];
    let mut shades = vec![0.0_f64; side * side];
    let back = VIEWER.normalized();
    let right = vec3(0.0, 1.0, 0.0).cross(back).normalized();
    let up = back.cross(right);
    let light = LIGHT.normalized();
    let corners: Vec<[(Vec3, f64); 3]> = triangles(shape)
        .map(|corners| {
            corners.map(|(place, normal)| {
                let seen = vec3(place.dot(right), place.dot(up), place.dot(back));
                // Both sides of a face are seen, as with every material of the shapes.
                let facing = if normal.dot(back) < 0.0 { -1.0 } else { 1.0 };
                (seen, (facing * normal.dot(light)).max(0.0))
            })
        })
        .collect();
    let reach = corners
        .iter()
        .flatten()
        .map(|(seen, _)| seen.x.abs().max(seen.y.abs()));
    let reach = reach.fold(f64::MIN_POSITIVE, f64::max);
    let scale = side as f64 / 2.0 * FILL / reach;
    let middle = side as f64 / 2.0;
    for corners in &corners {
        let points = corners.map(|(seen, _)| (middle + seen.x * scale, middle - seen.y * scale));
        fill(points, side, |index, weights| {
            let blend = |value: fn(&(Vec3, f64)) -> f64| {
                corners
                    .iter()
                    .zip(weights)
                    .map(|(corner, weight)| value(corner) * weight)
                    .sum()
            };
            let depth: f64 = blend(|(seen, _)| seen.z);
            if depth > depths[index] {
                depths[index] = depth;
                shades[index] = blend(|(_, shade)| *shade);
            }
        });
    }
    Canvas::paint(SIDE as u32, SIDE as u32, |x, y| {
        let mut sum = [0.0; 3];
        for sample in 0..SAMPLES * SAMPLES {
            let (dx, dy) = (sample % SAMPLES, sample / SAMPLES);
            let index = (y as usize * SAMPLES + dy) * side + x as usize * SAMPLES + dx;
            let colour = match depths[index] {
                f64::NEG_INFINITY => GROUND,
                _ => mix(SHADE, LIT, shades[index]),
            };
            for (sum, value) in sum.iter_mut().zip(colour) {
                *sum += value / (SAMPLES * SAMPLES) as f64;
            }
        }
        sum
    })
}

/// All triangles with places and normals of their corners.
fn triangles(shape: &Shape) -> impl Iterator<Item = [(Vec3, Vec3); 3]> + '_ {
    shape.parts.iter().flat_map(|part| {
        let mesh = &part.mesh;
        let corner = move |index: u16| {
            let vector = |of: &[f32; 3]| vec3(of[0].into(), of[1].into(), of[2].into());
            let place = vector(&mesh.positions[usize::from(index)]);
            let scaled = vec3(
                place.x * part.scale,
                place.y * part.scale,
                place.z * part.scale,
            );
            (scaled, vector(&mesh.normals[usize::from(index)]))
        };
        mesh.indices
            .chunks_exact(3)
            .map(move |corners| [corner(corners[0]), corner(corners[1]), corner(corners[2])])
    })
}

/// Calls `draw` with the index of every sample inside a triangle and the weights of its corners.
fn fill(points: [(f64, f64); 3], side: usize, mut draw: impl FnMut(usize, [f64; 3])) {
    let [a, b, c] = points;
    let edge = |p: (f64, f64), q: (f64, f64), x: f64, y: f64| {
        (q.0 - p.0) * (y - p.1) - (q.1 - p.1) * (x - p.0)
    };
    let area = edge(a, b, c.0, c.1);
    if area.abs() < 1e-9 {
        return;
    }
    let range = |pick: fn((f64, f64)) -> f64| {
        let values = points.map(pick);
        let low = values
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min)
            .floor()
            .max(0.0);
        let high = values
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max)
            .ceil();
        (low as usize, (high.max(0.0) as usize).min(side))
    };
    let ((left, right), (top, bottom)) = (range(|point| point.0), range(|point| point.1));
    for y in top..bottom {
        for x in left..right {
            let (px, py) = (x as f64 + 0.5, y as f64 + 0.5);
            let weights = [edge(b, c, px, py), edge(c, a, px, py), edge(a, b, px, py)]
                .map(|weight| weight / area);
            if weights.iter().all(|weight| *weight >= 0.0) {
                draw(y * side + x, weights);
            }
        }
    }
}
