//! Encoding and decoding are inverse, for every message and any content.

use posbus::*;
use proptest::{collection::vec, num, option, prelude::*};
use serde_json::Value;

fn umid() -> impl Strategy<Value = Umid> {
    any::<[u8; 16]>().prop_map(Umid::from_bytes)
}

fn float() -> impl Strategy<Value = f32> {
    use num::f32::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO
}

fn vec3() -> impl Strategy<Value = Vec3> {
    (float(), float(), float()).prop_map(|(x, y, z)| Vec3::new(x, y, z))
}

fn transform() -> impl Strategy<Value = Transform> {
    (vec3(), vec3(), vec3()).prop_map(|(position, rotation, scale)| Transform {
        position,
        rotation,
        scale,
    })
}

fn transform_no_scale() -> impl Strategy<Value = TransformNoScale> {
    (vec3(), vec3()).prop_map(|(position, rotation)| TransformNoScale { position, rotation })
}

fn double() -> impl Strategy<Value = f64> {
    use num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    prop_oneof![
        POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO,
        any::<i32>().prop_map(f64::from)
    ]
}

fn map(numbers: BoxedStrategy<Value>) -> impl Strategy<Value = StringAnyMap> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        numbers,
        any::<String>().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(5, 60, 12, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..12).prop_map(Value::from),
            vec((any::<String>(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    });
    vec((any::<String>(), value), 0..6).prop_map(|entries| entries.into_iter().collect())
}

/// Any user message that has a list, an option or a string, so that every primitive occurs.
fn message(numbers: BoxedStrategy<Value>) -> impl Strategy<Value = Message> {
    let text = any::<String>;
    let user = || {
        (umid(), text(), text(), transform_no_scale(), any::<bool>()).prop_map(
            |(id, name, avatar, transform, is_guest)| UserData {
                id,
                name,
                avatar,
                transform,
                is_guest,
            },
        )
    };
    let user_transform = || {
        (umid(), transform_no_scale()).prop_map(|(id, transform)| UserTransform { id, transform })
    };
    let object = || {
        (
            umid(),
            umid(),
            umid(),
            any::<i8>(),
            text(),
            transform(),
            any::<[bool; 3]>(),
        )
            .prop_map(
                |(
                    id,
                    parent_id,
                    asset_type,
                    asset_format,
                    name,
                    transform,
                    [is_editable, tethered_to_parent, show_on_minimap],
                )| {
                    ObjectDefinition {
                        id,
                        parent_id,
                        asset_type,
                        asset_format: Asset3dType(asset_format),
                        name,
                        transform,
                        is_editable,
                        tethered_to_parent,
                        show_on_minimap,
                    }
                },
            )
    };
    let maybe = || option::of(text());
    let activity_data = (
        option::of(vec3()),
        maybe(),
        maybe(),
        maybe(),
        maybe(),
        maybe(),
        maybe(),
    )
        .prop_map(
            |(
                position,
                description,
                hash,
                token_symbol,
                token_amount,
                bc_tx_hash,
                bc_log_index,
            )| ActivityData {
                position,
                description,
                hash,
                token_symbol,
                token_amount,
                bc_tx_hash,
                bc_log_index,
            },
        );
    let slots = vec((text(), option::of(map(numbers.clone()))), 0..4);
    let session = prop_oneof![
        (any::<i64>(), any::<i64>(), text(), umid(), umid()).prop_map(
            |(handshake_version, protocol_version, token, user_id, session_id)| {
                HandShake {
                    handshake_version,
                    protocol_version,
                    token,
                    user_id,
                    session_id,
                }
                .into()
            }
        ),
        umid().prop_map(|target| TeleportRequest { target }.into()),
        any::<u32>().prop_map(|value| Signal {
            value: SignalType(value)
        }
        .into()),
        (umid(), text(), umid(), umid(), umid()).prop_map(
            |(id, name, avatar, owner, avatar_3d_asset_id)| {
                SetWorld {
                    id,
                    name,
                    avatar,
                    owner,
                    avatar_3d_asset_id,
                }
                .into()
            }
        ),
        (vec3(), vec3()).prop_map(|(position, rotation)| MyTransform { position, rotation }.into()),
    ];
    let users = prop_oneof![
        vec(user(), 0..5).prop_map(|users| AddUsers { users }.into()),
        vec(umid(), 0..100).prop_map(|users| RemoveUsers { users }.into()),
        vec(user_transform(), 0..80).prop_map(|value| UsersTransformList { value }.into()),
        user().prop_map(Message::from),
        user_transform().prop_map(Message::from),
    ];
    let objects = prop_oneof![
        vec(object(), 0..5).prop_map(|objects| AddObjects { objects }.into()),
        vec(umid(), 0..100).prop_map(|objects| RemoveObjects { objects }.into()),
        (umid(), transform()).prop_map(|(id, object_transform)| ObjectTransform {
            id,
            object_transform
        }
        .into()),
        (umid(), slots).prop_map(|(id, entries)| ObjectData {
            id,
            entries: entries.into_iter().collect()
        }
        .into()),
        umid().prop_map(|id| LockObject { id }.into()),
        umid().prop_map(|id| UnlockObject { id }.into()),
        (umid(), any::<u32>(), umid()).prop_map(|(id, result, lock_owner)| LockObjectResponse {
            id,
            result,
            lock_owner
        }
        .into()),
        (umid(), text(), text(), option::of(map(numbers)), umid()).prop_map(
            |(plugin_id, attribute_name, change_type, value, target_id)| {
                AttributeValueChanged {
                    plugin_id,
                    attribute_name,
                    change_type,
                    value,
                    target_id,
                }
                .into()
            }
        ),
        object().prop_map(Message::from),
    ];
    let social = prop_oneof![
        (umid(), umid(), text()).prop_map(|(sender_id, receiver_id, message)| HighFive {
            sender_id,
            receiver_id,
            message
        }
        .into()),
        (any::<u32>(), text()).prop_map(|(kind, value)| Notification {
            notify_type: NotificationType(kind),
            value
        }
        .into()),
        (umid(), text(), umid()).prop_map(|(pilot, pilot_name, object_id)| FlyToMe {
            pilot,
            pilot_name,
            object_id
        }
        .into()),
        (
            umid(),
            text(),
            maybe(),
            option::of(activity_data),
            umid(),
            umid()
        )
            .prop_map(
                |(activity_id, change_type, r#type, data, user_id, object_id)| {
                    ActivityUpdate {
                        activity_id,
                        change_type,
                        r#type,
                        data,
                        user_id,
                        object_id,
                    }
                    .into()
                }
            ),
        (text(), text(), umid(), text(), text(), any::<i64>()).prop_map(
            |(transaction_hash, wallet, object_id, amount, comment, kind)| {
                UserStakedToOdyssey {
                    transaction_hash,
                    wallet,
                    object_id,
                    amount,
                    comment,
                    kind,
                }
                .into()
            }
        ),
    ];
    let legacy = prop_oneof![
        vec((text(), text()), 0..6)
            .prop_map(|entries| EventStart(entries.into_iter().collect()).into()),
        (text(), any::<Vec<u8>>()).prop_map(|(topic, data)| GenericMessage { topic, data }.into()),
        any::<u32>().prop_map(|value| UserAction {
            value: Trigger(value)
        }
        .into()),
        vec(text(), 0..6).prop_map(|names| {
            let effects = names
                .into_iter()
                .map(|name| VisualEffect { name })
                .collect();
            TriggerVisualEffects { effects }.into()
        }),
        (
            umid(),
            umid(),
            any::<[u8; 20]>(),
            any::<[u64; 4]>(),
            text(),
            any::<i64>()
        )
            .prop_map(
                |(transaction_id, odyssey_id, wallet, amount, comment, kind)| {
                    let (wallet, amount) = (PbEthAddress(wallet), PbUint256(amount));
                    AddPendingStake {
                        transaction_id,
                        odyssey_id,
                        wallet,
                        amount,
                        comment,
                        kind,
                    }
                    .into()
                }
            ),
    ];
    prop_oneof![session, users, objects, social, legacy]
}

fn any_number() -> BoxedStrategy<Value> {
    prop_oneof![
        double().prop_map(Value::from),
        any::<i64>().prop_map(Value::from)
    ]
    .boxed()
}

fn any_float() -> BoxedStrategy<Value> {
    double().prop_map(Value::from).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(1500)
    })]

    #[test]
    fn decode_undoes_encode(message in message(any_number())) {
        let frame = message.encode();
        prop_assert_eq!(decode(&frame), Ok(message.clone()));
        let appended = { let mut out = vec![7]; message.encode_into(&mut out); out };
        prop_assert_eq!(&appended[1..], &frame[..]);
    }

    #[test]
    fn json_text_keeps_every_byte(message in message(any_float())) {
        let text = serde_json::to_string(&message)?;
        let again = Message::from_json(message.name(), serde_json::from_str(&text)?)?;
        prop_assert_eq!(again.encode(), message.encode(), "{}", text);
    }

    #[test]
    fn normalized_maps_have_floats_only(mut value in map(any_number())) {
        normalize_numbers(&mut value);
        fn only_floats(value: &Value) -> bool {
            match value {
                Value::Number(number) => number.is_f64(),
                Value::Array(elements) => elements.iter().all(only_floats),
                Value::Object(map) => map.values().all(only_floats),
                _ => true,
            }
        }
        prop_assert!(value.values().all(only_floats));
    }
}
