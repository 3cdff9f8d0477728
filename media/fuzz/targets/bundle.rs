//! Bundles of plugins, below their compression, and their listings.

#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use media::{
    Digest,
    bundle::{BundleLimits, Listing, unpack},
};

fuzz_target!(|bytes: &[u8]| {
    let _ = Listing::parse(bytes);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).expect("memory");
    let packed = packed.finish().expect("memory");
    for packed in [&packed[..], bytes] {
        let limits = BundleLimits::default();
        let _ = unpack(packed, packed.len() as u64, &limits, |_, bytes| {
            Ok(Digest::of(&bytes))
        });
    }
});
