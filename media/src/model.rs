//! Models: whether a binary glTF keeps the rules that a renderer relies on, and how large it is
//! (docs/spec/media.md §6 E). The geometry itself is not decoded.
//!
//! Types and indices are checked by the crate `gltf`; what it does not check is here: the
//! container, ranges of bytes, the graph of nodes, sizes, and that nothing is fetched from
//! elsewhere.

mod container;
mod graph;
mod textures;

use std::io::{Read, Seek};

use gltf::json::{
    Accessor, Path as JsonPath, Root,
    mesh::{Mode, Primitive, Semantic},
    validation::{Checked, Error as RuleError, Validate},
};

use crate::{MediaError, Result};
use container::Container;

/// Limits of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelLimits {
    /// Triangles. Default 2 million.
    pub triangles: u64,
    /// Triangles from which on a warning tells of slow devices. Default 100,000.
    pub many_triangles: u64,
    /// Bytes that geometry and textures take when they are decoded. Default 1 GiB.
    pub decoded: u64,
    /// Pixels of a side of a texture. Default 8,192.
    pub texture_side: u32,
}

impl Default for ModelLimits {
    fn default() -> Self {
        Self {
            triangles: 2_000_000,
            many_triangles: 100_000,
            decoded: 1 << 30,
            texture_side: 8_192,
        }
    }
}

/// Facts about a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// Triangles of all meshes.
    pub triangles: u64,
    /// Vertices of all meshes.
    pub vertices: u64,
    /// Reasons for which clients may not show it.
    pub warnings: Vec<String>,
}

/// Extensions that common renderers know.
const KNOWN: [&str; 11] = [
    "KHR_draco_mesh_compression",
    "EXT_meshopt_compression",
    "KHR_mesh_quantization",
    "KHR_texture_basisu",
    "EXT_texture_webp",
    "EXT_texture_avif",
    "KHR_texture_transform",
    "KHR_lights_punctual",
    "EXT_mesh_gpu_instancing",
    "KHR_animation_pointer",
    "KHR_xmp_json_ld",
];

/// Checks a binary glTF.
///
/// # Errors
/// `Invalid` with the first rule that it breaks, `Io`.
pub fn check(file: impl Read + Seek, limits: &ModelLimits) -> Result<Model> {
    let mut container = Container::read(file)?;
    let root: Root = serde_json::from_slice(container.json())
        .map_err(|error| MediaError::Invalid(format!("the JSON of the model: {error}")))?;
    check_version(&root)?;
    check_rules(&root)?;
    graph::check(&root)?;
    check_ranges(&root, container.binary_length())?;
    let mut decoded = decoded_size(&root)?;
    decoded += textures::check(&root, &mut container, limits)?;
    if decoded > limits.decoded {
        return Err(MediaError::Invalid(format!(
            "the model takes {decoded} bytes when it is decoded, more than {}",
            limits.decoded
        )));
    }
    let mut model = count(&root)?;
    if model.triangles > limits.triangles {
        return Err(MediaError::Invalid(format!(
            "{} triangles are more than {}",
            model.triangles, limits.triangles
        )));
    }
    if model.triangles > limits.many_triangles {
        let warning = format!("{} triangles are slow on many devices", model.triangles);
        model.warnings.push(warning);
    }
    let known = |name: &str| KNOWN.contains(&name) || name.starts_with("KHR_materials_");
    for name in root.extensions_required.iter().filter(|name| !known(name)) {
        let name: String = name.chars().take(64).collect();
        let warning = format!("clients may not know the extension {name}, which is required");
        model.warnings.push(warning);
    }
    model.warnings.truncate(16);
    Ok(model)
}

fn check_version(root: &Root) -> Result<()> {
    let version = root
        .asset
        .min_version
        .as_ref()
        .unwrap_or(&root.asset.version);
    if version.starts_with("2.") && root.asset.version.starts_with("2.") {
        return Ok(());
    }
    Err(MediaError::invalid("asset.version is not 2"))
}

/// Types, required values, and that every index points to something.
fn check_rules(root: &Root) -> Result<()> {
    // The crate looks positions up before it has checked where they point.
    for (n, mesh) in root.meshes.iter().enumerate() {
        let accessors = mesh
            .primitives
            .iter()
            .flat_map(|one| one.attributes.values());
        for accessor in accessors {
            require(accessor.value() < root.accessors.len(), || {
                format!("meshes[{n}] has an attribute that points to nothing")
            })?;
        }
    }
    let mut broken = None;
    root.validate(root, JsonPath::new, &mut |path, error| {
        let path = path().to_string();
        // Clients know more extensions than the crate, and accessors of compressed geometry have
        // no view.
        let may_be = error == RuleError::Unsupported
            || error == RuleError::Missing
                && path.starts_with("accessors")
                && path.ends_with("bufferView");
        if !may_be && broken.is_none() {
            broken = Some((path, error));
        }
    });
    match broken {
        None => Ok(()),
        Some((path, error)) => {
            let rule = match error {
                RuleError::IndexOutOfBounds => "points to nothing",
                RuleError::Missing => "is missing",
                RuleError::Oversize => "is too large",
                _ => "has no valid value",
            };
            Err(MediaError::Invalid(format!("{path} {rule}")))
        }
    }
}

/// Every view lies inside its buffer, every accessor inside its view.
fn check_ranges(root: &Root, binary: u64) -> Result<()> {
    let meshopt = uses(root, "EXT_meshopt_compression");
    for (n, buffer) in root.buffers.iter().enumerate() {
        let length = buffer.byte_length.0;
        match &buffer.uri {
            Some(uri) => textures::check_uri(uri, &format!("buffers[{n}]"))?,
            None if n == 0 && length > binary && !meshopt => {
                return Err(MediaError::Invalid(format!(
                    "buffers[0] has {length} bytes, the binary chunk {binary}"
                )));
            }
            None if n > 0 && !meshopt => {
                return Err(MediaError::Invalid(format!("buffers[{n}] has no bytes")));
            }
            None => {}
        }
    }
    for (n, view) in root.buffer_views.iter().enumerate() {
        let offset = view.byte_offset.unwrap_or_default().0;
        let end = offset.checked_add(view.byte_length.0);
        let buffer = &root.buffers[view.buffer.value()];
        if end.is_none_or(|end| end > buffer.byte_length.0) {
            let rule = format!("bufferViews[{n}] ends behind its buffer");
            return Err(MediaError::Invalid(rule));
        }
    }
    for (n, accessor) in root.accessors.iter().enumerate() {
        if let Some(view) = &accessor.buffer_view {
            let offset = accessor.byte_offset.unwrap_or_default().0;
            let stride = root.buffer_views[view.value()].byte_stride;
            let stride = stride.map_or(0, |stride| stride.0 as u64);
            let size = element_size(accessor)?;
            let fits = fits(root, view.value(), offset, accessor.count.0, size, stride);
            require(fits, || format!("accessors[{n}] ends behind its view"))?;
        }
        if let Some(sparse) = &accessor.sparse {
            let rule = || format!("accessors[{n}].sparse ends behind its view");
            require(sparse.count.0 <= accessor.count.0, rule)?;
            let index_size = match sparse.indices.component_type {
                Checked::Valid(index) => index.0.size() as u64,
                Checked::Invalid => return Err(MediaError::Invalid(rule())),
            };
            let (indices, values) = (&sparse.indices, &sparse.values);
            let parts = [
                (
                    indices.buffer_view.value(),
                    indices.byte_offset.0,
                    index_size,
                ),
                (
                    values.buffer_view.value(),
                    values.byte_offset.0,
                    element_size(accessor)?,
                ),
            ];
            for (view, offset, size) in parts {
                require(fits(root, view, offset, sparse.count.0, size, 0), rule)?;
            }
        }
    }
    Ok(())
}

fn require(holds: bool, rule: impl Fn() -> String) -> Result<()> {
    match holds {
        true => Ok(()),
        false => Err(MediaError::Invalid(rule())),
    }
}

/// Whether `count` elements from an offset lie inside a view.
fn fits(root: &Root, view: usize, offset: u64, count: u64, size: u64, stride: u64) -> bool {
    if count == 0 {
        return false;
    }
    let stride = if stride == 0 { size } else { stride };
    let end = (count - 1)
        .checked_mul(stride)
        .and_then(|start| start.checked_add(size))
        .and_then(|length| length.checked_add(offset));
    end.is_some_and(|end| end <= root.buffer_views[view].byte_length.0)
}

/// Bytes of one element.
fn element_size(accessor: &Accessor) -> Result<u64> {
    match (accessor.component_type, accessor.type_) {
        (Checked::Valid(component), Checked::Valid(shape)) => {
            Ok((component.0.size() * shape.multiplicity()) as u64)
        }
        _ => Err(MediaError::invalid("an accessor has no valid type")),
    }
}

/// Bytes of all accessors.
fn decoded_size(root: &Root) -> Result<u64> {
    root.accessors.iter().try_fold(0_u64, |sum, accessor| {
        let size = accessor.count.0.saturating_mul(element_size(accessor)?);
        Ok(sum.saturating_add(size))
    })
}

fn count(root: &Root) -> Result<Model> {
    let mut model = Model::default();
    for primitive in root.meshes.iter().flat_map(|mesh| &mesh.primitives) {
        let vertices = vertices(root, primitive);
        let drawn = match &primitive.indices {
            Some(indices) => root.accessors[indices.value()].count.0,
            None => vertices,
        };
        model.vertices = model.vertices.saturating_add(vertices);
        let triangles = match primitive.mode {
            Checked::Valid(Mode::Triangles) => drawn / 3,
            Checked::Valid(Mode::TriangleStrip | Mode::TriangleFan) => drawn.saturating_sub(2),
            _ => 0,
        };
        model.triangles = model.triangles.saturating_add(triangles);
    }
    Ok(model)
}

fn vertices(root: &Root, primitive: &Primitive) -> u64 {
    let positions = primitive
        .attributes
        .get(&Checked::Valid(Semantic::Positions));
    positions.map_or(0, |accessor| root.accessors[accessor.value()].count.0)
}

fn uses(root: &Root, extension: &str) -> bool {
    root.extensions_used.iter().any(|name| name == extension)
}
