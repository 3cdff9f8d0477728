//! Every recorded frame of the reference decodes to its JSON and comes back byte for byte, from
//! memory and from JSON.

mod common;

use posbus::{Message, decode};
use serde_json::Value;

use common::vectors;

/// Equal as JavaScript sees it: a number is a number, however it is written.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.keys().eq(right.keys())
                && left
                    .values()
                    .zip(right.values())
                    .all(|(left, right)| same(left, right))
        }
        _ => left == right,
    }
}

#[test]
fn all_frames_were_recorded() {
    assert_eq!(vectors().len(), 69);
}

#[test]
fn frames_decode_to_their_json() {
    for vector in vectors() {
        let message =
            decode(&vector.frame).unwrap_or_else(|error| panic!("{}: {error}", vector.case));
        assert_eq!(message.name(), vector.message, "{}", vector.case);
        let text = serde_json::to_string(&message).expect("messages serialise");
        let json = serde_json::from_str(&text).expect("what is printed is JSON");
        assert!(same(&json, &vector.json), "{}: {text}", vector.case);
    }
}

#[test]
fn frames_encode_back_to_the_same_bytes() {
    for vector in vectors() {
        let message =
            decode(&vector.frame).unwrap_or_else(|error| panic!("{}: {error}", vector.case));
        assert_eq!(
            hex::encode(message.encode()),
            hex::encode(vector.frame),
            "{}",
            vector.case
        );
    }
}

#[test]
fn json_encodes_to_the_recorded_bytes() {
    for vector in vectors() {
        let message = Message::from_json(&vector.message, vector.json)
            .unwrap_or_else(|error| panic!("{}: {error}", vector.case));
        assert_eq!(
            hex::encode(message.encode()),
            hex::encode(vector.frame),
            "{}",
            vector.case
        );
    }
}

#[test]
fn printed_json_encodes_to_the_recorded_bytes() {
    for vector in vectors() {
        let message =
            decode(&vector.frame).unwrap_or_else(|error| panic!("{}: {error}", vector.case));
        let text = serde_json::to_string(&message).expect("messages serialise");
        let json = serde_json::from_str(&text).expect("what is printed is JSON");
        let again = Message::from_json(&vector.message, json).expect("what is printed reads back");
        assert_eq!(
            hex::encode(again.encode()),
            hex::encode(vector.frame),
            "{}",
            vector.case
        );
    }
}
