//! The functions of the fuzz targets. An ordinary test runs them over the corpus.

use posbus::{ClientState, DecodeError, Message, decode, decode_from_client, v2};
use serde_json::Value;

/// Any bytes as a frame: what decodes must encode to something that decodes to the same.
pub(crate) fn decode_any(data: &[u8]) {
    if let Ok(message) = decode(data) {
        must_read_back(&message);
        serde_json::to_string(&message).expect("every message has a JSON form");
    }
}

/// Decodes any bytes as a frame from a client. A frame that a server accepts is accepted by a tool,
/// too, with the same result.
pub(crate) fn decode_client(data: &[u8]) {
    for state in [ClientState::Handshaking, ClientState::Established] {
        if let Ok(message) = decode_from_client(data, state) {
            assert!(data.len() <= state.max_frame());
            assert!(state.allows(message.message_type()));
            assert_eq!(decode(data), Ok(message));
        }
    }
}

/// Decodes any bytes as a frame of version 2. A decoded message must survive encoding and decoding,
/// and a server must read the same.
pub(crate) fn decode_v2(data: &[u8]) {
    match v2::decode(data) {
        Ok(v2::Message::V1(message)) => assert_eq!(decode(data), Ok(message)),
        Ok(message) => {
            assert_eq!(v2::decode(&message.encode()).as_ref(), Ok(&message));
            serde_json::to_string(&message).expect("every message has a JSON form");
        }
        Err(_) => {}
    }
    for state in [ClientState::Handshaking, ClientState::Established] {
        if let Ok(message) = v2::decode_from_client(data, state) {
            assert!(data.len() <= state.max_frame());
            assert_eq!(v2::decode(data), Ok(message));
        }
    }
    // Groups as they lie in the buffers of a server.
    if let Some(length) = v2::group_len(data) {
        assert!(length <= data.len());
    }
}

/// Any text as a line for the encoding filter: what encodes must decode.
pub(crate) fn json_encode(data: &[u8]) {
    let Ok(Value::Object(mut line)) = serde_json::from_slice(data) else {
        return;
    };
    let Some(Value::String(name)) = line.remove("message") else {
        return;
    };
    let object = line.remove("json").unwrap_or_default();
    match v2::Message::from_json(&name, object) {
        Ok(v2::Message::V1(message)) => must_read_back(&message),
        Ok(v2::Message::Poses(poses)) => poses_read_back(poses.tick, &poses.entries),
        Ok(message) => assert_eq!(v2::decode(&message.encode()), Ok(message)),
        Err(_) => {}
    }
}

/// Numbers out of bounds are clamped; handles and the number of entries have to come back.
fn poses_read_back(tick: u64, entries: &[v2::PoseEntry]) {
    let entries_sent = entries.to_vec();
    let frame = v2::Poses {
        tick,
        entries: entries_sent,
    }
    .encode();
    let Ok(poses) = v2::decode_poses(&frame) else {
        assert!(entries.is_empty());
        return;
    };
    assert_eq!(poses.tick(), tick);
    assert_eq!(poses.len(), entries.len());
    let mut handles = entries.iter().map(|entry| entry.handle);
    poses.for_each(|entry| assert_eq!(Some(entry.handle), handles.next()));
}

/// A list of nothing but nulls may be too dense for a receiver; everything else has to come back.
fn must_read_back(message: &Message) {
    let frame = message.encode();
    match decode(&frame) {
        Ok(again) => assert_eq!(again.encode(), frame),
        Err(error) => assert_eq!(error, DecodeError::TooManyValues),
    }
}
