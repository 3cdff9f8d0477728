//! Worlds that items stand for: their metadata name them (docs/spec/chains.md §9).

use components::Umid;
use serde_json::Value;

/// The world that the metadata of an item name: a JSON array that begins with its id, or an object
/// that has it as `uuid`.
pub(super) fn world_of(data: &[u8]) -> Option<Umid> {
    let value: Value = serde_json::from_slice(data).ok()?;
    let id = match &value {
        Value::Array(list) => list.first()?,
        Value::Object(object) => object.get("uuid")?,
        _ => return None,
    };
    let id = Umid::parse_str(id.as_str()?).ok()?;
    (!id.is_nil()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_name_a_world_as_a_list_or_as_an_object() {
        let id = "01a2216e-3c2f-75ae-bc56-63b967db7d87";
        let world = Umid::parse_str(id).ok();
        for text in [
            format!("[\"{id}\",\"Name\",\"Qm\",\"image\"]"),
            format!("{{\"name\":\"Name\",\"uuid\":\"{id}\"}}"),
        ] {
            assert_eq!(world_of(text.as_bytes()), world, "{text}");
        }
        for text in [
            "",
            "[]",
            "{}",
            "QmHash",
            "[7]",
            "[\"no id\"]",
            "[\"00000000-0000-0000-0000-000000000000\"]",
            "\"01a2216e-3c2f-75ae-bc56-63b967db7d87\"",
        ] {
            assert_eq!(world_of(text.as_bytes()), None, "{text}");
        }
        assert_eq!(world_of(&[0xff, 0xfe]), None);
    }
}
