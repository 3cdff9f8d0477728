//! Writes meshes as binary glTF 2.0.

use serde_json::{Value, json};

use crate::mesh::Mesh;

/// One mesh of a file, with the node that shows it.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) mesh: Mesh,
    /// Uniform scale of the node.
    pub(crate) scale: f64,
    pub(crate) material: Material,
}

/// The physically based material of a part. All are dielectric and double sided.
pub(crate) struct Material {
    pub(crate) name: &'static str,
    /// Linear red, green, blue and opacity, 0 to 1.
    pub(crate) colour: [f64; 4],
    pub(crate) roughness: f64,
    /// Index of refraction.
    pub(crate) ior: f64,
    /// Strength of the reflection at normal incidence, 0 to 1.
    pub(crate) specular: f64,
}

const MAGIC: &[u8; 4] = b"glTF";
const VERSION: u32 = 2;
const CHUNK_JSON: &[u8; 4] = b"JSON";
const CHUNK_BIN: &[u8; 4] = b"BIN\0";
const HEADER_BYTES: usize = 12;
const CHUNK_HEADER_BYTES: usize = 8;

const FLOAT: u32 = 5126;
const UNSIGNED_SHORT: u32 = 5123;
const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;

/// The bytes of a file with one scene that shows every part, meshes in the order given.
pub(crate) fn write(parts: &[Part]) -> Vec<u8> {
    let mut buffer = Buffer::default();
    let meshes: Vec<Value> = parts
        .iter()
        .enumerate()
        .map(|(index, part)| mesh_json(&mut buffer, part, index))
        .collect();
    let nodes = parts.iter().enumerate();
    let nodes: Vec<_> = nodes.map(|(index, part)| node_json(part, index)).collect();
    let document = json!({
        "asset": { "version": "2.0", "generator": "odyssey shapes" },
        "extensionsUsed": ["KHR_materials_specular", "KHR_materials_ior"],
        "scene": 0,
        "scenes": [{ "nodes": (0..parts.len()).collect::<Vec<_>>() }],
        "nodes": nodes,
        "meshes": meshes,
        "materials": parts.iter().map(|part| material_json(&part.material)).collect::<Vec<_>>(),
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{ "byteLength": buffer.bytes.len() }],
    });
    container(document.to_string().into_bytes(), buffer.bytes)
}

fn node_json(part: &Part, mesh: usize) -> Value {
    let mut node = json!({ "name": part.name, "mesh": mesh });
    if part.scale != 1.0 {
        node["scale"] = json!(vec![part.scale; 3]);
    }
    node
}

fn mesh_json(buffer: &mut Buffer, part: &Part, material: usize) -> Value {
    let mesh = &part.mesh;
    let (low, high) = mesh.bounds();
    let positions = buffer.push_floats(&mesh.positions, "VEC3");
    buffer.accessors[positions]["min"] = json!(low);
    buffer.accessors[positions]["max"] = json!(high);
    let normals = buffer.push_floats(&mesh.normals, "VEC3");
    let uvs = buffer.push_floats(&mesh.uvs, "VEC2");
    let indices = buffer.push_indices(&mesh.indices);
    json!({
        "name": part.name,
        "primitives": [{
            "attributes": { "POSITION": positions, "NORMAL": normals, "TEXCOORD_0": uvs },
            "indices": indices,
            "material": material,
        }],
    })
}

fn material_json(material: &Material) -> Value {
    let mut value = json!({
        "name": material.name,
        "doubleSided": true,
        "pbrMetallicRoughness": {
            "baseColorFactor": material.colour,
            "metallicFactor": 0,
            "roughnessFactor": material.roughness,
        },
        "extensions": {
            "KHR_materials_specular": { "specularFactor": material.specular },
            "KHR_materials_ior": { "ior": material.ior },
        },
    });
    if material.colour[3] < 1.0 {
        value["alphaMode"] = json!("BLEND");
    }
    value
}

/// The binary chunk in the making, with the views and accessors into it.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Buffer {
    /// Appends float vectors and returns the index of their accessor.
    fn push_floats<const N: usize>(&mut self, rows: &[[f32; N]], kind: &str) -> usize {
        let bytes = rows
            .iter()
            .flatten()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.push(
            bytes,
            ARRAY_BUFFER,
            json!({ "componentType": FLOAT, "count": rows.len(), "type": kind }),
        )
    }

    /// Appends triangle indices and returns the index of their accessor.
    fn push_indices(&mut self, indices: &[u16]) -> usize {
        let bytes = indices
            .iter()
            .flat_map(|index| index.to_le_bytes())
            .collect();
        let accessor =
            json!({ "componentType": UNSIGNED_SHORT, "count": indices.len(), "type": "SCALAR" });
        self.push(bytes, ELEMENT_ARRAY_BUFFER, accessor)
    }

    fn push(&mut self, bytes: Vec<u8>, target: u32, accessor: Value) -> usize {
        let mut full = json!({ "bufferView": self.views.len() });
        if let (Some(full), Value::Object(accessor)) = (full.as_object_mut(), accessor) {
            full.extend(accessor);
        }
        self.views.push(json!({
            "buffer": 0,
            "byteOffset": self.bytes.len(),
            "byteLength": bytes.len(),
            "target": target,
        }));
        self.bytes.extend(bytes);
        pad(&mut self.bytes, 0);
        self.accessors.push(full);
        self.accessors.len() - 1
    }
}

/// Wraps both chunks in the GLB container.
fn container(mut json: Vec<u8>, mut binary: Vec<u8>) -> Vec<u8> {
    pad(&mut json, b' ');
    pad(&mut binary, 0);
    let total = HEADER_BYTES + 2 * CHUNK_HEADER_BYTES + json.len() + binary.len();
    let mut file = Vec::with_capacity(total);
    file.extend(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.extend(length(total));
    for (kind, chunk) in [(CHUNK_JSON, json), (CHUNK_BIN, binary)] {
        file.extend(length(chunk.len()));
        file.extend(kind);
        file.extend(chunk);
    }
    file
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes)
        .expect("a shape is far below 4 GiB")
        .to_le_bytes()
}

/// glTF wants every chunk and view to start at a multiple of four bytes.
fn pad(bytes: &mut Vec<u8>, with: u8) {
    bytes.resize(bytes.len().next_multiple_of(4), with);
}
