//! No bytes from outside panic the decoder of version 2, slip past its rules or cost much memory
//! (docs/protocol.md).

use posbus::{
    ClientState, DecodeError, HandShake, MAX_SERVER_FRAME, MessageType as V1, Signal, Umid, v2,
};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::Value;
use v2::{HandleEntry, Message, MessageType, MyPose, UserHandles, decode, decode_from_client};

fn vectors() -> Vec<Vec<u8>> {
    let file: Value =
        serde_json::from_str(include_str!("fixtures/posbus-v2.json")).expect("the fixture is JSON");
    let vectors = file["vectors"].as_array().expect("a list");
    let frame = |vector: &Value| hex::decode(vector["hex"].as_str().expect("text")).expect("hex");
    vectors.iter().map(frame).collect()
}

/// A well-framed message with this body.
fn frame(id: u32, body: &[u8]) -> Vec<u8> {
    [&id.to_le_bytes(), body, &(!id).to_le_bytes()].concat()
}

fn body(frame: &[u8]) -> &[u8] {
    &frame[4..frame.len() - 4]
}

fn id_of(frame: &[u8]) -> u32 {
    u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]])
}

/// Decodes with an eye on memory: 64 entries of 24 bytes may come from a group of 8 bytes;
/// everything else takes less.
#[track_caller]
fn decode_measured(frame: &[u8]) -> Result<Message, DecodeError> {
    let mut result = None;
    let info = allocation_counter::measure(|| result = Some(decode(frame)));
    let allowance = 64 * 1024 + 200 * frame.len() as u64;
    assert!(
        info.bytes_max <= allowance,
        "{} {}",
        info.bytes_max,
        hex::encode(frame)
    );
    result.expect("measure runs the closure")
}

/// A decoded message survives encoding and decoding.
#[track_caller]
fn must_read_back(message: Message) {
    let again = message.encode();
    assert_eq!(decode(&again), Ok(message), "{}", hex::encode(&again));
}

#[track_caller]
fn refused(groups: &str, error: DecodeError) {
    let groups = hex::decode(groups.replace(' ', "")).expect("hex");
    let frame = frame(MessageType::Poses.id(), &[&[1], groups.as_slice()].concat());
    assert_eq!(
        v2::decode_poses(&frame).map(|poses| poses.len()),
        Err(error.clone())
    );
    assert_eq!(decode(&frame), Err(error));
}

#[test]
fn groups_that_break_a_rule_are_refused() {
    use DecodeError::*;
    // The group that the others differ from.
    let whole = hex::decode("01 40e00000 03 00 00 00 40".replace(' ', "")).expect("hex");
    assert!(decode(&frame(MessageType::Poses.id(), &whole)).is_ok());
    refused("", UnexpectedEnd);
    refused("40e00020 03 00 00 00 40", GroupHeader(0x2000_e040));
    refused("40e00080 03 00 00 00 40", GroupHeader(0x8000_e040));
    refused("c0e00000 03 00 00 00 40", GroupHeader(0xe0c0));
    refused("40e00010 03 00 00 00 00 40", GroupStride(0));
    refused("40e00010 03 01 00 00 00 40", GroupStride(1));
    refused("40e00000 03 00 00 00 c0", GroupPadding);
    refused("40e00000 03 00 00 00", LengthOutOfBounds);
    refused("40e00000 03 00 00 00 40 00", UnexpectedEnd);
    refused("40e00000 03 00 00 00 40 40e00000", UnexpectedEnd);
    refused("40e00000 ffffffff1f 00 00 00 40", VarintOverflow);
}

#[test]
fn handles_stay_within_32_bits() {
    let last = "ffffffff0f";
    // One entry may have the last handle; a second one, which has no bits at all, would have the
    // next.
    let one = hex::decode(format!("0140000000{last}000000")).expect("hex");
    assert!(decode(&frame(MessageType::Poses.id(), &one)).is_ok());
    refused(
        &format!("41000000 {last} 00 00 00"),
        DecodeError::HandleOutOfBounds,
    );
    // 31 bits of gap times a stride of 32 bits, 63 times over.
    let gaps = "ff".repeat(63 * 31 / 8) + "01";
    refused(
        &format!("7f1f0010 00 {last} 00 00 00 {gaps}"),
        DecodeError::HandleOutOfBounds,
    );
}

#[test]
fn coordinates_stay_within_bounds() {
    let pose = |bytes: &str| {
        let bytes = hex::decode(bytes.replace(' ', "")).expect("hex");
        let frame = frame(MessageType::Poses.id(), &[&[1], bytes.as_slice()].concat());
        let mut found = None;
        v2::decode_poses(&frame)
            .unwrap_or_else(|error| panic!("{error}"))
            .for_each(|entry| found = Some(entry.pose));
        found.expect("an entry")
    };
    // Origins of ±131,072 in x and z, ±8,388,608 in y: exactly the bounds.
    assert_eq!(pose("40000000 00 808010 00 00").x, 1 << 29);
    assert_eq!(pose("40000000 00 ffff0f 00 00").x, -(1 << 29));
    assert_eq!(pose("40000000 00 00 808010 00").z, 1 << 29);
    assert_eq!(pose("40000000 00 00 00 80808008").y, 1 << 29);
    for beyond in [
        "40000000 00 828010 00 00",
        "40000000 00 818010 00 00",
        "40000000 00 00 818010 00",
        "40000000 00 00 00 82808008",
        "40000000 00 ffffffff0f 00 00",
        "40000000 00 feffffff0f 00 00",
        // One unit beyond by the bits of an entry.
        "40200000 00 808010 00 00 01",
    ] {
        refused(beyond, DecodeError::PositionOutOfBounds);
    }
    // An origin too far out may be made up for by the entry.
    assert_eq!(pose("40a00100 00 818010 00 00 0010").x, -(1 << 29));
}

#[test]
fn other_messages_are_checked_as_strictly() {
    let mut bytes = MyPose::default().encode();
    bytes[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(decode(&bytes), Err(DecodeError::NotFinite));
    let one = body(&MyPose::default().encode()).to_vec();
    let my_pose = MessageType::MyPose.id();
    assert_eq!(
        decode(&frame(my_pose, &one[..27])),
        Err(DecodeError::UnexpectedEnd)
    );
    assert_eq!(
        decode(&frame(my_pose, &[&one[..], &[0]].concat())),
        Err(DecodeError::TrailingBytes(1))
    );
    // A count of 2^30 without users.
    let handles = frame(
        MessageType::UserHandles.id(),
        &[1, 0x80, 0x80, 0x80, 0x80, 0x08],
    );
    assert_eq!(
        decode_measured(&handles),
        Err(DecodeError::LengthOutOfBounds)
    );
    let objects = frame(MessageType::ObjectPoses.id(), &[0; 52]);
    assert_eq!(decode_measured(&objects), Err(DecodeError::UnexpectedEnd));
}

#[test]
fn version_1_knows_nothing_of_it() {
    for vector in vectors() {
        let unknown = DecodeError::UnknownType(id_of(&vector));
        assert_eq!(posbus::decode(&vector), Err(unknown));
    }
    for message_type in MessageType::ALL {
        assert_eq!(V1::from_id(message_type.id()), None);
        assert_eq!(V1::from_name(message_type.name()), None);
    }
}

#[test]
fn clients_send_what_they_may() {
    let pose = MyPose::default();
    let (early, later) = (ClientState::Handshaking, ClientState::Established);
    assert_eq!(
        decode_from_client(&pose.encode(), later),
        Ok(Message::MyPose(pose))
    );
    for vector in vectors() {
        let message_type = MessageType::from_id(id_of(&vector)).expect("of version 2");
        let result = decode_from_client(&vector, early);
        if vector.len() <= early.max_frame() {
            assert_eq!(result, Err(DecodeError::NotAllowedV2 { message_type }));
        }
        if message_type != MessageType::MyPose {
            assert!(decode_from_client(&vector, later).is_err());
        }
    }
    let signal = posbus::Message::from(Signal::default());
    let hand_shake = posbus::Message::from(HandShake::default());
    assert_eq!(
        decode_from_client(&signal.encode(), later),
        Ok(Message::V1(signal.clone()))
    );
    assert_eq!(
        decode_from_client(&signal.encode(), early),
        Err(DecodeError::NotAllowed {
            message_type: V1::Signal
        })
    );
    assert_eq!(
        decode_from_client(&hand_shake.encode(), early),
        Ok(Message::V1(hand_shake))
    );
    for state in [early, later] {
        let limit = state.max_frame();
        let long = frame(MessageType::MyPose.id(), &vec![0; limit - 7]);
        assert_eq!(
            decode_from_client(&long, state),
            Err(DecodeError::TooLong { limit })
        );
    }
}

#[test]
fn many_handles_are_split() {
    for (count, frames) in [(0, 0), (1, 1), (1559, 1), (1560, 2), (10_000, 7)] {
        let bind = |index: u32| HandleEntry {
            handle: u32::MAX - index,
            id: Umid::from_u128(index.into()),
        };
        let users: Vec<_> = (0..count).map(bind).collect();
        let made = UserHandles::frames(u64::MAX, &users);
        assert_eq!(made.len(), frames, "{count}");
        let mut seen = Vec::new();
        for frame in made {
            assert!(frame.len() <= MAX_SERVER_FRAME);
            match decode(&frame) {
                Ok(Message::UserHandles(message)) => {
                    assert_eq!(message.tick, u64::MAX);
                    seen.extend(message.users);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(seen, users);
    }
}

#[test]
fn cut_frames_are_refused() {
    for vector in vectors() {
        assert!(decode(&vector[..vector.len() - 1]).is_err());
        let (id, whole) = (id_of(&vector), body(&vector));
        for end in 0..whole.len() {
            // A cut at the end of a group or an entry cannot be noticed.
            if let Ok(message) = decode_measured(&frame(id, &whole[..end])) {
                assert!(
                    matches!(message, Message::Poses { .. } | Message::ObjectPoses(_)),
                    "{}",
                    hex::encode(&vector)
                );
                must_read_back(message);
            }
        }
    }
}

#[test]
fn longer_bodies_are_refused() {
    for vector in vectors() {
        let longer = frame(id_of(&vector), &[body(&vector), &[0]].concat());
        assert!(
            decode_measured(&longer).is_err(),
            "{}",
            hex::encode(&longer)
        );
    }
}

#[test]
fn inflated_bytes_do_no_harm() {
    let inflations: [&[u8]; 3] = [
        &[0xfe, 0x7f],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ];
    for vector in vectors() {
        let (id, whole) = (id_of(&vector), body(&vector));
        for at in 0..whole.len() {
            for inflation in inflations {
                let body = [&whole[..at], inflation, &whole[at + 1..]].concat();
                let _ = decode_measured(&frame(id, &body)).map(must_read_back);
            }
        }
    }
}

#[test]
fn flipped_bits_do_no_harm() {
    for vector in vectors() {
        let mut frame = vector;
        for bit in 0..frame.len() * 8 {
            frame[bit / 8] ^= 1 << (bit % 8);
            let _ = decode_measured(&frame).map(must_read_back);
            frame[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn half_a_million_mutations_do_no_harm() {
    let corpus: Vec<_> = vectors()
        .into_iter()
        .filter(|frame| frame.len() < 512)
        .collect();
    let mut rng = SmallRng::seed_from_u64(20_261_121);
    let (mut accepted, mut mutant) = (0, Vec::new());
    for _ in 0..500_000 {
        mutant.clear();
        mutant.extend_from_slice(&corpus[rng.random_range(0..corpus.len())]);
        mutate(&mut mutant, &mut rng);
        if let Ok(message) = decode_measured(&mutant) {
            accepted += 1;
            must_read_back(message);
        }
        let _ = v2::group_len(body(&mutant));
        let _ = decode_from_client(&mutant, ClientState::Established);
    }
    // Mutations that always broke the frame would prove nothing.
    assert!(accepted > 50_000, "{accepted}");
}

/// Changes the body and leaves the frame around it whole, so that the mutation gets past it.
fn mutate(frame: &mut Vec<u8>, rng: &mut SmallRng) {
    for _ in 0..rng.random_range(1..4) {
        let end = frame.len() - 4;
        let at = rng.random_range(4..end);
        match rng.random_range(0..4) {
            0 => frame[at] = rng.random(),
            1 => frame[at] ^= 1 << rng.random_range(0..8),
            2 => frame.insert(at, rng.random()),
            _ if end > 5 => {
                frame.remove(at);
            }
            _ => {}
        }
    }
}
