#![no_main]

#[path = "../entry.rs"]
#[expect(dead_code, reason = "each target uses one of the entry functions")]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::decode_v2(data));
