//! Options that make no sense are refused instead of measured.

use bench::tick::{BenchError, TickOptions, run};

#[test]
fn nothing_to_measure() {
    let quick = TickOptions::quick;
    for options in [
        TickOptions {
            users: Vec::new(),
            ..quick()
        },
        TickOptions {
            users: vec![0],
            ..quick()
        },
        TickOptions {
            objects: Vec::new(),
            ..quick()
        },
        TickOptions {
            ticks: 0,
            ..quick()
        },
    ] {
        let refused = run(&options, None, |_| {});
        assert!(
            matches!(refused, Err(BenchError::Options(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn more_joins_than_a_world_takes() {
    let options = TickOptions {
        users: vec![10],
        objects: vec![0],
        joins: 1_000_000,
        ..TickOptions::quick()
    };
    let refused = run(&options, None, |_| {}).map(|report| report.to_string());
    assert_eq!(refused, Err(BenchError::InboxFull));
}
