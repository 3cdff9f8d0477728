//! The recorder behind `GET /metrics`, and what each metric means.

mod traffic;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

pub(crate) use traffic::Traffic;

/// Tick times in seconds, from an idle world to one that overruns at 20 Hz.
const TICK_BUCKETS: [f64; 20] = [
    0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.001_5, 0.002, 0.003, 0.004, 0.005,
    0.006, 0.007, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1,
];

/// Times of one set of systems in seconds. Coarser, because there are as many histograms as sets.
const SET_BUCKETS: [f64; 9] = [
    0.000_005, 0.000_02, 0.000_1, 0.000_5, 0.001, 0.003, 0.01, 0.03, 0.1,
];

/// Answer times of the API in seconds, from a probe to a request that is given up.
const ANSWER_BUCKETS: [f64; 8] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0];

/// Commands that wait for a tick, up to a full inbox.
const INBOX_BUCKETS: [f64; 7] = [0.0, 1.0, 10.0, 100.0, 1_000.0, 4_000.0, 8_191.0];

/// Bytes that wait for one session, up to what closes it.
const QUEUE_BUCKETS: [f64; 7] = [
    0.0,
    1_024.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
];

/// Blocks that were replaced at a time, up to what Ethereum calls final.
const REORGANISATION_BUCKETS: [f64; 7] = [1.0, 2.0, 3.0, 5.0, 10.0, 32.0, 64.0];

const HISTOGRAMS: [(&str, &[f64], &str); 6] = [
    (
        "odyssey_tick_seconds",
        &TICK_BUCKETS,
        "Time one tick of one world took",
    ),
    (
        "odyssey_tick_set_seconds",
        &SET_BUCKETS,
        "Time one set of systems took in one tick of a world with people in it, by set",
    ),
    (
        "odyssey_inbox_commands",
        &INBOX_BUCKETS,
        "Commands that had come in when a tick of a world with people in it began",
    ),
    (
        "odyssey_session_queue_bytes",
        &QUEUE_BUCKETS,
        "Bytes of reliable messages waiting for the fullest session of a world, looked at once a second and world",
    ),
    (
        "odyssey_http_request_seconds",
        &ANSWER_BUCKETS,
        "Time to answer a request",
    ),
    (
        "odyssey_chain_reorganisation_blocks",
        &REORGANISATION_BUCKETS,
        "Blocks that were replaced at a time, by chain",
    ),
];

const GAUGES: [(&str, &str); 15] = [
    (
        "odyssey_chain_following",
        "1 if the rows are those of the newest block, by chain",
    ),
    ("odyssey_chain_head", "The newest block, by chain"),
    (
        "odyssey_chain_applied",
        "The last block whose events are in the rows, by chain",
    ),
    (
        "odyssey_chain_finalized",
        "The last block that cannot be replaced any more, by chain",
    ),
    (
        "odyssey_chain_behind_blocks",
        "Blocks that are not in the rows yet, by chain",
    ),
    (
        "odyssey_chain_head_age_seconds",
        "Time since the newest block was another one, by chain",
    ),
    (
        "odyssey_chain_effects",
        "Effects of events, by chain and progress",
    ),
    (
        "odyssey_chain_dead_letters",
        "Events that made no sense, by chain",
    ),
    (
        "odyssey_chain_reindexed",
        "The block up to which rows are made anew, by chain",
    ),
    ("odyssey_worlds_loaded", "Worlds in memory"),
    ("odyssey_sessions", "Sessions past their handshake"),
    ("odyssey_users", "Users in worlds"),
    (
        "odyssey_users_fullest_world",
        "Users in the world with the most",
    ),
    (
        "odyssey_write_behind_entries",
        "Transforms and positions that are not stored yet",
    ),
    (
        "odyssey_write_behind_lag_seconds",
        "Age of the oldest transform or position that is not stored yet, since its world handed it over",
    ),
];

const COUNTERS: [(&str, &str); 16] = [
    (
        "odyssey_chain_facts_total",
        "Events read, by chain and kind",
    ),
    (
        "odyssey_chain_requests_total",
        "Requests to endpoints of chains, by endpoint, method and outcome",
    ),
    (
        "odyssey_chain_differences_total",
        "Rows that were not what the chain has, by chain",
    ),
    (
        "odyssey_tick_overruns_total",
        "Ticks that took longer than their period",
    ),
    (
        "odyssey_world_panics_total",
        "Ticks that panicked; the world was loaded again",
    ),
    ("odyssey_joins_total", "Times a session entered a world"),
    (
        "odyssey_frames_received_total",
        "PosBus messages from clients, by type",
    ),
    (
        "odyssey_bytes_received_total",
        "Bytes of PosBus messages from clients, by type",
    ),
    (
        "odyssey_frames_sent_total",
        "PosBus messages to clients, by type",
    ),
    (
        "odyssey_bytes_sent_total",
        "Bytes of PosBus messages to clients, by type",
    ),
    (
        "odyssey_frames_refused_total",
        "Messages from clients that could not be decoded",
    ),
    (
        "odyssey_poses_skipped_total",
        "Times a session was not told of movement because its last message was still being written",
    ),
    ("odyssey_disconnects_total", "Sessions that ended, by cause"),
    (
        "odyssey_quic_refused_total",
        "First packets and QUIC connections that were not let in, by reason",
    ),
    (
        "odyssey_http_requests_total",
        "Requests answered, by class of status",
    ),
    (
        "odyssey_database_statements_total",
        "SQL statements sent to the database",
    ),
];

/// Installs the recorder for the whole program and names its metrics. Metrics made before are lost,
/// so this comes first.
///
/// # Errors
/// If there is a recorder already.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new();
    for (name, buckets, _) in HISTOGRAMS {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)?;
    }
    let handle = builder.install_recorder()?;
    for (name, _, description) in HISTOGRAMS {
        metrics::describe_histogram!(name, description);
    }
    for (name, description) in GAUGES {
        metrics::describe_gauge!(name, description);
    }
    for (name, description) in COUNTERS {
        metrics::describe_counter!(name, description);
    }
    #[cfg(target_os = "linux")]
    metrics_process::Collector::default().describe();
    Ok(handle)
}

/// Brings the metrics of this process up to date: CPU time, memory, threads, files. Only Linux
/// tells.
pub(crate) fn observe_process() {
    #[cfg(target_os = "linux")]
    metrics_process::Collector::default().collect();
}
