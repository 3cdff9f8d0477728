//! The shapes that ship, under the ids that worlds know them by (docs/spec/model.md §6.4).

use crate::{
    facets,
    glb::{self, Material, Part},
    lathe,
    mesh::Mesh,
    vector::vec3,
};

/// One file of `assets/shapes`.
pub(crate) struct Shape {
    pub(crate) id: &'static str,
    pub(crate) parts: Vec<Part>,
}

impl Shape {
    pub(crate) fn to_glb(&self) -> Vec<u8> {
        glb::write(&self.parts)
    }
}

/// The twelve basic shapes and the orb.
pub(crate) fn shapes() -> Vec<Shape> {
    vec![
        basic(
            "a55f9ca7-4b45-692e-204f-e37ed9dc3d78",
            "bucky",
            facets::bucky(),
        ),
        basic(
            "eea924c0-6e33-393f-e06e-e6631e8860e9",
            "capsule",
            lathe::capsule(),
        ),
        basic(
            "8a7e55f5-934d-8ebf-17bb-39e2d8d9bfa1",
            "cone",
            lathe::cone(),
        ),
        basic(
            "5b5bd872-0328-e38c-1b54-bf2bfa70fc85",
            "cube",
            facets::cube(),
        ),
        basic(
            "46d923ad-21ff-276d-c3c4-ead2212bcb02",
            "cylinder",
            lathe::cylinder(),
        ),
        basic(
            "97daa12f-9b2e-536d-7851-3b0837175e4c",
            "disc",
            lathe::disc(),
        ),
        basic(
            "839b21db-52ff-45ce-7484-fd1b59ebb087",
            "dodeca",
            facets::dodeca(),
        ),
        basic(
            "dad4e8a4-cdcc-4174-9d77-f7e849bba352",
            "icosa",
            facets::icosa(),
        ),
        basic(
            "a1f144de-b21a-d1e9-0635-6eb250927326",
            "octa",
            facets::octa(),
        ),
        basic(
            "418c4963-623a-391c-795d-e6080be11899",
            "quad",
            facets::quad(),
        ),
        basic(
            "313a97cc-fe1b-39bb-56e7-516d213cc23d",
            "sphere",
            lathe::sphere(),
        ),
        basic(
            "6e8fec1c-ff95-df66-1375-e312f6447b3d",
            "torus",
            lathe::torus(),
        ),
        Shape {
            id: "2dc7df8e-a34a-829c-e3ca-b73bfe99faf0",
            parts: orb(),
        },
    ]
}

fn basic(id: &'static str, name: &'static str, mesh: Mesh) -> Shape {
    let material = Material {
        name: "basic",
        colour: [0.123, 0.196, 0.227, 1.0],
        roughness: 0.434,
        ior: 1.45,
        specular: 0.5,
    };
    Shape {
        id,
        parts: vec![Part {
            name,
            mesh,
            scale: 1.0,
            material,
        }],
    }
}

/// A picture that floats in a glass ball. Clients find the picture's mesh by its place in the file,
/// so the order counts.
fn orb() -> Vec<Part> {
    vec![
        Part {
            name: "AvatarCircle",
            mesh: upright_disc(0.4),
            scale: 1.0,
            material: Material {
                name: "avatar",
                colour: [1.0; 4],
                roughness: 0.9,
                ior: 1.45,
                specular: 0.5,
            },
        },
        Part {
            name: "OuterOrb",
            mesh: lathe::sphere(),
            scale: 0.5,
            material: Material {
                name: "glass",
                colour: [0.75, 0.88, 1.0, 0.22],
                roughness: 0.05,
                ior: 1.5,
                specular: 1.0,
            },
        },
    ]
}

/// The disc stood up to face +z, so that a picture on it hangs upright.
fn upright_disc(radius: f64) -> Mesh {
    let flat = lathe::disc();
    let mut mesh = Mesh::default();
    for (position, uv) in flat.positions.iter().zip(&flat.uvs) {
        let [x, _, z] = position.map(f64::from);
        mesh.push_vertex(
            vec3(x, -z, 0.0) * radius,
            vec3(0.0, 0.0, 1.0),
            uv.map(f64::from),
        );
    }
    mesh.indices = flat.indices;
    mesh
}
