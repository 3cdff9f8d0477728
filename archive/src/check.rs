//! The checks that an archive has to pass before any of it is imported.

use std::{
    collections::{HashMap, HashSet},
    io,
    path::Path,
};

use anyhow::{bail, ensure};
use components::{AttributeId, JsonMap, Umid, checked_options};
use serde_json::Value;

use crate::{
    error::ArchiveError,
    file::{self, MAX_OBJECTS, Manifest, OBJECTS},
    lines::{self, AttributeLine, ObjectLine, PersonalLine},
};

/// Levels below the world; authority and trees are followed a little further.
const MAX_DEPTH: u32 = 200;
/// Attributes of one object.
const MAX_ATTRIBUTES: usize = 1000;
/// Characters of an attribute's name: what the column holds.
const MAX_ATTRIBUTE_NAME: usize = 255;
/// Characters of an object's name.
const MAX_NAME: usize = 256;

/// An archive that has passed all checks that need no database.
#[derive(Debug)]
pub struct Checked {
    pub(crate) manifest: Manifest,
    pub(crate) found: Checker,
}

/// Reads a whole archive and checks it.
///
/// # Errors
/// The first part that is not as it has to be.
pub fn check(file: &Path) -> Result<Checked, ArchiveError> {
    let (manifest, found) = Checker::read(file)?;
    Ok(Checked { manifest, found })
}

/// References found in an archive, to be looked up in the database.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    /// Depth by object.
    pub(crate) objects: HashMap<Umid, u32>,
    root_type: Option<Umid>,
    /// Types of objects.
    pub(crate) object_types: HashSet<Umid>,
    /// Types of attributes.
    pub(crate) attribute_types: HashSet<AttributeId>,
    /// 2D assets.
    pub(crate) assets_2d: HashSet<Umid>,
    /// 3D assets.
    pub(crate) assets_3d: HashSet<Umid>,
    /// Owners of objects.
    pub(crate) owners: HashSet<Umid>,
    /// Owners of objects and of attributes.
    pub(crate) users: HashSet<Umid>,
    attributes: usize,
    personal: usize,
}

impl Checked {
    /// The manifest of the file.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

impl Checker {
    fn read(file: &Path) -> anyhow::Result<(Manifest, Self)> {
        let mut checker = Self::default();
        let manifest = file::read(
            file,
            &mut |name, line| match name {
                OBJECTS => checker.object(&lines::parse(line)?),
                _ => checker.person(&lines::parse(line)?),
            },
            &mut |_| Ok(io::sink()),
        )?;
        for model in &manifest.models {
            ensure!(
                checker.assets_3d.contains(&model.id),
                "no object shows the model {}",
                model.id
            );
            no_nul(&model.meta)?;
        }
        let counts = [
            ("objects", manifest.objects, checker.objects.len()),
            ("attributes", manifest.attributes, checker.attributes),
            ("attributes of users", manifest.personal, checker.personal),
        ];
        for (what, told, found) in counts {
            ensure!(
                told == found,
                "the manifest says {told} {what}, there are {found}"
            );
        }
        ensure!(
            checker.objects.get(&manifest.world.id) == Some(&0),
            "the first object is not the world of the manifest"
        );
        Ok((manifest, checker))
    }

    fn object(&mut self, line: &ObjectLine) -> anyhow::Result<()> {
        let id = line.id;
        ensure!(
            self.objects.len() < MAX_OBJECTS,
            "more than {MAX_OBJECTS} objects"
        );
        ensure!(!id.is_nil(), "an object without an id");
        let depth = match line.parent {
            None => {
                ensure!(self.objects.is_empty(), "a second object without a parent");
                self.root_type = Some(line.object_type);
                0
            }
            // A parent that comes later would be one that is its own descendant, or none of this
            // world.
            Some(parent) => match self.objects.get(&parent) {
                Some(depth) => depth + 1,
                None => bail!("its parent {parent} does not come before it"),
            },
        };
        ensure!(
            depth <= MAX_DEPTH,
            "more than {MAX_DEPTH} levels of objects"
        );
        ensure!(
            self.objects.insert(id, depth).is_none(),
            "object {id} comes twice"
        );
        ensure!(
            line.transform.is_none_or(|transform| transform.is_finite()),
            "the transform is not finite"
        );
        ensure!(
            line.name()
                .is_none_or(|name| name.chars().count() <= MAX_NAME),
            "the name has more than {MAX_NAME} characters"
        );
        if let Some(options) = &line.options {
            // Stored unchanged: another export gives the same bytes.
            checked_options(options)?;
            no_nul(options)?;
        }
        ensure!(
            line.attributes.len() <= MAX_ATTRIBUTES,
            "more than {MAX_ATTRIBUTES} attributes"
        );
        let mut own = HashSet::new();
        for attribute in &line.attributes {
            self.attribute(attribute)?;
            ensure!(
                own.insert(attribute.id()),
                "an attribute {} comes twice",
                attribute.id()
            );
        }
        self.attributes += line.attributes.len();
        self.object_types.insert(line.object_type);
        self.assets_2d.extend(line.asset_2d);
        self.assets_3d.extend(line.asset_3d);
        self.owners.insert(line.owner);
        self.users.insert(line.owner);
        Ok(())
    }

    fn person(&mut self, line: &PersonalLine) -> anyhow::Result<()> {
        ensure!(
            self.objects.contains_key(&line.object),
            "object {} is not in the archive",
            line.object
        );
        self.attribute(&line.attribute)?;
        self.users.insert(line.user);
        self.personal += 1;
        Ok(())
    }

    fn attribute(&mut self, line: &AttributeLine) -> anyhow::Result<()> {
        ensure!(
            line.name.chars().count() <= MAX_ATTRIBUTE_NAME && !line.name.contains('\0'),
            "an attribute's name is not one"
        );
        for map in [&line.value, &line.options].into_iter().flatten() {
            no_nul(map)?;
        }
        self.attribute_types.insert(line.id());
        Ok(())
    }

    /// The type of the world.
    pub(crate) fn root_type(&self) -> anyhow::Result<Umid> {
        match self.root_type {
            Some(root) => Ok(root),
            None => bail!("there is no world in it"),
        }
    }
}

/// Refuses the character NUL, which PostgreSQL cannot store.
fn no_nul(map: &JsonMap) -> anyhow::Result<()> {
    fn has_nul(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(list) => list.iter().any(has_nul),
            Value::Object(map) => map
                .iter()
                .any(|(key, value)| key.contains('\0') || has_nul(value)),
            _ => false,
        }
    }
    let found = map
        .iter()
        .any(|(key, value)| key.contains('\0') || has_nul(value));
    ensure!(!found, "a text holds the character NUL");
    Ok(())
}
