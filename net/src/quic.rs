//! The QUIC endpoint: WebTransport for browsers and PosBus on QUIC alone, on one UDP port
//! (docs/protocol.md, Transports).
//!
//! It brings connections as far as a stream with a client at the other end; what is said on it is
//! the session's.

mod admission;
mod certificate;
mod connection;
mod framing;
mod options;
mod place;

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::Duration,
};

use quinn::{Endpoint, EndpointConfig, ServerConfig, TokioRuntime, VarInt};
use socket2::{Domain, Protocol, Socket, Type};
use systems::DisconnectCause;
use tokio::{
    sync::Semaphore,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::session::{Sessions, close_code};
use admission::Admission;
use certificate::Certificates;

pub use options::{CertificateFiles, QuicOptions};

pub(crate) use place::Place;

/// Interval at which the server looks whether it is time for another certificate.
const RENEWAL: Duration = Duration::from_secs(60);

/// Bytes that connections may send before they are accepted, each and together. They have
/// nothing to say before that: a first packet or two.
const INCOMING_BUFFER: u64 = 16 * 1024;
const INCOMING_BUFFERS: u64 = 8 << 20;

/// First packets that may wait for being looked at.
const MAX_INCOMING: usize = 1024;

/// A bound QUIC endpoint.
pub struct Quic {
    endpoint: Endpoint,
    config: ServerConfig,
    certificates: Arc<Certificates>,
    options: QuicOptions,
}

/// Why there is no QUIC endpoint.
#[derive(thiserror::Error, Debug)]
pub enum QuicError {
    /// The port cannot be had.
    #[error("cannot listen on UDP {0}")]
    Bind(SocketAddr, #[source] io::Error),
    /// The certificate cannot be used.
    #[error("certificate")]
    Certificate(#[source] io::Error),
}

impl Quic {
    /// Binds the UDP port; port 0 picks a free one. `base_url` is the base address of the node. To
    /// be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`QuicError`].
    pub fn bind(
        address: SocketAddr,
        base_url: &str,
        options: QuicOptions,
    ) -> Result<Self, QuicError> {
        let names = place::names(base_url, address);
        let (certificates, crypto) = Certificates::new(options.certificate.as_ref(), names)
            .map_err(QuicError::Certificate)?;
        let mut config = ServerConfig::with_crypto(crypto);
        config
            .transport_config(options.transport())
            .max_incoming(MAX_INCOMING)
            .incoming_buffer_size(INCOMING_BUFFER)
            .incoming_buffer_size_total(INCOMING_BUFFERS);
        let endpoint = socket(address, options.socket_buffer)
            .and_then(|socket| {
                let config = Some(config.clone());
                let runtime = Arc::new(TokioRuntime);
                Endpoint::new(EndpointConfig::default(), config, socket, runtime)
            })
            .map_err(|error| QuicError::Bind(address, error))?;
        Ok(Self {
            endpoint,
            config,
            certificates: Arc::new(certificates),
            options,
        })
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// Address at which clients find it, for a node with this base address.
    pub(crate) fn place(&self, base_url: &str) -> io::Result<Place> {
        let url = match &self.options.url {
            Some(url) => url.clone(),
            None => place::url(base_url, self.local_addr()?),
        };
        Ok(Place::new(url, Arc::clone(&self.certificates)))
    }

    /// Accepts connections until `stop` is cancelled; returns when the sessions have ended and
    /// their clients were told.
    pub(crate) async fn run(
        mut self,
        sessions: Arc<Sessions>,
        slots: Arc<Semaphore>,
        stop: CancellationToken,
    ) {
        let admission = Admission::new(Arc::clone(&sessions), slots, &self.options);
        if let Ok(address) = self.local_addr() {
            tracing::info!(%address, "serving QUIC");
        }
        let mut renewal = interval(RENEWAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = renewal.tick() => self.renew(),
                incoming = self.endpoint.accept() => match incoming {
                    Some(incoming) => admission.consider(incoming),
                    None => break,
                },
            }
        }
        self.endpoint.set_server_config(None);
        sessions.ended().await;
        let shutdown = DisconnectCause::Shutdown;
        self.endpoint.close(
            VarInt::from(u32::from(close_code(shutdown))),
            shutdown.label().as_bytes(),
        );
        self.endpoint.wait_idle().await;
    }

    /// Takes another certificate if it is time for one.
    fn renew(&mut self) {
        match self.certificates.renew() {
            Ok(None) => {}
            Ok(Some(crypto)) => {
                self.config.crypto = crypto;
                self.endpoint.set_server_config(Some(self.config.clone()));
                tracing::info!("new certificate for QUIC");
            }
            Err(error) => tracing::warn!(%error, "the certificate for QUIC stays as it is"),
        }
    }
}

/// A UDP socket with large buffers, as far as the system allows.
fn socket(address: SocketAddr, buffer: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.bind(&address.into())?;
    let sized = socket
        .set_recv_buffer_size(buffer)
        .and_then(|()| socket.set_send_buffer_size(buffer));
    if let Err(error) = sized {
        tracing::debug!(%error, "the buffers of the UDP socket stay as they are");
    }
    Ok(socket.into())
}
