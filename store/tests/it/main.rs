//! The store's promises, each kept on SQLite and on a real PostgreSQL.
#![allow(clippy::unwrap_used)]

mod activities;
mod ai_jobs;
mod assets;
mod attribute_lists;
mod attributes;
mod canvas;
mod challenges;
mod creation;
mod docks;
mod entries;
mod fixture;
mod guests;
mod members;
mod moving_in;
mod objects;
mod outage;
mod plugins;
mod schema;
mod seed;
mod stakes;
mod users;
mod version;
mod wallets;
mod worlds;
mod write_behind;
