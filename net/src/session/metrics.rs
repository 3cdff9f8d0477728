//! Metrics of sessions.

use metrics::{Counter, Gauge};
use systems::DisconnectCause;

use crate::telemetry::Traffic;

/// Metric handles, kept: looking them up costs an allocation each time.
pub(super) struct Metrics {
    pub(super) sessions: Gauge,
    pub(super) joins: Counter,
    pub(super) received: Traffic,
    pub(super) sent: Traffic,
    pub(super) malformed: Counter,
}

impl Metrics {
    pub(super) fn new() -> Self {
        // A cause that has not occurred yet is 0, not missing: else its first occurrence would be
        // no growth.
        for cause in DisconnectCause::ALL {
            disconnected(cause).increment(0);
        }
        Self {
            sessions: metrics::gauge!("odyssey_sessions"),
            joins: metrics::counter!("odyssey_joins_total"),
            received: Traffic::received(),
            sent: Traffic::sent(),
            malformed: metrics::counter!("odyssey_frames_refused_total"),
        }
    }
}

/// Sessions that ended by this cause. Looked up each time: a session ends once.
pub(super) fn disconnected(cause: DisconnectCause) -> Counter {
    metrics::counter!("odyssey_disconnects_total", "cause" => cause.label())
}
