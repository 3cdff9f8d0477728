//! Sound and video.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use media::{Format, Kind, PlayLimits, probe};

fuzz_target!(|bytes: &[u8]| {
    let head = &bytes[..bytes.len().min(4096)];
    for kind in [Kind::Audio, Kind::Video] {
        if let Ok(format) = Format::expect(head, kind) {
            let _ = probe(Cursor::new(bytes), format, kind, &PlayLimits::default());
        }
    }
});
