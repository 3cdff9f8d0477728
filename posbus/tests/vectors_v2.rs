//! The golden frames of version 2, which clients in other languages are tested against, too.
//!
//! `fixtures/posbus-v2.json` is `{"vectors": [{"name", "message", "hex", "json"}, …]}`: a name of
//! the case, the JavaScript name of the message, the frame, and what it decodes to. An entry of
//! `poses` is `{"handle", "pose", "transform"}`, where `pose` holds the numbers as they travel
//! (`x`, `y`, `z` in units, `pitch`, `yaw`, `roll` in steps) and `transform` the same in metres and
//! radians, to be compared as f32. Encoding a `poses` again may group it otherwise; everything else
//! has one encoding.
//!
//! `cargo test -p posbus --test vectors_v2 -- --ignored` writes the file and the fuzzing corpus
//! anew.

use std::{fs, path::Path};

use posbus::{
    Transform, Umid, Vec3,
    v2::{
        HandleEntry, Message, MyPose, ObjectPose, ObjectPoses, PoseEntry, Poses, QuantizedPose,
        UserHandles, Welcome, begin_poses, decode, encode_groups, finish_poses,
    },
};
use serde_json::Value;

struct Case {
    name: &'static str,
    message: Message,
    frame: Vec<u8>,
}

fn plain(name: &'static str, message: Message) -> Case {
    let frame = message.encode();
    Case {
        name,
        message,
        frame,
    }
}

/// A `poses` of groups that are encoded one by one, each with its stride.
fn poses(name: &'static str, tick: u64, groups: &[(u32, Vec<PoseEntry>)]) -> Case {
    let mut frame = Vec::new();
    begin_poses(tick, &mut frame);
    for (stride, entries) in groups {
        encode_groups(entries, *stride, &mut frame);
    }
    finish_poses(&mut frame);
    let entries = groups.iter().flat_map(|(_, entries)| entries).copied();
    Case {
        name,
        message: Message::from(Poses {
            tick,
            entries: entries.collect(),
        }),
        frame,
    }
}

fn at(handle: u32, [x, y, z]: [i32; 3], [pitch, yaw, roll]: [u16; 3]) -> PoseEntry {
    PoseEntry {
        handle,
        pose: QuantizedPose {
            x,
            y,
            z,
            pitch,
            yaw,
            roll,
        },
    }
}

/// Some who stand about a cell whose corner is at `corner`, with these handles.
fn crowd(corner: [i32; 3], handles: impl Iterator<Item = u32>) -> Vec<PoseEntry> {
    let [x, y, z] = corner;
    let place = |(index, handle)| {
        let index = index as i32;
        let (dx, dy, dz) = (index * 611 % 4096, index * 37 % 256, index * 1733 % 4096);
        at(
            handle,
            [x + dx, y + dy, z + dz],
            [0, (index * 99 % 512) as u16, 0],
        )
    };
    handles.enumerate().map(place).collect()
}

fn id(index: u128) -> Umid {
    Umid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_0990_0000 + index)
}

const BOUND: i32 = 1 << 29;

fn cases() -> Vec<Case> {
    [session(), handles(), groups(), edges(), floats()]
        .into_iter()
        .flatten()
        .collect()
}

fn session() -> Vec<Case> {
    let welcome = Welcome {
        protocol_version: 2,
        tick_rate: 20,
        tick: 0,
        max_frame: 1024,
        messages_per_second: 100,
        near_metres: 64,
        slowest_ms: 1000,
        hold_ms: 30_000,
        session_id: id(1),
        resume_token: id(2),
        resumed: false,
        world: Umid::nil(),
    };
    let back = Welcome {
        tick: 1_234_567,
        resumed: true,
        world: id(3),
        ..welcome.clone()
    };
    let largest = Welcome {
        protocol_version: i64::from(i32::MAX),
        tick_rate: u32::MAX,
        tick: (1 << 53) - 1,
        max_frame: u32::MAX,
        messages_per_second: u32::MAX,
        near_metres: u32::MAX,
        slowest_ms: u32::MAX,
        hold_ms: u32::MAX,
        session_id: Umid::max(),
        resume_token: Umid::max(),
        resumed: true,
        world: Umid::max(),
    };
    vec![
        plain("welcome_fresh", Message::Welcome(welcome)),
        plain("welcome_back", Message::Welcome(back)),
        plain("welcome_zero", Message::Welcome(Welcome::default())),
        plain("welcome_largest", Message::Welcome(largest)),
    ]
}

fn handles() -> Vec<Case> {
    let bind = |tick, handles: &[u32]| {
        let bind = |handle: &u32| HandleEntry {
            handle: *handle,
            id: id(u128::from(*handle) + 16),
        };
        let users = handles.iter().map(bind).collect();
        Message::UserHandles(UserHandles { tick, users })
    };
    let many: Vec<_> = (0..100).map(|index| index * 3).collect();
    vec![
        plain("user_handles_none", bind(0, &[])),
        plain("user_handles_one", bind(300, &[0])),
        plain(
            "user_handles_wide",
            bind(301, &[127, 128, 16_384, u32::MAX]),
        ),
        plain("user_handles_hundred", bind(302, &many)),
    ]
}

fn groups() -> Vec<Case> {
    let cell = [4096, 64, -8192];
    vec![
        poses(
            "poses_one_still",
            5,
            &[(1, vec![at(3, [64, 0, 0], [0; 3])])],
        ),
        poses(
            "poses_one_yaw",
            6,
            &[(1, vec![at(3, [64, 65, 66], [0, 128, 0])])],
        ),
        poses(
            "poses_one_full",
            7,
            &[(1, vec![at(3, [64, 65, 66], [1, 300, 511])])],
        ),
        poses(
            "poses_two",
            5,
            &[(
                1,
                vec![
                    at(2, [-1, 64, 0], [0, 128, 0]),
                    at(5, [-4096, 64, 0], [0; 3]),
                ],
            )],
        ),
        poses(
            "poses_walkers",
            100,
            &[(1, crowd(cell, (0..20).map(|index| index * index)))],
        ),
        poses("poses_sixty_four", 101, &[(1, crowd(cell, 0..64))]),
        poses("poses_sixty_five", 102, &[(1, crowd(cell, 0..65))]),
        poses(
            "poses_stride_full",
            8,
            &[(3, vec![at(10, [0; 3], [1, 2, 3]), at(16, [0; 3], [0; 3])])],
        ),
        poses(
            "poses_stride_four",
            103,
            &[(4, crowd(cell, (0..30).map(|index| 3 + index * 8)))],
        ),
        poses(
            "poses_stride_million",
            104,
            &[(1 << 20, crowd(cell, (0..9).map(|index| 5 + (index << 21))))],
        ),
        poses(
            "poses_two_cells",
            105,
            &[
                (1, crowd(cell, (0..12).map(|index| 1 + index * 5))),
                (1, crowd([0, 0, -8192], 0..3)),
            ],
        ),
        poses(
            "poses_cell_and_stride",
            106,
            &[
                (1, crowd(cell, 10..14)),
                (
                    2,
                    crowd([-90_000, 12, 70_000], (0..8).map(|index| index * 4)),
                ),
            ],
        ),
    ]
}

fn edges() -> Vec<Case> {
    let corners = [[BOUND; 3], [-BOUND; 3], [BOUND, -BOUND, 0]];
    let corner = |index: u32| corners[index as usize];
    let spread = (0..3).map(|index| at(index, corner(index), [index as u16; 3]));
    let turns = [0, 1, 255, 256, 257, 511].into_iter().enumerate();
    let full = (0..5).map(|index: u16| {
        let far = i32::from(index) * 100_000;
        at(
            index.into(),
            [far, -far, far / 3],
            [index, 511 - index, index * 100],
        )
    });
    vec![
        poses(
            "poses_negative_origins",
            200,
            &[(1, crowd([-12_288, -640, -4096], 7..12))],
        ),
        poses(
            "poses_across_zero",
            201,
            &[(1, crowd([-2000, -100, -2000], 7..12))],
        ),
        poses(
            "poses_bounds_alone",
            202,
            &[
                (1, vec![at(0, corners[0], [0; 3])]),
                (1, vec![at(0, corners[1], [0; 3])]),
            ],
        ),
        poses("poses_bounds_together", 203, &[(1, spread.collect())]),
        poses(
            "poses_no_widths",
            204,
            &[(
                1,
                (40..43)
                    .map(|handle| at(handle, [8192, 128, -4096], [0; 3]))
                    .collect(),
            )],
        ),
        poses(
            "poses_turns",
            205,
            &[(
                1,
                turns
                    .map(|(index, yaw)| at(index as u32, [0; 3], [0, yaw, 0]))
                    .collect(),
            )],
        ),
        poses(
            "poses_widest_gap",
            206,
            &[(
                1,
                vec![
                    at(0, [1; 3], [0; 3]),
                    at(1 << 31, [2; 3], [0; 3]),
                    at(u32::MAX, [3; 3], [0; 3]),
                ],
            )],
        ),
        poses("poses_many_bits", 207, &[(1, full.collect())]),
        poses(
            "poses_latest_tick",
            (1 << 53) - 1,
            &[(1, vec![at(u32::MAX, [0; 3], [0; 3])])],
        ),
    ]
}

fn floats() -> Vec<Case> {
    let object = |index: u8| ObjectPose {
        id: id(index.into()),
        transform: Transform {
            position: Vec3::new(f32::from(index) * 0.1, -1.5, 1e9),
            rotation: Vec3::new(0.0, std::f32::consts::PI, -0.25),
            scale: Vec3::new(1.0, 1.0, f32::from(index)),
        },
    };
    let object_poses = |tick, objects| Message::ObjectPoses(ObjectPoses { tick, objects });
    let pose = |sequence, position, rotation| {
        Message::MyPose(MyPose {
            sequence,
            position,
            rotation,
        })
    };
    let one = Vec3::new(1.0, 2.0, -1.0);
    let extreme = Vec3::new(f32::MAX, f32::MIN, f32::MIN_POSITIVE);
    vec![
        plain("object_poses_none", object_poses(1, vec![])),
        plain("object_poses_one", object_poses(127, vec![object(1)])),
        plain(
            "object_poses_three",
            object_poses(128, [5, 6, 7].map(object).to_vec()),
        ),
        plain("my_pose_first", pose(1, one, Vec3::ZERO)),
        plain(
            "my_pose_typical",
            pose(4711, Vec3::new(12.3, 1.7, -45.6), Vec3::new(0.0, -1.1, 0.0)),
        ),
        plain("my_pose_extreme", pose(u32::MAX, extreme, extreme)),
    ]
}

/// The JSON of a message with floats as short as they are written.
fn json(message: &Message) -> Value {
    let text = serde_json::to_string(message).expect("messages serialise");
    serde_json::from_str(&text).expect("what is printed is JSON")
}

/// The whole file, one vector a line.
fn file(cases: &[Case]) -> String {
    let line = |case: &Case| {
        let json = serde_json::to_string(&case.message).expect("messages serialise");
        let (name, message, hex) = (case.name, case.message.name(), hex::encode(&case.frame));
        format!(r#"{{"name":"{name}","message":"{message}","hex":"{hex}","json":{json}}}"#)
    };
    let lines: Vec<_> = cases.iter().map(line).collect();
    format!("{{\"vectors\":[\n{}\n]}}\n", lines.join(",\n"))
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
#[ignore = "writes the file"]
fn write() {
    let cases = cases();
    fs::write(folder().join("tests/fixtures/posbus-v2.json"), file(&cases)).expect("a file");
    let corpus = folder().join("fuzz/corpus/decode_v2");
    fs::create_dir_all(&corpus).expect("a folder");
    for case in cases {
        fs::write(corpus.join(case.name), case.frame).expect("a file");
    }
}

#[test]
fn the_file_is_what_the_encoder_makes() {
    let cases = cases();
    assert!(cases.len() >= 25);
    // Line by line, so that a failure can be read.
    let (made, stored) = (file(&cases), include_str!("fixtures/posbus-v2.json"));
    for (made, stored) in made.lines().zip(stored.lines()) {
        assert_eq!(made, stored);
    }
    assert_eq!(made.lines().count(), stored.lines().count());
}

#[test]
fn frames_decode_to_their_messages() {
    for case in cases() {
        assert_eq!(
            decode(&case.frame).as_ref(),
            Ok(&case.message),
            "{}",
            case.name
        );
    }
}

#[test]
fn json_reads_back() {
    for case in cases() {
        let message = Message::from_json(case.message.name(), json(&case.message));
        let message = message.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(message, case.message, "{}", case.name);
        assert_eq!(decode(&message.encode()), Ok(message), "{}", case.name);
    }
}

/// Worked out with pencil and paper from the specification.
#[test]
fn the_encoder_agrees_with_the_specification() {
    let by_hand = [
        // Still: mode 1 in bits 6–7, 7 bits of x in bits 13–17; then handle 3, three origins of 0,
        // and x = 64.
        (
            "poses_one_still",
            "b7a25390 05 40e00000 03 00 00 00 40 485dac6f",
        ),
        // Two entries, 2 bits of gap, 12 of x; origin −1 in x, 1 in y. Bits from the lowest: x
        // 4095, yaw 128, gap 2, x 0, yaw 0.
        (
            "poses_two",
            "b7a25390 05 01820100 02 01 00 02 ff0f48000000 485dac6f",
        ),
        // Two entries, mode 2, 1 bit of gap, a stride of 3. Pitch 1, yaw 2, roll 3, then gap 1 and
        // 27 zeros.
        (
            "poses_stride_full",
            "b7a25390 08 81010010 0a 03 00 00 00 01040c08000000 485dac6f",
        ),
        // Three who stand in one place: no bits at all. Origin 2 in x, −1 in z, 2 in y.
        (
            "poses_no_widths",
            "b7a25390 cc01 42000000 28 04 01 04 485dac6f",
        ),
        (
            "user_handles_one",
            "551e9d4a ac02 02 00 01890a5dac96774bbcceb30209900010 aae162b5",
        ),
        (
            "my_pose_first",
            "d4816a3f 01000000 0000803f 00000040 000080bf 00000000 00000000 00000000 2b7e95c0",
        ),
        (
            "welcome_fresh",
            "3ec0e157 04 14 00 8008 64 40 e807 b0ea01 01890a5dac96774bbcceb30209900001 \
             01890a5dac96774bbcceb30209900002 00 00000000000000000000000000000000 c13f1ea8",
        ),
    ];
    let cases = cases();
    for (name, bytes) in by_hand {
        let case = cases.iter().find(|case| case.name == name).expect(name);
        assert_eq!(hex::encode(&case.frame), bytes.replace(' ', ""), "{name}");
    }
}
