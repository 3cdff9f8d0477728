//! Contents that other programs rely on, read back from the bytes as a stranger would: the `gltf`
//! crate parses and validates.

use std::collections::HashSet;

use gltf::{Gltf, Primitive, json::mesh::Mode, material::AlphaMode};
use serde_json::Value;

use crate::{
    catalogue::{Shape, shapes},
    pictures, sky,
    vector::{Vec3, vec3},
};

const ORB: &str = "2dc7df8e-a34a-829c-e3ca-b73bfe99faf0";
/// Shapes without an inside.
const FLAT: [&str; 3] = ["disc", "quad", "AvatarCircle"];
/// Coordinates are stored as 32-bit floats, rounded to a millionth.
const TOLERANCE: f64 = 1e-5;

/// One primitive, unpacked.
struct Unpacked {
    name: String,
    positions: Vec<Vec3>,
    normals: Vec<Vec3>,
    uvs: Vec<[f32; 2]>,
    triangles: Vec<[usize; 3]>,
}

fn parse(shape: &Shape) -> Gltf {
    Gltf::from_slice(&shape.to_glb()).unwrap_or_else(|error| panic!("{}: {error}", shape.id))
}

fn unpack(file: &Gltf) -> Vec<Unpacked> {
    let blob = file.blob.as_deref().expect("a binary chunk");
    file.meshes()
        .map(|mesh| {
            let primitives: Vec<Primitive<'_>> = mesh.primitives().collect();
            let [primitive] = primitives.as_slice() else {
                panic!("one primitive per mesh")
            };
            assert_eq!(primitive.mode(), Mode::Triangles);
            let reader = primitive.reader(|_| Some(blob));
            let vector = |[x, y, z]: [f32; 3]| vec3(x.into(), y.into(), z.into());
            let indices: Vec<usize> = reader
                .read_indices()
                .expect("indices")
                .into_u32()
                .map(|index| index as usize)
                .collect();
            assert_eq!(indices.len() % 3, 0);
            Unpacked {
                name: mesh.name().expect("a name").to_owned(),
                positions: reader
                    .read_positions()
                    .expect("positions")
                    .map(vector)
                    .collect(),
                normals: reader
                    .read_normals()
                    .expect("normals")
                    .map(vector)
                    .collect(),
                uvs: reader
                    .read_tex_coords(0)
                    .expect("texture coordinates")
                    .into_f32()
                    .collect(),
                triangles: indices.as_chunks().0.to_vec(),
            }
        })
        .collect()
}

fn every_mesh(check: impl Fn(&Unpacked)) {
    for shape in shapes() {
        unpack(&parse(&shape)).iter().for_each(&check);
    }
}

fn corners(mesh: &Unpacked, triangle: [usize; 3]) -> [Vec3; 3] {
    triangle.map(|index| mesh.positions[index])
}

/// Twice the area, along the direction that the winding faces.
fn facing([a, b, c]: [Vec3; 3]) -> Vec3 {
    (b - a).cross(c - a)
}

#[test]
fn thirteen_files_with_distinct_ids_and_aligned_chunks() {
    let shapes = shapes();
    assert_eq!(
        shapes
            .iter()
            .map(|shape| shape.id)
            .collect::<HashSet<_>>()
            .len(),
        13
    );
    for shape in &shapes {
        let bytes = shape.to_glb();
        assert_eq!(bytes.len() % 4, 0);
        let declared = bytes[8..12]
            .try_into()
            .map(u32::from_le_bytes)
            .expect("four bytes");
        assert_eq!(declared as usize, bytes.len());
        for view in parse(shape).views() {
            assert_eq!(view.offset() % 4, 0, "{}", shape.id);
        }
    }
}

#[test]
fn the_same_bytes_every_time() {
    for (first, second) in shapes().iter().zip(&shapes()) {
        assert_eq!(first.to_glb(), second.to_glb());
    }
}

#[test]
fn a_basic_shape_is_one_mesh_with_one_opaque_dielectric_double_sided_material() {
    for shape in shapes().iter().filter(|shape| shape.id != ORB) {
        let file = parse(shape);
        assert_eq!(
            (
                file.meshes().count(),
                file.materials().count(),
                file.images().count()
            ),
            (1, 1, 0)
        );
        let material = file.materials().next().expect("a material");
        assert!(material.double_sided());
        assert_eq!(material.alpha_mode(), AlphaMode::Opaque);
        assert_eq!(material.pbr_metallic_roughness().metallic_factor(), 0.0);
        assert!(material.ior().is_some() && material.specular().is_some());
        assert_eq!(file.nodes().count(), 1);
        assert_eq!(
            file.nodes()
                .next()
                .expect("a node")
                .transform()
                .decomposed()
                .2,
            [1.0; 3]
        );
    }
}

#[test]
fn the_orb_is_a_picture_disc_inside_a_blended_ball() {
    let shapes = shapes();
    let file = parse(
        shapes
            .iter()
            .find(|shape| shape.id == ORB)
            .expect("the orb"),
    );
    let names: Vec<_> = file
        .meshes()
        .map(|mesh| mesh.name().map(str::to_owned))
        .collect();
    assert_eq!(
        names,
        [Some("AvatarCircle".to_owned()), Some("OuterOrb".to_owned())]
    );
    let modes: Vec<_> = file
        .materials()
        .map(|material| material.alpha_mode())
        .collect();
    assert_eq!(modes, [AlphaMode::Opaque, AlphaMode::Blend]);
    let ball = file
        .nodes()
        .find(|node| node.name() == Some("OuterOrb"))
        .expect("the ball's node");
    assert_eq!(ball.transform().decomposed().2, [0.5; 3]);
    let disc = &unpack(&file)[0];
    assert!(
        disc.positions
            .iter()
            .all(|position| position.length() < 0.5),
        "the disc fits into the ball"
    );
}

#[test]
fn bounds_keep_the_shape_contract() {
    every_mesh(|mesh| {
        let reach = |axis: fn(&Vec3) -> f64| {
            mesh.positions
                .iter()
                .map(axis)
                .fold(0.0, |far, at| at.abs().max(far))
        };
        let size = [reach(|at| at.x), reach(|at| at.y), reach(|at| at.z)];
        let expected = match mesh.name.as_str() {
            "torus" => [1.5, 0.49, 1.5],
            "capsule" => [0.5, 1.0, 0.5],
            "disc" | "quad" => [1.0, 0.0, 1.0],
            "AvatarCircle" => [0.4, 0.4, 0.0],
            "cone" | "cube" | "cylinder" | "octa" | "sphere" | "OuterOrb" => [1.0; 3],
            _ => {
                let furthest = mesh
                    .positions
                    .iter()
                    .map(|at| at.length())
                    .fold(0.0, f64::max);
                assert!(
                    (furthest - 1.0).abs() < TOLERANCE,
                    "{} has radius {furthest}",
                    mesh.name
                );
                return;
            }
        };
        for (size, expected) in size.into_iter().zip(expected) {
            assert!(
                (size - expected).abs() < TOLERANCE,
                "{}: {size} is not {expected}",
                mesh.name
            );
        }
    });
}

#[test]
fn normals_have_unit_length_and_agree_with_the_winding() {
    every_mesh(|mesh| {
        for normal in &mesh.normals {
            assert!((normal.length() - 1.0).abs() < TOLERANCE, "{}", mesh.name);
        }
        for &triangle in &mesh.triangles {
            let facing = facing(corners(mesh, triangle)).normalized();
            for index in triangle {
                assert!(mesh.normals[index].dot(facing) > 0.5, "{}", mesh.name);
            }
        }
    });
}

#[test]
fn closed_shapes_enclose_a_positive_volume_close_to_the_ideal() {
    every_mesh(|mesh| {
        let volume: f64 = mesh
            .triangles
            .iter()
            .map(|&triangle| {
                let [a, b, c] = corners(mesh, triangle);
                a.dot(b.cross(c)) / 6.0
            })
            .sum();
        let ideal = match mesh.name.as_str() {
            "bucky" => 3.633,
            "capsule" => 1.309,
            "cone" => 2.094,
            "cube" => 8.0,
            "cylinder" => std::f64::consts::TAU,
            "dodeca" => 2.785,
            "icosa" => 2.536,
            "octa" => 1.333,
            "sphere" | "OuterOrb" => 4.189,
            "torus" => 4.787,
            flat => {
                assert!(FLAT.contains(&flat), "{flat}");
                return;
            }
        };
        assert!(
            (0.95..1.001).contains(&(volume / ideal)),
            "{}: {volume} of {ideal}",
            mesh.name
        );
    });
}

#[test]
fn edges_of_closed_shapes_meet_exactly_one_neighbour() {
    every_mesh(|mesh| {
        if FLAT.contains(&mesh.name.as_str()) {
            return;
        }
        // Vertices are split along seams and sharp edges, so places are compared, not indices.
        let place = |index: usize| mesh.positions[index].to_f32().map(f32::to_bits);
        let mut edges = HashSet::new();
        for [a, b, c] in &mesh.triangles {
            for (from, to) in [(*a, *b), (*b, *c), (*c, *a)] {
                assert!(
                    edges.insert((place(from), place(to))),
                    "{}: an edge is used twice",
                    mesh.name
                );
            }
        }
        assert!(
            edges.iter().all(|(from, to)| edges.contains(&(*to, *from))),
            "{} has a hole",
            mesh.name
        );
    });
}

#[test]
fn triangles_are_unique_not_degenerate_and_reasonably_few() {
    every_mesh(|mesh| {
        let mut seen = HashSet::new();
        for &triangle in &mesh.triangles {
            assert!(
                facing(corners(mesh, triangle)).length() > 1e-4,
                "{}",
                mesh.name
            );
            let mut key = triangle;
            key.sort_unstable();
            assert!(seen.insert(key), "{}", mesh.name);
        }
        assert!(
            (2..=2000).contains(&mesh.triangles.len()),
            "{}: {}",
            mesh.name,
            mesh.triangles.len()
        );
    });
}

#[test]
fn pictures_fill_every_shape_and_are_not_mirrored() {
    every_mesh(|mesh| {
        assert!(
            mesh.uvs
                .iter()
                .flatten()
                .all(|value| (0.0..=1.0).contains(value)),
            "{}",
            mesh.name
        );
        for axis in 0..2 {
            let low = mesh.uvs.iter().map(|uv| uv[axis]).fold(1.0, f32::min);
            let high = mesh.uvs.iter().map(|uv| uv[axis]).fold(0.0, f32::max);
            assert!(high - low > 0.7, "{}", mesh.name);
        }
        for triangle in &mesh.triangles {
            let [a, b, c] = triangle.map(|index| mesh.uvs[index].map(f64::from));
            // v grows downwards, so what runs counter-clockwise on the surface runs clockwise in
            // numbers.
            let turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
            assert!(
                turn < 0.0,
                "{} has a mirrored or collapsed picture",
                mesh.name
            );
        }
    });
}

#[test]
fn the_sky_is_seamless_at_its_edges_and_darkest_below() {
    let sky = sky::paint(&sky::EVENING, 512, 256);
    let row = |y: usize| &sky.pixels[y * 512..(y + 1) * 512];
    let distance =
        |a: [u8; 3], b: [u8; 3]| (0..3).map(|channel| a[channel].abs_diff(b[channel])).max();
    // Below the horizon there are no stars: neighbours across the edge are as close as any others.
    for y in 128..256 {
        let row = row(y);
        assert!(
            distance(row[0], row[511]) <= distance(row[0], row[1]).max(Some(3)),
            "row {y}"
        );
    }
    let brightness = |y: usize| {
        row(y)
            .iter()
            .flatten()
            .map(|&value| u64::from(value))
            .sum::<u64>()
    };
    assert!(brightness(255) < brightness(10) && brightness(10) < brightness(126));
}

#[test]
fn pictures_are_png_files_of_the_promised_size() {
    let sizes: Vec<(u32, u32)> = pictures::pictures()
        .iter()
        .map(|picture| {
            let file = picture.canvas.to_png().expect("encodes");
            let reader = png::Decoder::new(std::io::Cursor::new(file))
                .read_info()
                .expect("decodes");
            (reader.info().width, reader.info().height)
        })
        .collect();
    assert_eq!(sizes, [(394, 680), (256, 256)]);
}

#[test]
fn the_welcome_world_uses_shapes_that_ship_and_ids_of_its_own() {
    let world: Value =
        serde_json::from_str(include_str!("../../../assets/seed/welcome.json")).expect("JSON");
    let objects = world["objects"].as_array().expect("objects");
    let known: HashSet<&str> = shapes().iter().map(|shape| shape.id).collect();
    let mut ids = HashSet::from([world["object_id"].as_str().expect("an id")]);
    for object in objects {
        assert!(
            ids.insert(object["object_id"].as_str().expect("an id")),
            "{object}"
        );
        assert!(
            known.contains(object["asset_3d_id"].as_str().expect("an asset")),
            "{object}"
        );
        assert_eq!(object["parent_id"], world["object_id"]);
    }
    let sky = world["object_attributes"]
        .as_array()
        .and_then(|all| {
            all.iter()
                .find(|attribute| attribute["attribute_name"] == "active_skybox")
        })
        .expect("a sky");
    assert_eq!(sky["value"]["render_hash"], sky::HASH);
}
