//! How the outside reaches a node: HTTP with the REST API, and real-time sessions over WebSocket, WebTransport and QUIC.
//!
//! Handlers and sessions translate; rules live in `node`, time and space in `systems`.

mod app;
pub mod auth;
pub mod limits;
mod quic;
pub mod rest;
mod server;
mod session;
mod telemetry;
mod ws;

pub use app::{App, NetOptions};
pub use quic::{CertificateFiles, Quic, QuicError, QuicOptions};
pub use server::Server;
pub use session::SessionOptions;
pub use telemetry::install_metrics;
