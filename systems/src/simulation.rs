//! Changes that commands and time make to the components of a world.

pub(crate) mod attributes;
pub(crate) mod dragging;
pub(crate) mod locks;
pub(crate) mod movement;
pub(crate) mod objects;
pub(crate) mod placement;
pub(crate) mod presence;
pub(crate) mod social;
