//! The swarm's stats against a tiny server over real sockets: what it does wrong on purpose has to
//! be in the report.

mod server;

use std::time::Duration;

use bench::{
    swarm::{self, Options, Report, SwarmError, Transport},
    trajectories::Pattern,
};
use posbus::Umid;

use server::{EchoServer, Habit};

const USERS: u32 = 4;
const PAIRS: u64 = 12;

/// Report on a server with a habit, by bots that speak a version of the protocol.
async fn report(version: u32, habit: Habit, pattern: Pattern) -> Report {
    let options = Options {
        protocol: version,
        pattern,
        ..options()
    };
    run(habit, options).await
}

fn options() -> Options {
    Options {
        users: USERS,
        rate: 20.0,
        window: Duration::from_secs(1),
        ramp: 1_000.0,
        ..Options::default()
    }
}

async fn run(habit: Habit, options: Options) -> Report {
    let server = EchoServer::start(habit).await;
    let url = server.url();
    let ran = swarm::run(Options { url, ..options }, |_| {}).await;
    ran.expect("bots enter")
}

#[tokio::test]
async fn everything_that_is_sent_is_seen_once_by_everybody_else() {
    let report = report(1, Habit::Honest, Pattern::Walk).await;
    assert_everything_was_seen(&report);
    // An id and six floats of which two are round, in a frame of its own.
    let bytes = report.traffic.bytes_per_position;
    assert!((30.0..60.0).contains(&bytes), "{bytes}");
    assert!(report.server.is_none(), "it has no metrics");
}

#[tokio::test]
async fn in_version_2_rounded_places_are_right_and_handles_are_known() {
    let report = report(2, Habit::Honest, Pattern::Walk).await;
    assert_everything_was_seen(&report);
    // A frame of its own, and a group of one user who only turns about the vertical axis.
    let bytes = report.traffic.bytes_per_position;
    assert!((16.0..27.0).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn over_quic_and_webtransport_the_same_is_seen_in_datagrams() {
    for transport in [Transport::Quic, Transport::WebTransport] {
        let options = Options {
            protocol: 2,
            transport,
            dropped: 25.0,
            ..options()
        };
        let report = run(Habit::Honest, options).await;
        let Report { updates, pairs, .. } = &report;
        assert!(updates.sent > 0 && updates.expected > 0, "{transport}");
        // Datagrams may be lost; on one machine hardly any is.
        assert!(updates.seen_share > 0.9, "{transport}: {updates:?}");
        assert_eq!((pairs.known, pairs.seen), (PAIRS, PAIRS), "{transport}");
        assert_eq!(report.faults.wrong_positions, 0, "{transport}");
        let back = (report.resumes.cut, report.resumes.returned);
        assert_eq!(back, (1, 1), "{transport}: {:?}", report.users.losses);
        assert_eq!(report.users.lost, 0, "{transport}");
    }
}

#[tokio::test]
async fn quic_is_for_version_2_alone() {
    let options = Options {
        url: "http://127.0.0.1:1".to_owned(),
        protocol: 1,
        transport: Transport::Quic,
        ..options()
    };
    let refused = swarm::run(options, |_| {}).await.expect_err("no");
    assert!(matches!(refused, SwarmError::Version(1)), "{refused:?}");
}

fn assert_everything_was_seen(report: &Report) {
    let Report {
        users,
        updates,
        pairs,
        faults,
        ..
    } = report;
    assert_eq!(
        (users.entered, users.readers, users.lost),
        (USERS, USERS, 0)
    );
    assert!(updates.sent > 0);
    let all = updates.sent * u64::from(USERS - 1);
    assert_eq!(updates.seen, all, "{report:#?}");
    assert_eq!(report.latency_all_ms.count, updates.seen);
    // They are all near each other. What had to arrive in time is a matter of time: `watch` has its
    // own tests.
    assert_eq!(report.latency_ms.count, updates.seen);
    assert!(updates.arrived <= updates.expected && updates.expected <= updates.seen);
    let everybody = (pairs.expected, pairs.known, pairs.seen, pairs.settled);
    assert_eq!(everybody, (PAIRS, PAIRS, PAIRS, PAIRS));
    assert!(pairs.sampled > 0);
    let all = faults.order_violations
        + faults.tick_violations
        + faults.handle_conflicts
        + faults.wrong_positions
        + faults.false_removals
        + faults.undecodable;
    assert_eq!(all, 0, "{faults:?}");
}

#[tokio::test]
async fn latency_is_what_passes_between_sending_and_seeing() {
    let delay = Duration::from_millis(40);
    let report = report(2, Habit::Delay(delay), Pattern::Teleport).await;
    assert!(report.latency_ms.count > 0);
    assert!(report.latency_ms.min >= 39.9, "{:?}", report.latency_ms);
    assert_eq!(report.updates.seen_share, 1.0);
}

#[tokio::test]
async fn those_who_stand_are_known_and_have_nothing_to_measure() {
    let report = report(2, Habit::Honest, Pattern::Idle).await;
    assert_eq!((report.updates.sent, report.latency_ms.count), (0, 0));
    assert_eq!(
        (report.pairs.settled, report.pairs.fresh_share),
        (PAIRS, 1.0)
    );
}

#[tokio::test]
async fn a_position_after_a_newer_one_is_noticed() {
    for version in [1, 2] {
        let report = report(version, Habit::Backwards, Pattern::Walk).await;
        assert!(report.faults.order_violations > 0, "version {version}");
        assert!(!report.passed());
    }
}

#[tokio::test]
async fn a_position_that_nobody_sent_is_noticed() {
    for version in [1, 2] {
        let report = report(version, Habit::Bend, Pattern::Walk).await;
        assert!(report.faults.wrong_positions > 0, "version {version}");
        assert!(!report.passed());
    }
}

#[tokio::test]
async fn a_tick_after_a_newer_one_is_noticed() {
    let report = report(2, Habit::OldTicks, Pattern::Walk).await;
    assert!(report.faults.tick_violations > 0);
    assert!(!report.passed());
}

#[tokio::test]
async fn a_handle_that_two_have_is_noticed() {
    let report = report(2, Habit::OneHandle, Pattern::Walk).await;
    assert!(report.faults.handle_conflicts > 0);
    assert!(!report.passed());
}

#[tokio::test]
async fn a_cut_connection_resumes_unnoticed() {
    for version in [1, 2] {
        let options = Options {
            protocol: version,
            dropped: 50.0,
            ..options()
        };
        let report = run(Habit::Honest, options).await;
        let resumes = report.resumes;
        assert_eq!((resumes.cut, resumes.returned), (2, 2), "version {version}");
        assert_eq!((resumes.strangers, resumes.blinks), (0, 0));
        assert_eq!(resumes.took_ms.count, 2);
        assert_eq!(report.pairs.settled, PAIRS, "{:?}", report.failures);
    }
}

#[tokio::test]
async fn a_server_that_forgets_who_is_away_for_a_moment_is_noticed() {
    let options = Options {
        protocol: 2,
        dropped: 25.0,
        ..options()
    };
    let report = run(Habit::Forget, options).await;
    assert_eq!((report.resumes.cut, report.resumes.strangers), (1, 1));
    assert!(report.resumes.blinks >= 3, "{:?}", report.resumes);
    assert!(!report.passed());
}

#[tokio::test]
async fn a_mover_whom_nobody_sees_is_noticed() {
    let report = report(2, Habit::Hide(1), Pattern::Walk).await;
    assert_eq!((report.pairs.known, report.pairs.seen), (PAIRS, PAIRS - 3));
    assert!(report.updates.seen_share < 0.99);
    assert!(
        report
            .failures
            .iter()
            .any(|what| what.starts_with("3 times")),
        "{:?}",
        report.failures
    );
}

#[tokio::test]
async fn lost_updates_are_noticed() {
    let rate = 10.0;
    let report = run(Habit::Lose(5), Options { rate, ..options() }).await;
    let share = report.updates.seen_share;
    assert!((0.7..0.9).contains(&share), "every fifth: {share}");
    let missed = |what: &String| what.contains("seen by those near by");
    assert!(report.failures.iter().any(missed), "{report:?}");
}

#[tokio::test]
async fn a_direction_that_nobody_sent_is_noticed() {
    for version in [1, 2] {
        let report = report(version, Habit::Turn, Pattern::Walk).await;
        assert!(report.faults.wrong_positions > 0, "version {version}");
        assert!(!report.passed());
    }
}

#[tokio::test]
async fn a_bot_that_is_sent_away_is_counted_by_what_it_was_told() {
    let report = report(1, Habit::SendAway(2), Pattern::Walk).await;
    assert_eq!((report.users.readers, report.users.lost), (USERS - 1, 1));
    assert_eq!(report.users.losses.get("close_4004_slow_reader"), Some(&1));
    assert!(!report.passed());
}

#[tokio::test]
async fn a_server_with_limits_is_told_of() {
    let server = EchoServer::start(Habit::Limit).await;
    let options = Options {
        url: server.url(),
        users: USERS,
        ..Options::default()
    };
    let refused = swarm::run(options, |_| {})
        .await
        .expect_err("nobody gets in");
    assert!(matches!(refused, SwarmError::Limited), "{refused:?}");
    assert!(refused.to_string().contains("--limits off"));
}

#[tokio::test]
async fn a_world_that_does_not_exist_is_told_of() {
    let server = EchoServer::start(Habit::Honest).await;
    let options = Options {
        url: server.url(),
        users: 1,
        world: Umid::from_u128(7),
        ..Options::default()
    };
    let refused = swarm::run(options, |_| {})
        .await
        .expect_err("nobody gets in");
    assert!(refused.to_string().contains("no_such_world"), "{refused}");
}

#[tokio::test]
async fn only_urls_that_bots_can_reach_are_taken() {
    for url in ["https://127.0.0.1:1", "127.0.0.1:4000", "", "http://"] {
        let options = Options {
            url: url.to_owned(),
            ..Options::default()
        };
        let refused = swarm::run(options, |_| {}).await.expect_err("no server");
        assert!(matches!(refused, SwarmError::Url(_)), "{url}: {refused:?}");
    }
}
