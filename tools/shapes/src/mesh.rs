//! Triangle meshes in memory: what every generator makes and the GLB writer stores.

use crate::vector::Vec3;

/// A triangle list with one normal and one texture coordinate per vertex.
///
/// Right-handed, y up, counter-clockwise front faces; texture origin at the top left, as glTF 2.0
/// asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mesh {
    pub(crate) positions: Vec<[f32; 3]>,
    pub(crate) normals: Vec<[f32; 3]>,
    pub(crate) uvs: Vec<[f32; 2]>,
    pub(crate) indices: Vec<u16>,
}

impl Mesh {
    /// Adds a vertex and returns its index. `normal` need not have unit length.
    ///
    /// # Panics
    /// When the mesh outgrows 16-bit indices, which no shape here comes near.
    pub(crate) fn push_vertex(&mut self, position: Vec3, normal: Vec3, uv: [f64; 2]) -> u16 {
        let index =
            u16::try_from(self.positions.len()).expect("a shape has fewer than 65536 vertices");
        self.positions.push(position.to_f32());
        self.normals.push(normal.normalized().to_f32());
        self.uvs.push(uv.map(|value| settle(value.clamp(0.0, 1.0))));
        index
    }

    /// Adds one triangle, its corners counter-clockwise as seen from outside.
    pub(crate) fn push_triangle(&mut self, corners: [u16; 3]) {
        self.indices.extend(corners);
    }

    /// Smallest and largest coordinate per axis.
    pub(crate) fn bounds(&self) -> ([f32; 3], [f32; 3]) {
        let mut low = [f32::INFINITY; 3];
        let mut high = [f32::NEG_INFINITY; 3];
        for position in &self.positions {
            for axis in 0..3 {
                low[axis] = low[axis].min(position[axis]);
                high[axis] = high[axis].max(position[axis]);
            }
        }
        (low, high)
    }
}

/// Rounds to a millionth, so that the last bits of a platform's sine never reach a file, and turns
/// −0 into 0.
pub(crate) fn settle(value: f64) -> f32 {
    let rounded = (value * 1e6).round() / 1e6;
    (rounded + 0.0) as f32
}
