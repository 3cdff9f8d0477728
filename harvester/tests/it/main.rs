//! The follower and its ledger against a chain that does as it is told.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod anvil;
mod effects;
mod following;
mod proxy;
mod random;
mod support;
