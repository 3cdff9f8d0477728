//! Shapes with an axis: a profile turned around y.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::{
    mesh::Mesh,
    vector::{Vec3, vec3},
};

/// Segments around the axis: smooth even on a plaza one stands on, still below two thousand
/// triangles per shape.
const AROUND: u16 = 56;

/// Unit sphere.
pub(crate) fn sphere() -> Mesh {
    let profile = arc(0.0, 0.0, 1.0, FRAC_PI_2, -FRAC_PI_2, 18);
    let mut mesh = Mesh::default();
    turn(&mut mesh, &profile);
    mesh
}

/// Radius 0.5, height 2 including both caps.
pub(crate) fn capsule() -> Mesh {
    const RADIUS: f64 = 0.5;
    const RINGS: u16 = 8;
    let mut profile = arc(0.0, 1.0 - RADIUS, RADIUS, FRAC_PI_2, 0.0, RINGS);
    profile.extend(arc(0.0, RADIUS - 1.0, RADIUS, 0.0, -FRAC_PI_2, RINGS));
    let mut mesh = Mesh::default();
    turn(&mut mesh, &profile);
    mesh
}

/// Apex at y = 1, base of radius 1 at y = −1.
pub(crate) fn cone() -> Mesh {
    // Perpendicular to the slope from (0, 1) to (1, −1).
    let slope = [2.0, 1.0];
    let mut mesh = Mesh::default();
    turn(
        &mut mesh,
        &[
            Point {
                at: [0.0, 1.0],
                normal: slope,
            },
            Point {
                at: [1.0, -1.0],
                normal: slope,
            },
        ],
    );
    cap(&mut mesh, -1.0, false);
    mesh
}

/// Radius 1, height 2.
pub(crate) fn cylinder() -> Mesh {
    let out = [1.0, 0.0];
    let mut mesh = Mesh::default();
    turn(
        &mut mesh,
        &[
            Point {
                at: [1.0, 1.0],
                normal: out,
            },
            Point {
                at: [1.0, -1.0],
                normal: out,
            },
        ],
    );
    cap(&mut mesh, 1.0, true);
    cap(&mut mesh, -1.0, false);
    mesh
}

/// Flat, radius 1, in the XZ plane, facing up.
pub(crate) fn disc() -> Mesh {
    let mut mesh = Mesh::default();
    cap(&mut mesh, 0.0, true);
    mesh
}

/// Lies in the XZ plane: outer radius 1.5, half-thickness 0.49.
pub(crate) fn torus() -> Mesh {
    const OUTER: f64 = 1.5;
    const TUBE: f64 = 0.49;
    let profile = arc(OUTER - TUBE, 0.0, TUBE, PI, -PI, 16);
    let mut mesh = Mesh::default();
    turn(&mut mesh, &profile);
    mesh
}

/// A vertex of a profile: radius and height, and the outward direction in the same plane.
struct Point {
    at: [f64; 2],
    normal: [f64; 2],
}

/// An arc around (`radius`, `height`) in `steps` steps; the surface is on its outside when the
/// angle falls.
fn arc(radius: f64, height: f64, size: f64, from: f64, to: f64, steps: u16) -> Vec<Point> {
    (0..=steps)
        .map(|step| {
            let angle = from + (to - from) * f64::from(step) / f64::from(steps);
            let (sin, cos) = angle.sin_cos();
            Point {
                at: [radius + size * cos, height + size * sin],
                normal: [cos, sin],
            }
        })
        .collect()
}

/// Turns a profile that runs from top to bottom along the outside. The picture wraps around once,
/// its middle at +z, its seam at −z; v follows the length of the profile.
fn turn(mesh: &mut Mesh, profile: &[Point]) {
    let lengths = running_lengths(profile);
    let total = lengths.last().copied().unwrap_or(1.0);
    let mut previous: Option<(Vec<u16>, bool)> = None;
    for (point, length) in profile.iter().zip(&lengths) {
        let on_axis = point.at[0].abs() < 1e-9;
        // On the axis each triangle gets a vertex of its own, in the middle of its segment: one
        // shared vertex could have neither the right normal (a cone's tip) nor the right u.
        let shift = if on_axis { 0.5 } else { 0.0 };
        let ring: Vec<u16> = (0..=AROUND)
            .take(if on_axis {
                usize::from(AROUND)
            } else {
                usize::from(AROUND) + 1
            })
            .map(|step| {
                let u = (f64::from(step) + shift) / f64::from(AROUND);
                let around = direction(u);
                let position = around * point.at[0] + vec3(0.0, point.at[1], 0.0);
                let normal = around * point.normal[0] + vec3(0.0, point.normal[1], 0.0);
                mesh.push_vertex(position, normal, [u, length / total])
            })
            .collect();
        if let Some((above, above_on_axis)) = &previous {
            for step in 0..usize::from(AROUND) {
                if !on_axis {
                    mesh.push_triangle([above[step], ring[step], ring[step + 1]]);
                }
                if !above_on_axis {
                    let below = if on_axis { ring[step] } else { ring[step + 1] };
                    mesh.push_triangle([above[step], below, above[step + 1]]);
                }
            }
        }
        previous = Some((ring, on_axis));
    }
}

/// Distance along the profile up to each of its points.
fn running_lengths(profile: &[Point]) -> Vec<f64> {
    let mut length = 0.0;
    let mut lengths = Vec::with_capacity(profile.len());
    for (index, point) in profile.iter().enumerate() {
        if let Some(before) = index.checked_sub(1).and_then(|before| profile.get(before)) {
            length += (point.at[0] - before.at[0]).hypot(point.at[1] - before.at[1]);
        }
        lengths.push(length);
    }
    lengths
}

/// A flat lid of radius 1 at `height`, facing up or down, with the picture laid flat onto it.
fn cap(mesh: &mut Mesh, height: f64, up: bool) {
    let facing = if up { 1.0 } else { -1.0 };
    let normal = vec3(0.0, facing, 0.0);
    let flat = |at: Vec3| [0.5 + 0.5 * at.x, 0.5 + 0.5 * facing * at.z];
    let middle = mesh.push_vertex(vec3(0.0, height, 0.0), normal, [0.5, 0.5]);
    let rim: Vec<u16> = (0..AROUND)
        .map(|step| {
            let around = direction(f64::from(step) / f64::from(AROUND));
            mesh.push_vertex(around + vec3(0.0, height, 0.0), normal, flat(around))
        })
        .collect();
    for (index, &corner) in rim.iter().enumerate() {
        let next = rim[(index + 1) % rim.len()];
        mesh.push_triangle(if up {
            [middle, corner, next]
        } else {
            [middle, next, corner]
        });
    }
}

/// Unit vector around the axis: u = 0.5 is +z, growing towards +x, so that a picture reads the
/// right way from outside.
fn direction(u: f64) -> Vec3 {
    let (sin, cos) = (TAU * u - PI).sin_cos();
    vec3(sin, 0.0, cos)
}
