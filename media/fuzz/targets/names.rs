//! Names of contents in texts, and by the names of IPFS.

#![no_main]

use std::{collections::HashSet, str::FromStr};

use libfuzzer_sys::fuzz_target;
use media::{cid, names_in};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    names_in(&text, &mut HashSet::new());
    if let Ok(name) = cid::Cid::from_str(&text) {
        let _ = cid::digest_of(&name);
    }
});
