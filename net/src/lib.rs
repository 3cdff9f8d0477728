//! Access to a node from outside: HTTP with the REST API, and real-time sessions over WebSocket,
//! WebTransport and QUIC.
//!
//! Modules refer to each other one way only, each to those left of it:
//!
//! `telemetry`, `auth`, `limits` ← `options` ← `session` ← `ws`, `quic` ← `rest` ← `server`
//!
//! A session and what carries it know each other by the seam in `session::transport`. `server` is
//! the only place that knows all of them.
//!
//! Handlers and sessions translate; rules live in `node`, time and space in `systems`.

pub mod auth;
pub mod limits;
mod options;
mod quic;
pub mod rest;
mod server;
mod session;
mod telemetry;
mod ws;

pub use options::{NetOptions, SessionOptions};
pub use quic::{CertificateFiles, Quic, QuicError, QuicOptions};
pub use rest::App;
pub use server::Server;
pub use telemetry::install_metrics;
