//! Writes the chain specification of a network for development, with the compiled rules in it, and
//! the metadata of the rules: `genesis RUNTIME.wasm FOLDER`.

use std::{collections::BTreeMap, error::Error, fs, path::Path};

use codec::Encode;
use odyssey_runtime::{Runtime, genesis::development};
use serde_json::{Value, json};
use sp_runtime::BuildStorage;

/// Version of the metadata that clients read.
const METADATA: u32 = 15;

fn specification(validators: usize, code: &[u8]) -> Result<Value, Box<dyn Error>> {
    let mut storage = development(validators).build_storage()?;
    let key = sp_core::storage::well_known_keys::CODE.to_vec();
    storage.top.insert(key, code.to_vec());
    let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    let top: BTreeMap<String, String> = storage
        .top
        .iter()
        .map(|(key, value)| (hex(key), hex(value)))
        .collect();
    let (name, id) = match validators {
        1 => ("Odyssey Development", "odyssey_dev"),
        _ => ("Odyssey Local", "odyssey_local"),
    };
    Ok(json!({
        "name": name,
        "id": id,
        "chainType": "Development",
        "bootNodes": [],
        "telemetryEndpoints": null,
        "protocolId": id,
        "properties": {"ss58Format": 42, "tokenDecimals": 12, "tokenSymbol": "MOM"},
        "codeSubstitutes": {},
        "genesis": {"raw": {"top": top, "childrenDefault": {}}},
    }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(code), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("genesis RUNTIME.wasm FOLDER".into());
    };
    let (code, folder) = (fs::read(code)?, Path::new(&folder));
    for (name, validators) in [("development.json", 1), ("local.json", 2)] {
        let text = serde_json::to_string(&specification(validators, &code)?)?;
        fs::write(folder.join(name), text)?;
    }
    let metadata = Runtime::metadata_at_version(METADATA).ok_or("no such metadata")?;
    // Without the length that comes first.
    let metadata =
        codec::Decode::decode(&mut &metadata.encode()[..]).map(|bytes: Vec<u8>| bytes)?;
    fs::write(folder.join("metadata.scale"), metadata)?;
    Ok(())
}
