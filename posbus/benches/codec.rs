//! Cost of the two long lists, a thousand users moving and a thousand objects of a snapshot, and of
//! groups of version 2: the twenty of a cell, sixty-four of the slowest ring, and a thousand users
//! as a client reads them.

use bytes::Bytes;
use divan::{Bencher, black_box, counter::ItemsCount};
use posbus::{
    AddObjects, ListFrames, Message, MessageType, ObjectDefinition, Transform, TransformNoScale,
    Umid, UserTransform, UsersTransformList, Vec3, decode, v2,
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

/// Some who walk about a cell, `stride` apart in handles.
fn walkers(count: u16, stride: u32, tilt: u16) -> Vec<v2::PoseEntry> {
    let entry = |index: u16| v2::PoseEntry {
        handle: 3 + u32::from(index) * stride,
        pose: v2::QuantizedPose {
            x: 4096 + i32::from(index) * 611 % 4096,
            y: i32::from(index) * 37 % 256,
            z: -4096 + i32::from(index) * 1733 % 4096,
            pitch: tilt,
            yaw: index * 13 % 512,
            roll: 0,
        },
    };
    (0..count).map(entry).collect()
}

fn encode_poses(bencher: Bencher, entries: &[v2::PoseEntry], stride: u32, bytes: usize) {
    let mut out = Vec::new();
    let bencher = bencher.counter(ItemsCount::new(entries.len()));
    bencher.bench_local(|| {
        out.clear();
        v2::encode_groups(black_box(entries), stride, &mut out);
        assert_eq!(out.len(), bytes);
    });
}

#[divan::bench]
fn encode_cell_of_20(bencher: Bencher) {
    encode_poses(bencher, &walkers(20, 7, 0), 1, 118);
}

#[divan::bench]
fn encode_strided_64(bencher: Bencher) {
    encode_poses(bencher, &walkers(64, 8, 0), 8, 337);
}

#[divan::bench]
fn encode_tilted_64(bencher: Bencher) {
    encode_poses(bencher, &walkers(64, 1, 5), 1, 480);
}

fn decode_poses(bencher: Bencher, tilt: u16) {
    let entries = walkers(1000, 3, tilt);
    let mut frame = Vec::new();
    v2::begin_poses(1_000_000, &mut frame);
    for cell in entries.chunks(20) {
        v2::encode_groups(cell, 1, &mut frame);
    }
    v2::finish_poses(&mut frame);
    let sum: i64 = entries.iter().map(|entry| i64::from(entry.pose.x)).sum();
    let bencher = bencher.counter(ItemsCount::new(entries.len()));
    bencher.bench_local(|| {
        let (mut seen, mut found) = (0, 0);
        if let Ok(poses) = v2::decode_poses(black_box(&frame)) {
            poses.for_each(|entry| {
                seen += 1;
                found += i64::from(black_box(entry).pose.x);
            });
        }
        assert_eq!((seen, found), (1000, sum));
    });
}

#[divan::bench]
fn decode_poses_of_1000(bencher: Bencher) {
    decode_poses(bencher, 0);
}

#[divan::bench]
fn decode_tilted_poses_of_1000(bencher: Bencher) {
    decode_poses(bencher, 5);
}

#[divan::bench]
fn quantise(bencher: Bencher) {
    let places = users();
    let bencher = bencher.counter(ItemsCount::new(places.len()));
    bencher.bench_local(|| {
        let quantise = |user: &UserTransform| v2::QuantizedPose::new(black_box(&user.transform));
        let sum: i64 = places.iter().map(|user| i64::from(quantise(user).x)).sum();
        assert!(sum > 0);
    });
}
