//! The writing half of a session: one flush for all that a tick left, pings in between, and the
//! goodbye.

use std::{net::IpAddr, sync::Arc, time::Duration};

use systems::{Batch, DisconnectCause, SessionLink};
use tokio::time::{MissedTickBehavior, interval_at, sleep, timeout};

use super::{Sessions, close, transport::Outgoing};

/// Bytes that are taken from the link for one flush. A tick is far smaller; a snapshot goes out in
/// such pieces, with room for pings in between.
const BATCH: usize = 64 * 1024;

/// Time that a displaced client has to read the reason before it is cut (docs/spec/posbus.md §1.4).
const DISPLACEMENT: Duration = Duration::from_millis(100);

/// Writes until the link closes or a write fails; answers why.
pub(super) async fn run(
    mut outgoing: impl Outgoing,
    link: Arc<SessionLink>,
    sessions: Arc<Sessions>,
    address: IpAddr,
) -> DisconnectCause {
    let options = &sessions.options;
    let mut pings = interval_at(
        tokio::time::Instant::now() + options.ping_interval,
        options.ping_interval,
    );
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Batch::default();
    loop {
        let cause = tokio::select! {
            biased;
            _ = pings.tick() => {
                batch.clear();
                if let Err(cause) = in_time(outgoing.ping(), options.write_timeout).await {
                    break fail(&mut outgoing, &link, cause);
                }
                None
            }
            cause = link.next(&mut batch, BATCH) => cause,
        };
        if let Some(cause) = cause {
            break farewell(&mut outgoing, &sessions, address, cause).await;
        }
        if batch.is_empty() {
            continue;
        }
        for message in batch.frames.iter().chain(&batch.datagrams) {
            sessions.metrics.sent.count(message);
        }
        let written = tokio::select! {
            // Nearly always it is done at once, and nobody need look for an overflow.
            biased;
            written = in_time(outgoing.write(&mut batch), options.write_timeout) => written,
            () = link.overflowed() => Err(DisconnectCause::SlowReader),
        };
        if let Err(cause) = written {
            break fail(&mut outgoing, &link, cause);
        }
    }
}

/// A write within its deadline.
async fn in_time(
    write: impl Future<Output = Result<(), DisconnectCause>>,
    deadline: Duration,
) -> Result<(), DisconnectCause> {
    timeout(deadline, write)
        .await
        .unwrap_or(Err(DisconnectCause::WriteTimeout))
}

fn fail(
    outgoing: &mut impl Outgoing,
    link: &SessionLink,
    cause: DisconnectCause,
) -> DisconnectCause {
    outgoing.cut(cause);
    link.close(cause);
    cause
}

async fn farewell(
    outgoing: &mut impl Outgoing,
    sessions: &Sessions,
    address: IpAddr,
    cause: DisconnectCause,
) -> DisconnectCause {
    let delay = match cause {
        DisconnectCause::DualConnection => DISPLACEMENT,
        // It would be back at once, again and again.
        DisconnectCause::Displaced => sessions.limits.handshake_failed(address),
        _ => Duration::ZERO,
    };
    tokio::select! {
        () = sleep(delay) => {}
        () = sessions.stop.cancelled() => {}
    }
    close(outgoing, cause).await
}
