//! Contents that ship with the program, under the names by which worlds know them
//! (docs/spec/media.md §5). Those that are there already are left as they are.

use std::sync::Arc;

use media::{Digest, Kind, MediaError, bundle};
use tokio::task::spawn_blocking;

use crate::{Node, NodeError, Result};

/// A shipped file: its name, its kind and its bytes.
type Shipped = (&'static str, Kind, &'static [u8]);

macro_rules! shipped {
    ($($name:literal $kind:ident $path:literal,)*) => {
        &[$(($name, Kind::$kind, include_bytes!(concat!("../../../assets/", $path)))),*]
    };
}

/// Shapes and the orb by their ids, pictures and skies by the hashes that the existing platform
/// gave them, and those of our own by names.
const SHIPPED: &[Shipped] = shipped! {
    "2dc7df8ea34a829ce3cab73bfe99faf0" Model "shapes/2dc7df8e-a34a-829c-e3ca-b73bfe99faf0.glb",
    "313a97ccfe1b39bb56e7516d213cc23d" Model "shapes/313a97cc-fe1b-39bb-56e7-516d213cc23d.glb",
    "418c4963623a391c795de6080be11899" Model "shapes/418c4963-623a-391c-795d-e6080be11899.glb",
    "46d923ad21ff276dc3c4ead2212bcb02" Model "shapes/46d923ad-21ff-276d-c3c4-ead2212bcb02.glb",
    "5b5bd8720328e38c1b54bf2bfa70fc85" Model "shapes/5b5bd872-0328-e38c-1b54-bf2bfa70fc85.glb",
    "6e8fec1cff95df661375e312f6447b3d" Model "shapes/6e8fec1c-ff95-df66-1375-e312f6447b3d.glb",
    "839b21db52ff45ce7484fd1b59ebb087" Model "shapes/839b21db-52ff-45ce-7484-fd1b59ebb087.glb",
    "8a7e55f5934d8ebf17bb39e2d8d9bfa1" Model "shapes/8a7e55f5-934d-8ebf-17bb-39e2d8d9bfa1.glb",
    "97daa12f9b2e536d78513b0837175e4c" Model "shapes/97daa12f-9b2e-536d-7851-3b0837175e4c.glb",
    "a1f144deb21ad1e906356eb250927326" Model "shapes/a1f144de-b21a-d1e9-0635-6eb250927326.glb",
    "a55f9ca74b45692e204fe37ed9dc3d78" Model "shapes/a55f9ca7-4b45-692e-204f-e37ed9dc3d78.glb",
    "dad4e8a4cdcc41749d77f7e849bba352" Model "shapes/dad4e8a4-cdcc-4174-9d77-f7e849bba352.glb",
    "eea924c06e33393fe06ee6631e8860e9" Model "shapes/eea924c0-6e33-393f-e06e-e6631e8860e9.glb",
    "26485e74acb29223ba7a9fa600d36c7f" Image "sky/26485e74acb29223ba7a9fa600d36c7f.png",
    "03ce359d18bfc0fe977bd66ab471d222" Image "images/03ce359d18bfc0fe977bd66ab471d222.png",
    "bd6563cc9fceac3e1ed6fcad752c902d" Image "images/bd6563cc9fceac3e1ed6fcad752c902d.png",
    "preview2dc7df8ea34a829ce3cab73bfe99faf0" Image "previews/2dc7df8e-a34a-829c-e3ca-b73bfe99faf0.png",
    "preview313a97ccfe1b39bb56e7516d213cc23d" Image "previews/313a97cc-fe1b-39bb-56e7-516d213cc23d.png",
    "preview418c4963623a391c795de6080be11899" Image "previews/418c4963-623a-391c-795d-e6080be11899.png",
    "preview46d923ad21ff276dc3c4ead2212bcb02" Image "previews/46d923ad-21ff-276d-c3c4-ead2212bcb02.png",
    "preview5b5bd8720328e38c1b54bf2bfa70fc85" Image "previews/5b5bd872-0328-e38c-1b54-bf2bfa70fc85.png",
    "preview6e8fec1cff95df661375e312f6447b3d" Image "previews/6e8fec1c-ff95-df66-1375-e312f6447b3d.png",
    "preview839b21db52ff45ce7484fd1b59ebb087" Image "previews/839b21db-52ff-45ce-7484-fd1b59ebb087.png",
    "preview8a7e55f5934d8ebf17bb39e2d8d9bfa1" Image "previews/8a7e55f5-934d-8ebf-17bb-39e2d8d9bfa1.png",
    "preview97daa12f9b2e536d78513b0837175e4c" Image "previews/97daa12f-9b2e-536d-7851-3b0837175e4c.png",
    "previewa1f144deb21ad1e906356eb250927326" Image "previews/a1f144de-b21a-d1e9-0635-6eb250927326.png",
    "previewa55f9ca74b45692e204fe37ed9dc3d78" Image "previews/a55f9ca7-4b45-692e-204f-e37ed9dc3d78.png",
    "previewdad4e8a4cdcc41749d77f7e849bba352" Image "previews/dad4e8a4-cdcc-4174-9d77-f7e849bba352.png",
    "previeweea924c06e33393fe06ee6631e8860e9" Image "previews/eea924c0-6e33-393f-e06e-e6631e8860e9.png",
    "odysseyskybluemorning" Image "sky/odysseyskybluemorning.png",
    "odysseyskyclearnight" Image "sky/odysseyskyclearnight.png",
    "odysseyskygreenaurora" Image "sky/odysseyskygreenaurora.png",
    "odysseyskyhighnoon" Image "sky/odysseyskyhighnoon.png",
    "odysseyskyquietmist" Image "sky/odysseyskyquietmist.png",
    "odysseyskyrosydawn" Image "sky/odysseyskyrosydawn.png",
};

/// Files of the plugin Video.
const VIDEO: [(&str, &[u8]); 2] = [
    (
        bundle::MANIFEST,
        include_bytes!("../../../web/plugins/video/manifest.json"),
    ),
    (
        bundle::ENTRY,
        include_bytes!("../../../web/plugins/video/remoteEntry.js"),
    ),
];

impl Node {
    /// Gives everything that ships with the program its place. One file that fails is logged and
    /// tried again at the next start.
    pub(crate) async fn ship_media(self: Arc<Self>) {
        for (name, kind, bytes) in SHIPPED {
            if let Err(error) = self.ship(name, *kind, bytes).await {
                tracing::error!(%error, name, "a shipped file did not get its place");
            }
        }
        if let Err(error) = self.ship_plugin().await {
            tracing::error!(%error, "the plugin Video did not get its place");
        }
        self.media.seeded.send_replace(true);
    }

    /// Stores the bundle of the plugin Video as if somebody had uploaded it, and activates it.
    async fn ship_plugin(&self) -> Result<()> {
        let spool = self.media.spool.clone();
        let packed = move || spool.keep(&bundle::pack("video", &VIDEO)?);
        let spooled = spawn_blocking(packed)
            .await
            .map_err(|error| NodeError::Internal(error.into()))??;
        let stored = self.store_shipped(spooled, Kind::Plugin).await?;
        self.activate_shipped(&stored.hash()).await
    }

    async fn ship(&self, name: &str, kind: Kind, bytes: &'static [u8]) -> Result<()> {
        let digest = Digest::of(bytes);
        let known = self.store().media_aliases(&[name.to_owned()]).await?;
        if known.iter().any(|(_, known)| known == digest.bytes()) {
            match self.media.storage.size(&digest.blob_key()).await {
                Ok(size) if size == bytes.len() as u64 => return Ok(()),
                Ok(_) | Err(MediaError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let spool = self.media.spool.clone();
        let spooled = spawn_blocking(move || spool.keep(bytes))
            .await
            .map_err(|error| NodeError::Internal(error.into()))??;
        let stored = self.store_shipped(spooled, kind).await?;
        self.store()
            .point_media_alias(name, &stored.row.blob.digest)
            .await?;
        self.media.names.invalidate(name).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use media::PictureLimits;

    use super::*;

    #[test]
    fn shipped_pictures_are_stored_as_they_are() {
        for (name, kind, bytes) in SHIPPED.iter().filter(|(_, kind, _)| *kind == Kind::Image) {
            let format = media::Format::expect(bytes, *kind).expect("a picture");
            let cleaned = media::clean(format, bytes, &PictureLimits::default());
            assert!(cleaned.expect("decodes").bytes == *bytes, "{name}");
        }
    }
}
