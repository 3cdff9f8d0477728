//! Content identifiers of IPFS for stored bytes, profile `unixfs-v1-2025`: SHA-256, chunks of 1 MiB
//! as raw leaves, a balanced tree of 1024 links a node, a single chunk being the root itself.
//!
//! A blob of at most 1 MiB has its digest as its CID, in another spelling.

use ::cid::multihash::Multihash;
use sha2::{Digest as _, Sha256};

pub use ::cid::Cid;

use crate::Digest;

/// Length of a chunk in bytes.
pub const CHUNK: usize = 1 << 20;
/// Links of a node at most.
const LINKS: usize = 1024;
/// Codec of a chunk's bytes.
pub const RAW: u64 = 0x55;
/// Codec of an inner node.
pub const DAG_PB: u64 = 0x70;
/// Code of SHA-256 among hash functions.
const SHA2_256: u64 = 0x12;

/// The CID of a block.
pub fn cid_of(codec: u64, digest: &Digest) -> Cid {
    let hash = Multihash::wrap(SHA2_256, digest.bytes()).expect("32 bytes fit");
    Cid::new_v1(codec, hash)
}

/// The digest in a CID of SHA-256, and its codec.
pub fn digest_of(cid: &Cid) -> Option<(u64, Digest)> {
    let hash = cid.hash();
    if hash.code() != SHA2_256 {
        return None;
    }
    Some((cid.codec(), Digest::try_from(hash.digest()).ok()?))
}

/// A part of the tree: its block, and the content below it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subtree {
    cid: Cid,
    /// Bytes of content.
    content: u64,
    /// Bytes of all blocks.
    blocks: u64,
}

/// An inner node: its block and what it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Name of the block.
    pub cid: Cid,
    /// The block.
    pub bytes: Vec<u8>,
}

/// The tree over a content whose chunks are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Name of the content.
    pub root: Cid,
    /// Inner nodes, the root first; none if the only chunk is the root.
    pub nodes: Vec<Node>,
    /// Names of the chunks in order.
    pub leaves: Vec<Cid>,
}

/// Hashes a content chunk by chunk as it arrives.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    hasher: Sha256,
    /// Bytes of the open chunk.
    open: usize,
    closed: Vec<Subtree>,
}

impl Chunks {
    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.open));
            self.hasher.update(now);
            self.open += now.len();
            bytes = later;
            if self.open == CHUNK {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        let digest: [u8; 32] = self.hasher.finalize_reset().into();
        let length = self.open as u64;
        self.closed.push(Subtree {
            cid: cid_of(RAW, &Digest::from(digest)),
            content: length,
            blocks: length,
        });
        self.open = 0;
    }

    /// The tree over all chunks.
    pub fn finish(mut self) -> Tree {
        if self.open > 0 || self.closed.is_empty() {
            self.close();
        }
        Tree::over(self.closed)
    }
}

impl Tree {
    /// The tree over the chunks of a content of `size` bytes.
    pub fn of_chunks(chunks: &[Digest], size: u64) -> Self {
        let begins = (0..).step_by(CHUNK);
        let leaves = chunks.iter().zip(begins).map(|(digest, begin)| {
            let length = size.saturating_sub(begin).min(CHUNK as u64);
            Subtree {
                cid: cid_of(RAW, digest),
                content: length,
                blocks: length,
            }
        });
        Self::over(leaves.collect())
    }

    fn over(mut level: Vec<Subtree>) -> Self {
        let leaves = level.iter().map(|leaf| leaf.cid).collect();
        let mut nodes = Vec::new();
        while level.len() > 1 {
            let parents: Vec<(Subtree, Node)> = level.chunks(LINKS).map(parent).collect();
            let (subtrees, made): (Vec<_>, Vec<_>) = parents.into_iter().unzip();
            // Readers of an archive want a node before what it links to.
            nodes.splice(0..0, made);
            level = subtrees;
        }
        Tree {
            root: level[0].cid,
            nodes,
            leaves,
        }
    }
}

/// The CID of bytes that are in memory.
pub fn cid_of_bytes(bytes: &[u8]) -> Cid {
    let mut chunks = Chunks::default();
    chunks.update(bytes);
    chunks.finish().root
}

/// A node of the UnixFS type *file* over subtrees, in the canonical form of DAG-PB: links first.
fn parent(below: &[Subtree]) -> (Subtree, Node) {
    const FILE: u64 = 2;
    let content = below.iter().map(|subtree| subtree.content).sum();
    let mut data = Vec::new();
    field_number(&mut data, 1, FILE);
    field_number(&mut data, 3, content);
    for subtree in below {
        field_number(&mut data, 4, subtree.content);
    }
    let mut bytes = Vec::new();
    for subtree in below {
        let mut link = Vec::new();
        field_bytes(&mut link, 1, &subtree.cid.to_bytes());
        field_bytes(&mut link, 2, b"");
        field_number(&mut link, 3, subtree.blocks);
        field_bytes(&mut bytes, 2, &link);
    }
    field_bytes(&mut bytes, 1, &data);
    let cid = cid_of(DAG_PB, &Digest::of(&bytes));
    let blocks = below.iter().map(|subtree| subtree.blocks).sum::<u64>() + bytes.len() as u64;
    let subtree = Subtree {
        cid,
        content,
        blocks,
    };
    (subtree, Node { cid, bytes })
}

/// Writes a variable-length integer, as protocol buffers and CAR files have them.
pub fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn field_number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn field_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of docs/spec/media.md §4.
    #[test]
    fn content_has_the_cid_that_other_implementations_give_it() {
        let vectors = [
            (
                Vec::new(),
                "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
            ),
            (
                b"hello world".to_vec(),
                "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
            ),
            (
                vec![0; CHUNK],
                "bafkreibq4fevl27rgurgnxbp7adh42aqiyd6ouflxhj3gzmcxcxzbh6lla",
            ),
            (
                vec![0; CHUNK + 1],
                "bafybeihd4yzq7n5umhjngdum4r6k2to7egxfkf2jz6thvwzf6djus22cmq",
            ),
            (
                vec![0; 3 * CHUNK],
                "bafybeigdsjup7aizxrrjn7yqtcmqg6ffksaugwr7is2ind3cf7esaqrz4m",
            ),
        ];
        for (bytes, expected) in vectors {
            assert_eq!(cid_of_bytes(&bytes).to_string(), expected);
        }
    }

    #[test]
    fn a_small_content_has_its_digest_as_its_cid() {
        let bytes = vec![7; CHUNK];
        assert_eq!(
            digest_of(&cid_of_bytes(&bytes)),
            Some((RAW, Digest::of(&bytes)))
        );
    }

    #[test]
    fn pieces_make_no_difference() {
        let bytes: Vec<u8> = (0..CHUNK * 2 + 77).map(|n| n as u8).collect();
        for piece in [1000, 65_536, CHUNK - 1, CHUNK + 1] {
            let mut chunks = Chunks::default();
            for part in bytes.chunks(piece) {
                chunks.update(part);
            }
            let tree = chunks.finish();
            assert_eq!(tree.root, cid_of_bytes(&bytes), "{piece}");
            let digests = tree
                .leaves
                .iter()
                .filter_map(digest_of)
                .map(|(_, digest)| digest);
            let digests: Vec<Digest> = digests.collect();
            assert_eq!(Tree::of_chunks(&digests, bytes.len() as u64), tree);
        }
    }
}
