//! The worked examples and tables of the specification, byte for byte (docs/spec/posbus.md §3.1,
//! §3.3).

use posbus::*;
use serde_json::{Value, json};

/// The bytes of one or more parts of spaced hex.
fn bytes(parts: &[&str]) -> Vec<u8> {
    let text: String = parts
        .concat()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    hex::decode(text).expect("hex")
}

fn umid(text: &str) -> Umid {
    text.parse().expect("a UUID")
}

fn u1() -> Umid {
    umid("01890a5d-ac96-774b-bcce-b302099a8057")
}

fn u2() -> Umid {
    umid("01890a5d-ac96-774b-bcce-b302099a8058")
}

fn world() -> Umid {
    umid("00000000-0000-8000-8000-000000000005")
}

const U1: &str = "01890a5dac96774bbcceb302099a8057";
const U2: &str = "01890a5dac96774bbcceb302099a8058";
const W: &str = "00000000000080008000000000000005";

/// Both directions at once.
#[track_caller]
fn check(message: impl Into<Message>, parts: &[&str]) {
    let (message, frame) = (message.into(), bytes(parts));
    assert_eq!(hex::encode(message.encode()), hex::encode(&frame));
    assert_eq!(decode(&frame), Ok(message));
}

fn object(value: Value) -> StringAnyMap {
    value.as_object().expect("an object").clone()
}

#[test]
fn signal_has_its_documented_bytes() {
    check(
        Signal {
            value: SignalType::WORLD_DOES_NOT_EXIST,
        },
        &["4d96c1ad 09 b2693e52"],
    );
}

#[test]
fn hand_shake_has_its_documented_bytes() {
    let message = HandShake {
        handshake_version: 1,
        protocol_version: 1,
        token: "a.b.c".into(),
        user_id: u1(),
        session_id: umid("01890a5d-ac96-7ab2-80e2-4536629c90de"),
    };
    let session = "01890a5dac967ab280e24536629c90de";
    check(
        message,
        &["1a94417c 02 02 0a612e622e63", U1, session, "e56bbe83"],
    );
}

#[test]
fn teleport_request_has_its_documented_bytes() {
    check(
        TeleportRequest { target: world() },
        &["d955da78", W, "26aa2587"],
    );
}

#[test]
fn my_transform_has_its_documented_bytes() {
    let message = MyTransform {
        position: Vec3::new(1.5, -0.1, 50.0),
        rotation: Vec3::new(0.0, std::f32::consts::PI, 0.0),
    };
    check(
        message,
        &["bfc478f8 bf8003 bd99b3ee0c c29001 00 c092bdd80d 00 403b8707"],
    );
}

#[test]
fn users_transform_list_has_its_documented_bytes() {
    let entry = |id, position, rotation| UserTransform {
        id,
        transform: TransformNoScale { position, rotation },
    };
    let message = UsersTransformList {
        value: vec![
            entry(u1(), Vec3::new(0.0, 0.0, 5.0), Vec3::ZERO),
            entry(
                u2(),
                Vec3::new(-170.0, 50.0, 340.0),
                Vec3::new(0.0, 1.0, 0.0),
            ),
        ],
    };
    check(
        message,
        &[
            "b8545928 04",
            U1,
            "0000c0c002 000000",
            U2,
            "c355 c29001 c3d402 00bf800200",
            "47aba6d7",
        ],
    );
}

#[test]
fn add_users_has_its_documented_bytes() {
    let user = UserData {
        id: u1(),
        name: "Zoë".into(),
        avatar: String::new(),
        transform: TransformNoScale {
            position: Vec3::new(50.0, 50.0, 150.0),
            rotation: Vec3::ZERO,
        },
        is_guest: true,
    };
    check(
        AddUsers { users: vec![user] },
        &[
            "ff2a1ff5 02",
            U1,
            "085a6fc3ab 00 c29001c29001c32c 000000 01 00d5e00a",
        ],
    );
}

#[test]
fn add_objects_has_its_documented_bytes() {
    let cube = ObjectDefinition {
        id: u2(),
        parent_id: world(),
        asset_type: umid("97daa12f-9b2e-536d-7851-2e6d3c9e2c1d"),
        asset_format: Asset3dType::BASIC_SHAPE,
        name: "Cube".into(),
        transform: Transform {
            position: Vec3::new(1.0, 2.0, 3.0),
            rotation: Vec3::ZERO,
            scale: Vec3::ONE,
        },
        is_editable: true,
        tethered_to_parent: false,
        show_on_minimap: false,
    };
    let asset = "97daa12f9b2e536d78512e6d3c9e2c1d";
    check(
        AddObjects {
            objects: vec![cube],
        },
        &[
            "c1a95224 02",
            U2,
            W,
            asset,
            "02 0843756265 bf800240c08001 000000 bf8002bf8002bf8002 010000 3e56addb",
        ],
    );
}

#[test]
fn lock_object_response_has_its_documented_bytes() {
    check(
        LockObjectResponse {
            id: u2(),
            result: 1,
            lock_owner: u1(),
        },
        &["8c662409", U2, "01", U1, "7399dbf6"],
    );
}

#[test]
fn attribute_value_changed_has_its_documented_bytes() {
    let changed = AttributeValueChanged {
        plugin_id: umid("f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0"),
        attribute_name: "VoiceChatUser".into(),
        change_type: AttributeValueChanged::CHANGED.into(),
        value: Some(object(json!({"joined": true, "userId": "u1"}))),
        target_id: world(),
    };
    check(
        changed.clone(),
        &[
            "b7cdda10 f0f0f0f00f0f4ff0af0ff0f0f0f0f0f0 1a566f6963654368617455736572",
            "226174747269627574655f6368616e676564 01 0f 02 066a6f696e656404626f6f6c",
            "06757365724964 06737472696e67 027531",
            W,
            "483225ef",
        ],
    );
    let removed = AttributeValueChanged {
        attribute_name: "soundtrack".into(),
        change_type: AttributeValueChanged::REMOVED.into(),
        value: None,
        ..changed
    };
    assert_eq!(Message::from(removed.clone()).encode().len(), 70);
    check(
        removed,
        &[
            "b7cdda10 f0f0f0f00f0f4ff0af0ff0f0f0f0f0f0 14736f756e64747261636b",
            "226174747269627574655f72656d6f766564 00",
            W,
            "483225ef",
        ],
    );
}

#[test]
fn object_data_has_its_documented_bytes() {
    let entries = [
        ("texture".into(), Some(object(json!({"name": "ab"})))),
        (
            "string".into(),
            Some(object(json!({"object_color": "#ff0000"}))),
        ),
    ];
    check(
        ObjectData {
            id: u2(),
            entries: entries.into_iter().collect(),
        },
        &[
            "7c19ceca",
            U2,
            "04 0e74657874757265 01 0301046e616d6506737472696e67026162 0c737472696e67 01",
            "03010c6f626a6563745f636f6c6f7206737472696e670723666630303030 83e63135",
        ],
    );
}

#[test]
fn activity_update_has_its_documented_bytes() {
    let message = ActivityUpdate {
        activity_id: u2(),
        change_type: ActivityUpdate::NEW.into(),
        r#type: Some("screenshot".into()),
        data: Some(ActivityData {
            position: Some(Vec3::new(0.0, 0.0, 1.0)),
            description: Some("hi".into()),
            ..ActivityData::default()
        }),
        user_id: u1(),
        object_id: world(),
    };
    check(
        message,
        &[
            "5d6957ca",
            U2,
            "066e6577 011473637265656e73686f74 01 010000bf8002 01046869 0000000000",
            U1,
            W,
            "a296a835",
        ],
    );
}

/// The body of a HandShake starts with a zig-zag int.
#[test]
fn integers_are_zig_zag_varints() {
    let table = [
        (0, "00"),
        (1, "02"),
        (-1, "01"),
        (5, "0a"),
        (63, "7e"),
        (64, "8001"),
        (-64, "7f"),
        (-65, "8101"),
        (8191, "fe7f"),
        (8192, "808001"),
        (i64::MAX, "feffffffffffffffff01"),
        (i64::MIN, "ffffffffffffffffff01"),
    ];
    for (number, encoded) in table {
        let message = HandShake {
            handshake_version: number,
            ..HandShake::default()
        };
        let rest = "00".repeat(34);
        check(message, &["1a94417c", encoded, &rest, "e56bbe83"]);
    }
}

#[test]
fn floats_are_byte_swapped_varints() {
    let table = [
        (0.0, "00"),
        (-0.0, "8001"),
        (0.5, "3f"),
        (1.0, "bf8002"),
        (-1.0, "bf8102"),
        (2.0, "40"),
        (50.0, "c29001"),
        (0.1, "bd98b3ee0c"),
        (std::f32::consts::PI, "c092bdd80d"),
    ];
    for (number, encoded) in table {
        let message = MyTransform {
            position: Vec3::new(number, 0.0, 0.0),
            rotation: Vec3::ZERO,
        };
        check(message, &["bfc478f8", encoded, "0000000000 403b8707"]);
    }
}

/// The value of an AttributeValueChanged is one gotiny blob.
#[test]
fn dynamic_values_are_gotiny_blobs() {
    let eight_true = json!({"l": [true, true, true, true, true, true, true, true, "x"]});
    let table = [
        (json!({}), "0100"),
        (json!({"foo": "bar"}), "030103666f6f06737472696e6703626172"),
        (json!({"foo": true}), "070103666f6f04626f6f6c"),
        (json!({"k": null}), "0101016b"),
        (
            json!({"l": ["a", true, null, 2.0]}),
            "bf01016c0e5b5d696e74657266616365207b7d0406737472696e67016104626f6f6c07666c6f6174363440",
        ),
        (json!({"n": 1.0}), "0301016e07666c6f61743634bfe003"),
        (
            json!({"n": 0.1}),
            "0301016e07666c6f61743634bff2e6cc99b3e6cc9a",
        ),
        (json!({"n": 5}), "0301016e03696e740a"),
        (json!({"n": -3}), "0301016e03696e7405"),
    ];
    let frame = |blob: &str| {
        let (id, empty) = ("00".repeat(16), "0000");
        bytes(&["b7cdda10", &id, empty, "01", blob, &id, "483225ef"])
    };
    for (value, blob) in table {
        let message: Message = AttributeValueChanged {
            value: Some(object(value)),
            ..Default::default()
        }
        .into();
        assert_eq!(hex::encode(message.encode()), hex::encode(frame(blob)));
        assert_eq!(decode(&frame(blob)), Ok(message));
    }
    let long: Message = AttributeValueChanged {
        value: Some(object(eight_true)),
        ..Default::default()
    }
    .into();
    let encoded = long.encode();
    assert!(
        hex::encode(&encoded).contains("01ff01016c0e"),
        "{}",
        hex::encode(&encoded)
    );
    assert_eq!(decode(&encoded), Ok(long));
}

/// Types that only Go code produces read as what JSON has for them.
#[test]
fn pointers_in_dynamic_values_are_read() {
    let frame = |blob: &str| {
        let id = "00".repeat(16);
        bytes(&["b7cdda10", &id, "0000", "01", blob, &id, "483225ef"])
    };
    let value = |blob: &str| match decode(&frame(blob)) {
        Ok(Message::AttributeValueChanged(message)) => message.value.map(Value::Object),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        value("0701016b072a737472696e670161"),
        Some(json!({"k": "a"}))
    );
    assert_eq!(value("0301016b072a737472696e67"), Some(json!({"k": null})));
    assert_eq!(value("0701016b042a696e740a"), Some(json!({"k": 5})));
    assert_eq!(value("00"), Some(json!({})));
}

#[test]
fn json_of_zero_values() {
    let cases = [
        ("add_users", json!({"users": null}), "ff2a1ff50000d5e00a"),
        ("add_users", json!({}), "ff2a1ff50000d5e00a"),
        ("add_users", Value::Null, "ff2a1ff50000d5e00a"),
        ("add_users", json!({"users": []}), "ff2a1ff50000d5e00a"),
        (
            "my_transform",
            json!({"position": {"x": null}}),
            "bfc478f8000000000000403b8707",
        ),
        (
            "generic_message",
            json!({"Topic": null, "unknown": 1}),
            "a3e408f500005c1bf70a",
        ),
        ("event_start", Value::Null, "2c4d85aa00d3b27a55"),
    ];
    for (name, json, frame) in cases {
        let message = Message::from_json(name, json).expect("zero values are implied");
        assert_eq!(hex::encode(message.encode()), frame);
    }
}

#[test]
fn json_of_the_wrong_shape_is_refused() {
    let cases = [
        ("no_such_message", json!({})),
        ("signal", json!([])),
        ("signal", json!({"value": -1})),
        ("signal", json!({"value": "1"})),
        ("my_transform", json!({"position": {"x": 1e39}})),
        ("teleport_request", json!({"target": "somewhere"})),
        ("generic_message", json!({"Data": "!"})),
        ("object_definition", json!({"asset_format": 128})),
    ];
    for (name, json) in cases {
        assert!(
            Message::from_json(name, json.clone()).is_err(),
            "{name} {json}"
        );
    }
}

#[test]
fn registry_is_consistent() {
    for message_type in MessageType::ALL {
        assert_eq!(MessageType::from_id(message_type.id()), Some(message_type));
        assert_eq!(
            MessageType::from_name(message_type.name()),
            Some(message_type)
        );
    }
    assert_eq!(MessageType::from_id(0), None);
}
