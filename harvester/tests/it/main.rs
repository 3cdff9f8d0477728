//! The follower and its ledger against a chain that does as it is told.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod anvil;
mod conformance;
mod effects;
mod factories;
mod folder_chain;
mod following;
mod providers;
mod proxy;
mod public;
mod random;
mod sending;
mod substrate;
mod support;
