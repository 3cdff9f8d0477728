//! Filters between PosBus frames of either version in hex and JSON, one per line, over any reader
//! and writer.
//!
//! Every line in is answered by one line out, in order, a bad one by `{"error":…}`, so that the two
//! stay aligned. Lines are read and written one at a time: memory does not grow with the input.

use std::io::{self, BufRead, ErrorKind, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::v2::{self, Message};

/// Longest line in bytes, many times the length of the longest frame as hex or JSON. The rest of a
/// longer line is skipped.
const MAX_LINE: usize = 1024 * 1024;

/// Decodes frames in hex to `{"message":…,"json":…}`.
///
/// # Errors
/// If reading or writing fails. A closed output is not an error but the end.
pub fn decode(input: impl BufRead, output: impl Write) -> io::Result<()> {
    filter(input, output, |line, out| {
        let frame = parse_hex(line).ok_or("not hex")?;
        let message = v2::decode(&frame).map_err(|error| error.to_string())?;
        let printed = Printed {
            message: message.name(),
            json: &message,
        };
        serde_json::to_writer(out, &printed).map_err(|error| error.to_string())?;
        Ok(())
    })
}

/// Encodes `{"message":…,"json":…}` to frames in hex.
///
/// # Errors
/// As [`decode`].
pub fn encode(input: impl BufRead, output: impl Write) -> io::Result<()> {
    let mut frame = Vec::new();
    filter(input, output, move |line, out| {
        let parsed: Parsed = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let message =
            Message::from_json(&parsed.message, parsed.json).map_err(|error| error.to_string())?;
        if matches!(&message, Message::Poses(poses) if poses.entries.is_empty()) {
            return Err("poses without entries".to_owned());
        }
        frame.clear();
        message.encode_into(&mut frame);
        for byte in &frame {
            out.extend([byte >> 4, byte & 0x0f].map(|nibble| HEX_DIGITS[usize::from(nibble)]));
        }
        Ok(())
    })
}

/// A line with the contents of a frame.
#[derive(Serialize)]
struct Printed<'a> {
    message: &'static str,
    json: &'a Message,
}

/// A line with the contents of a frame to encode; other keys are ignored.
#[derive(Deserialize)]
struct Parsed {
    message: String,
    #[serde(default)]
    json: Value,
}

/// The answer to a line that makes no sense.
#[derive(Serialize)]
struct Refused<'a> {
    error: &'a str,
}

/// Answers each line with what `answer` appends, or with its error.
fn filter(
    mut input: impl BufRead,
    mut output: impl Write,
    mut answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), String>,
) -> io::Result<()> {
    let (mut line, mut out) = (Vec::new(), Vec::new());
    while let Some(fits) = read_line(&mut input, &mut line)? {
        out.clear();
        let result = match (fits, line.trim_ascii()) {
            (false, _) => Err(format!("line is longer than {MAX_LINE} bytes")),
            (true, []) => Err("empty line".to_owned()),
            (true, line) => answer(line, &mut out),
        };
        if let Err(error) = result {
            out.clear();
            serde_json::to_writer(&mut out, &Refused { error: &error })?;
        }
        out.push(b'\n');
        match output.write_all(&out) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            other => other?,
        }
    }
    match output.flush() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Reads a line without its end. None at the end of the input; false if the line is too long, then
/// it was skipped.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let (mut any, mut fits) = (false, true);
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        };
        if chunk.is_empty() {
            return Ok(any.then_some(fits));
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let (part, _) = chunk.split_at(end.unwrap_or(chunk.len()));
        fits = fits && line.len() + part.len() <= MAX_LINE;
        if fits {
            line.extend_from_slice(part);
        }
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(Some(fits));
        }
    }
}

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The bytes of hex digits in either case.
fn parse_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, []) = text.as_chunks::<2>() else {
        return None;
    };
    let byte = |&[high, low]: &[u8; 2]| u8::try_from(digit(high)? << 4 | digit(low)?).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    const SIGNAL: &str = "4d96c1ad09b2693e52";
    const SIGNAL_JSON: &str = r#"{"message":"signal","json":{"value":9}}"#;

    fn decoded(input: &str) -> String {
        let mut out = Vec::new();
        decode(input.as_bytes(), &mut out).expect("memory does not fail");
        String::from_utf8(out).expect("lines are text")
    }

    fn encoded(input: &str) -> String {
        let mut out = Vec::new();
        encode(input.as_bytes(), &mut out).expect("memory does not fail");
        String::from_utf8(out).expect("lines are text")
    }

    #[test]
    fn frames_and_json_turn_into_each_other() {
        assert_eq!(decoded(SIGNAL), format!("{SIGNAL_JSON}\n"));
        assert_eq!(encoded(SIGNAL_JSON), format!("{SIGNAL}\n"));
    }

    #[test]
    fn upper_case_and_carriage_returns_are_accepted() {
        let input = format!("{}\r\n", SIGNAL.to_uppercase());
        assert_eq!(decoded(&input), format!("{SIGNAL_JSON}\n"));
    }

    #[test]
    fn recorded_frames_survive_both_filters() {
        let records: Vec<Value> =
            serde_json::from_str(include_str!("../tests/fixtures/posbus-v1.json"))
                .expect("the fixture is JSON");
        let (mut frames, mut lines) = (String::new(), String::new());
        for record in records {
            frames += record["hex"].as_str().expect("a string");
            frames.push('\n');
            lines += &record.to_string();
            lines.push('\n');
        }
        assert_eq!(encoded(&decoded(&frames)), frames);
        assert_eq!(encoded(&lines), frames);
    }

    #[test]
    fn frames_of_version_2_survive_both_filters() {
        let file: Value = serde_json::from_str(include_str!("../tests/fixtures/posbus-v2.json"))
            .expect("the fixture is JSON");
        let vectors = file["vectors"].as_array().expect("a list");
        for vector in vectors {
            let frame = format!("{}\n", vector["hex"].as_str().expect("a string"));
            let line = decoded(&frame);
            let printed: Value = serde_json::from_str(&line).expect("what is printed is JSON");
            assert_eq!(printed["message"], vector["message"]);
            assert_eq!(printed["json"], vector["json"]);
            // Poses may be grouped otherwise, and then say the same.
            let again = encoded(&line);
            assert!(vector["message"] == "poses" || again == frame, "{again}");
            assert_eq!(decoded(&again), line);
        }
    }

    #[test]
    fn poses_are_quantised_from_metres() {
        let line = r#"{"message":"poses","json":{"tick":5,"entries":[{"handle":3,"transform":{"position":{"x":1}}}]}}"#;
        assert_eq!(encoded(line), "b7a253900540e000000300000040485dac6f\n");
        let nobody = r#"{"message":"poses","json":{"tick":5}}"#;
        assert_eq!(encoded(nobody), "{\"error\":\"poses without entries\"}\n");
    }

    #[test]
    fn floats_print_short() {
        let line = r#"{"message":"my_transform","json":{"position":{"x":0.1,"y":-1,"z":1e-45}}}"#;
        let printed = decoded(&encoded(line));
        assert!(
            printed.contains(r#"{"x":0.1,"y":-1,"z":1e-45}"#),
            "{printed}"
        );
    }

    #[test]
    fn bad_lines_are_answered_in_place() {
        let input = format!("zz\n\n4d9\n{SIGNAL}\n00\n  \n");
        let out = decoded(&input);
        let lines: Vec<_> = out.lines().collect();
        assert_eq!(lines.len(), 6, "{out}");
        for (index, line) in lines.iter().enumerate() {
            assert_eq!(line.starts_with(r#"{"error":""#), index != 3, "{line}");
        }
        let input = format!("nonsense\n{SIGNAL_JSON}\n{{\"message\":\"x\"}}\n[]\n\n");
        let out = encoded(&input);
        let lines: Vec<_> = out.lines().collect();
        assert_eq!(lines.len(), 5, "{out}");
        for (index, line) in lines.iter().enumerate() {
            assert_eq!(line.starts_with(r#"{"error":""#), index != 1, "{line}");
        }
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let endless = io::repeat(b'a').take(64 * MAX_LINE as u64);
        let rest = format!("\n{SIGNAL}\n");
        let mut input = BufReader::new(endless.chain(rest.as_bytes()));
        let mut line = Vec::new();
        assert_eq!(
            read_line(&mut input, &mut line).expect("memory"),
            Some(false)
        );
        assert!(line.capacity() <= 2 * MAX_LINE);
        assert_eq!(
            read_line(&mut input, &mut line).expect("memory"),
            Some(true)
        );
        assert_eq!(line, SIGNAL.as_bytes());
        assert_eq!(read_line(&mut input, &mut line).expect("memory"), None);
    }

    #[test]
    fn a_closed_pipe_is_the_end() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(decode(SIGNAL.as_bytes(), Closed).is_ok());
    }
}
