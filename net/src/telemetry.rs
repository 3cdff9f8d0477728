//! The recorder behind `GET /metrics`.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Tick times in seconds, from an idle world to one that overruns at 20 Hz.
const TICK_BUCKETS: [f64; 10] = [
    0.000_02, 0.000_05, 0.000_2, 0.001, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1,
];

/// Answer times of the API in seconds, from a probe to a request that is given up.
const ANSWER_BUCKETS: [f64; 8] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0];

/// What there is to see.
const COUNTERS: [(&str, &str); 9] = [
    (
        "odyssey_tick_overruns_total",
        "Ticks that took longer than their period",
    ),
    (
        "odyssey_world_panics_total",
        "Ticks that panicked; the world was loaded again",
    ),
    (
        "odyssey_frames_received_total",
        "PosBus frames from clients",
    ),
    (
        "odyssey_bytes_received_total",
        "Bytes of PosBus frames from clients",
    ),
    ("odyssey_frames_sent_total", "PosBus frames to clients"),
    (
        "odyssey_bytes_sent_total",
        "Bytes of PosBus frames to clients",
    ),
    (
        "odyssey_frames_refused_total",
        "Frames from clients that could not be decoded",
    ),
    ("odyssey_disconnects_total", "Sessions that ended, by cause"),
    (
        "odyssey_http_requests_total",
        "Requests answered, by class of status",
    ),
];

/// Installs the recorder for the whole program and names its metrics. Metrics made before are lost, so this comes first.
///
/// # Errors
/// If there is a recorder already.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full("odyssey_tick_seconds".to_owned()),
            &TICK_BUCKETS,
        )?
        .set_buckets_for_metric(
            Matcher::Full("odyssey_http_request_seconds".to_owned()),
            &ANSWER_BUCKETS,
        )?
        .install_recorder()?;
    metrics::describe_histogram!("odyssey_tick_seconds", "Time one tick of one world took");
    metrics::describe_histogram!("odyssey_http_request_seconds", "Time to answer a request");
    metrics::describe_gauge!("odyssey_worlds_loaded", "Worlds in memory");
    metrics::describe_gauge!(
        "odyssey_write_behind_entries",
        "Transforms and positions being written"
    );
    metrics::describe_gauge!("odyssey_sessions", "Sessions past their handshake");
    for (name, description) in COUNTERS {
        metrics::describe_counter!(name, description);
    }
    Ok(handle)
}
