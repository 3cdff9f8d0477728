//! The first message, and what happens to those who get it wrong (spec posbus §1.3, trap T7).

use std::net::IpAddr;

use chrono::Utc;
use components::{Profile, Umid};
use futures_util::{SinkExt, StreamExt};
use node::NodeError;
use posbus::{ClientState, HandShake, Signal, SignalType};
use systems::DisconnectCause;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{Sessions, Socket, close, options::GOODBYE};

/// Who came in.
pub(super) struct Greeting {
    pub(super) profile: Profile,
    pub(super) session_id: Umid,
}

impl Sessions {
    /// Reads the handshake. No other message is even decoded before it (W3).
    pub(super) async fn greet<S: Socket>(
        &self,
        socket: &mut S,
    ) -> Result<Greeting, DisconnectCause> {
        let frame = loop {
            match socket.next().await {
                Some(Ok(Message::Binary(frame))) => break frame,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) => return Err(DisconnectCause::ClientClosed),
                Some(Ok(_)) => return Err(DisconnectCause::HandshakeRefused),
                Some(Err(Error::Capacity(_))) => return Err(DisconnectCause::Oversize),
                Some(Err(_)) | None => return Err(DisconnectCause::ConnectionLost),
            }
        };
        match posbus::decode_from_client(&frame, ClientState::Handshaking) {
            Ok(posbus::Message::HandShake(handshake)) => self.admit(handshake).await,
            Ok(_) | Err(_) => Err(DisconnectCause::HandshakeRefused),
        }
    }

    async fn admit(&self, handshake: HandShake) -> Result<Greeting, DisconnectCause> {
        let user = self
            .keys
            .verify(&handshake.token, Utc::now())
            .map_err(|_| DisconnectCause::HandshakeRefused)?;
        if user != handshake.user_id {
            return Err(DisconnectCause::HandshakeRefused);
        }
        match self.node.session_user(user).await {
            Ok(profile) => Ok(Greeting {
                profile,
                session_id: handshake.session_id,
            }),
            Err(error) => {
                tracing::debug!(%error, "no session for this user");
                Err(match error {
                    NodeError::Unavailable | NodeError::Internal(_) => DisconnectCause::Unavailable,
                    _ => DisconnectCause::HandshakeRefused,
                })
            }
        }
    }

    /// Tells a refused client so and closes after a while: reference clients come back the moment they are cut.
    pub(super) async fn refuse<S: Socket>(
        &self,
        socket: &mut S,
        address: IpAddr,
        cause: DisconnectCause,
    ) -> DisconnectCause {
        match cause {
            DisconnectCause::ConnectionLost => return cause,
            DisconnectCause::ClientClosed | DisconnectCause::Oversize => {
                return close(socket, cause).await;
            }
            _ => {}
        }
        // A token that could not be looked at is not to be thrown away.
        if cause != DisconnectCause::Unavailable {
            let signal = posbus::Message::from(Signal {
                value: SignalType::INVALID_TOKEN,
            })
            .encode();
            // Whether it arrives or not, the session is over.
            let _ = timeout(GOODBYE, socket.send(Message::Binary(signal.into()))).await;
        }
        let delay = self.limits.handshake_failed(address);
        let gone = async { while let Some(Ok(_)) = socket.next().await {} };
        tokio::select! {
            () = sleep(delay) => {}
            () = self.stop.cancelled() => {}
            () = gone => return cause,
        }
        close(socket, cause).await
    }
}
