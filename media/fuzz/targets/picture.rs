//! Pictures: what is taken is taken again as it is, and every variant can be made of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use media::{Class, Encoding, Format, Kind, PictureLimits, Pixels, clean};

fuzz_target!(|bytes: &[u8]| {
    let limits = PictureLimits {
        pixels: 1_000_000,
        all_pixels: 4_000_000,
        ..PictureLimits::default()
    };
    let Ok(format) = Format::expect(bytes, Kind::Image) else {
        return;
    };
    let Ok(cleaned) = clean(format, bytes, &limits) else {
        return;
    };
    let again = clean(format, &cleaned.bytes, &limits).expect("what was taken is taken again");
    assert_eq!(again.bytes, cleaned.bytes);
    let pixels = Pixels::decode(format, cleaned.bytes, &limits).expect("it was decoded before");
    let class = Class::parse("s0").expect("a class");
    pixels.variant(class, Encoding::Baseline).expect("encodes");
});
