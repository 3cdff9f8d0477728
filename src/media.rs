//! `odyssey media`: looks after the contents of the data directory.

use std::{
    io::{IsTerminal, Write, stderr},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use archive::Content;
use clap::Subcommand;
use node::{Imported, Node};
use store::Store;
use tokio::task::spawn_blocking;

use crate::{
    config::Config,
    data, database,
    exit::{self, Exit, Failure},
};

/// Time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(1);

/// Operation on contents.
#[derive(Subcommand, Debug)]
pub(crate) enum Media {
    /// Say how many contents there are, and how large they are
    Stats,
    /// Delete what nothing has referred to for long
    Gc {
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Delete files as well that no content knows
        #[arg(long)]
        orphans: bool,
    },
    /// Read contents again, and take those out of service that have changed
    Scrub {
        /// Number of contents of a thousand
        #[arg(long, value_name = "N", default_value_t = 1000)]
        per_mille: u16,
    },
    /// Publish contents to a node of IPFS of one's own (`media.ipfs.api`)
    #[command(subcommand)]
    Ipfs(Ipfs),
    /// Take over the folder of contents of the existing platform, under its names
    Import {
        /// The folder with `images`, `tracks`, `videos`, `assets` and `plugins`
        folder: PathBuf,
    },
}

/// Operation on a node of IPFS.
#[derive(Subcommand, Debug)]
pub(crate) enum Ipfs {
    /// Add and pin contents. What others have fetched from there cannot be taken back
    Publish {
        /// Names of contents; without any, all models that are shared in the library
        names: Vec<String>,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Read back what is pinned, and compare it
    Verify,
    /// Take the pins of contents away. Copies elsewhere stay
    Unpublish {
        /// Names of contents
        #[arg(required = true)]
        names: Vec<String>,
    },
}

/// Runs the command and prints what was done. No server may run on the data directory.
pub(crate) async fn run(config: &Config, what: Media) -> Exit {
    let line = done(config, what).await.map_err(Failure::setup)?;
    // A closed standard output is no reason to fail: the work is done.
    let _ = exit::print(&line);
    Ok(())
}

async fn done(config: &Config, what: Media) -> anyhow::Result<String> {
    data::prepare(config)?;
    let _lock = data::lock(config)?;
    let base_url = config.base_url(config.bind);
    let store = database::ready(config, &base_url).await?;
    let node = start(config, store).await?;
    let done = perform(&node, what).await;
    node.shutdown().await;
    node.close().await;
    done
}

async fn start(config: &Config, store: Store) -> anyhow::Result<Arc<Node>> {
    let options = config.node_options(config.base_url(config.bind));
    let node = Node::start(store, options).await;
    node.map_err(|error| anyhow!("starting the node: {error}"))
}

/// Takes over the contents of an archive of a world and says what became of them. Closes the store.
pub(crate) async fn take_contents(
    config: &Config,
    store: Store,
    file: PathBuf,
    contents: &[Content],
) -> anyhow::Result<String> {
    let unpacked = tempfile::Builder::new()
        .prefix("import-")
        .tempdir_in(&config.data)?;
    let folder = unpacked.path().to_owned();
    spawn_blocking(move || archive::unpack(&file, &folder)).await??;
    let place = |content: &Content| {
        let path = unpacked.path().join(&content.digest);
        (path, content.kinds(), content.names.clone())
    };
    let files = contents.iter().map(place).collect();
    let node = start(config, store).await?;
    let mut progress = Progress::default();
    let imported = node.import_contents(files, |so_far| progress.say_contents(so_far));
    let imported = imported.await.context("importing contents");
    node.shutdown().await;
    node.close().await;
    Ok(report(&imported?))
}

fn report(imported: &Imported) -> String {
    let mut lines = format!("{} contents, {} bytes\n", imported.contents, imported.bytes);
    for (path, reason) in &imported.refused {
        lines += &format!("left out: {}: {reason}\n", path.display());
    }
    lines
}

async fn perform(node: &Arc<Node>, what: Media) -> anyhow::Result<String> {
    let mut progress = Progress::default();
    match what {
        Media::Stats => {
            let totals = node.media_totals().await?;
            Ok(format!(
                "{} contents, {} bytes; {} wait for their deletion; {} variants, {} bytes\n",
                totals.blobs,
                totals.bytes,
                totals.tombstoned,
                totals.variants,
                totals.variant_bytes
            ))
        }
        Media::Gc { dry_run, orphans } => {
            let collect = node.collect_media(dry_run, |so_far| {
                progress.say(&format!(
                    "{} tombstoned, {} deleted",
                    so_far.tombstoned, so_far.deleted
                ));
            });
            let mut collected = collect.await.context("collecting")?;
            if orphans {
                collected.orphans = node.delete_orphans(dry_run).await.context("orphans")?;
            }
            let would = if dry_run { "would be " } else { "" };
            Ok(format!(
                "{} referred to; {would}{} tombstoned, {} revived, {} deleted ({} bytes), {} orphans\n",
                collected.referenced,
                collected.tombstoned,
                collected.revived,
                collected.deleted,
                collected.bytes,
                collected.orphans
            ))
        }
        Media::Scrub { per_mille } => {
            let scrub = node.scrub_media(per_mille.min(1000), |so_far| {
                progress.say(&format!(
                    "{} read",
                    so_far.whole + so_far.broken + so_far.missing
                ));
            });
            let scrubbed = scrub.await.context("reading")?;
            Ok(format!(
                "{} whole, {} broken, {} missing\n",
                scrubbed.whole, scrubbed.broken, scrubbed.missing
            ))
        }
        Media::Ipfs(what) => publish(node, what, &mut progress).await,
        Media::Import { folder } => {
            anyhow::ensure!(folder.is_dir(), "there is no folder {}", folder.display());
            let import = node.import_media(&folder, |so_far| progress.say_contents(so_far));
            Ok(report(&import.await.context("importing")?))
        }
    }
}

async fn publish(node: &Arc<Node>, what: Ipfs, progress: &mut Progress) -> anyhow::Result<String> {
    match what {
        Ipfs::Publish { names, dry_run } => {
            let publish = node.publish_media(&names, dry_run, |so_far| {
                progress.say(&format!(
                    "{} contents, {} bytes",
                    so_far.contents, so_far.bytes
                ));
            });
            let done = publish.await.context("publishing")?;
            let would = if dry_run { "would be " } else { "" };
            let mut lines = format!(
                "{} contents {would}published, {} bytes\n",
                done.contents, done.bytes
            );
            for (name, reason) in done.refused {
                lines += &format!("left out: {name}: {reason}\n");
            }
            Ok(lines)
        }
        Ipfs::Verify => {
            let verify = node.verify_published(|so_far| {
                progress.say(&format!("{} read", so_far.whole.len()));
            });
            let found = verify.await.context("verifying")?;
            let mut lines = format!(
                "{} whole, {} broken, {} no longer ours\n",
                found.whole.len(),
                found.broken.len(),
                found.unknown.len()
            );
            for (cids, what) in [(found.broken, "broken"), (found.unknown, "no longer ours")] {
                for cid in cids {
                    lines += &format!("{what}: {cid}\n");
                }
            }
            Ok(lines)
        }
        Ipfs::Unpublish { names } => {
            let taken = node.unpublish_media(&names).await;
            let taken = taken.context("taking pins away")?;
            Ok(format!("{taken} pins taken away\n"))
        }
    }
}

/// Lines of progress on a terminal, one a second at most.
#[derive(Default)]
struct Progress {
    said: Option<Instant>,
}

impl Progress {
    fn say_contents(&mut self, so_far: &Imported) {
        self.say(&format!(
            "{} contents, {} bytes",
            so_far.contents, so_far.bytes
        ));
    }

    fn say(&mut self, line: &str) {
        let due = self.said.is_none_or(|said| said.elapsed() >= PROGRESS);
        if due && stderr().is_terminal() {
            self.said = Some(Instant::now());
            // Nobody reading it is no reason to stop.
            let _ = writeln!(stderr(), "{line}");
        }
    }
}
