//! Generates what ships in `assets/`: the basic shapes with their previews, skies and two small
//! pictures.
//!
//! `cargo run -p shapes` rewrites the files; `cargo run -p shapes -- --check` fails when one
//! differs from what would be written. The output depends on nothing but this source.

mod canvas;
mod catalogue;
mod facets;
mod glb;
mod lathe;
mod mesh;
mod noise;
mod pictures;
mod preview;
mod sky;
mod stars;
#[cfg(test)]
mod tests;
mod vector;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

fn main() -> anyhow::Result<()> {
    let check = match env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => bail!("unknown argument {other}; the only one is --check"),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets");
    let mut stale = Vec::new();
    for (path, bytes) in files()? {
        let target = root.join(&path);
        if check {
            if fs::read(&target).ok().as_deref() != Some(&bytes) {
                stale.push(path.display().to_string());
            }
        } else {
            write(&target, &bytes)?;
        }
    }
    if !stale.is_empty() {
        bail!(
            "not what `cargo run -p shapes` writes: {}",
            stale.join(", ")
        );
    }
    Ok(())
}

/// Every generated file: its path below `assets/` and its bytes.
fn files() -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files: Vec<(PathBuf, Vec<u8>)> = catalogue::shapes()
        .iter()
        .map(|shape| {
            (
                PathBuf::from(format!("shapes/{}.glb", shape.id)),
                shape.to_glb(),
            )
        })
        .collect();
    for shape in catalogue::shapes() {
        let preview = preview::render(&shape).to_png()?;
        files.push((PathBuf::from(format!("previews/{}.png", shape.id)), preview));
    }
    let evening = sky::paint(&sky::EVENING, sky::WIDTH, sky::HEIGHT);
    let more = sky::MORE.iter().map(|theme| {
        let painted = sky::paint(theme, sky::WIDTH / 2, sky::HEIGHT / 2);
        (theme.name, painted)
    });
    for (name, sky) in more.chain([(sky::EVENING.name, evening)]) {
        files.push((PathBuf::from(format!("sky/{name}.png")), sky.to_png()?));
    }
    for picture in pictures::pictures() {
        files.push((
            PathBuf::from(format!("images/{}.png", picture.hash)),
            picture.canvas.to_png()?,
        ));
    }
    Ok(files)
}

fn write(target: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    fs::write(target, bytes).with_context(|| format!("writing {}", target.display()))
}
