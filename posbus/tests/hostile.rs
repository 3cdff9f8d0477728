//! No bytes from outside panic the decoder, make it read past the body or cost much memory
//! (docs/spec/posbus.md §2; docs/regressions.md W1–W4, W15).

#[expect(dead_code, reason = "only the frames are of interest here")]
mod common;

use posbus::{
    ClientState, DecodeError, Direction, Message, MessageType, decode, decode_from_client,
};
use rand::{Rng, SeedableRng, rngs::SmallRng};

use common::vectors;

/// Most memory a decode may hold at once: a fixed part and a multiple of the frame. An empty string
/// is one byte on the wire and 24 in memory, an entry of a map three bytes and about a hundred, and
/// what grows is held twice for a moment.
fn allowance(frame: &[u8]) -> u64 {
    64 * 1024 + 160 * frame.len() as u64
}

/// Decodes with an eye on memory.
#[track_caller]
fn decode_measured(frame: &[u8]) -> Result<Message, DecodeError> {
    let mut result = None;
    let info = allocation_counter::measure(|| result = Some(decode(frame)));
    assert!(
        info.bytes_max <= allowance(frame),
        "{} bytes for {}",
        info.bytes_max,
        hex::encode(frame)
    );
    result.expect("measure runs the closure")
}

/// A well-framed message with this body.
fn frame(message_type: MessageType, body: &[u8]) -> Vec<u8> {
    let id = message_type.id();
    [&id.to_le_bytes(), body, &(!id).to_le_bytes()].concat()
}

/// The body of a frame.
fn body(frame: &[u8]) -> &[u8] {
    &frame[4..frame.len() - 4]
}

fn type_of(frame: &[u8]) -> MessageType {
    decode(frame)
        .expect("recorded frames decode")
        .message_type()
}

#[test]
fn short_frames_are_refused() {
    for length in 0..9 {
        assert_eq!(decode(&vec![0; length]), Err(DecodeError::TooShort));
        for state in [ClientState::Handshaking, ClientState::Established] {
            assert_eq!(
                decode_from_client(&vec![0xff; length], state),
                Err(DecodeError::TooShort)
            );
        }
    }
    assert_eq!(
        decode(&frame(MessageType::Signal, &[])),
        Err(DecodeError::TooShort)
    );
}

#[test]
fn wrong_footers_are_refused() {
    for vector in vectors() {
        for bit in 0..32 {
            let mut frame = vector.frame.clone();
            let at = frame.len() - 4 + bit / 8;
            frame[at] ^= 1 << (bit % 8);
            assert_eq!(
                decode(&frame),
                Err(DecodeError::FooterMismatch),
                "{}",
                vector.case
            );
        }
    }
}

#[test]
fn unknown_types_are_refused() {
    for id in [0u32, 1, 0x285954B9, u32::MAX] {
        let frame = [&id.to_le_bytes()[..], &[1], &(!id).to_le_bytes()].concat();
        assert_eq!(decode(&frame), Err(DecodeError::UnknownType(id)));
        assert_eq!(
            decode_from_client(&frame, ClientState::Established),
            Err(DecodeError::UnknownType(id))
        );
    }
}

#[test]
fn only_a_hand_shake_is_accepted_first() {
    for vector in vectors() {
        let message_type = type_of(&vector.frame);
        let result = decode_from_client(&vector.frame, ClientState::Handshaking);
        match message_type {
            MessageType::HandShake => assert!(result.is_ok(), "{}", vector.case),
            _ => assert_eq!(
                result,
                Err(DecodeError::NotAllowed { message_type }),
                "{}",
                vector.case
            ),
        }
    }
}

#[test]
fn client_frames_have_a_limit() {
    let long = |state: ClientState| vec![0; state.max_frame() + 1];
    for state in [ClientState::Handshaking, ClientState::Established] {
        assert_eq!(
            decode_from_client(&long(state), state),
            Err(DecodeError::TooLong {
                limit: state.max_frame()
            })
        );
    }
}

#[test]
fn server_only_types_are_refused_unread() {
    for message_type in MessageType::ALL {
        let garbage = frame(message_type, &[0xff; 40]);
        let refused = Err(DecodeError::NotAllowed { message_type });
        let result = decode_from_client(&garbage, ClientState::Established);
        match message_type.direction() {
            Direction::FromServer | Direction::Nested => assert_eq!(result, refused),
            Direction::FromClient | Direction::Both | Direction::Ignored => {
                assert_ne!(result, refused)
            }
        }
    }
}

#[test]
fn client_messages_are_accepted() {
    for vector in vectors() {
        let message = decode(&vector.frame).expect("recorded frames decode");
        if message.message_type().direction().from_client() {
            assert_eq!(
                decode_from_client(&vector.frame, ClientState::Established),
                Ok(message),
                "{}",
                vector.case
            );
        }
    }
}

#[test]
fn huge_counts_allocate_nothing() {
    let counts = [
        &[0x02][..],
        &[0xfe, 0xff, 0x03],
        &[0xfe, 0xff, 0xff, 0xff, 0x1f],
        &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0x01],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ];
    for message_type in MessageType::ALL {
        for count in counts {
            for lead in [0, 16, 18, 32, 48] {
                let body = [&vec![0; lead][..], count].concat();
                let frame = frame(message_type, &body);
                let mut result = None;
                let info = allocation_counter::measure(|| result = Some(decode(&frame)));
                assert!(
                    info.bytes_max < 1024,
                    "{message_type:?} {}",
                    hex::encode(&frame)
                );
            }
        }
    }
}

#[test]
fn counts_and_lengths_are_refused_by_name() {
    let cases: [(MessageType, &[u8], DecodeError); 12] = [
        (
            MessageType::RemoveUsers,
            &[0x02],
            DecodeError::LengthOutOfBounds,
        ),
        (
            MessageType::RemoveUsers,
            &[0x01],
            DecodeError::LengthOutOfBounds,
        ),
        (
            MessageType::RemoveUsers,
            &[0x80],
            DecodeError::UnexpectedEnd,
        ),
        (
            MessageType::TeleportRequest,
            &[0; 15],
            DecodeError::UnexpectedEnd,
        ),
        (
            MessageType::TeleportRequest,
            &[0; 17],
            DecodeError::TrailingBytes(1),
        ),
        (
            MessageType::Signal,
            &[0xff, 0xff, 0xff, 0xff, 0x10],
            DecodeError::VarintOverflow,
        ),
        (
            MessageType::Signal,
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
            DecodeError::VarintOverflow,
        ),
        (
            MessageType::Notification,
            &[0x00, 0x02, 0xff],
            DecodeError::InvalidUtf8,
        ),
        (
            MessageType::Notification,
            &[0x00, 0x04, 0x61],
            DecodeError::LengthOutOfBounds,
        ),
        (
            MessageType::ObjectData,
            &[&[0; 16][..], &[0x02, 0x00, 0x02]].concat(),
            DecodeError::InvalidPointer(2),
        ),
        (
            MessageType::UserData,
            &[&[0; 24][..], &[0x02]].concat(),
            DecodeError::InvalidBool(2),
        ),
        (
            MessageType::MyTransform,
            &[0xff, 0x80, 0x03, 0, 0, 0, 0, 0],
            DecodeError::NotFinite,
        ),
    ];
    for (message_type, body, error) in cases {
        assert_eq!(
            decode_measured(&frame(message_type, body)),
            Err(error),
            "{message_type:?}"
        );
    }
}

#[test]
fn longer_varints_than_needed_are_accepted() {
    let padded = frame(MessageType::Signal, &[0x85, 0x80, 0x80, 0x80, 0x00]);
    assert_eq!(
        decode(&padded),
        decode(&frame(MessageType::Signal, &[0x05]))
    );
}

#[test]
fn non_finite_numbers_are_refused() {
    for bits in [
        0x7fc0_0000u32,
        0x7f80_0000,
        0xff80_0000,
        0x7f80_0001,
        0xffff_ffff,
    ] {
        for slot in 0..6 {
            let mut body = vec![0; slot];
            let mut value = bits.swap_bytes();
            while value >= 0x80 {
                body.push(value as u8 | 0x80);
                value >>= 7;
            }
            body.push(value as u8);
            body.resize(body.len() + 5 - slot, 0);
            let frame = frame(MessageType::MyTransform, &body);
            assert_eq!(
                decode_from_client(&frame, ClientState::Established),
                Err(DecodeError::NotFinite)
            );
        }
    }
}

/// A frame whose dynamic value is this blob.
fn dynamic(blob: &[u8]) -> Vec<u8> {
    frame(
        MessageType::AttributeValueChanged,
        &[&[0; 18][..], &[1], blob, &[0; 16]].concat(),
    )
}

#[test]
fn dynamic_values_are_bounded() {
    let named = |name: &str| [&[0x0f, 1, 0, name.len() as u8], name.as_bytes()].concat();
    assert_eq!(
        decode_measured(&dynamic(&named("int32"))),
        Err(DecodeError::TypeName)
    );
    assert_eq!(
        decode_measured(&dynamic(&named("[]string"))),
        Err(DecodeError::TypeName)
    );
    let infinity = [&named("float64")[..], &[0xff, 0xe0, 0x03]].concat();
    assert_eq!(
        decode_measured(&dynamic(&infinity)),
        Err(DecodeError::NotFinite)
    );
    let count = [
        &named("[]interface {}")[..],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
    ]
    .concat();
    assert_eq!(
        decode_measured(&dynamic(&count)),
        Err(DecodeError::LengthOutOfBounds)
    );
    assert_eq!(
        decode_measured(&dynamic(&[0x01, 0x80, 0x80, 0x80, 0x80, 0x10])),
        Err(DecodeError::VarintOverflow)
    );
    assert_eq!(
        decode_measured(&dynamic(&[0x03, 0x01, 0x01, 0xff])),
        Err(DecodeError::InvalidUtf8)
    );
}

/// A map with nested lists, the innermost with `nulls` nulls, encoded by hand as the encoder has no
/// limits.
fn nested(lists: usize, nulls: usize) -> Vec<u8> {
    let mut value = serde_json::Value::Array(vec![serde_json::Value::Null; nulls]);
    for _ in 1..lists {
        value = serde_json::Value::Array(vec![value]);
    }
    let map = [("k".to_owned(), value)].into_iter().collect();
    Message::from(posbus::AttributeValueChanged {
        value: Some(map),
        ..Default::default()
    })
    .encode()
}

#[test]
fn dynamic_values_are_not_nested_without_end() {
    assert!(decode_measured(&nested(31, 0)).is_ok());
    assert_eq!(decode_measured(&nested(32, 0)), Err(DecodeError::TooDeep));
    assert_eq!(decode_measured(&nested(5000, 0)), Err(DecodeError::TooDeep));
}

#[test]
fn nulls_do_not_unfold_without_end() {
    assert!(decode_measured(&nested(1, 300)).is_ok());
    assert_eq!(
        decode_measured(&nested(1, 100_000)),
        Err(DecodeError::TooManyValues)
    );
}

#[test]
fn truncated_bodies_are_refused() {
    for vector in vectors() {
        let message_type = type_of(&vector.frame);
        let whole = body(&vector.frame);
        for end in 1..whole.len() {
            let result = decode_measured(&frame(message_type, &whole[..end]));
            assert!(result.is_err(), "{} cut at {end}: {result:?}", vector.case);
        }
        assert!(
            decode(&vector.frame[..vector.frame.len() - 1]).is_err(),
            "{}",
            vector.case
        );
    }
}

#[test]
fn longer_bodies_are_refused() {
    for vector in vectors() {
        let longer = [body(&vector.frame), &[0]].concat();
        assert!(
            decode_measured(&frame(type_of(&vector.frame), &longer)).is_err(),
            "{}",
            vector.case
        );
    }
}

/// Frames in each of which one byte is inflated; every length is inflated in one of them.
#[test]
fn inflated_bytes_do_no_harm() {
    let inflations: [&[u8]; 4] = [
        &[0xfe, 0x7f],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ];
    for vector in vectors() {
        let message_type = type_of(&vector.frame);
        let whole = body(&vector.frame);
        for at in 0..whole.len() {
            for inflation in inflations {
                let body = [&whole[..at], inflation, &whole[at + 1..]].concat();
                let _ = decode_measured(&frame(message_type, &body));
            }
        }
    }
}

#[test]
fn flipped_bits_do_no_harm() {
    for vector in vectors() {
        let mut frame = vector.frame;
        for bit in 0..frame.len() * 8 {
            frame[bit / 8] ^= 1 << (bit % 8);
            let _ = decode_measured(&frame);
            frame[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_million_mutations_do_no_harm() {
    let corpus: Vec<Vec<u8>> = vectors()
        .into_iter()
        .map(|vector| vector.frame)
        .filter(|frame| frame.len() < 512)
        .collect();
    let mut rng = SmallRng::seed_from_u64(20_261_121);
    let (mut accepted, mut mutant) = (0, Vec::new());
    for _ in 0..1_000_000 {
        mutant.clear();
        mutant.extend_from_slice(&corpus[rng.random_range(0..corpus.len())]);
        mutate(&mut mutant, &mut rng);
        accepted += u32::from(decode_measured(&mutant).is_ok());
        let _ = decode_from_client(&mutant, ClientState::Established);
    }
    // Mutations that always broke the frame would prove nothing.
    assert!(accepted > 10_000, "{accepted}");
}

/// Changes the body and leaves the frame around it whole, so that the mutation gets past it.
fn mutate(frame: &mut Vec<u8>, rng: &mut SmallRng) {
    for _ in 0..rng.random_range(1..4) {
        let end = frame.len() - 4;
        let at = rng.random_range(4..end);
        match rng.random_range(0..5) {
            0 => frame[at] = rng.random(),
            1 => frame[at] ^= 1 << rng.random_range(0..8),
            2 => frame.insert(at, rng.random()),
            3 if end > 5 => {
                frame.remove(at);
            }
            _ => {
                let copy = frame[at..rng.random_range(at..end)].to_vec();
                let to = rng.random_range(4..end);
                frame.splice(to..to, copy);
            }
        }
    }
}
