//! The recorded frames that several tests start from.

use serde_json::Value;

/// One frame of the reference codec.
pub(crate) struct Vector {
    pub(crate) case: String,
    pub(crate) message: String,
    pub(crate) frame: Vec<u8>,
    pub(crate) json: Value,
}

/// All recorded frames.
pub(crate) fn vectors() -> Vec<Vector> {
    let text = include_str!("../fixtures/posbus-v1.json");
    let records: Vec<Value> = serde_json::from_str(text).expect("the fixture is JSON");
    let text = |record: &Value, key: &str| record[key].as_str().expect("a string").to_owned();
    records
        .iter()
        .map(|record| Vector {
            case: text(record, "case"),
            message: text(record, "message"),
            frame: hex::decode(text(record, "hex")).expect("the frame is hex"),
            json: record["json"].clone(),
        })
        .collect()
}
