//! Duration and size of sound and video, by their containers: no codec is run.
//!
//! A probe that finds nothing is no reason to refuse a content: it is recorded, and clients find
//! out for themselves.

mod boxes;
mod ebml;

use std::{
    io::{BufReader, Read, Seek},
    time::Duration,
};

use lofty::{
    config::{ParseOptions, ParsingMode},
    file::{AudioFile, FileType},
    probe::Probe,
};

use crate::{Format, Kind, MediaError, Result};

/// Limits of sound and video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayLimits {
    /// Longest sound. Default 2 h.
    pub audio: Duration,
    /// Longest video. Default 30 min.
    pub video: Duration,
    /// Longer and shorter side of a video in pixels. Default 3840 and 2160.
    pub sides: (u32, u32),
}

impl Default for PlayLimits {
    fn default() -> Self {
        Self {
            audio: Duration::from_secs(2 * 3600),
            video: Duration::from_secs(30 * 60),
            sides: (3840, 2160),
        }
    }
}

/// Facts that a container tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tracks {
    /// Length in milliseconds.
    pub duration: Option<u64>,
    /// Width and height in pixels of the first track with pictures.
    pub size: Option<(u32, u32)>,
    /// Whether there is a track with pictures, and one with sound.
    pub has: (bool, bool),
}

/// A sound or a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playable {
    /// Its format, which tells sound from video where containers have both.
    pub format: Format,
    /// Length in milliseconds, if the container tells.
    pub duration: Option<u64>,
    /// Width and height in pixels, if the container tells.
    pub size: Option<(u32, u32)>,
}

/// Probes a content that is to be of a kind.
///
/// # Errors
/// `UnsupportedType` for a video where sound is asked for, `Invalid` if a limit is exceeded.
pub fn probe(
    mut file: impl Read + Seek,
    format: Format,
    kind: Kind,
    limits: &PlayLimits,
) -> Result<Playable> {
    let tracks = match format {
        Format::Mp4 | Format::Mov | Format::M4a => boxes::tracks(&mut file),
        Format::Webm | Format::Mkv => ebml::tracks(&mut file),
        _ => sound(file, format),
    };
    let tracks = tracks.unwrap_or_default();
    let format = match (kind, format) {
        (Kind::Audio, Format::Webm | Format::Mp4 | Format::Mov) if tracks.has != (false, true) => {
            return Err(MediaError::UnsupportedType(
                "not sound: it has no track of sound alone",
            ));
        }
        (Kind::Audio, Format::Webm) => Format::WebmAudio,
        (Kind::Audio, Format::Mp4 | Format::Mov) => Format::M4a,
        (_, format) => format,
    };
    let longest = match kind {
        Kind::Audio => limits.audio,
        _ => limits.video,
    };
    if tracks
        .duration
        .is_some_and(|length| u128::from(length) > longest.as_millis())
    {
        let rule = format!("longer than {} minutes", longest.as_secs() / 60);
        return Err(MediaError::Invalid(rule));
    }
    if let Some((width, height)) = tracks.size {
        let (long, short) = limits.sides;
        if width.max(height) > long || width.min(height) > short {
            let rule = format!("{width} × {height} pixels are more than {long} × {short}");
            return Err(MediaError::Invalid(rule));
        }
    }
    Ok(Playable {
        format,
        duration: tracks.duration,
        size: tracks.size,
    })
}

/// Length of a sound.
fn sound(file: impl Read + Seek, format: Format) -> Option<Tracks> {
    let kind = match format {
        Format::Mp3 => FileType::Mpeg,
        Format::Aac => FileType::Aac,
        Format::Flac => FileType::Flac,
        Format::Wav => FileType::Wav,
        Format::Ogg => {
            let guessed = Probe::new(BufReader::new(file)).guess_file_type().ok()?;
            return length(guessed);
        }
        _ => return None,
    };
    length(Probe::new(BufReader::new(file)).set_file_type(kind))
}

fn length(probe: Probe<BufReader<impl Read + Seek>>) -> Option<Tracks> {
    let options = ParseOptions::new()
        .read_tags(false)
        .read_cover_art(false)
        .parsing_mode(ParsingMode::Relaxed);
    let file = probe.options(options).read().ok()?;
    let duration = file.properties().duration().as_millis();
    Some(Tracks {
        duration: u64::try_from(duration).ok().filter(|length| *length > 0),
        size: None,
        has: (false, true),
    })
}
