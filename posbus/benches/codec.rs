//! Cost of the two long lists: a thousand users moving, a thousand objects of a snapshot.

use bytes::Bytes;
use divan::{Bencher, black_box};
use posbus::{
    AddObjects, ListFrames, Message, MessageType, ObjectDefinition, Transform, TransformNoScale,
    Umid, UserTransform, UsersTransformList, Vec3, decode,
};

const COUNT: u16 = 1000;

fn main() {
    divan::main();
}

fn position(index: u16) -> Vec3 {
    Vec3::new(f32::from(index) * 0.37, 1.7, f32::from(index) / -3.0)
}

fn users() -> Vec<UserTransform> {
    (0..COUNT)
        .map(|index| UserTransform {
            id: Umid::from_u128(0x0189_0a5d_ac96_774b_bcce_0000_0000_0000 + u128::from(index)),
            transform: TransformNoScale {
                position: position(index),
                rotation: Vec3::new(0.0, 1.1, 0.0),
            },
        })
        .collect()
}

fn objects() -> Vec<ObjectDefinition> {
    (0..COUNT)
        .map(|index| ObjectDefinition {
            id: Umid::from_u128(0x0189_0a5d_ac96_774b_bccf_0000_0000_0000 + u128::from(index)),
            name: format!("object {index}"),
            transform: Transform {
                position: position(index),
                rotation: Vec3::ZERO,
                scale: Vec3::ONE,
            },
            is_editable: true,
            ..ObjectDefinition::default()
        })
        .collect()
}

fn user_frames(list: &mut ListFrames, users: &[UserTransform]) -> Vec<Bytes> {
    for user in users {
        list.push(|out| user.encode_body(out)).expect("a user fits");
    }
    list.finish()
}

fn object_frames(list: &mut ListFrames, objects: &[ObjectDefinition]) -> Vec<Bytes> {
    for object in objects {
        list.push(|out| object.encode_body(out))
            .expect("an object fits");
    }
    list.finish()
}

#[divan::bench]
fn encode_users_transform_list(bencher: Bencher) {
    let users = users();
    let mut list = ListFrames::new(MessageType::UsersTransformList);
    bencher.bench_local(|| {
        let frames = user_frames(&mut list, black_box(&users));
        assert_eq!(frames.len(), 2);
        frames
    });
}

#[divan::bench]
fn decode_users_transform_list(bencher: Bencher) {
    let frames = user_frames(
        &mut ListFrames::new(MessageType::UsersTransformList),
        &users(),
    );
    bencher.bench_local(|| {
        let mut seen = 0;
        for frame in black_box(&frames) {
            if let Ok(Message::UsersTransformList(UsersTransformList { value })) = decode(frame) {
                seen += value.len();
            }
        }
        assert_eq!(seen, usize::from(COUNT));
    });
}

#[divan::bench]
fn encode_add_objects(bencher: Bencher) {
    let objects = objects();
    let mut list = ListFrames::new(MessageType::AddObjects);
    bencher.bench_local(|| {
        let frames = object_frames(&mut list, black_box(&objects));
        assert!(frames.len() >= 2);
        frames
    });
}

#[divan::bench]
fn decode_add_objects(bencher: Bencher) {
    let frames = object_frames(&mut ListFrames::new(MessageType::AddObjects), &objects());
    bencher.bench_local(|| {
        let mut seen = 0;
        for frame in black_box(&frames) {
            if let Ok(Message::AddObjects(AddObjects { objects })) = decode(frame) {
                seen += objects.len();
            }
        }
        assert_eq!(seen, usize::from(COUNT));
    });
}
