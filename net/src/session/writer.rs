//! The writing half of a session: one flush for all that a tick left, pings in between, and the goodbye.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, SinkExt};
use systems::{Batch, DisconnectCause, SessionLink};
use tokio::time::{MissedTickBehavior, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Sessions, close};

/// How much is taken from the link for one flush. A tick is far smaller; a snapshot goes out in such pieces, with room
/// for pings in between.
const BATCH: usize = 64 * 1024;

/// How long a displaced client has to read why before it is cut (spec posbus §1.4).
const DISPLACEMENT: Duration = Duration::from_millis(100);

/// Writes until the link closes or a write fails; answers why.
pub(super) async fn run<S: Sink<Message, Error = Error> + Unpin>(
    mut sink: S,
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
                if let Err(cause) = flush(&mut sink, [Message::Ping(Bytes::new())].into_iter(), options.write_timeout).await {
                    break fail(&link, cause);
                }
                None
            }
            cause = link.next(&mut batch, BATCH) => cause,
        };
        if let Some(cause) = cause {
            break farewell(&mut sink, &sessions, address, cause).await;
        }
        if batch.is_empty() {
            continue;
        }
        sessions
            .meters
            .frames_out
            .increment(batch.frames.len() as u64);
        sessions
            .meters
            .bytes_out
            .increment(batch.frames.iter().map(|frame| frame.len() as u64).sum());
        let frames = batch.frames.drain(..).map(Message::Binary);
        let written = tokio::select! {
            written = flush(&mut sink, frames, options.write_timeout) => written,
            () = link.overflowed() => Err(DisconnectCause::SlowReader),
        };
        if let Err(cause) = written {
            break fail(&link, cause);
        }
    }
}

/// Hands over all messages, then flushes once, within one deadline.
async fn flush<S: Sink<Message, Error = Error> + Unpin>(
    sink: &mut S,
    messages: impl Iterator<Item = Message>,
    deadline: Duration,
) -> Result<(), DisconnectCause> {
    let write = async {
        for message in messages {
            sink.feed(message).await?;
        }
        sink.flush().await
    };
    match timeout(deadline, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(DisconnectCause::ConnectionLost),
        Err(_) => Err(DisconnectCause::WriteTimeout),
    }
}

fn fail(link: &SessionLink, cause: DisconnectCause) -> DisconnectCause {
    link.close(cause);
    cause
}

async fn farewell<S: Sink<Message, Error = Error> + Unpin>(
    sink: &mut S,
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
    close(sink, cause).await
}
