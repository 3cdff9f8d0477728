//! A WebSocket as a transport: one binary message each (docs/spec/posbus.md §1.1).

use bytes::Bytes;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use systems::{Batch, DisconnectCause};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, error::ProtocolError, protocol::CloseFrame},
};

use crate::session::{
    close_code,
    transport::{Features, Inbound, Incoming, Outgoing, Transport},
};

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for WebSocketStream<S> {
    type Incoming = SplitStream<Self>;
    type Outgoing = SplitSink<Self, Message>;

    const FEATURES: Features = Features {
        least_version: 1,
        datagrams: false,
        notices_silence: false,
    };

    fn split(self) -> (Self::Incoming, Self::Outgoing) {
        let (outgoing, incoming) = StreamExt::split(self);
        (incoming, outgoing)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Incoming
    for SplitStream<WebSocketStream<S>>
{
    async fn receive(&mut self, limit: usize) -> Inbound {
        match self.next().await {
            Some(Ok(Message::Binary(frame))) if frame.len() > limit => {
                Inbound::Closed(DisconnectCause::Oversize)
            }
            Some(Ok(Message::Binary(frame))) => Inbound::Frame(frame),
            // A ping is answered below us.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Inbound::Alive,
            Some(Ok(Message::Text(_) | Message::Frame(_))) => Inbound::Foreign,
            Some(Ok(Message::Close(_))) => Inbound::Closed(DisconnectCause::ClientClosed),
            Some(Err(error)) => Inbound::Closed(cause_of(&error)),
            None => Inbound::Closed(DisconnectCause::ConnectionLost),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Outgoing
    for SplitSink<WebSocketStream<S>, Message>
{
    async fn write(&mut self, batch: &mut Batch) -> Result<(), DisconnectCause> {
        for frame in batch.frames.drain(..).chain(batch.datagrams.drain(..)) {
            self.feed(Message::Binary(frame)).await.map_err(lost)?;
        }
        self.flush().await.map_err(lost)
    }

    async fn ping(&mut self) -> Result<(), DisconnectCause> {
        self.send(Message::Ping(Bytes::new())).await.map_err(lost)
    }

    fn cut(&mut self, _: DisconnectCause) {
        // A stuck connection stays stuck: it goes with its two halves.
    }

    async fn say_goodbye(&mut self, cause: DisconnectCause) {
        let frame = CloseFrame {
            code: close_code(cause).into(),
            reason: cause.label().into(),
        };
        // This fails if the peer closed first: then its own close frame waits to be sent back,
        // which closing does.
        let _ = self.send(Message::Close(Some(frame))).await;
        // A peer that is gone needs no goodbye.
        let _ = self.close().await;
    }
}

fn lost(_: Error) -> DisconnectCause {
    DisconnectCause::ConnectionLost
}

fn cause_of(error: &Error) -> DisconnectCause {
    match error {
        Error::Capacity(_) => DisconnectCause::Oversize,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            DisconnectCause::ConnectionLost
        }
        Error::Protocol(_) => DisconnectCause::Malformed,
        _ => DisconnectCause::ConnectionLost,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use systems::DisconnectCause;
    use tokio_tungstenite::{
        WebSocketStream,
        tungstenite::{
            Message,
            protocol::{CloseFrame, Role},
        },
    };

    use crate::session::{
        close_code,
        transport::{Inbound, Incoming, Outgoing, Transport},
    };

    type Socket = WebSocketStream<tokio::io::DuplexStream>;

    async fn pair() -> (
        Socket,
        <Socket as Transport>::Incoming,
        <Socket as Transport>::Outgoing,
    ) {
        let (client, server) = tokio::io::duplex(4096);
        let client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let server = WebSocketStream::from_raw_socket(server, Role::Server, None).await;
        let (incoming, outgoing) = Transport::split(server);
        (client, incoming, outgoing)
    }

    /// docs/spec/posbus.md §1.1: a close frame is answered with its code.
    #[tokio::test]
    async fn a_close_frame_is_echoed() {
        let (mut client, mut incoming, mut outgoing) = pair().await;
        let goodbye = CloseFrame {
            code: 1000.into(),
            reason: "user".into(),
        };
        client
            .send(Message::Close(Some(goodbye)))
            .await
            .expect("sent");
        let received = incoming.receive(1024).await;
        assert!(matches!(
            received,
            Inbound::Closed(DisconnectCause::ClientClosed)
        ));
        outgoing.say_goodbye(DisconnectCause::ClientClosed).await;
        drop((incoming, outgoing));
        let Some(Ok(Message::Close(Some(answer)))) = client.next().await else {
            panic!("no close frame");
        };
        assert_eq!(u16::from(answer.code), 1000);
    }

    #[tokio::test]
    async fn a_closed_session_gets_the_reason() {
        let (mut client, _incoming, mut outgoing) = pair().await;
        outgoing.say_goodbye(DisconnectCause::Flood).await;
        let Some(Ok(Message::Close(Some(frame)))) = client.next().await else {
            panic!("no close frame");
        };
        assert_eq!(u16::from(frame.code), close_code(DisconnectCause::Flood));
    }

    #[tokio::test]
    async fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
        let (mut client, mut incoming, _outgoing) = pair().await;
        for length in [16, 17] {
            let message = Message::Binary(vec![7; length].into());
            client.send(message).await.expect("sent");
        }
        assert!(matches!(incoming.receive(16).await, Inbound::Frame(frame) if frame.len() == 16));
        assert!(matches!(
            incoming.receive(16).await,
            Inbound::Closed(DisconnectCause::Oversize)
        ));
    }
}
