//! The first message, and what happens to those who get it wrong (docs/spec/posbus.md §1.3).

use std::net::IpAddr;

use chrono::Utc;
use components::{Profile, Umid};
use node::NodeError;
use posbus::{ClientState, HandShake, MAX_HANDSHAKE_FRAME, Signal, SignalType};
use systems::{Batch, Dialect, DisconnectCause};
use tokio::time::{sleep, timeout};

use super::{
    GOODBYE, Sessions, close,
    resume::Resumable,
    transport::{Features, Inbound, Incoming, Outgoing},
};

/// Session of a valid handshake.
pub(super) struct Greeting {
    pub(super) profile: Profile,
    pub(super) session_id: Umid,
    /// The version that the client asked for.
    pub(super) protocol_version: i64,
    /// The session that its resume token stands for.
    pub(super) resumable: Option<Resumable>,
}

impl Greeting {
    /// Dialect of the movement of others.
    pub(super) fn dialect(&self, transport: Features) -> Dialect {
        match self.protocol_version {
            ..=1 => Dialect::V1,
            _ if transport.datagrams => Dialect::V2Datagrams,
            _ => Dialect::V2,
        }
    }
}

impl Sessions {
    /// Reads the handshake. No other message is even decoded before it (W3).
    pub(super) async fn greet(
        &self,
        incoming: &mut impl Incoming,
        transport: Features,
    ) -> Result<Greeting, DisconnectCause> {
        let frame = loop {
            match incoming.receive(MAX_HANDSHAKE_FRAME).await {
                Inbound::Frame(frame) => break frame,
                // A datagram that overtook the handshake.
                Inbound::Alive | Inbound::Datagram(_) => {}
                Inbound::Foreign => return Err(DisconnectCause::HandshakeRefused),
                Inbound::Closed(cause) => return Err(cause),
            }
        };
        self.metrics.received.count(&frame);
        match posbus::decode_from_client(&frame, ClientState::Handshaking) {
            Ok(posbus::Message::HandShake(handshake))
                if handshake.protocol_version >= transport.least_version =>
            {
                self.admit(handshake).await
            }
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
            Ok(profile) => {
                let resumable = self.resume.redeem(handshake.session_id, user);
                Ok(Greeting {
                    profile,
                    session_id: resumable
                        .map_or(handshake.session_id, |session| session.session_id),
                    protocol_version: handshake.protocol_version,
                    resumable,
                })
            }
            Err(error) => {
                tracing::debug!(%error, "no session for this user");
                Err(match error {
                    NodeError::Unavailable | NodeError::Internal(_) => DisconnectCause::Unavailable,
                    _ => DisconnectCause::HandshakeRefused,
                })
            }
        }
    }

    /// Tells a refused client so and closes after a while: reference clients come back the moment
    /// they are cut.
    pub(super) async fn refuse(
        &self,
        incoming: &mut impl Incoming,
        outgoing: &mut impl Outgoing,
        address: IpAddr,
        cause: DisconnectCause,
    ) -> DisconnectCause {
        match cause {
            DisconnectCause::ConnectionLost => return cause,
            DisconnectCause::ClientClosed
            | DisconnectCause::Oversize
            | DisconnectCause::Malformed => return close(outgoing, cause).await,
            _ => {}
        }
        // A token that could not be looked at is not to be thrown away.
        if cause != DisconnectCause::Unavailable {
            let signal = posbus::Message::from(Signal {
                value: SignalType::INVALID_TOKEN,
            })
            .encode();
            // Whether it arrives or not, the session is over.
            let mut batch = Batch {
                frames: vec![signal.into()],
                ..Batch::default()
            };
            let _ = timeout(GOODBYE, outgoing.write(&mut batch)).await;
        }
        let delay = self.limits.handshake_failed(address);
        let gone = async {
            while !matches!(
                incoming.receive(MAX_HANDSHAKE_FRAME).await,
                Inbound::Closed(_)
            ) {}
        };
        tokio::select! {
            () = sleep(delay) => {}
            () = self.stop.cancelled() => {}
            () = gone => {}
        }
        close(outgoing, cause).await
    }
}
