//! Models.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use media::{ModelLimits, check_model};

fuzz_target!(|bytes: &[u8]| {
    let _ = check_model(Cursor::new(bytes), &ModelLimits::default());
});
