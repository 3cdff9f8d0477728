//! Groups of quantised poses come back as they were, cost what they should, and break no bound
//! (docs/protocol.md, *Poses*).

use std::{collections::BTreeMap, f32::consts::PI};

use posbus::{TransformNoScale, Vec3, v2::*};
use proptest::{collection::vec, prelude::*};
use rand::{Rng, SeedableRng, rngs::SmallRng};

fn frame(tick: u64, entries: &[PoseEntry], stride: u32) -> Vec<u8> {
    let mut out = Vec::new();
    begin_poses(tick, &mut out);
    encode_groups(entries, stride, &mut out);
    finish_poses(&mut out);
    out
}

#[track_caller]
fn read(frame: &[u8]) -> Vec<PoseEntry> {
    let poses =
        decode_poses(frame).unwrap_or_else(|error| panic!("{error}: {}", hex::encode(frame)));
    let mut entries = Vec::new();
    poses.for_each(|entry| entries.push(entry));
    assert_eq!(poses.len(), entries.len());
    entries
}

/// Lengths of the groups of a frame with a tick below 128.
#[track_caller]
fn groups(frame: &[u8]) -> Vec<usize> {
    let mut rest = &frame[5..frame.len() - 4];
    let mut lengths = Vec::new();
    while !rest.is_empty() {
        let length = group_len(rest).expect("a group comes first");
        lengths.push(length);
        rest = &rest[length..];
    }
    lengths
}

fn at(handle: u32, x: i32, y: i32, z: i32, angles: [u16; 3]) -> PoseEntry {
    let [pitch, yaw, roll] = angles;
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

const BOUND: i32 = 1 << 29;

/// Near a place, anywhere, or at a bound.
fn units() -> impl Strategy<Value = i32> {
    prop_oneof![
        4 => -300..5000,
        1 => -BOUND..=BOUND,
        1 => Just(BOUND),
        1 => Just(-BOUND),
    ]
}

fn angles() -> impl Strategy<Value = [u16; 3]> {
    prop_oneof![
        Just([0; 3]),
        (0..512_u16).prop_map(|yaw| [0, yaw, 0]),
        [0..512_u16, 0..512_u16, 0..512_u16],
    ]
}

fn pose() -> impl Strategy<Value = QuantizedPose> {
    (units(), units(), units(), angles()).prop_map(|(x, y, z, angles)| at(0, x, y, z, angles).pose)
}

/// A stride, and entries whose handles are that far apart or a multiple of it.
fn entries() -> impl Strategy<Value = (u32, Vec<PoseEntry>)> {
    let stride = prop_oneof![Just(1), 2..200_u32, Just(1 << 12), 1..u32::MAX];
    (stride, any::<u32>(), 0..40_u32).prop_flat_map(|(stride, offset, spread)| {
        let last = (u32::MAX / stride).min(1 << spread.min(31));
        let handles = vec((0..=last, pose()), 1..200);
        handles.prop_map(move |poses| {
            let base = offset % stride;
            let poses: BTreeMap<_, _> = poses
                .into_iter()
                .filter_map(|(index, pose)| {
                    Some((index.checked_mul(stride)?.checked_add(base)?, pose))
                })
                .collect();
            let entry = |(handle, pose)| PoseEntry { handle, pose };
            (stride, poses.into_iter().map(entry).collect())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn entries_come_back_in_groups_that_fit_a_datagram(
        (stride, entries) in entries(),
        tick in 0..128_u64,
    ) {
        prop_assume!(!entries.is_empty());
        let frame = frame(tick, &entries, stride);
        prop_assert_eq!(decode_poses(&frame).map(|poses| poses.tick()), Ok(tick));
        prop_assert_eq!(read(&frame), entries);
        for length in groups(&frame) {
            prop_assert!(length + 18 <= MAX_DATAGRAM, "{}", length);
        }
    }

    /// Handles in any order and a stride that divides nothing cost bytes, not truth.
    #[test]
    fn careless_callers_lose_nothing(
        poses in vec((any::<u32>(), pose()), 1..150),
        stride in any::<u32>(),
    ) {
        let entries: Vec<_> =
            poses.into_iter().map(|(handle, pose)| PoseEntry { handle, pose }).collect();
        prop_assert_eq!(read(&frame(0, &entries, stride)), entries);
    }

    #[test]
    fn quantisation_is_close(
        position in [
            -131_072.0..131_072.0_f32,
            -131_072.0..131_072.0_f32,
            -131_072.0..131_072.0_f32,
        ],
        rotation in [-20.0..20.0_f32, -20.0..20.0_f32, -20.0..20.0_f32],
    ) {
        let [x, y, z] = position;
        let [pitch, yaw, roll] = rotation;
        let place = TransformNoScale {
            position: Vec3::new(x, y, z),
            rotation: Vec3::new(pitch, yaw, roll),
        };
        let pose = QuantizedPose::new(&place);
        let read = pose.transform();
        prop_assert_eq!(QuantizedPose::new(&read), pose);
        let Vec3 { x, y, z } = read.position;
        for (value, read) in position.into_iter().zip([x, y, z]) {
            prop_assert!((value - read).abs() <= 1.0 / 128.0, "{} {}", value, read);
        }
        let Vec3 { x, y, z } = read.rotation;
        for (value, read) in rotation.into_iter().zip([x, y, z]) {
            prop_assert!((-PI..PI).contains(&read));
            let apart = (f64::from(value) - f64::from(read)).to_degrees().rem_euclid(360.0);
            prop_assert!(apart.min(360.0 - apart) <= 0.36, "{} {}", value, read);
        }
    }
}

#[test]
fn out_of_range_positions_are_clamped() {
    let all = |value: f32| TransformNoScale {
        position: Vec3::new(value, value, value),
        rotation: Vec3::new(value, value, value),
    };
    let zero = QuantizedPose::default();
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(QuantizedPose::new(&all(value)), zero);
    }
    for (value, bound) in [(f32::MAX, BOUND), (f32::MIN, -BOUND), (1e9, BOUND)] {
        let pose = QuantizedPose::new(&all(value));
        assert_eq!([pose.x, pose.y, pose.z], [bound; 3]);
        assert!(
            [pose.pitch, pose.yaw, pose.roll]
                .iter()
                .all(|steps| *steps < 512)
        );
    }
    let beyond = at(1, i32::MIN, i32::MAX, BOUND + 1, [512, 513, 0xffff]);
    let held = at(1, -BOUND, BOUND, BOUND, [0, 1, 511]);
    assert_eq!(read(&frame(1, &[beyond], 1)), [held]);
    assert_eq!(
        beyond.pose.transform().rotation,
        held.pose.transform().rotation
    );
}

#[test]
fn halves_are_rounded_away_from_zero() {
    let x = |metres: f32| {
        let position = Vec3::new(metres, 0.0, 0.0);
        QuantizedPose::new(&TransformNoScale {
            position,
            rotation: Vec3::ZERO,
        })
        .x
    };
    let unit = 1.0 / 64.0;
    let below_half = 0.5_f32.next_down();
    assert_eq!(
        [0.5, 1.5, -0.5, -1.5].map(|units| x(units * unit)),
        [1, 2, -1, -2]
    );
    assert_eq!(
        [below_half, -below_half].map(|units| x(units * unit)),
        [0, 0]
    );
}

#[test]
fn sixty_four_fill_a_group() {
    let entries: Vec<_> = (0..129)
        .map(|handle| at(handle, 1, 2, 3, [0, 4, 0]))
        .collect();
    for (count, expected) in [(1, 1), (63, 1), (64, 1), (65, 2), (128, 2), (129, 3)] {
        let frame = frame(0, &entries[..count], 1);
        assert_eq!(groups(&frame).len(), expected, "{count}");
        assert_eq!(read(&frame), entries[..count]);
    }
}

#[test]
fn the_widest_entries_still_fit_datagrams() {
    let far = |index: u32| {
        if index.is_multiple_of(2) {
            BOUND
        } else {
            -BOUND
        }
    };
    let entries: Vec<_> = (0..64)
        .map(|index| {
            at(
                index << 26,
                far(index),
                far(index + 1),
                far(index),
                [index as u16, 511, 511],
            )
        })
        .collect();
    let frame = frame(0, &entries, 1);
    let lengths = groups(&frame);
    assert!(
        lengths.iter().all(|length| length + 18 <= MAX_DATAGRAM),
        "{lengths:?}"
    );
    assert_eq!(read(&frame), entries);
}

/// Twenty who walk about a cell of 64 m with hilly ground, in a world of a thousand.
#[test]
fn a_walker_among_twenty_costs_seven_bytes() {
    let mut rng = SmallRng::seed_from_u64(20_261_121);
    let (mut bytes, mut count) = (0, 0);
    for _ in 0..500 {
        let mut handles: Vec<u32> = (0..20).map(|_| rng.random_range(0..1000)).collect();
        handles.sort_unstable();
        handles.dedup();
        let entries: Vec<_> = handles
            .into_iter()
            .map(|handle| {
                let (x, z) = (rng.random_range(4096..8192), rng.random_range(-4096..0));
                at(
                    handle,
                    x,
                    rng.random_range(0..256),
                    z,
                    [0, rng.random_range(0..512), 0],
                )
            })
            .collect();
        let mut out = Vec::new();
        encode_groups(&entries, 1, &mut out);
        bytes += out.len();
        count += entries.len();
    }
    let mean = bytes as f64 / count as f64;
    assert!(mean <= 7.2, "{mean}");
}

#[test]
fn encoding_and_decoding_take_no_memory() {
    let entries: Vec<_> = (0..200)
        .map(|handle| at(handle, 5, 6, 7, [1, 2, 3]))
        .collect();
    let mut out = frame(9, &entries, 1);
    let info = allocation_counter::measure(|| {
        out.clear();
        begin_poses(10, &mut out);
        encode_groups(&entries, 1, &mut out);
        finish_poses(&mut out);
        let mut sum = 0;
        if let Ok(poses) = decode_poses(&out) {
            poses.for_each(|entry| sum += u64::from(entry.handle));
        }
        assert_eq!(sum, 19_900);
    });
    assert_eq!(info.count_total, 0, "{info:?}");
}
