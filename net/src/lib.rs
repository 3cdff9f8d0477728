//! How the outside reaches a node: the REST API, sessions, and who may use them.

mod app;
pub mod auth;
pub mod limits;
pub mod rest;

pub use app::{App, NetOptions};
