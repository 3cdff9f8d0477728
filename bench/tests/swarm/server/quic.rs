//! Sessions over QUIC and WebTransport: one stream, and datagrams for positions.

use std::sync::Arc;

use bytes::Bytes;
use posbus::{HandShake, v2};
use tokio::sync::mpsc::unbounded_channel;
use tokio_tungstenite::tungstenite::Message as Frame;
use web_transport_quinn::{RecvStream, Session, crypto};

use super::World;

/// An endpoint with a certificate of its own, and what tells clients about it.
pub(super) fn bind() -> (quinn::Endpoint, String) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    let certificate = own.cert.der().clone();
    let hash = crypto::sha256(&crypto::default_provider(), &certificate);
    let hash: String = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let key = own.signing_key.serialize_der().try_into().expect("a key");
    let mut tls = rustls::ServerConfig::builder_with_provider(crypto::default_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("its own");
    tls.alpn_protocols = vec![b"posbus/2".to_vec(), web_transport_quinn::ALPN.into()];
    let tls = quinn::crypto::rustls::QuicServerConfig::try_from(tls).expect("TLS 1.3");
    let config = quinn::ServerConfig::with_crypto(Arc::new(tls));
    let anywhere = "127.0.0.1:0".parse().expect("an address");
    let endpoint = quinn::Endpoint::server(config, anywhere).expect("a free port");
    let port = endpoint.local_addr().expect("is bound").port();
    let place =
        format!(r#"{{"url":"https://localhost:{port}/posbus","certificate_hashes":["{hash}"]}}"#);
    (endpoint, place)
}

pub(super) async fn accept(endpoint: quinn::Endpoint, world: Arc<World>) {
    while let Some(incoming) = endpoint.accept().await {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let connection = incoming.await.expect("a handshake");
            let handshake = connection.handshake_data().expect("is done");
            let handshake = handshake.downcast::<quinn::crypto::rustls::HandshakeData>();
            let session = match handshake.expect("TLS").protocol.as_deref() {
                Some(b"posbus/2") => Session::raw(connection),
                _ => {
                    let request = web_transport_quinn::Request::accept(connection).await;
                    request.expect("a request").ok().await.expect("a session")
                }
            };
            world.play_over(session).await;
        });
    }
}

impl World {
    async fn play_over(self: Arc<Self>, session: Session) {
        let Ok((mut send, mut receive)) = session.accept_bi().await else {
            return;
        };
        let (out, mut queue) = unbounded_channel();
        let writing = session.clone();
        tokio::spawn(async move {
            while let Some((_, frame)) = queue.recv().await {
                let Frame::Binary(frame) = frame else {
                    continue;
                };
                if v2::decode_poses(&frame).is_ok() {
                    let _ = writing.send_datagram(frame);
                } else {
                    let length = u32::try_from(frame.len()).expect("short").to_le_bytes();
                    let _ = send.write_all(&[&length, frame.as_ref()].concat()).await;
                }
            }
        });
        let mut who = HandShake::default();
        while let Some(message) = next(&session, &mut receive).await {
            self.hear(&mut who, &out, &message);
        }
        self.miss(&who);
    }
}

/// The next message of either kind. A length that has begun is waited for: bots write each message
/// in one piece.
async fn next(session: &Session, receive: &mut RecvStream) -> Option<Bytes> {
    let mut length = [0; 4];
    tokio::select! {
        biased;
        datagram = session.read_datagram() => return datagram.ok(),
        read = receive.read(&mut length[..1]) => read.ok()??,
    };
    receive.read_exact(&mut length[1..]).await.ok()?;
    let mut message = vec![0; u32::from_le_bytes(length) as usize];
    receive.read_exact(&mut message).await.ok()?;
    Some(message.into())
}
