//! The seam between sessions and transports: messages in, batches of messages out, and how either
//! ends.
//!
//! A session must not know what carries its messages; a transport must not know what they say.

use bytes::Bytes;
use systems::{Batch, DisconnectCause};

/// A connection that carries messages.
pub(crate) trait Transport: Send + 'static {
    /// Frames from the client.
    type Incoming: Incoming;
    /// Frames to the client.
    type Outgoing: Outgoing;

    /// Facts about it that sessions need.
    const FEATURES: Features;

    /// The two directions, which work on their own.
    fn split(self) -> (Self::Incoming, Self::Outgoing);
}

/// Facts about a transport that sessions need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    /// The oldest version of the protocol that it carries (docs/protocol.md, Transports).
    pub(crate) least_version: i64,
    /// Whether it has datagrams.
    pub(crate) datagrams: bool,
    /// Whether it notices by itself that the peer is gone. Otherwise the session pings and listens.
    pub(crate) notices_silence: bool,
}

/// The input.
#[derive(Debug)]
pub(crate) enum Inbound {
    /// A message.
    Frame(Bytes),
    /// A message that may have been lost, doubled or overtaken.
    Datagram(Bytes),
    /// A sign of life without a message.
    Alive,
    /// Something that cannot be a message.
    Foreign,
    /// Nothing more comes.
    Closed(DisconnectCause),
}

/// Messages from a client.
pub(crate) trait Incoming: Send + 'static {
    /// Waits for what comes next. A message longer than `limit` bytes ends the session, without
    /// room being made for it if the transport can help it. Cancel safe; not to be called again
    /// after [`Inbound::Closed`].
    fn receive(&mut self, limit: usize) -> impl Future<Output = Inbound> + Send;
}

/// Messages to a client.
pub(crate) trait Outgoing: Send + 'static {
    /// Hands everything over to the system at once, and leaves the batch empty.
    fn write(
        &mut self,
        batch: &mut Batch,
    ) -> impl Future<Output = Result<(), DisconnectCause>> + Send;

    /// Asks the peer for a sign of life, if that is not done by itself.
    fn ping(&mut self) -> impl Future<Output = Result<(), DisconnectCause>> + Send;

    /// Ends the session at once; says why if that needs no waiting.
    fn cut(&mut self, cause: DisconnectCause);

    /// Ends the session once everything has arrived, and says why.
    fn say_goodbye(&mut self, cause: DisconnectCause) -> impl Future<Output = ()> + Send;
}
