//! Contents by the names of IPFS, verified as a client does (docs/media.md, L).

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::support::{
    Api, Options, Server,
    media::{png, sha256},
};

/// Digits of base 32 as CIDs have them.
const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Codecs of chunks and of inner nodes.
const RAW: u8 = 0x55;
const DAG_PB: u8 = 0x70;

/// The bytes of a CID.
fn decode(cid: &str) -> Vec<u8> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in cid.bytes().skip(1) {
        let value = BASE32
            .iter()
            .position(|known| *known == digit)
            .expect("base 32");
        bits = bits << 5 | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

fn encode(bytes: &[u8]) -> String {
    let (mut bits, mut count, mut text) = (0_u32, 0, "b".to_owned());
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(BASE32[(bits >> count & 31) as usize].into());
        }
    }
    if count > 0 {
        text.push(BASE32[(bits << (5 - count) & 31) as usize].into());
    }
    text
}

/// The name of a block.
fn name(codec: u8, block: &[u8]) -> Vec<u8> {
    [&[1, codec, 0x12, 0x20][..], &Sha256::digest(block)].concat()
}

fn varint(bytes: &mut &[u8]) -> Option<usize> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= usize::from(first & 0x7f) << shift;
        shift += 7;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
}

/// The links of an inner node.
fn links(mut node: &[u8]) -> Vec<Vec<u8>> {
    let mut links = Vec::new();
    while let Some(key) = varint(&mut node) {
        let length = varint(&mut node).expect("a field");
        let (mut field, rest) = node.split_at(length);
        node = rest;
        if key >> 3 == 2 {
            assert_eq!(varint(&mut field), Some(1 << 3 | 2));
            let length = varint(&mut field).expect("a name");
            links.push(field[..length].to_vec());
        }
    }
    links
}

async fn get(api: &Api, path: &str) -> Vec<u8> {
    let answer = api.root(path).await;
    assert_eq!(answer.status, 200, "{path}");
    answer.bytes
}

/// Targets 125, 126, 128 and 132.
#[tokio::test]
async fn a_content_is_fetched_block_by_block_and_verified() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    for (bytes, chunks) in [(png(40, 40, 1), 1), (png(1500, 1200, 2), 4)] {
        let stored = guest.upload("image", &bytes).await.ok(200);
        let cid = stored["cid"].as_str().expect("a name").to_owned();
        let root = decode(&cid);
        if chunks == 1 {
            assert_eq!(root[1], RAW);
            assert_eq!(root[4..], Sha256::digest(&bytes)[..]);
        }

        // The whole file, under either name.
        assert_eq!(get(&guest, &format!("/ipfs/{cid}")).await, bytes);
        let rendered = guest.render(&format!("get/{cid}")).await;
        assert_eq!(rendered.bytes().await.expect("bytes"), bytes);

        // Block by block, each verified by its name.
        let mut waiting = vec![root.clone()];
        let mut content = Vec::new();
        let mut leaves = 0;
        while let Some(block) = waiting.pop() {
            let bytes = get(&guest, &format!("/ipfs/{}?format=raw", encode(&block))).await;
            assert_eq!(
                name(block[1], &bytes),
                block,
                "the block is the one that was asked for"
            );
            match block[1] {
                DAG_PB => waiting.extend(links(&bytes).into_iter().rev()),
                _ => {
                    leaves += 1;
                    content.extend(bytes);
                }
            }
        }
        assert_eq!(content, bytes);
        assert!(leaves >= chunks.min(2), "{leaves}");

        // All of it at once.
        let archive = get(&guest, &format!("/ipfs/{cid}?format=car")).await;
        let mut rest = &archive[..];
        let length = varint(&mut rest).expect("a header");
        let (header, mut rest) = rest.split_at(length);
        assert!(header.windows(root.len()).any(|window| window == root));
        let mut blocks = HashMap::new();
        while let Some(length) = varint(&mut rest) {
            let (section, more) = rest.split_at(length);
            let (cid, block) = section.split_at(36);
            assert_eq!(name(cid[1], block), cid);
            blocks.insert(cid.to_vec(), block.to_vec());
            rest = more;
        }
        assert!(blocks.contains_key(&root));
        assert_eq!(blocks.len(), leaves + usize::from(root[1] == DAG_PB));
    }
}

/// Targets 128 and 130.
#[tokio::test]
async fn the_gateway_says_what_it_sends_and_gives_nothing_else() {
    let server = Server::start(Options::default());
    let guest = Api::guest(&server).await;
    let large = png(1500, 1200, 3);
    let stored = guest.upload("image", &large).await.ok(200);
    let cid = stored["cid"].as_str().expect("a name");
    let url = format!("{}/ipfs/{cid}", server.url());
    let client = reqwest::Client::new();
    let answer = client.get(&url).send().await.expect("an answer");
    for (name, expected) in [
        ("etag", format!("\"{cid}\"")),
        ("x-ipfs-path", format!("/ipfs/{cid}")),
        (
            "cache-control",
            "public, max-age=31536000, immutable".to_owned(),
        ),
        (
            "content-security-policy",
            "default-src 'none'; sandbox".to_owned(),
        ),
        ("content-type", "image/png".to_owned()),
    ] {
        assert_eq!(answer.headers()[name], expected, "{name}");
    }
    let tag = answer.headers()["etag"].clone();
    let again = client
        .get(&url)
        .header("if-none-match", tag)
        .send()
        .await
        .expect("an answer");
    assert_eq!(again.status(), 304);
    let part = client
        .get(&url)
        .header("range", "bytes=5-9")
        .send()
        .await
        .expect("an answer");
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.expect("bytes"), large[5..10]);
    for (accept, kind) in [
        ("application/vnd.ipld.raw", "application/vnd.ipld.raw"),
        ("application/vnd.ipld.car", "application/vnd.ipld.car"),
    ] {
        let answer = client
            .get(&url)
            .header("accept", accept)
            .send()
            .await
            .expect("an answer");
        let said = answer.headers()["content-type"].to_str().expect("text");
        assert!(said.starts_with(kind), "{said}");
    }
    // The digest of a content of several chunks is no name of a block.
    let digest: Vec<u8> = (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(&sha256(&large)[at..at + 2], 16).expect("hexadecimal"))
        .collect();
    let wrong = encode(&[&[1, RAW, 0x12, 0x20][..], &digest].concat());
    for (path, status) in [
        (format!("/ipfs/{wrong}?format=raw"), 404),
        (
            "/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku".to_owned(),
            404,
        ),
        ("/ipfs/nothing".to_owned(), 404),
        ("/ipfs/..%2f..".to_owned(), 400),
    ] {
        assert_eq!(guest.root(&path).await.status, status, "{path}");
    }
}
