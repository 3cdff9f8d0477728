//! A QUIC connection as a transport: one stream for messages that must arrive, datagrams for those
//! that are outdated soon (docs/protocol.md, Transports). The same for WebTransport and for QUIC
//! alone.

use std::time::Duration;

use bytes::Bytes;
use quinn::ConnectionError;
use systems::{Batch, DisconnectCause};
use tokio::time::timeout;
use web_transport_quinn::{ReadError, RecvStream, SendStream, Session, SessionError};

use super::framing::{Cutter, TooLong, join};
use crate::session::{
    close_code,
    transport::{Features, Inbound, Incoming, Outgoing, Transport},
};

/// The longest datagram (docs/protocol.md, Datagrams).
const MAX_DATAGRAM: usize = 1_200;

/// Time within which the last messages have to arrive before the connection is closed over them.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A connection whose client has opened its stream.
pub(super) struct Connection {
    pub(super) session: Session,
    pub(super) send: SendStream,
    pub(super) receive: RecvStream,
}

impl Transport for Connection {
    type Incoming = Receiver;
    type Outgoing = Sender;

    const FEATURES: Features = Features {
        least_version: 2,
        datagrams: true,
        notices_silence: true,
    };

    fn split(self) -> (Receiver, Sender) {
        let receiver = Receiver {
            session: self.session.clone(),
            stream: self.receive,
            cutter: Cutter::default(),
        };
        let sender = Sender {
            session: self.session,
            stream: self.send,
        };
        (receiver, sender)
    }
}

/// Messages from the client.
pub(super) struct Receiver {
    session: Session,
    stream: RecvStream,
    cutter: Cutter,
}

impl Incoming for Receiver {
    async fn receive(&mut self, limit: usize) -> Inbound {
        loop {
            match self.cutter.next(limit) {
                Ok(Some(message)) => return Inbound::Frame(message),
                Ok(None) => {}
                Err(TooLong) => return Inbound::Closed(DisconnectCause::Oversize),
            }
            tokio::select! {
                piece = self.stream.read_chunk(usize::MAX, true) => match piece {
                    Ok(Some(piece)) => self.cutter.push(piece.bytes),
                    // The end of the stream, by its end or by its being given up.
                    Ok(None) | Err(ReadError::Reset(_) | ReadError::InvalidReset(_)) => {
                        return Inbound::Closed(DisconnectCause::ClientClosed);
                    }
                    Err(_) => return Inbound::Closed(self.cause()),
                },
                datagram = self.session.read_datagram() => match datagram {
                    Ok(datagram) if datagram.len() <= limit => return Inbound::Datagram(datagram),
                    Ok(_) | Err(SessionError::WebTransportError(_)) if self.is_open() => {
                        return Inbound::Foreign;
                    }
                    _ => return Inbound::Closed(self.cause()),
                },
            }
        }
    }
}

impl Receiver {
    fn is_open(&self) -> bool {
        quinn::Connection::close_reason(&self.session).is_none()
    }

    /// Why nothing more comes.
    fn cause(&self) -> DisconnectCause {
        match quinn::Connection::close_reason(&self.session) {
            // Also what it looks like when the client ends its WebTransport session: that closes
            // the connection here.
            Some(ConnectionError::ApplicationClosed(_) | ConnectionError::LocallyClosed) => {
                DisconnectCause::ClientClosed
            }
            Some(ConnectionError::TimedOut) => DisconnectCause::PongTimeout,
            Some(ConnectionError::TransportError(_)) => DisconnectCause::Malformed,
            _ => DisconnectCause::ConnectionLost,
        }
    }
}

/// Messages to the client.
pub(super) struct Sender {
    session: Session,
    stream: SendStream,
}

impl Outgoing for Sender {
    async fn write(&mut self, batch: &mut Batch) -> Result<(), DisconnectCause> {
        if !batch.datagrams.is_empty() {
            // As long as the path is not known to carry that much, they go on the stream.
            let longest = self.session.max_datagram_size().min(MAX_DATAGRAM);
            for datagram in batch.datagrams.drain(..) {
                if datagram.len() > longest {
                    batch.frames.push(datagram);
                    continue;
                }
                // When too many wait the oldest are dropped, for they are overtaken. One that
                // cannot be sent after all, because the path has just become narrower, is lost as
                // others are.
                let _ = self.session.send_datagram(datagram);
            }
        }
        if !batch.frames.is_empty() {
            let joined: Bytes = join(&batch.frames);
            batch.frames.clear();
            self.stream.write_chunk(joined).await.map_err(lost)?;
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), DisconnectCause> {
        // The connection keeps itself alive.
        Ok(())
    }

    fn cut(&mut self, cause: DisconnectCause) {
        let code = u32::from(close_code(cause));
        self.session.close(code, cause.label().as_bytes());
    }

    async fn say_goodbye(&mut self, cause: DisconnectCause) {
        // Closing drops what has not arrived. A client that is gone cannot be waited for.
        if self.stream.finish().is_ok() {
            let _ = timeout(LAST_WORDS, self.stream.stopped()).await;
        }
        self.cut(cause);
        self.session.closed().await;
    }
}

fn lost<E>(_: E) -> DisconnectCause {
    DisconnectCause::ConnectionLost
}
