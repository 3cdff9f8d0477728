//! Knowledge of the node about types and assets: shared, immutable snapshots that are swapped on
//! change.

use std::collections::HashMap;

use crate::{AttributeId, AttributeOptions, JsonMap, Umid};

/// A template that gives objects default assets and options (docs/spec/model.md §6.3).
#[derive(Clone, Debug, Default)]
pub struct ObjectType {
    /// Its unique name.
    pub name: String,
    /// `Worlds` protects objects of the type from deletion.
    pub category: String,
    /// Default 2D asset.
    pub asset_2d: Option<Umid>,
    /// Default 3D asset.
    pub asset_3d: Option<Umid>,
    /// Default options.
    pub options: JsonMap,
}

/// A 3D asset (docs/spec/model.md §6.4).
#[derive(Clone, Debug, Default)]
pub struct Asset3d {
    /// 0 addressable (legacy), 1 glTF, 2 basic shape; sent as `asset_format`.
    pub format: i8,
}

/// Object types, attribute types and assets by id.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Object types by id.
    pub object_types: HashMap<Umid, ObjectType>,
    /// Options of each declared attribute type; `None` is a type without options.
    pub attribute_types: HashMap<AttributeId, Option<JsonMap>>,
    /// 3D assets by id.
    pub assets_3d: HashMap<Umid, Asset3d>,
}

impl Catalogue {
    /// The effective options of an attribute whose row has `options`.
    pub fn attribute_options(
        &self,
        id: &AttributeId,
        options: Option<&JsonMap>,
    ) -> AttributeOptions {
        let of_type = self.attribute_types.get(id).and_then(Option::as_ref);
        AttributeOptions::effective(&id.name, options, of_type)
    }
}
