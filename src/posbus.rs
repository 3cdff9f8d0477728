//! `odyssey posbus`: filters between PosBus frames and JSON, from standard input to standard
//! output.

use std::io::{self, BufWriter};

use anyhow::Context;
use clap::Subcommand;

/// Direction of the translation.
#[derive(Subcommand, Debug)]
pub(crate) enum Filter {
    /// Frames in hex to JSON
    Decode,
    /// JSON to frames in hex
    Encode,
}

pub(crate) fn run(direction: &Filter) -> anyhow::Result<()> {
    let (input, output) = (io::stdin().lock(), BufWriter::new(io::stdout().lock()));
    match direction {
        Filter::Decode => ::posbus::filter::decode(input, output),
        Filter::Encode => ::posbus::filter::encode(input, output),
    }
    .context("filtering PosBus frames")
}
