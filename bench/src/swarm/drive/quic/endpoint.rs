//! Address to which bots connect over QUIC, and the UDP sockets that they share.

use std::{io, net::SocketAddr, sync::Arc};

use quinn::{ClientConfig, Endpoint, crypto::rustls::QuicClientConfig};
use reqwest::Url;
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use serde::Deserialize;
use web_transport_quinn::{ALPN, Session, crypto::sha256};

use crate::swarm::{Transport, bot::Loss};

/// Protocol name of QUIC alone (docs/protocol.md, Transports).
const RAW_ALPN: &str = "posbus/2";
/// Bots that share a UDP socket: its buffer holds what a tick brings them.
const SHARE: u32 = 64;

/// Answer of `GET /api/v4/quic`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) certificate_hashes: Vec<String>,
}

/// The UDP sockets of all bots.
pub(crate) struct Endpoints {
    url: Url,
    address: SocketAddr,
    raw: bool,
    config: ClientConfig,
    sockets: Vec<Endpoint>,
}

impl Endpoints {
    /// Opens the sockets for so many bots. Packets go to the host that was asked, whatever name the
    /// server has for itself.
    pub(crate) fn open(
        place: &Place,
        host: SocketAddr,
        transport: Transport,
        users: u32,
    ) -> io::Result<Self> {
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        let url: Url = place
            .url
            .parse()
            .map_err(|_| wrong("the server names no URL"))?;
        let port = url
            .port()
            .ok_or_else(|| wrong("the server names no port"))?;
        let address = SocketAddr::new(host.ip(), port);
        let local: SocketAddr = match address {
            SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
            SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
        };
        let raw = transport == Transport::Quic;
        let config = config(place, if raw { RAW_ALPN } else { ALPN })
            .map_err(|error| wrong(&error.to_string()))?;
        let sockets = (0..users.div_ceil(SHARE).max(1))
            .map(|_| Endpoint::client(local))
            .collect::<io::Result<_>>()?;
        Ok(Self {
            url,
            address,
            raw,
            config,
            sockets,
        })
    }

    /// Connects a bot.
    pub(crate) async fn connect(&self, number: u32) -> Result<Session, Loss> {
        let socket = self
            .sockets
            .get(number as usize % self.sockets.len().max(1));
        let socket = socket.ok_or(Loss::Connect)?;
        let host = self.url.host_str().unwrap_or_default();
        let host = host.trim_matches(['[', ']']);
        let connecting = socket
            .connect_with(self.config.clone(), self.address, host)
            .map_err(|_| Loss::Connect)?;
        let connection = connecting.await.map_err(|_| Loss::Connect)?;
        if self.raw {
            return Ok(Session::raw(connection));
        }
        let session = Session::connect(connection, self.url.clone()).await;
        session.map_err(|_| Loss::Connect)
    }
}

fn config(place: &Place, alpn: &str) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(ByHash {
        hashes: place.certificate_hashes.clone(),
        provider: Arc::clone(&provider),
    });
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = vec![alpn.into()];
    let tls = QuicClientConfig::try_from(tls)
        .map_err(|error| rustls::Error::General(error.to_string()))?;
    Ok(ClientConfig::new(Arc::new(tls)))
}

/// Accepts certificates by their hash, as browsers do (docs/protocol.md, Certificate).
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
        let hash = sha256(&self.provider, certificate);
        let hash: String = hash
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if self.hashes.contains(&hash) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::CertificateError::UnknownIssuer.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
