//! Options of the QUIC endpoint; every default carries its reason.

use std::{path::PathBuf, sync::Arc, time::Duration};

use quinn::{IdleTimeout, TransportConfig, VarInt};

/// Streams that a client may have open in either direction at once. The session needs one; HTTP/3
/// needs one more for its CONNECT request.
const BIDIRECTIONAL_STREAMS: u32 = 2;

/// Streams that HTTP/3 needs from client to server: control, two for QPACK, and one that browsers
/// open only to see that it is ignored.
const UNIDIRECTIONAL_STREAMS: u32 = 4;

/// Options of the QUIC endpoint.
#[derive(Clone, Debug)]
pub struct QuicOptions {
    /// Certificate and key to use. Default none: the server makes certificates of its own, which
    /// clients accept by their hashes.
    pub certificate: Option<CertificateFiles>,
    /// Address of the WebTransport endpoint, as `https://host:port/posbus`, for servers that
    /// clients reach under another port than the one bound. Default none: the host of the node's
    /// base address and the port bound.
    pub url: Option<String>,
    /// Handshakes that may be going on at the same time. Default 512: a rush of joiners passes, and
    /// further ones are not answered before there is room, so that they ask again a little later by
    /// themselves.
    pub max_handshakes: usize,
    /// Handshakes going on above which a client first has to show that its address is its own,
    /// which costs it a round trip and the server nothing. Default 64: few enough that forged
    /// addresses get little work out of the server.
    pub retry_above: usize,
    /// Time for which a peer may be silent before it counts as gone; the smaller one of both sides
    /// holds. Default 60 s, as for WebSocket.
    pub idle_timeout: Duration,
    /// After which silence the server asks for a sign of life. Default 10 s: browsers give up after
    /// 30 s, and routers forget a UDP flow after as much.
    pub keep_alive: Duration,
    /// Bytes that a client may send ahead on one stream. Default 32 KiB: a handshake is up to
    /// 16 KiB, and all else tiny.
    pub stream_window: u32,
    /// Bytes that a client may send ahead on all streams. Default 64 KiB: the streams that
    /// HTTP/3 keeps carry hardly anything.
    pub connection_window: u32,
    /// Bytes that may be on their way to a client on streams without having been acknowledged.
    /// Default 256 KiB: a snapshot goes out with 2.5 MB/s over 100 ms, and no client makes the
    /// server keep more.
    pub send_window: u32,
    /// Bytes of clients' datagrams that may wait for being read; the oldest are dropped. Default 4
    /// KiB: some forty poses, of which the newest counts.
    pub datagram_receive_buffer: usize,
    /// Bytes that may wait for being sent as datagrams; the oldest are dropped. Default 32 KiB:
    /// more than the largest tick, so that only what has been overtaken by newer ticks is lost.
    pub datagram_send_buffer: usize,
    /// Bytes that the kernel may keep for the UDP socket in either direction. Default 4 MiB:
    /// all sessions share one socket, and a tick for thousands of them comes in one burst. Most
    /// systems allow less unless told otherwise (docs/operations.md).
    pub socket_buffer: usize,
}

/// Files of a certificate chain and its key, both PEM.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl Default for QuicOptions {
    fn default() -> Self {
        Self {
            certificate: None,
            url: None,
            max_handshakes: 512,
            retry_above: 64,
            idle_timeout: Duration::from_secs(60),
            keep_alive: Duration::from_secs(10),
            stream_window: 32 * 1024,
            connection_window: 64 * 1024,
            send_window: 256 * 1024,
            datagram_receive_buffer: 4 * 1024,
            datagram_send_buffer: 32 * 1024,
            socket_buffer: 4 << 20,
        }
    }
}

impl QuicOptions {
    /// As quinn takes it.
    pub(super) fn transport(&self) -> Arc<TransportConfig> {
        let mut transport = TransportConfig::default();
        transport
            .max_concurrent_bidi_streams(BIDIRECTIONAL_STREAMS.into())
            .max_concurrent_uni_streams(UNIDIRECTIONAL_STREAMS.into())
            .max_idle_timeout(IdleTimeout::try_from(self.idle_timeout).ok())
            .keep_alive_interval(Some(self.keep_alive))
            .stream_receive_window(VarInt::from_u32(self.stream_window))
            .receive_window(VarInt::from_u32(self.connection_window))
            .send_window(self.send_window.into())
            .datagram_receive_buffer_size(Some(self.datagram_receive_buffer))
            .datagram_send_buffer_size(self.datagram_send_buffer);
        Arc::new(transport)
    }
}
