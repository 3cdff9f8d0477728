//! The container of a binary glTF: a header, a chunk of JSON, and perhaps one of bytes.

use std::io::{Read, Seek, SeekFrom};

use crate::{MediaError, Result};

/// Largest chunk of JSON in bytes.
const MAX_JSON: u32 = 8 * 1024 * 1024;
/// Deepest nesting of the JSON.
const MAX_DEPTH: u32 = 64;
/// Chunks of a file at most; two have a meaning.
const MAX_CHUNKS: usize = 16;
const JSON: u32 = 0x4e4f_534a;
const BINARY: u32 = 0x004e_4942;

/// A container whose chunks were found.
#[derive(Debug)]
pub(super) struct Container<F> {
    file: F,
    json: Vec<u8>,
    /// Offset and length of the binary chunk.
    binary: Option<(u64, u64)>,
}

impl<F: Read + Seek> Container<F> {
    pub(super) fn read(mut file: F) -> Result<Self> {
        let real = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let refuse = |rule: &str| Err(MediaError::invalid(rule));
        if number(&mut file)? != u32::from_le_bytes(*b"glTF") {
            return refuse("the magic is not glTF");
        }
        if number(&mut file)? != 2 {
            return refuse("the version of the container is not 2");
        }
        if u64::from(number(&mut file)?) != real {
            return refuse("the length in the header is not that of the file");
        }
        let mut json = None;
        let mut binary = None;
        let mut at = 12;
        for chunk in 0..MAX_CHUNKS {
            if at == real {
                break;
            }
            let (length, kind) = (number(&mut file)?, number(&mut file)?);
            let begin = at + 8;
            at = begin + u64::from(length);
            if length % 4 != 0 {
                return refuse("the length of a chunk is not a multiple of 4");
            }
            if at > real {
                return refuse("a chunk ends behind the file");
            }
            match (chunk, kind) {
                (0, JSON) => {
                    if length > MAX_JSON {
                        return refuse("the JSON is larger than 8 MiB");
                    }
                    let mut text = vec![0; length as usize];
                    file.read_exact(&mut text)?;
                    json = Some(text);
                }
                (0, _) => return refuse("the first chunk is not JSON"),
                (_, JSON) => return refuse("there is a second chunk of JSON"),
                (1, BINARY) => binary = Some((begin, u64::from(length))),
                (_, BINARY) => return refuse("the binary chunk is not the second one"),
                _ => {}
            }
            file.seek(SeekFrom::Start(at))?;
        }
        if at != real {
            return refuse("there are too many chunks");
        }
        let Some(json) = json else {
            return refuse("there is no chunk of JSON");
        };
        check_json(&json)?;
        Ok(Self { file, json, binary })
    }

    pub(super) fn json(&self) -> &[u8] {
        &self.json
    }

    /// Bytes of the binary chunk.
    pub(super) fn binary_length(&self) -> u64 {
        self.binary.map_or(0, |(_, length)| length)
    }

    /// Bytes of the binary chunk from an offset, as many as there are up to `most`.
    pub(super) fn binary(&mut self, offset: u64, most: u64) -> Result<Vec<u8>> {
        let (begin, length) = self.binary.unwrap_or_default();
        let most = most.min(length.saturating_sub(offset));
        self.file.seek(SeekFrom::Start(begin + offset))?;
        let mut bytes = Vec::new();
        (&mut self.file).take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

fn number(file: &mut impl Read) -> Result<u32> {
    let mut bytes = [0; 4];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(u32::from_le_bytes(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(MediaError::invalid("the file ends inside a header"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Refuses JSON that is no UTF-8 or nested too deep for a parser.
fn check_json(json: &[u8]) -> Result<()> {
    let text =
        std::str::from_utf8(json).map_err(|_| MediaError::invalid("the JSON is not UTF-8"))?;
    let (mut depth, mut deepest) = (0_u32, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if deepest > MAX_DEPTH {
        return Err(MediaError::invalid("the JSON is nested deeper than 64"));
    }
    Ok(())
}
