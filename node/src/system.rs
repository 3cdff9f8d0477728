//! The node itself: its first owner, the list of users it hosts, and the configuration that
//! browser clients ask for.

pub(crate) mod hosting;
pub(crate) mod owner;
pub(crate) mod ui_config;
