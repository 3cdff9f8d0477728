//! What the fuzz targets do with their input; an ordinary test runs the same functions over the corpus.

use posbus::{ClientState, DecodeError, Message, decode, decode_from_client};
use serde_json::Value;

/// Any bytes as a frame: what decodes must encode to something that decodes to the same.
pub(crate) fn decode_any(data: &[u8]) {
    if let Ok(message) = decode(data) {
        must_read_back(&message);
        serde_json::to_string(&message).expect("every message has a JSON form");
    }
}

/// Any bytes as a frame from a client: what a server accepts, a tool accepts, too, and reads the same.
pub(crate) fn decode_client(data: &[u8]) {
    for state in [ClientState::Handshaking, ClientState::Established] {
        if let Ok(message) = decode_from_client(data, state) {
            assert!(data.len() <= state.max_frame());
            assert!(state.allows(message.message_type()));
            assert_eq!(decode(data), Ok(message));
        }
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
    if let Ok(message) = Message::from_json(&name, object) {
        must_read_back(&message);
    }
}

/// A list of nothing but nulls may be too dense for a receiver; everything else has to come back.
fn must_read_back(message: &Message) {
    let frame = message.encode();
    match decode(&frame) {
        Ok(again) => assert_eq!(again.encode(), frame),
        Err(error) => assert_eq!(error, DecodeError::TooManyValues),
    }
}
