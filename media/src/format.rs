//! Types of content that are taken, and how they are known by their first bytes.

use crate::{MediaError, Result};

/// Use of a content: the endpoint that takes it and the route that serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A picture or a sky.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// A model in 3D.
    Model,
    /// A bundle of a plugin.
    Plugin,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 5] = [
        Kind::Image,
        Kind::Audio,
        Kind::Video,
        Kind::Model,
        Kind::Plugin,
    ];

    /// The word for it, in metrics, logs and answers.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Image => "image",
            Kind::Audio => "audio",
            Kind::Video => "video",
            Kind::Model => "model",
            Kind::Plugin => "plugin",
        }
    }

    /// The bit that stands for it in sets of kinds.
    pub fn bit(self) -> i32 {
        match self {
            Kind::Image => 1,
            Kind::Audio => 2,
            Kind::Video => 4,
            Kind::Model => 8,
            Kind::Plugin => 16,
        }
    }
}

/// Declares [`Format`] from a table: variant, media type, extension, kind.
macro_rules! formats {
    ($($format:ident $mime:literal $extension:literal $kind:ident,)*) => {
        /// A type of content.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Format {
            $(
                #[doc = concat!("`", $mime, "`.")]
                $format,
            )*
        }

        impl Format {
            /// All formats.
            pub const ALL: &[Format] = &[$(Format::$format),*];

            /// The media type.
            pub const fn mime(self) -> &'static str {
                match self { $(Format::$format => $mime,)* }
            }

            /// The extension of file names, without a dot.
            pub const fn extension(self) -> &'static str {
                match self { $(Format::$format => $extension,)* }
            }

            /// The kind of what has this format.
            pub const fn kind(self) -> Kind {
                match self { $(Format::$format => Kind::$kind,)* }
            }
        }
    };
}

formats! {
    Png "image/png" "png" Image,
    Jpeg "image/jpeg" "jpg" Image,
    Gif "image/gif" "gif" Image,
    WebP "image/webp" "webp" Image,
    Mp3 "audio/mpeg" "mp3" Audio,
    Ogg "audio/ogg" "ogg" Audio,
    Aac "audio/aac" "aac" Audio,
    M4a "audio/mp4" "m4a" Audio,
    Flac "audio/flac" "flac" Audio,
    Wav "audio/wav" "wav" Audio,
    WebmAudio "audio/webm" "weba" Audio,
    Mp4 "video/mp4" "mp4" Video,
    Mov "video/quicktime" "mov" Video,
    Wmv "video/x-ms-wmv" "wmv" Video,
    Mpeg "video/mpeg" "mpg" Video,
    Webm "video/webm" "webm" Video,
    Mkv "video/x-matroska" "mkv" Video,
    Glb "model/gltf-binary" "glb" Model,
    TarGz "application/gzip" "tar.gz" Plugin,
}

impl Format {
    /// The format of a media type.
    pub fn of_mime(mime: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.mime() == mime)
    }

    /// The format of bytes by the first of them, up to 4 KiB; names and declared types do not
    /// count. Containers of sound and pictures are taken for video until their tracks are known.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let at = |offset: usize, magic: &[u8]| {
            head.get(offset..)
                .is_some_and(|rest| rest.starts_with(magic))
        };
        let format = match head {
            _ if at(0, b"\x89PNG\r\n\x1a\n") => Format::Png,
            _ if at(0, b"\xff\xd8\xff") => Format::Jpeg,
            _ if at(0, b"GIF87a") || at(0, b"GIF89a") => Format::Gif,
            _ if at(0, b"RIFF") && at(8, b"WEBP") => Format::WebP,
            _ if at(0, b"RIFF") && at(8, b"WAVE") => Format::Wav,
            _ if at(0, b"glTF") => Format::Glb,
            _ if at(0, b"\x1f\x8b") => Format::TarGz,
            _ if at(0, b"OggS") => Format::Ogg,
            _ if at(0, b"fLaC") => Format::Flac,
            _ if at(0, b"ID3") => Format::Mp3,
            _ if at(0, b"\x1a\x45\xdf\xa3") => return sniff_ebml(head),
            _ if at(4, b"ftyp") => return sniff_ftyp(head),
            _ if [&b"moov"[..], b"mdat", b"wide", b"free", b"skip"]
                .iter()
                .any(|name| at(4, name)) =>
            {
                Format::Mov
            }
            _ if at(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11") => Format::Wmv,
            [0, 0, 1, 0xb0..=0xbf, ..] => Format::Mpeg,
            // Eleven bits of sync, and a layer that is not reserved.
            [0xff, second, third, ..]
                if second & 0xe0 == 0xe0
                    && second & 0x18 != 0x08
                    && second & 0x06 != 0
                    && third & 0xf0 != 0xf0 =>
            {
                Format::Mp3
            }
            [0xff, second, ..] if second & 0xf6 == 0xf0 => Format::Aac,
            _ => return None,
        };
        Some(format)
    }

    /// The format of bytes, which has to be one of `kind`.
    ///
    /// # Errors
    /// `UnsupportedType`.
    pub fn expect(head: &[u8], kind: Kind) -> Result<Self> {
        let format = Self::sniff(head).filter(|format| {
            // The tracks decide later which of the two it is.
            format.kind() == kind || (kind == Kind::Audio && format.may_be_sound())
        });
        format.ok_or(MediaError::UnsupportedType(match kind {
            Kind::Image => "not a picture: PNG, JPEG, GIF and WebP are taken",
            Kind::Audio => "not sound: MP3, Ogg, AAC, M4A, WAV, FLAC and WebM are taken",
            Kind::Video => "not a video: MP4, MOV, WMV, MPEG, WebM and MKV are taken",
            Kind::Model => "not a model: binary glTF is taken",
            Kind::Plugin => "not a bundle: a tar archive in gzip is taken",
        }))
    }

    fn may_be_sound(self) -> bool {
        matches!(self, Format::Mp4 | Format::Webm | Format::Mov)
    }
}

/// Matroska and WebM tell their names in the header.
fn sniff_ebml(head: &[u8]) -> Option<Format> {
    let header = &head[..head.len().min(128)];
    let says = |name: &[u8]| header.windows(name.len()).any(|window| window == name);
    match () {
        () if says(b"webm") => Some(Format::Webm),
        () if says(b"matroska") => Some(Format::Mkv),
        () => None,
    }
}

fn sniff_ftyp(head: &[u8]) -> Option<Format> {
    const KNOWN: [&[u8]; 14] = [
        b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash",
        b"mmp4", b"MSNV", b"M4V ", b"f4v ",
    ];
    match head.get(8..12)? {
        b"qt  " => Some(Format::Mov),
        b"M4A " | b"M4B " | b"M4P " => Some(Format::M4a),
        brand if KNOWN.contains(&brand) || brand.starts_with(b"3g") => Some(Format::Mp4),
        // AVIF, HEIC and other pictures in this container.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_the_format() {
        let ftyp = |brand: &[u8]| [b"\0\0\0\x18ftyp", brand].concat();
        let ebml = |name: &[u8]| [b"\x1a\x45\xdf\xa3\x93\x42\x82\x84", name].concat();
        let cases: &[(&[u8], Option<Format>)] = &[
            (b"\xff\xfb\x90\x00", Some(Format::Mp3)),
            (b"\xff\xf3\x90\x00", Some(Format::Mp3)),
            (b"\xff\xf2\x90\x00", Some(Format::Mp3)),
            (b"\xff\xfa\x90\x00", Some(Format::Mp3)),
            (b"\xff\xf1\x50\x80", Some(Format::Aac)),
            (b"\xff\xf9\x50\x80", Some(Format::Aac)),
            (b"ID3\x04", Some(Format::Mp3)),
            (b"RIFF\0\0\0\0WAVEfmt ", Some(Format::Wav)),
            (&ftyp(b"M4A "), Some(Format::M4a)),
            (&ftyp(b"isom"), Some(Format::Mp4)),
            (&ftyp(b"qt  "), Some(Format::Mov)),
            (&ftyp(b"avif"), None),
            (&ebml(b"webm"), Some(Format::Webm)),
            (&ebml(b"matroska"), Some(Format::Mkv)),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"<html>", None),
            (b"BM\0\0", None),
            (b"", None),
            (b"\xff", None),
        ];
        for (head, expected) in cases {
            assert_eq!(Format::sniff(head), *expected, "{head:?}");
        }
    }

    #[test]
    fn a_model_is_no_picture_whatever_it_is_called() {
        assert!(Format::expect(b"\x89PNG\r\n\x1a\n", Kind::Model).is_err());
        assert!(Format::expect(b"glTF\x02\0\0\0", Kind::Image).is_err());
    }
}
