//! `UsersTransformList` of version 1 without taking memory (docs/spec/posbus.md §3.1): bots get
//! millions of its entries a second.

use posbus::{FRAME_OVERHEAD, MessageType, TransformNoScale, Umid, UserTransform, Vec3};

/// Longest varint of 32 bits, and the most that its last byte may be.
const VARINT: (usize, u8) = (5, 0x0f);

/// Gives every entry of a frame; none if it is not a well-formed `UsersTransformList`, some of
/// whose entries may have been given.
pub(super) fn read(frame: &[u8], mut each: impl FnMut(UserTransform)) -> Option<()> {
    let id = MessageType::UsersTransformList.id();
    let (header, body) = frame.split_first_chunk::<{ FRAME_OVERHEAD / 2 }>()?;
    if u32::from_le_bytes(*header) != id {
        return None;
    }
    let (mut rest, footer) = body.split_last_chunk::<{ FRAME_OVERHEAD / 2 }>()?;
    if u32::from_le_bytes(*footer) != !id {
        return None;
    }
    let count = varint(&mut rest)?;
    // Counts are signed, and there are no fewer than none.
    if count % 2 != 0 {
        return None;
    }
    for _ in 0..count / 2 {
        let (id, after) = rest.split_first_chunk::<16>()?;
        rest = after;
        each(UserTransform {
            id: Umid::from_bytes(*id),
            transform: TransformNoScale {
                position: vector(&mut rest)?,
                rotation: vector(&mut rest)?,
            },
        });
    }
    rest.is_empty().then_some(())
}

fn vector(rest: &mut &[u8]) -> Option<Vec3> {
    Some(Vec3::new(float(rest)?, float(rest)?, float(rest)?))
}

fn float(rest: &mut &[u8]) -> Option<f32> {
    let value = f32::from_bits(varint(rest)?.swap_bytes());
    value.is_finite().then_some(value)
}

fn varint(rest: &mut &[u8]) -> Option<u32> {
    let mut value = 0;
    for (index, byte) in rest.iter().take(VARINT.0).enumerate() {
        if index + 1 == VARINT.0 && *byte > VARINT.1 {
            return None;
        }
        value |= u32::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            *rest = rest.get(index + 1..)?;
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use posbus::{Message, TransformNoScale, Umid, UserTransform, UsersTransformList, Vec3};

    use super::read;

    fn list(users: u16) -> UsersTransformList {
        let user = |number: u16| UserTransform {
            id: Umid::from_u128(u128::from(number) << 100 | 7),
            transform: TransformNoScale {
                position: Vec3::new(f32::from(number) * 0.37, 4.0, f32::from(number).sin()),
                rotation: Vec3::new(0.0, f32::MIN_POSITIVE, -1e30),
            },
        };
        UsersTransformList {
            value: (0..users).map(user).collect(),
        }
    }

    fn entries(frame: &[u8]) -> Option<Vec<UserTransform>> {
        let mut entries = Vec::new();
        read(frame, |entry| entries.push(entry)).map(|()| entries)
    }

    #[test]
    fn it_reads_what_the_codec_wrote() {
        for users in [0, 1, 63, 64, 300] {
            let list = list(users);
            let frame = Message::from(list.clone()).encode();
            assert_eq!(entries(&frame), Some(list.value));
        }
    }

    #[test]
    fn whatever_the_codec_refuses_it_refuses() {
        let frame = Message::from(list(3)).encode();
        for at in 0..frame.len() {
            assert_eq!(entries(&frame[..at]), None, "cut after {at}");
            for change in [0x01, 0x80, 0xff] {
                let mut bent = frame.clone();
                bent[at] ^= change;
                let decoded = match posbus::decode(&bent) {
                    Ok(Message::UsersTransformList(list)) => Some(list.value),
                    _ => None,
                };
                assert_eq!(entries(&bent), decoded, "byte {at} changed by {change}");
            }
        }
    }
}
