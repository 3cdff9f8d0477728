//! Transport of a client's messages: WebSocket, WebTransport or QUIC.

use std::{net::SocketAddr, sync::Arc};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use quinn::{Connection, ConnectionError, Endpoint, VarInt, crypto::rustls::QuicClientConfig};
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest, Sha256};
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use web_transport_quinn::{
    ClientError, ReadError, RecvStream, SendStream, Session, SessionError, WebTransportError,
    proto::ConnectRequest,
};

use super::{Api, Ending, client::Socket};

/// Transport of a client other than WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Quic,
    WebTransport,
}

impl Way {
    /// The protocol that a QUIC connection agrees on.
    pub(crate) fn alpn(self) -> &'static str {
        match self {
            Way::Quic => "posbus/2",
            Way::WebTransport => "h3",
        }
    }
}

/// Address of the QUIC endpoint of a server, as it says itself.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) hashes: Vec<String>,
    /// Address for packets: that in the URL, unless a test wants them to take another way.
    pub(crate) address: SocketAddr,
}

impl Place {
    /// Asks the server.
    pub(crate) async fn of(stranger: &Api) -> Place {
        let place = stranger.get("/quic").await.ok(200);
        let url = place["url"].as_str().expect("a text").to_owned();
        let hashes = place["certificate_hashes"].as_array().expect("a list");
        let hash = |hash: &serde_json::Value| hash.as_str().expect("a text").to_owned();
        let address = url
            .strip_prefix("https://")
            .and_then(|rest| rest.strip_suffix("/posbus")?.parse().ok())
            .expect("an address and a port");
        Place {
            hashes: hashes.iter().map(hash).collect(),
            url,
            address,
        }
    }

    /// A QUIC connection that accepts only certificates with these hashes.
    pub(crate) async fn connect(&self, alpn: &str) -> Result<Connection, ConnectionError> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(ByHash {
            hashes: self.hashes.clone(),
            provider: Arc::clone(&provider),
        });
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        tls.alpn_protocols = vec![alpn.into()];
        let tls = QuicClientConfig::try_from(tls).expect("TLS 1.3");
        let endpoint =
            Endpoint::client("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let config = quinn::ClientConfig::new(Arc::new(tls));
        endpoint
            .connect_with(config, self.address, "localhost")
            .expect("can be tried")
            .await
    }

    /// A session by WebTransport.
    pub(crate) async fn web_transport(
        &self,
        path: &str,
        origin: Option<&str>,
    ) -> Result<Session, ClientError> {
        let connection = self.connect(Way::WebTransport.alpn()).await?;
        let url = self.url.replace("/posbus", path);
        let mut request = ConnectRequest::new(url.parse::<url::Url>().expect("a URL"));
        if let Some(origin) = origin {
            let origin = origin.parse().expect("an origin");
            request.headers.insert("origin", origin);
        }
        Session::connect(connection, request).await
    }

    /// A session by WebTransport or QUIC.
    pub(crate) async fn session(&self, way: Way) -> Session {
        match way {
            Way::WebTransport => {
                let session = self.web_transport("/posbus", None).await;
                session.expect("the server accepts sessions")
            }
            Way::Quic => {
                let connection = self.connect(way.alpn()).await;
                Session::raw(connection.expect("the server accepts connections"))
            }
        }
    }
}

/// Accepts certificates by their hash, as browsers do.
#[derive(Debug)]
struct ByHash {
    hashes: Vec<String>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ByHash {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let hash = hex::encode(Sha256::digest(certificate));
        match self.hashes.contains(&hash) {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(rustls::Error::General(format!("unknown hash {hash}"))),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("QUIC has TLS 1.3".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// A connection.
pub(crate) enum Wire {
    WebSocket(Box<Socket>),
    Quic(Box<QuicWire>),
}

/// A session on QUIC with its stream.
pub(crate) struct QuicWire {
    session: Session,
    send: SendStream,
    receive: RecvStream,
    arrived: BytesMut,
}

/// The message.
pub(crate) enum Heard {
    Message(Bytes),
    Datagram(Bytes),
    Ended(Ending),
    Nothing,
}

impl Wire {
    /// Sends a message, on the stream if there are several ways.
    pub(crate) async fn send(&mut self, message: Vec<u8>) -> Result<(), tungstenite::Error> {
        match self {
            Wire::WebSocket(socket) => socket.send(Frame::binary(message)).await,
            Wire::Quic(wire) => {
                let length = u32::try_from(message.len()).expect("a short message");
                wire.send_raw(&[&length.to_le_bytes()[..], &message].concat())
                    .await
            }
        }
    }

    /// Waits for what comes next.
    pub(crate) async fn receive(&mut self) -> Heard {
        match self {
            Wire::WebSocket(socket) => match socket.next().await {
                Some(Ok(Frame::Binary(bytes))) => Heard::Message(bytes),
                Some(Ok(Frame::Close(frame))) => Heard::Ended(
                    frame.map_or(Ending::Broken, |frame| Ending::Closed(frame.code.into())),
                ),
                Some(Ok(Frame::Text(text))) => panic!("servers send no text: {text}"),
                Some(Ok(_)) => Heard::Nothing,
                Some(Err(_)) | None => Heard::Ended(Ending::Broken),
            },
            Wire::Quic(wire) => wire.receive().await,
        }
    }

    /// The QUIC connection.
    ///
    /// # Panics
    /// If it is none.
    pub(crate) fn quic(&mut self) -> &mut QuicWire {
        match self {
            Wire::Quic(wire) => wire,
            Wire::WebSocket(_) => panic!("is on WebSocket"),
        }
    }
}

impl QuicWire {
    /// Opens the stream of a session.
    pub(crate) async fn open(session: Session) -> Wire {
        let (send, receive) = session.open_bi().await.expect("a stream");
        Wire::Quic(Box::new(QuicWire {
            session,
            send,
            receive,
            arrived: BytesMut::new(),
        }))
    }

    /// Puts bytes on the stream as they are.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) -> Result<(), tungstenite::Error> {
        let sent = self.send.write_all(bytes).await;
        sent.map_err(|_| tungstenite::Error::ConnectionClosed)
    }

    /// Sends a datagram.
    pub(crate) fn send_datagram(&mut self, message: Vec<u8>) {
        let sent = self.session.send_datagram(message.into());
        sent.expect("the connection is open");
    }

    /// Says that nothing more comes on the stream.
    pub(crate) fn finish(&mut self) {
        self.send.finish().expect("the stream is open");
    }

    async fn receive(&mut self) -> Heard {
        loop {
            if let Some(length) = self.arrived.first_chunk::<4>() {
                let length = u32::from_le_bytes(*length) as usize;
                if self.arrived.len() >= 4 + length {
                    self.arrived.advance(4);
                    return Heard::Message(self.arrived.split_to(length).freeze());
                }
            }
            let ended = tokio::select! {
                piece = self.receive.read_chunk(usize::MAX, true) => match piece {
                    Ok(Some(piece)) => {
                        self.arrived.extend_from_slice(&piece.bytes);
                        continue;
                    }
                    // The cause follows.
                    Ok(None) => self.session.closed().await,
                    Err(ReadError::SessionError(error)) => error,
                    Err(_) => self.session.closed().await,
                },
                datagram = self.session.read_datagram() => match datagram {
                    Ok(datagram) => return Heard::Datagram(datagram),
                    Err(error) => error,
                }
            };
            return Heard::Ended(ending(&ended));
        }
    }
}

/// End of a session.
pub(crate) fn ending(error: &SessionError) -> Ending {
    let code = match error {
        SessionError::WebTransportError(WebTransportError::Closed(code, _)) => Some(*code),
        SessionError::ConnectionError(ConnectionError::ApplicationClosed(close)) => {
            u32::try_from(VarInt::into_inner(close.error_code)).ok()
        }
        _ => None,
    };
    match code.and_then(|code| u16::try_from(code).ok()) {
        Some(code) => Ending::Closed(code),
        None => Ending::Broken,
    }
}
