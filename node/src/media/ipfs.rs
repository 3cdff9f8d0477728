//! Contents by the names of IPFS: blocks and archives of blocks that a client can verify.

use std::str::FromStr;

use bytes::Bytes;
use components::Reason;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use media::{
    Digest, MediaError,
    cid::{CHUNK, Cid, DAG_PB, RAW, Tree, cid_of, digest_of, varint},
};

use super::MediaFile;
use crate::{Node, Result};

/// A part of a content that has a name of its own.
pub struct Block {
    /// Its name.
    pub cid: Cid,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A content with the tree over its chunks.
pub struct ContentTree {
    /// The content.
    pub file: MediaFile,
    tree: Tree,
}

impl Node {
    /// The content of a CID.
    ///
    /// # Errors
    /// `NotFound`, `MediaBlocked`.
    pub async fn content_of_cid(&self, cid: &str) -> Result<ContentTree> {
        let file = self
            .media_file(&canonical(cid)?, None, Reason::NotFound)
            .await?;
        let chunks = self.store().media_blocks(&file.row.blob.digest).await?;
        let chunks = match chunks.is_empty() {
            true => vec![file.digest()],
            false => chunks.into_iter().map(Digest::from).collect(),
        };
        let tree = Tree::of_chunks(&chunks, file.size());
        Ok(ContentTree { file, tree })
    }

    /// A single block: a chunk of a content, or a node of the tree over its chunks.
    ///
    /// # Errors
    /// `NotFound`, `MediaBlocked`.
    pub async fn ipfs_block(&self, name: &str) -> Result<Block> {
        let name = canonical(name)?;
        let cid = Cid::from_str(&name).map_err(|_| Reason::NotFound)?;
        let (codec, digest) = digest_of(&cid).ok_or(Reason::NotFound)?;
        if codec == DAG_PB {
            let content = self.content_of_cid(&name).await?;
            let node = content.tree.nodes.into_iter().find(|node| node.cid == cid);
            let bytes = node.ok_or(Reason::NotFound)?.bytes.into();
            return Ok(Block { cid, bytes });
        }
        // A content of one chunk has its digest as its name, a chunk that of its part.
        let (file, begin) = match self.store().media_with_block(digest.bytes()).await? {
            Some((content, position)) => {
                let name = Digest::from(content).to_string();
                let file = self.media_file(&name, None, Reason::NotFound).await?;
                (file, position * CHUNK as u64)
            }
            None => {
                let name = digest.to_string();
                (self.media_file(&name, None, Reason::NotFound).await?, 0)
            }
        };
        let end = file.size().min(begin + CHUNK as u64);
        if file.size() > CHUNK as u64 && begin == 0 && file.digest() == digest {
            // The digest of a large content is not the name of a block.
            return Err(Reason::NotFound.into());
        }
        let pieces = self.media_stream(&file, begin..end).await?;
        let pieces: Vec<Bytes> = pieces.try_collect().await?;
        Ok(Block {
            cid,
            bytes: pieces.concat().into(),
        })
    }

    /// All blocks of a content in an archive (CAR, version 1), the root first.
    ///
    /// # Errors
    /// `NotFound` if the bytes are gone, `Unavailable`.
    pub fn ipfs_archive(
        self: &std::sync::Arc<Self>,
        content: ContentTree,
    ) -> impl Stream<Item = std::result::Result<Bytes, MediaError>> + Send + use<> {
        let ContentTree { file, tree } = content;
        let head = header(&tree.root);
        let nodes = tree
            .nodes
            .into_iter()
            .map(|node| section(&node.cid, &node.bytes));
        let before: Vec<_> = [head].into_iter().chain(nodes).map(Ok).collect();
        let node = std::sync::Arc::clone(self);
        let leaves = stream::iter(tree.leaves.into_iter().enumerate()).then(move |(n, leaf)| {
            let (node, file) = (std::sync::Arc::clone(&node), file.clone());
            async move {
                let begin = (n * CHUNK) as u64;
                let range = begin..file.size().min(begin + CHUNK as u64);
                let key = file.digest().blob_key();
                let pieces = node.media.storage.stream(&key, range).await?;
                let pieces: Vec<Bytes> = pieces.try_collect().await?;
                Ok(section(&leaf, &pieces.concat()))
            }
        });
        stream::iter(before).chain(leaves)
    }
}

/// A CID in the spelling that contents are known by: version 1, base 32.
fn canonical(text: &str) -> Result<String> {
    let cid = Cid::from_str(text).map_err(|_| Reason::NotFound)?;
    let (codec, digest) = digest_of(&cid).ok_or(Reason::NotFound)?;
    match codec {
        RAW | DAG_PB => Ok(cid_of(codec, &digest).to_string()),
        _ => Err(Reason::NotFound.into()),
    }
}

/// The header of an archive: its root and its version, in DAG-CBOR.
fn header(root: &Cid) -> Bytes {
    let name = root.to_bytes();
    // A map of two: the list of one link (tag 42, bytes that begin with 0), and the version.
    let mut cbor = b"\xa2\x65roots\x81\xd8\x2a\x58".to_vec();
    cbor.push((name.len() + 1) as u8);
    cbor.push(0);
    cbor.extend_from_slice(&name);
    cbor.extend_from_slice(b"\x67version\x01");
    let mut bytes = Vec::new();
    varint(&mut bytes, cbor.len() as u64);
    bytes.extend_from_slice(&cbor);
    bytes.into()
}

/// A block in an archive.
fn section(cid: &Cid, block: &[u8]) -> Bytes {
    let name = cid.to_bytes();
    let mut bytes = Vec::with_capacity(block.len() + name.len() + 4);
    varint(&mut bytes, (name.len() + block.len()) as u64);
    bytes.extend_from_slice(&name);
    bytes.extend_from_slice(block);
    bytes.into()
}
