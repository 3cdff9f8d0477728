//! An import through REST: puts the objects of a JSON list below an object.
//!
//! `cargo run --example import -- http://127.0.0.1:4000 TOKEN PARENT < objects.json`, where the
//! list has entries like `{"name": "Chair", "position": {"x": 1, "y": 0, "z": 2}}` and the user of
//! the token is an admin of the parent.

use std::{error::Error, io};

use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

/// The object type that may stand in any world.
const CUSTOM_OBJECT: &str = "4ed3a5bb-53f8-4511-941b-07902982c31c";

/// One entry of the list.
#[derive(Deserialize)]
pub(crate) struct Entry {
    name: String,
    position: Value,
}

#[allow(dead_code, reason = "tests call `import`")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, token, parent] = arguments.as_slice() else {
        return Err("usage: import URL TOKEN PARENT < objects.json".into());
    };
    let entries: Vec<Entry> = serde_json::from_reader(io::stdin())?;
    for id in import(url, token, parent, &entries).await? {
        println!("{id}");
    }
    Ok(())
}

/// Creates the objects one after the other; answers their ids. The server refuses an entry with a
/// reason, which ends the import.
pub(crate) async fn import(
    url: &str,
    token: &str,
    parent: &str,
    entries: &[Entry],
) -> Result<Vec<String>, Box<dyn Error>> {
    // reqwest brings no TLS of its own in this workspace; an error says that one is installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::new();
    let mut ids = Vec::new();
    for entry in entries {
        let object = json!({
            "object_name": entry.name,
            "parent_id": parent,
            "object_type_id": CUSTOM_OBJECT,
            "transform": {
                "position": entry.position,
                "rotation": {"x": 0, "y": 0, "z": 0},
                "scale": {"x": 1, "y": 1, "z": 1},
            },
        });
        let request = client.post(format!("{url}/api/v4/objects"));
        let answer = request.bearer_auth(token).json(&object).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if !status.is_success() {
            return Err(format!("{}: {status}: {body}", entry.name).into());
        }
        let id = body["object_id"].as_str().ok_or("no id in the answer")?;
        ids.push(id.to_owned());
    }
    Ok(ids)
}
