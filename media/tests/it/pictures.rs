//! Pictures: what is taken out, what is refused, and their variants (docs/media.md, C and D).

use std::{io::Cursor, time::Instant};

use bytes::Bytes;
use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, RgbImage, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    metadata::Orientation,
};
use media::{Class, Encoding, Format, MediaError, PictureLimits, Pixels, animated, clean};

const LIMITS: PictureLimits = PictureLimits {
    pixels: 50_000_000,
    side: 16_384,
    frames: 300,
    all_pixels: 200_000_000,
    memory: 512 << 20,
    time: std::time::Duration::from_secs(10),
};

fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([
            (x * 255 / width) as u8,
            (y * 255 / height) as u8,
            if x < width / 2 { 200 } else { 20 },
        ])
    })
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

fn png(picture: &RgbImage, profile: Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile).expect("takes profiles");
    }
    let (width, height) = picture.dimensions();
    encoder
        .write_image(picture, width, height, ExtendedColorType::Rgb8)
        .expect("encodes");
    bytes
}

/// A JPEG with Exif that has an orientation, and, as cameras write it, a maker's note.
fn jpeg(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut exif = b"II\x2a\0\x08\0\0\0\x02\0".to_vec();
    exif.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    exif.extend_from_slice(&[0x0e, 0x01, 2, 0, 16, 0, 0, 0, 38, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend_from_slice(b"GPS of my house\0");
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(exif).expect("takes Exif");
    let (width, height) = picture.dimensions();
    encoder
        .write_image(picture, width, height, ExtendedColorType::Rgb8)
        .expect("encodes");
    bytes
}

fn pixels(bytes: &[u8]) -> RgbaImage {
    image::load_from_memory(bytes)
        .expect("decodes")
        .into_rgba8()
}

/// Largest and mean difference of two pictures of one size.
fn difference(a: &RgbaImage, b: &RgbaImage) -> (u8, f64) {
    assert_eq!(a.dimensions(), b.dimensions());
    let pairs = a.as_raw().iter().zip(b.as_raw());
    let (mut most, mut sum) = (0, 0_u64);
    for (a, b) in pairs {
        most = most.max(a.abs_diff(*b));
        sum += u64::from(a.abs_diff(*b));
    }
    (most, sum as f64 / a.as_raw().len() as f64)
}

fn refused(format: Format, bytes: &[u8]) -> String {
    match clean(format, bytes, &LIMITS) {
        Err(MediaError::Invalid(rule)) => rule,
        other => panic!("{other:?}"),
    }
}

/// Targets 40 and 41.
#[test]
fn metadata_goes_and_pixels_stay() {
    let photo = jpeg(&picture(64, 48), 6);
    let mut chunked = png(&picture(64, 48), None);
    let end = chunked.len() - 12;
    let mut text = b"\0\0\0\x13tEXtAuthor\0Somebody else".to_vec();
    let check = {
        let mut crc = flate2::Crc::new();
        crc.update(&text[4..]);
        crc.sum()
    };
    text.extend_from_slice(&check.to_be_bytes());
    text[3] = 20;
    let _ = chunked.splice(end..end, text);
    for (format, mut bytes, secret) in [
        (Format::Jpeg, photo, &b"GPS of my house"[..]),
        (Format::Png, chunked, b"Somebody else"),
    ] {
        let before = pixels(&bytes);
        assert!(bytes.windows(secret.len()).any(|window| window == secret));
        bytes.extend_from_slice(b"PK\x03\x04 something else that follows");
        let cleaned = clean(format, &bytes, &LIMITS).expect("is a picture");
        assert!(
            !cleaned
                .bytes
                .windows(secret.len())
                .any(|window| window == secret)
        );
        assert!(
            !cleaned
                .bytes
                .windows(14)
                .any(|window| window == b"something else")
        );
        assert_eq!(pixels(&cleaned.bytes), before);
        // Everybody who uploads what was downloaded uploads the same.
        let again = clean(format, &cleaned.bytes, &LIMITS).expect("is a picture");
        assert_eq!(again.bytes, cleaned.bytes, "{format:?}");
    }
}

/// Target 45.
#[test]
fn all_orientations_give_the_same_upright_picture() {
    let upright = picture(60, 40);
    let expected = encoded(&upright.clone().into(), ImageFormat::Png);
    let expected = Pixels::decode(Format::Png, expected.into(), &LIMITS).expect("decodes");
    let class = Class::parse("s0").expect("a class");
    let expected = expected.variant(class, Encoding::Png).expect("encodes");
    for number in 1..=8 {
        // The file of a camera that was held this way.
        let orientation = Orientation::from_exif(number).expect("1 to 8");
        let inverse = match orientation {
            Orientation::Rotate90 => Orientation::Rotate270,
            Orientation::Rotate270 => Orientation::Rotate90,
            other => other,
        };
        let mut stored = DynamicImage::from(upright.clone());
        stored.apply_orientation(inverse);
        let bytes = jpeg(&stored.into_rgb8(), number);
        let cleaned = clean(Format::Jpeg, &bytes, &LIMITS).expect("is a picture");
        assert_eq!((cleaned.width, cleaned.height), (60, 40), "{number}");
        let decoded = Pixels::decode(Format::Jpeg, cleaned.bytes, &LIMITS).expect("decodes");
        let variant = decoded.variant(class, Encoding::Png).expect("encodes");
        assert_eq!(
            (variant.width, variant.height),
            (expected.width, expected.height)
        );
        let (_, mean) = difference(&pixels(&variant.bytes), &pixels(&expected.bytes));
        assert!(mean < 4.0, "{number}: {mean}");
    }
}

/// Target 47.
#[test]
fn wide_colours_become_srgb() {
    let profile = moxcms::ColorProfile::new_display_p3()
        .encode()
        .expect("encodes");
    let green = RgbImage::from_pixel(64, 64, image::Rgb([60, 200, 80]));
    let cleaned = clean(Format::Png, &png(&green, Some(profile)), &LIMITS).expect("a picture");
    let decoded = Pixels::decode(Format::Png, cleaned.bytes, &LIMITS).expect("decodes");
    let class = Class::parse("s0").expect("a class");
    let variant = decoded.variant(class, Encoding::Png).expect("encodes");
    let pixel = pixels(&variant.bytes)[(8, 8)].0;
    // The same green has less red in sRGB, and more green.
    assert!(pixel[0] < 45 && pixel[1] > 200, "{pixel:?}");
}

/// Targets 44, 48 and 50.
#[test]
fn variants_are_never_larger_than_they_need_to_be() {
    let source = picture(900, 600);
    let stored: Bytes = encoded(&source.into(), ImageFormat::Png).into();
    let decoded = Pixels::decode(Format::Png, stored.clone(), &LIMITS).expect("decodes");
    for class in Class::all() {
        let baseline = decoded.variant(class, Encoding::Baseline).expect("encodes");
        let exact = decoded.variant(class, Encoding::Png).expect("encodes");
        assert!(
            baseline.width <= 900
                && baseline.width * baseline.height <= class.budget().max(540_000)
        );
        assert_eq!(
            image::load_from_memory(&baseline.bytes)
                .expect("decodes")
                .width(),
            baseline.width
        );
        for encoding in [Encoding::WebP, Encoding::Avif] {
            if encoding == Encoding::Avif && class > Class::parse("s4").expect("a class") {
                continue;
            }
            let variant = decoded.variant(class, encoding).expect("encodes");
            assert!(
                variant.bytes.len() <= baseline.bytes.len(),
                "{class} {encoding:?}"
            );
            assert_eq!(
                (variant.width, variant.height),
                (baseline.width, baseline.height)
            );
            if variant.mime == "image/webp" {
                let similar = ssim(&pixels(&variant.bytes), &pixels(&exact.bytes));
                assert!(similar >= 0.97, "{class}: {similar}");
            }
        }
    }
}

/// Structural similarity of the luma of two pictures, the mean over windows of 8 × 8 pixels.
fn ssim(a: &RgbaImage, b: &RgbaImage) -> f64 {
    const WINDOW: u32 = 8;
    let luma = |picture: &RgbaImage, x: u32, y: u32| {
        let pixel = picture[(x, y)].0;
        0.299 * f64::from(pixel[0]) + 0.587 * f64::from(pixel[1]) + 0.114 * f64::from(pixel[2])
    };
    let (width, height) = a.dimensions();
    let (mut sum, mut windows) = (0.0, 0);
    for top in (0..height.saturating_sub(WINDOW - 1)).step_by(4) {
        for left in (0..width.saturating_sub(WINDOW - 1)).step_by(4) {
            let count = f64::from(WINDOW * WINDOW);
            let (mut ma, mut mb, mut va, mut vb, mut cov) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for y in top..top + WINDOW {
                for x in left..left + WINDOW {
                    let (p, q) = (luma(a, x, y), luma(b, x, y));
                    ma += p;
                    mb += q;
                    va += p * p;
                    vb += q * q;
                    cov += p * q;
                }
            }
            (ma, mb) = (ma / count, mb / count);
            (va, vb, cov) = (
                va / count - ma * ma,
                vb / count - mb * mb,
                cov / count - ma * mb,
            );
            let (c1, c2) = (6.5025, 58.5225);
            sum += (2.0 * ma * mb + c1) * (2.0 * cov + c2)
                / ((ma * ma + mb * mb + c1) * (va + vb + c2));
            windows += 1;
        }
    }
    sum / f64::from(windows.max(1))
}

/// Target 48: what is not opaque stays so.
#[test]
fn transparency_is_kept() {
    let glass = RgbaImage::from_fn(200, 200, |x, _| image::Rgba([10, 200, 90, (x % 256) as u8]));
    let stored = encoded(&glass.into(), ImageFormat::Png);
    let cleaned = clean(Format::Png, &stored, &LIMITS).expect("a picture");
    assert!(cleaned.has_alpha);
    let decoded = Pixels::decode(Format::Png, cleaned.bytes, &LIMITS).expect("decodes");
    let class = Class::parse("s2").expect("a class");
    for encoding in [Encoding::Baseline, Encoding::WebP] {
        let variant = decoded.variant(class, encoding).expect("encodes");
        assert!(["image/png", "image/webp"].contains(&variant.mime));
        assert!(
            pixels(&variant.bytes)
                .pixels()
                .any(|pixel| pixel.0[3] < 128)
        );
    }
}

/// Target 57.
#[test]
fn an_animation_moves_only_if_it_is_asked_to() {
    let mut bytes = Vec::new();
    {
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
        let frame = |grey: u8| {
            image::Frame::new(RgbaImage::from_pixel(
                80,
                80,
                image::Rgba([grey, 0, 0, 255]),
            ))
        };
        encoder
            .encode_frames([frame(250), frame(120), frame(10)])
            .expect("encodes");
    }
    let cleaned = clean(Format::Gif, &bytes, &LIMITS).expect("a picture");
    assert_eq!(cleaned.frames, 3);
    let class = Class::parse("s0").expect("a class");
    let still = Pixels::decode(Format::Gif, cleaned.bytes.clone(), &LIMITS).expect("decodes");
    let still = still.variant(class, Encoding::Png).expect("encodes");
    assert!(pixels(&still.bytes)[(4, 4)].0[0] > 240, "the first frame");
    let moving = animated(Format::Gif, &cleaned.bytes, class, &LIMITS).expect("encodes");
    assert_eq!((moving.mime, moving.width), ("image/webp", 32));
    let again = clean(Format::WebP, &moving.bytes, &LIMITS).expect("a picture");
    assert_eq!(again.frames, 3);
}

/// Targets 35 and 37: bombs are seen by their headers.
#[test]
fn pictures_that_unfold_are_refused_at_once() {
    // 30,000 × 30,000 pixels of one bit.
    let mut bytes = Vec::new();
    let side = 30_000;
    {
        let mut encoder = ::png::Encoder::new(&mut bytes, side, side);
        encoder.set_color(::png::ColorType::Grayscale);
        encoder.set_depth(::png::BitDepth::One);
        let mut writer = encoder.write_header().expect("memory");
        let row = vec![0; side as usize / 8];
        let mut stream = writer.stream_writer().expect("memory");
        for _ in 0..side {
            std::io::Write::write_all(&mut stream, &row).expect("memory");
        }
    }
    assert!(bytes.len() < 500_000);
    let start = Instant::now();
    assert!(refused(Format::Png, &bytes).contains("30000 × 30000"));
    assert!(start.elapsed().as_secs() < 1, "no pixel was decoded");

    let mut frames = Vec::new();
    {
        let mut encoder = image::codecs::gif::GifEncoder::new_with_speed(&mut frames, 30);
        let frame = || image::Frame::new(RgbaImage::new(2, 2));
        encoder
            .encode_frames((0..301).map(|_| frame()))
            .expect("encodes");
    }
    assert!(refused(Format::Gif, &frames).contains("301 frames"));
}

/// Target 41: every format, at every tenth of its length.
#[test]
fn what_ends_too_early_is_refused() {
    let picture = DynamicImage::from(picture(50, 50));
    for (format, kind) in [
        (Format::Png, ImageFormat::Png),
        (Format::Jpeg, ImageFormat::Jpeg),
        (Format::Gif, ImageFormat::Gif),
        (Format::WebP, ImageFormat::WebP),
    ] {
        let bytes = encoded(&picture, kind);
        clean(format, &bytes, &LIMITS).expect("all of it is a picture");
        for tenth in 0..10 {
            let part = &bytes[..bytes.len() * tenth / 10];
            assert!(clean(format, part, &LIMITS).is_err(), "{format:?} {tenth}");
        }
    }
}
