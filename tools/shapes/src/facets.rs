//! Shapes with flat faces. Every face carries the whole picture, upright.

use crate::{
    mesh::Mesh,
    vector::{Vec3, vec3},
};

/// Edge 2.
pub(crate) fn cube() -> Mesh {
    facets(&cube_corners(), &octahedron_corners())
}

/// Regular octahedron, circumscribed radius 1.
pub(crate) fn octa() -> Mesh {
    facets(&octahedron_corners(), &cube_corners())
}

/// Regular dodecahedron, circumscribed radius 1.
pub(crate) fn dodeca() -> Mesh {
    facets(&unit(&dodecahedron_corners()), &icosahedron_corners())
}

/// Regular icosahedron, circumscribed radius 1.
pub(crate) fn icosa() -> Mesh {
    facets(&unit(&icosahedron_corners()), &dodecahedron_corners())
}

/// Truncated icosahedron ("buckyball"), circumscribed radius 1.
pub(crate) fn bucky() -> Mesh {
    let mut directions = icosahedron_corners();
    directions.extend(dodecahedron_corners());
    facets(&unit(&truncated_icosahedron_corners()), &directions)
}

/// Two triangles, edge 2, in the XZ plane, facing up.
pub(crate) fn quad() -> Mesh {
    let corners = [
        vec3(-1.0, 0.0, -1.0),
        vec3(-1.0, 0.0, 1.0),
        vec3(1.0, 0.0, 1.0),
        vec3(1.0, 0.0, -1.0),
    ];
    let mut mesh = Mesh::default();
    push_face(&mut mesh, &corners, vec3(0.0, 1.0, 0.0));
    mesh
}

/// A convex solid from its corners and the directions of its faces.
fn facets(corners: &[Vec3], directions: &[Vec3]) -> Mesh {
    let mut mesh = Mesh::default();
    for direction in directions {
        let normal = direction.normalized();
        let distance = corners
            .iter()
            .map(|corner| corner.dot(normal))
            .fold(f64::MIN, f64::max);
        let mut face: Vec<Vec3> = corners
            .iter()
            .copied()
            .filter(|corner| distance - corner.dot(normal) < 1e-6)
            .collect();
        let (right, up) = face_axes(normal);
        face.sort_by(|a, b| {
            let angle = |corner: &Vec3| corner.dot(up).atan2(corner.dot(right));
            angle(a).total_cmp(&angle(b))
        });
        push_face(&mut mesh, &face, normal);
    }
    mesh
}

/// Adds a flat convex face; `corners` run counter-clockwise as seen from outside.
fn push_face(mesh: &mut Mesh, corners: &[Vec3], normal: Vec3) {
    let (right, up) = face_axes(normal);
    let reach = corners
        .iter()
        .flat_map(|corner| [corner.dot(right).abs(), corner.dot(up).abs()])
        .fold(0.0, f64::max);
    let indices: Vec<u16> = corners
        .iter()
        .map(|corner| {
            let uv = [
                0.5 + 0.5 * corner.dot(right) / reach,
                0.5 - 0.5 * corner.dot(up) / reach,
            ];
            mesh.push_vertex(*corner, normal, uv)
        })
        .collect();
    if let Some((&first, rest)) = indices.split_first() {
        for pair in rest.windows(2) {
            mesh.push_triangle([first, pair[0], pair[1]]);
        }
    }
}

/// Right and up within a face as seen from outside: up leans towards y, or away from z on
/// horizontal faces.
fn face_axes(normal: Vec3) -> (Vec3, Vec3) {
    let guide = if normal.y.abs() > 0.999 {
        vec3(0.0, 0.0, -normal.y.signum())
    } else {
        vec3(0.0, 1.0, 0.0)
    };
    let up = (guide - normal * guide.dot(normal)).normalized();
    (up.cross(normal), up)
}

fn unit(corners: &[Vec3]) -> Vec<Vec3> {
    corners.iter().map(|corner| corner.normalized()).collect()
}

fn golden_ratio() -> f64 {
    (1.0 + 5.0_f64.sqrt()) / 2.0
}

fn cube_corners() -> Vec<Vec3> {
    signs(&[vec3(1.0, 1.0, 1.0)])
}

fn octahedron_corners() -> Vec<Vec3> {
    signs(&turns(vec3(1.0, 0.0, 0.0)))
}

fn icosahedron_corners() -> Vec<Vec3> {
    signs(&turns(vec3(0.0, 1.0, golden_ratio())))
}

fn dodecahedron_corners() -> Vec<Vec3> {
    let phi = golden_ratio();
    let mut corners = cube_corners();
    corners.extend(signs(&turns(vec3(0.0, phi, 1.0 / phi))));
    corners
}

fn truncated_icosahedron_corners() -> Vec<Vec3> {
    let phi = golden_ratio();
    [
        vec3(0.0, 1.0, 3.0 * phi),
        vec3(1.0, 2.0 + phi, 2.0 * phi),
        vec3(phi, 2.0, 2.0 * phi + 1.0),
    ]
    .into_iter()
    .flat_map(|corner| signs(&turns(corner)))
    .collect()
}

/// The three cyclic permutations of a corner's coordinates.
fn turns(corner: Vec3) -> [Vec3; 3] {
    let Vec3 { x, y, z } = corner;
    [vec3(x, y, z), vec3(z, x, y), vec3(y, z, x)]
}

/// All distinct sign changes of the corners.
fn signs(corners: &[Vec3]) -> Vec<Vec3> {
    let choices = |value: f64| {
        if value == 0.0 {
            vec![0.0]
        } else {
            vec![value, -value]
        }
    };
    let mut all = Vec::new();
    for corner in corners {
        for x in choices(corner.x) {
            for y in choices(corner.y) {
                for z in choices(corner.z) {
                    all.push(vec3(x, y, z));
                }
            }
        }
    }
    all
}
