//! Sound and video by their containers (docs/media.md, C 33–34 and F).

use std::{io::Cursor, time::Instant};

use media::{Format, Kind, MediaError, PlayLimits, probe};

/// A box of an MP4.
fn mp4_box(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = ((body.len() + 8) as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(body);
    bytes
}

fn mp4(brand: &[u8; 4], seconds: u32, tracks: &[&[u8; 4]], size: (u32, u32)) -> Vec<u8> {
    let mut mvhd = vec![0; 12];
    mvhd.extend_from_slice(&1000_u32.to_be_bytes());
    mvhd.extend_from_slice(&(seconds * 1000).to_be_bytes());
    mvhd.resize(100, 0);
    let mut movie = mp4_box(b"mvhd", &mvhd);
    for handler in tracks {
        let mut tkhd = vec![0; 76];
        let (width, height) = if **handler == *b"vide" { size } else { (0, 0) };
        tkhd.extend_from_slice(&(width << 16).to_be_bytes());
        tkhd.extend_from_slice(&(height << 16).to_be_bytes());
        let mut hdlr = vec![0; 8];
        hdlr.extend_from_slice(*handler);
        hdlr.resize(25, 0);
        let media = mp4_box(b"mdia", &mp4_box(b"hdlr", &hdlr));
        movie.extend(mp4_box(b"trak", &[mp4_box(b"tkhd", &tkhd), media].concat()));
    }
    [
        mp4_box(b"ftyp", &[&brand[..], b"\0\0\0\0"].concat()),
        mp4_box(b"mdat", &[0; 100]),
        mp4_box(b"moov", &movie),
    ]
    .concat()
}

/// An element of EBML with a size of four bytes.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = id.to_vec();
    bytes.extend_from_slice(&(body.len() as u32 | 0x1000_0000).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn webm(tracks: &[u8]) -> Vec<u8> {
    let header = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"webm"));
    let info = element(
        b"\x15\x49\xa9\x66",
        &element(b"\x44\x89", &4500_f64.to_be_bytes()),
    );
    let entries = tracks.iter().flat_map(|kind| {
        let video = element(
            b"\xe0",
            &[element(b"\xb0", &[2, 0x80]), element(b"\xba", &[1, 0xe0])].concat(),
        );
        let video = if *kind == 1 { video } else { Vec::new() };
        element(b"\xae", &[element(b"\x83", &[*kind]), video].concat())
    });
    let entries: Vec<u8> = entries.collect();
    let body = [info, element(b"\x16\x54\xae\x6b", &entries)].concat();
    // Recorders do not know how long they will be: the size of the segment is unknown.
    [
        header,
        b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        body,
    ]
    .concat()
}

fn wav(seconds: u32) -> Vec<u8> {
    let rate = 8000_u32;
    let data = vec![0; (rate * seconds) as usize];
    let mut bytes = b"RIFF".to_vec();
    bytes.extend_from_slice(&(36 + data.len() as u32).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend_from_slice(&rate.to_le_bytes());
    bytes.extend_from_slice(&rate.to_le_bytes());
    bytes.extend_from_slice(b"\x01\0\x08\0data");
    bytes.extend_from_slice(&(data.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&data);
    bytes
}

fn probed(bytes: &[u8], kind: Kind) -> media::Result<media::Playable> {
    let format = Format::expect(&bytes[..bytes.len().min(4096)], kind)?;
    probe(Cursor::new(bytes), format, kind, &PlayLimits::default())
}

/// Targets 33, 34, 77 and 78.
#[test]
fn containers_tell_what_is_in_them() {
    let film = probed(
        &mp4(b"isom", 12, &[b"vide", b"soun"], (1280, 720)),
        Kind::Video,
    )
    .expect("plays");
    assert_eq!(
        (film.format.mime(), film.duration, film.size),
        ("video/mp4", Some(12_000), Some((1280, 720)))
    );
    let film = probed(&mp4(b"qt  ", 3, &[b"vide"], (640, 480)), Kind::Video).expect("plays");
    assert_eq!(film.format.mime(), "video/quicktime");
    let sound = probed(&mp4(b"M4A ", 5, &[b"soun"], (0, 0)), Kind::Audio).expect("plays");
    assert_eq!(
        (sound.format.mime(), sound.duration),
        ("audio/mp4", Some(5000))
    );
    let sound = probed(&mp4(b"isom", 5, &[b"soun"], (0, 0)), Kind::Audio).expect("plays");
    assert_eq!(sound.format.mime(), "audio/mp4");
    let film = probed(&webm(&[1, 2]), Kind::Video).expect("plays");
    assert_eq!(
        (film.format.mime(), film.duration, film.size),
        ("video/webm", Some(4500), Some((640, 480)))
    );
    let sound = probed(&webm(&[2]), Kind::Audio).expect("plays");
    assert_eq!(sound.format.mime(), "audio/webm");
    let sound = probed(&wav(3), Kind::Audio).expect("plays");
    assert_eq!(
        (sound.format.mime(), sound.duration),
        ("audio/wav", Some(3000))
    );
    for film in [webm(&[1, 2]), mp4(b"isom", 5, &[b"vide"], (8, 8))] {
        let refused = probed(&film, Kind::Audio);
        assert!(
            matches!(refused, Err(MediaError::UnsupportedType(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn what_is_too_long_or_too_large_is_refused() {
    for (film, rule) in [
        (mp4(b"isom", 31 * 60, &[b"vide"], (640, 480)), "30 minutes"),
        (mp4(b"isom", 60, &[b"vide"], (7680, 4320)), "7680"),
    ] {
        match probed(&film, Kind::Video) {
            Err(MediaError::Invalid(said)) => assert!(said.contains(rule), "{said}"),
            other => panic!("{other:?}"),
        }
    }
}

/// Target 81: a probe that finds nothing refuses nothing, and ends at once.
#[test]
fn absurd_sizes_end_a_probe() {
    let mut endless = b"\0\0\0\x18ftypisom\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    for _ in 0..100_000 {
        endless.extend_from_slice(b"\0\0\0\x08moov");
    }
    let mut huge = b"\0\0\0\x18ftypisom\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    huge.extend_from_slice(b"\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff");
    let mut nested = element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"webm"));
    for _ in 0..100_000 {
        nested.extend_from_slice(b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff");
    }
    for bytes in [endless, huge, nested] {
        let start = Instant::now();
        let found = probed(&bytes, Kind::Video).expect("is taken");
        assert_eq!(found.duration, None);
        assert!(start.elapsed().as_secs() < 2);
    }
}

/// A file of each container and of each kind of sound that is told by its first bytes.
pub(crate) fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let frame = |head: &[u8]| [head, &[0; 413]].concat().repeat(4);
    let mut flac = b"fLaC\x80\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x42\xf0\0\0\xac\x44".to_vec();
    flac.resize(80, 0);
    vec![
        ("mp4", mp4(b"isom", 12, &[b"vide", b"soun"], (1280, 720))),
        ("webm", webm(&[1, 2])),
        ("wav", wav(1)),
        ("mp3", frame(b"\xff\xfb\x90\x00")),
        ("id3", [&b"ID3\x04\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0"[..], &frame(b"\xff\xfb\x90\x00")].concat()),
        ("aac", frame(b"\xff\xf1\x50\x80")),
        ("flac", flac),
        ("ogg", b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x1e\x01vorbis\0\0\0\0\x02\x44\xac\0\0\0\0\0\0\x80\x38\x01\0\0\0\0\0\xb8\x01".to_vec()),
    ]
}
