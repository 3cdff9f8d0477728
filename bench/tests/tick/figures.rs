//! Meaning of the figures.

use bench::{
    tick::{Protocol, Report, TickOptions, run},
    trajectories::Pattern,
};
use systems::WorldSet;

fn small() -> TickOptions {
    TickOptions {
        users: vec![40, 20],
        objects: vec![0, 30],
        ticks: 40,
        warm_up: 20,
        ..TickOptions::default()
    }
}

fn measure(options: &TickOptions) -> Report {
    run(options, None, |_| {}).expect("figures")
}

#[test]
fn every_size_is_measured_set_by_set() {
    let mut seen = Vec::new();
    let report = run(&small(), None, |progress| seen.push(progress)).expect("figures");
    let sizes: Vec<_> = report
        .cases
        .iter()
        .map(|case| (case.users, case.objects))
        .collect();
    assert_eq!(sizes, [(20, 0), (20, 30), (40, 0), (40, 30)]);
    assert_eq!(seen.len(), sizes.len());
    for case in &report.cases {
        let sets: Vec<_> = case.sets.iter().map(|cost| cost.set).collect();
        assert_eq!(sets, WorldSet::ALL.map(WorldSet::name));
        let means: f64 = case.sets.iter().map(|cost| cost.took.mean).sum();
        assert!(means > 0.0 && means <= case.tick.mean, "{case:?}");
        for took in case.sets.iter().map(|cost| cost.took).chain([case.tick]) {
            assert!(took.p50 <= took.p99 && took.p99 <= took.p999 && took.p999 <= took.max);
        }
    }
}

#[test]
fn walkers_move_ten_times_a_second_and_are_heard_of() {
    for protocol in [Protocol::V1, Protocol::V2, Protocol::Mixed] {
        let report = measure(&TickOptions {
            protocol,
            ..small()
        });
        for case in &report.cases {
            assert_eq!(case.moves_per_second, f64::from(case.users) * 10.0);
            assert_eq!(case.told.heard_of, Some(1.0), "{case:?}");
            let [v1, v2] = [case.told.bytes_per_update_v1, case.told.bytes_per_update_v2];
            // Docs: 22 to 46 bytes each in version 1, and in version 2 far less.
            assert_eq!(v1.is_some(), protocol != Protocol::V2, "{case:?}");
            assert_eq!(v2.is_some(), protocol != Protocol::V1, "{case:?}");
            assert!(
                v1.is_none_or(|bytes| (22.0..48.0).contains(&bytes)),
                "{case:?}"
            );
            assert!(
                v2.is_none_or(|bytes| (2.0..12.0).contains(&bytes)),
                "{case:?}"
            );
            assert!(case.told.bytes_per_session_second > 100.0, "{case:?}");
            assert!(case.told.frames_per_session_second <= 60.0, "{case:?}");
        }
    }
}

#[test]
fn standing_users_are_not_sent() {
    let report = measure(&TickOptions {
        pattern: Pattern::Idle,
        ..small()
    });
    for case in &report.cases {
        assert_eq!(case.moves_per_second, 0.0);
        assert_eq!(case.told.bytes_per_session_second, 0.0);
        assert_eq!(case.told.bytes_per_update_v1, None);
        assert_eq!(case.told.bytes_per_update_v2, None);
        assert_eq!(case.told.heard_of, None);
    }
}

#[test]
fn of_who_stays_everybody_hears_while_others_come_and_go() {
    let report = measure(&TickOptions {
        joins: 5,
        ..small()
    });
    for case in &report.cases {
        assert_eq!(case.told.heard_of, Some(1.0), "{case:?}");
    }
}

#[test]
fn newcomers_are_told_of() {
    let report = measure(&TickOptions {
        pattern: Pattern::Idle,
        joins: 20,
        ..small()
    });
    for case in &report.cases {
        assert!(case.told.bytes_per_session_second > 100.0, "{case:?}");
    }
}

#[test]
fn frames_of_sessions_depend_on_the_seed_alone() {
    let figures = |seed| {
        let report = measure(&TickOptions { seed, ..small() });
        let told = report.cases.into_iter().map(|case| (case.told, case.trace));
        told.collect::<Vec<_>>()
    };
    let first = figures(3);
    assert_eq!(figures(3), first);
    for (one, other) in first.iter().zip(figures(4)) {
        assert_ne!(one.1, other.1);
    }
}

#[test]
fn allocations_are_counted_by_who_can() {
    let counter = |tick: &mut dyn FnMut()| allocation_counter::measure(tick).count_total;
    let report = run(&small(), Some(counter), |_| {}).expect("figures");
    assert!(report.cases.iter().all(|case| case.allocations.is_some()));
    assert!(!report.to_string().contains("not counted"));
    let uncounted = measure(&small());
    assert!(
        uncounted
            .cases
            .iter()
            .all(|case| case.allocations.is_none())
    );
    assert!(uncounted.to_string().contains("not counted"));
}
