//! The measurement second by second: what plots show.

use serde::Serialize;
use tokio::time::sleep_until;

use crate::swarm::{
    run::Server,
    sent::Stamp,
    world::{Window, World},
};

/// The measurement second by second.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Series {
    /// A point for each second.
    pub seconds: Vec<Second>,
}

/// One second.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Second {
    /// Its end, in seconds from the start of the measurement.
    pub at: f64,
    /// Mean time of the server's ticks in it, in milliseconds, if it says so.
    pub tick_mean_ms: Option<f64>,
    /// 99 % of its ticks took at most so long, in milliseconds, estimated within a bucket.
    pub tick_p99_ms_estimate: Option<f64>,
    /// PosBus bytes received in it, per bot that was let in.
    pub bytes_per_user: f64,
}

/// Looks at the server and at the bots once a second while it is measured.
pub(crate) async fn record(world: &World, server: &Server, window: Window) -> Series {
    let mut series = Series::default();
    let mut before = (world.sent.now(), server.figures().await, world.live.bytes());
    let mut due = window.start.plus(Stamp::PER_SECOND);
    while due <= window.end {
        sleep_until(world.at(due)).await;
        let now = (world.sent.now(), server.figures().await, world.live.bytes());
        let ticks = before.1.as_ref().zip(now.1.as_ref());
        let ticks = ticks.map(|(before, now)| now.since(before).tick);
        let seconds = f64::from(now.0.since(before.0)) / f64::from(Stamp::PER_SECOND);
        let bytes = now.2.wrapping_sub(before.2) as f64;
        series.seconds.push(Second {
            at: f64::from(now.0.since(window.start)) / f64::from(Stamp::PER_SECOND),
            tick_mean_ms: ticks.map(|ticks| ticks.mean_ms),
            tick_p99_ms_estimate: ticks.and_then(|ticks| ticks.p99_ms_estimate),
            bytes_per_user: bytes / seconds.max(1e-3) / f64::from(world.options.users.max(1)),
        });
        before = now;
        due = due.plus(Stamp::PER_SECOND);
    }
    series
}
