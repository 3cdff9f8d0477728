//! Every decoder on mutated files: no panic, no memory beyond the limits (docs/media.md, 42).
//!
//! A few thousand mutations at every run; `ODYSSEY_MUTATIONS=100000` makes it that many of each.

use std::{env, fs, io::Cursor, path::Path};

use image::{DynamicImage, ImageFormat, RgbImage};
use media::{
    Class, Digest, Encoding, Format, Kind, ModelLimits, PictureLimits, Pixels, PlayLimits,
    bundle::{BundleLimits, unpack},
    check_model, clean, probe,
};

/// Mutations of each file unless the environment says otherwise.
const FEW: u32 = 1500;

/// A generator of numbers that begins anew for every file.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

/// Calls `try_it` with mutations of a file: bytes changed, cut out, doubled, numbers made large.
fn mutate(name: &str, file: &[u8], mut try_it: impl FnMut(&[u8])) {
    let many = env::var("ODYSSEY_MUTATIONS")
        .ok()
        .and_then(|many| many.parse().ok());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..many.unwrap_or(FEW) {
        let mut bytes = file.to_vec();
        for _ in 0..=dice.roll(4) {
            if bytes.is_empty() {
                break;
            }
            let at = dice.roll(bytes.len());
            match dice.roll(6) {
                0 => bytes[at] = dice.roll(256) as u8,
                1 => bytes[at] ^= 1 << dice.roll(8),
                2 => bytes.truncate(at),
                3 => {
                    let end = (at + 4).min(bytes.len());
                    bytes[at..end].fill([0, 0xff, 0x7f][dice.roll(3)]);
                }
                4 => {
                    let end = (at + dice.roll(64)).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => {
                    let end = (at + dice.roll(64)).min(bytes.len());
                    let part = bytes[at..end].to_vec();
                    let _ = bytes.splice(at..at, part);
                }
            }
        }
        try_it(&bytes);
    }
    eprintln!("{name}: done");
}

fn limits() -> PictureLimits {
    PictureLimits {
        // Mutated sizes are refused, not waited for.
        pixels: 1_000_000,
        all_pixels: 4_000_000,
        ..PictureLimits::default()
    }
}

fn pictures(format: Format, kind: ImageFormat) {
    let picture = DynamicImage::from(RgbImage::from_fn(24, 18, |x, y| {
        image::Rgb([x as u8 * 9, y as u8 * 13, (x * y) as u8])
    }));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, kind).expect("encodes");
    mutate(format.mime(), &bytes.into_inner(), |bytes| {
        let Ok(cleaned) = clean(format, bytes, &limits()) else {
            return;
        };
        let again =
            clean(format, &cleaned.bytes, &limits()).expect("what was taken is taken again");
        assert_eq!(again.bytes, cleaned.bytes);
        let pixels =
            Pixels::decode(format, cleaned.bytes, &limits()).expect("it was decoded before");
        let class = Class::parse("s0").expect("a class");
        pixels.variant(class, Encoding::Baseline).expect("encodes");
    });
}

#[test]
fn png() {
    pictures(Format::Png, ImageFormat::Png);
}

#[test]
fn jpeg() {
    pictures(Format::Jpeg, ImageFormat::Jpeg);
}

#[test]
fn gif() {
    pictures(Format::Gif, ImageFormat::Gif);
}

#[test]
fn webp() {
    pictures(Format::WebP, ImageFormat::WebP);
}

#[test]
fn models() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/shapes");
    let cube = fs::read(folder.join("5b5bd872-0328-e38c-1b54-bf2bfa70fc85.glb")).expect("is there");
    mutate("model", &cube, |bytes| {
        let _ = check_model(Cursor::new(bytes), &ModelLimits::default());
    });
}

#[test]
fn bundles() {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in [
        (
            "a/manifest.json",
            &br#"{"name": "a", "version": "1.0.0"}"#[..],
        ),
        ("a/remoteEntry.js", b"var a;"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive
            .append_data(&mut header, path, bytes)
            .expect("memory");
    }
    let archive = archive.into_inner().expect("memory");
    // The archive is mutated below its compression, which would otherwise only break.
    mutate("bundle", &archive, |bytes| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, bytes).expect("memory");
        let packed = packed.finish().expect("memory");
        let limits = BundleLimits::default();
        let _ = unpack(&packed[..], packed.len() as u64, &limits, |_, bytes| {
            Ok(Digest::of(&bytes))
        });
    });
}

#[test]
fn sound_and_video() {
    for (name, bytes) in crate::sound::samples() {
        mutate(name, &bytes, |bytes| {
            let head = &bytes[..bytes.len().min(4096)];
            for kind in [Kind::Audio, Kind::Video] {
                if let Ok(format) = Format::expect(head, kind) {
                    let _ = probe(Cursor::new(bytes), format, kind, &PlayLimits::default());
                }
            }
        });
    }
}
