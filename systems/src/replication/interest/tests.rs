//! The grid finds the same users as a comparison of all pairs.

use std::collections::BTreeSet;

use components::{TransformNoScale, Umid, Vec3};
use rand::{Rng, SeedableRng, rngs::SmallRng};

use super::{
    Interest, InterestOptions, grid,
    select::{MIDDLE, NEAR, Ring},
};
use crate::replication::handles::HandleTable;

const RATE: u32 = 20;

/// Users spread over a square, some in clusters, some at the largest values of a float.
fn scatter_users(random: &mut SmallRng, users: u32, spread: f32) -> HandleTable {
    let mut table = HandleTable::default();
    for number in 0..users {
        let mut metres = || match random.random_range(0..20) {
            0 => random.random_range(-3.0f32..3.0) * 64.0,
            1 => f32::MAX * if random.random_bool(0.5) { 1.0 } else { -1.0 },
            2 => (random.random_range(-4..4) * 64) as f32,
            _ => random.random_range(-spread..spread),
        };
        let position = Vec3::new(metres(), 0.0, metres());
        let pose = TransformNoScale {
            position,
            rotation: Vec3::ZERO,
        };
        table.take(0, Umid::from_u128(u128::from(number)), pose);
    }
    // Some have left.
    for handle in 0..users {
        if random.random_range(0..10) == 0 {
            table.give_back(0, Umid::from_u128(u128::from(handle)));
        }
    }
    table
}

fn options() -> InterestOptions {
    InterestOptions {
        all_near: 0,
        near_cap: usize::MAX,
        middle_cap: usize::MAX,
        ..InterestOptions::default()
    }
}

/// Users in a ring around a viewer, found by a scan of all users.
fn naive(table: &HandleTable, viewer: u32, ring: Ring, size: f32) -> BTreeSet<u32> {
    let centre = table.sent[viewer as usize].centre;
    let others = 0..table.sent.len() as u32;
    let found = others.filter(|other| {
        let cell = grid::cell_of(table.movers[*other as usize].pose.position, size);
        let distance = cell.0.abs_diff(centre.0).max(cell.1.abs_diff(centre.1)) as i32;
        table.sent[*other as usize].taken && distance >= ring.inner && distance <= ring.outer
    });
    found.collect()
}

fn by_grid(interest: &Interest, table: &HandleTable, viewer: u32, ring: Ring) -> Vec<u32> {
    let centre = table.sent[viewer as usize].centre;
    let cells = interest.grid.around(centre, ring.inner, ring.outer);
    cells
        .flat_map(|cell| interest.grid.members(cell).iter().copied())
        .collect()
}

#[test]
fn the_grid_finds_the_same_users_as_a_comparison_of_all_pairs() {
    let mut random = SmallRng::seed_from_u64(7);
    for world in 0..60 {
        let users = random.random_range(1..300);
        let spread = random.random_range(1.0..3_000.0);
        let mut table = scatter_users(&mut random, users, spread);
        let options = options();
        let mut interest = Interest {
            buckets: 1,
            ..Interest::default()
        };
        interest.build_grid(&mut table, 1, &options, RATE);
        for viewer in (0..users).filter(|viewer| table.sent[*viewer as usize].taken) {
            for ring in [NEAR, MIDDLE] {
                let found = by_grid(&interest, &table, viewer, ring);
                let set: BTreeSet<u32> = found.iter().copied().collect();
                assert_eq!(set.len(), found.len(), "each once, world {world}");
                assert_eq!(
                    set,
                    naive(&table, viewer, ring, options.cell),
                    "world {world}"
                );
            }
        }
    }
}

/// Hysteresis of the viewer's cell does not make the near ring smaller than promised.
#[test]
fn users_within_the_promised_distance_are_near() {
    let mut random = SmallRng::seed_from_u64(8);
    let options = options();
    let mut table = scatter_users(&mut random, 200, 300.0);
    let mut interest = Interest {
        buckets: 1,
        ..Interest::default()
    };
    let mut pairs = 0;
    for tick in 1..50 {
        for movers in &mut table.movers {
            movers.pose.position.x += random.random_range(-6.0..6.0);
            movers.pose.position.z += random.random_range(-6.0..6.0);
        }
        interest.build_grid(&mut table, tick, &options, RATE);
        for viewer in (0..200).filter(|viewer| table.sent[*viewer as usize].taken) {
            let near: BTreeSet<u32> = by_grid(&interest, &table, viewer, NEAR)
                .into_iter()
                .collect();
            let here = table.movers[viewer as usize].pose.position;
            for other in (0..200).filter(|other| table.sent[*other as usize].taken) {
                let there = table.movers[other as usize].pose.position;
                if (here.x - there.x).hypot(here.z - there.z) < options.near_metres() {
                    assert!(near.contains(&other));
                    pairs += 1;
                }
            }
        }
    }
    assert!(pairs > 10_000, "{pairs} pairs were near");
}

/// No viewer gets many more movers than the cap, and no mover waits longer than one pass takes.
#[test]
fn every_mover_of_a_crowd_is_sent_in_turn() {
    let mut random = SmallRng::seed_from_u64(9);
    let mut table = HandleTable::default();
    for number in 0..1_000u32 {
        let position = Vec3::new(
            random.random_range(0.0..128.0),
            0.0,
            random.random_range(0.0..64.0),
        );
        let pose = TransformNoScale {
            position,
            rotation: Vec3::ZERO,
        };
        table.take(0, Umid::from_u128(u128::from(number)), pose);
    }
    let options = InterestOptions {
        all_near: 0,
        near_cap: 100,
        ..InterestOptions::default()
    };
    let mut interest = Interest {
        buckets: 20,
        ..Interest::default()
    };
    let mut waited = 0;
    for tick in 1..=100 {
        for sent in &mut table.sent {
            sent.changed = tick;
        }
        interest.build_grid(&mut table, tick, &options, RATE);
        assert!(
            interest.select_near(&mut table, tick, &options),
            "somebody waits"
        );
        assert!(interest.near.all().len() <= 100);
        assert!(interest.near.all().len() >= 90, "the cap is used");
        let longest = table.sent.iter().map(|sent| tick - sent.near).max();
        waited = waited.max(longest.unwrap_or(0));
    }
    assert!(waited <= 13, "1,000 users, some 95 a tick: {waited} ticks");
}
