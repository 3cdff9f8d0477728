//! Bots over QUIC and WebTransport: a task each, as the library does its own waiting. One stream
//! for messages that must arrive, datagrams for movement (docs/protocol.md, Transports).

pub(crate) mod endpoint;

use std::{sync::Arc, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use parking_lot::Mutex;
use posbus::{MAX_SERVER_FRAME, v2::MAX_DATAGRAM};
use tokio::time::{sleep_until, timeout};
use web_transport_quinn::{
    ReadError, RecvStream, SendStream, Session, SessionError, WebTransportError, quinn,
};

use self::endpoint::Endpoints;
use super::agenda::{Agenda, Entry};
use crate::swarm::{
    bot::{Bot, Errand, JOIN_TIMEOUT, Loss, Outcome},
    guests::Guest,
    lag::Probe,
    sent::Stamp,
    stats::BotThread,
    world::World,
};

/// Time for which the server may not read before a bot gives up.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Size of the length before each message on the stream.
const LENGTH: usize = 4;
/// Code of a close on purpose (docs/protocol.md, Transports).
const NORMAL: u32 = 1000;
/// The longest a task waits before it looks whether measuring began: 20 ms, in units of 10 µs.
const LOOK: u32 = 2_000;

/// A connection that is up.
struct Line {
    session: Session,
    send: SendStream,
    receive: RecvStream,
    /// Bytes of the stream that arrived and are not a whole message yet.
    rest: BytesMut,
}

/// A bot and its time table.
struct Task {
    world: Arc<World>,
    thread: Arc<Mutex<BotThread>>,
    endpoints: Arc<Endpoints>,
    bot: Bot,
    agenda: Agenda,
    planned: bool,
    /// Connections that fell silent: QUIC says goodbye as soon as it lets go of one.
    silent: Vec<Line>,
    connection: u32,
}

/// Reason for which a task was woken.
enum Woken {
    Timer,
    Stream(Result<Option<Bytes>, ReadError>),
    Datagram(Result<Bytes, SessionError>),
}

/// Carries a bot until the run is over.
pub(crate) async fn carry(
    world: Arc<World>,
    thread: Arc<Mutex<BotThread>>,
    endpoints: Arc<Endpoints>,
    number: u32,
    guest: Guest,
) -> Outcome {
    let began = world.sent.now();
    let mut task = Task {
        bot: Bot::new(Arc::clone(&world), number, guest, began),
        world,
        thread,
        endpoints,
        agenda: Agenda::default(),
        planned: false,
        silent: Vec::new(),
        connection: 0,
    };
    let loss = task.live().await.err();
    if loss.is_some() {
        task.bot.lose();
    }
    task.bot.conclude(loss)
}

/// Measures how late timers of the runtime are.
pub(crate) async fn measure_lag(world: Arc<World>, thread: Arc<Mutex<BotThread>>) {
    loop {
        let Some(window) = world.window.get().copied() else {
            sleep_until(world.at(world.sent.now().plus(LOOK))).await;
            continue;
        };
        let mut probe = Probe::new(window.start, window.end);
        while let Some(due) = probe.due() {
            sleep_until(world.at(due)).await;
            let now = world.sent.now();
            probe.look(now, &mut thread.lock().stats.lag);
        }
        return;
    }
}

impl Task {
    async fn live(&mut self) -> Result<(), Loss> {
        loop {
            let patience = Duration::from_micros(u64::from(JOIN_TIMEOUT) * 10);
            let connecting = timeout(patience, self.connect()).await;
            let mut line = connecting.map_err(|_| Loss::JoinTimeout)??;
            let Some(back) = self.serve(&mut line).await? else {
                line.session.close(NORMAL, b"user");
                return Ok(());
            };
            self.silent.push(line);
            sleep_until(self.world.at(back)).await;
        }
    }

    async fn connect(&mut self) -> Result<Line, Loss> {
        let session = self.endpoints.connect(self.bot.number).await?;
        let (send, receive) = session.open_bi().await.map_err(|_| Loss::Connect)?;
        let mut line = Line {
            session,
            send,
            receive,
            rest: BytesMut::new(),
        };
        for message in self.bot.hello() {
            line.send(&message).await?;
        }
        self.connection += 1;
        let deadline = self.world.sent.now().plus(JOIN_TIMEOUT);
        self.note(vec![(deadline, Errand::Deadline)]);
        Ok(line)
    }

    /// Serves a connection until the run is over, or until it is cut: then tells when the bot comes
    /// back.
    async fn serve(&mut self, line: &mut Line) -> Result<Option<Stamp>, Loss> {
        loop {
            let now = self.world.sent.now();
            let window = self.world.window.get().copied();
            if window.is_some_and(|window| now >= window.stop) {
                return Ok(None);
            }
            if let Some(window) = window.filter(|_| !self.planned) {
                self.planned = true;
                self.note(self.bot.plan(&window));
            }
            while let Some(entry) = self.agenda.take(now) {
                if let Some(back) = self.act(entry, line).await? {
                    return Ok(Some(back));
                }
            }
            let deaf = self.bot.stalls && window.is_some_and(|window| now >= window.start);
            let idle = now.plus(LOOK);
            let due = self.agenda.due().map_or(idle, |due| due.min(idle));
            let woken = tokio::select! {
                biased;
                () = sleep_until(self.world.at(due)) => Woken::Timer,
                piece = line.receive.read_chunk(usize::MAX, true), if !deaf => {
                    Woken::Stream(piece.map(|piece| piece.map(|piece| piece.bytes)))
                }
                datagram = line.session.read_datagram(), if !deaf => Woken::Datagram(datagram),
            };
            match woken {
                Woken::Timer => {}
                Woken::Datagram(Ok(datagram)) => self.hear(&[datagram], line).await?,
                Woken::Stream(Ok(Some(piece))) => {
                    line.rest.extend_from_slice(&piece);
                    let mut messages = Vec::new();
                    while let Some(message) = take(&mut line.rest)? {
                        messages.push(message);
                    }
                    self.hear(&messages, line).await?;
                }
                Woken::Stream(_) | Woken::Datagram(Err(_)) => return Err(line.end()),
            }
        }
    }

    async fn hear(&mut self, messages: &[Bytes], line: &mut Line) -> Result<(), Loss> {
        for message in messages {
            let now = self.world.sent.now();
            let heard = {
                let mut thread = self.thread.lock();
                self.bot.receive(&mut thread, message, now)?
            };
            if let Some(answer) = heard.answer {
                line.send(&answer).await?;
            }
            if heard.entered {
                let place = self.bot.tell_place();
                line.send(&place).await?;
                self.note(self.bot.errands(now));
            }
        }
        Ok(())
    }

    fn note(&mut self, errands: Vec<(Stamp, Errand)>) {
        for (due, errand) in errands {
            self.agenda.add(Entry {
                due,
                slot: 0,
                connection: self.connection,
                errand,
            });
        }
    }

    /// Does something that is due; tells when to come back, if the connection is cut.
    async fn act(&mut self, entry: Entry, line: &mut Line) -> Result<Option<Stamp>, Loss> {
        if entry.connection != self.connection {
            return Ok(None);
        }
        let now = self.world.sent.now();
        let next = match entry.errand {
            Errand::Move => {
                let (message, next) = self.bot.step(entry.due, now);
                if let Some(message) = message {
                    line.send_datagram(message).await?;
                }
                next
            }
            Errand::Look => self.bot.look(now, &mut self.thread.lock().stats),
            Errand::Watch => self.bot.turn_watch(now, &mut self.thread.lock()),
            Errand::Deadline if self.bot.is_present() => None,
            Errand::Deadline => return Err(Loss::JoinTimeout),
            Errand::Cut => {
                let back = now.plus(self.bot.absence());
                self.bot.cut(now, back);
                return Ok(Some(back));
            }
        };
        if let Some(due) = next {
            self.agenda.add(Entry { due, ..entry });
        }
        Ok(None)
    }
}

impl Line {
    /// Sends a message that must arrive.
    async fn send(&mut self, message: &[u8]) -> Result<(), Loss> {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let whole = [&length.to_le_bytes(), message].concat();
        let sent = timeout(SEND_TIMEOUT, self.send.write_all(&whole)).await;
        sent.map_err(|_| Loss::SendTimeout)?.map_err(|_| self.end())
    }

    /// Sends a message that may be lost.
    async fn send_datagram(&mut self, message: Vec<u8>) -> Result<(), Loss> {
        if message.len() > self.session.max_datagram_size().min(MAX_DATAGRAM) {
            return self.send(&message).await;
        }
        let sent = self.session.send_datagram(message.into());
        sent.map_err(|_| self.end())
    }

    /// Why nothing more comes.
    fn end(&self) -> Loss {
        let closed = |code: u64, reason: &[u8]| {
            let reason = String::from_utf8_lossy(reason).into_owned();
            Loss::Closed(u16::try_from(code).unwrap_or(u16::MAX), reason)
        };
        match self.session.close_reason() {
            Some(SessionError::WebTransportError(WebTransportError::Closed(code, reason))) => {
                closed(u64::from(code), reason.as_bytes())
            }
            Some(SessionError::ConnectionError(quinn::ConnectionError::ApplicationClosed(
                close,
            ))) => closed(close.error_code.into_inner(), &close.reason),
            _ => Loss::Broken,
        }
    }
}

/// Takes the next whole message off what arrived on a stream.
fn take(arrived: &mut BytesMut) -> Result<Option<Bytes>, Loss> {
    let Some(length) = arrived.first_chunk::<LENGTH>() else {
        return Ok(None);
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_SERVER_FRAME {
        return Err(Loss::Oversize);
    }
    if arrived.len() < LENGTH + length {
        return Ok(None);
    }
    arrived.advance(LENGTH);
    Ok(Some(arrived.split_to(length).freeze()))
}

#[cfg(test)]
mod tests {
    use bytes::{Bytes, BytesMut};

    use super::take;
    use crate::swarm::bot::Loss;

    #[test]
    fn messages_are_cut_by_their_length_however_they_come() {
        let mut arrived = BytesMut::from(&[3, 0, 0, 0, 7, 8][..]);
        assert_eq!(take(&mut arrived), Ok(None));
        arrived.extend_from_slice(&[9, 1, 0, 0, 0]);
        assert_eq!(take(&mut arrived), Ok(Some(Bytes::from_static(&[7, 8, 9]))));
        assert_eq!(take(&mut arrived), Ok(None));
        arrived.extend_from_slice(&[5]);
        assert_eq!(take(&mut arrived), Ok(Some(Bytes::from_static(&[5]))));
        let mut long = BytesMut::from(&[1, 128, 0, 0][..]);
        assert_eq!(take(&mut long), Err(Loss::Oversize));
    }
}
