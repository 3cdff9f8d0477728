//! The connection of a bot: PosBus version 1 in binary WebSocket frames (spec posbus §1.1).

use std::{fmt, net::SocketAddr};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use posbus::{HandShake, MAX_SERVER_FRAME, Message, TeleportRequest, Umid};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message as Frame,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use crate::guests::Guest;

/// What is read at once. The library's default of 128 KiB for each of thousands of bots would be most of the memory.
const READ_BUFFER: usize = 4 * 1024;
/// What the system may keep for a bot that does not read: with the usual megabytes it would stall minutes later.
const STALLED_RECEIVE_BUFFER: u32 = 8 * 1024;
/// Clients say so when they leave on purpose (spec posbus §1.2).
const LEAVING: &str = "user";

/// Where bots connect to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The address.
    pub(crate) address: SocketAddr,
    /// The URL of the WebSocket.
    pub(crate) url: String,
}

/// Why a bot was not there to the end. Its text is the name under which it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// No TCP connection.
    Connect,
    /// The upgrade was refused with this HTTP status.
    Refused(u16),
    /// The token was refused.
    InvalidToken,
    /// There is no such world.
    NoSuchWorld,
    /// It was not let in in time.
    JoinTimeout,
    /// The server closed with this code and reason.
    Closed(u16, String),
    /// The connection ended without a word.
    Broken,
    /// A frame above what clients accept.
    Oversize,
    /// The server did not read.
    SendTimeout,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Refused(status) => write!(f, "http_{status}"),
            Self::InvalidToken => f.write_str("invalid_token"),
            Self::NoSuchWorld => f.write_str("no_such_world"),
            Self::JoinTimeout => f.write_str("join_timeout"),
            Self::Closed(code, reason) if reason.is_empty() => write!(f, "close_{code}"),
            Self::Closed(code, reason) => write!(f, "close_{code}_{reason}"),
            Self::Broken => f.write_str("broken"),
            Self::Oversize => f.write_str("oversize"),
            Self::SendTimeout => f.write_str("send_timeout"),
        }
    }
}

/// A connection to the server.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects; one that is going to stall has little room for what it does not read.
    pub(crate) async fn connect(target: &Target, stalls: bool) -> Result<Self, Loss> {
        let stream = dial(target.address, stalls)
            .await
            .map_err(|_| Loss::Connect)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_SERVER_FRAME))
            .max_frame_size(Some(MAX_SERVER_FRAME));
        match client_async_with_config(&target.url, stream, Some(config)).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(Loss::Refused(response.status().as_u16())),
            Err(_) => Err(Loss::Broken),
        }
    }

    /// Says who it is and where it wants to be, both at once (spec posbus §5.1).
    pub(crate) async fn enter(&mut self, guest: &Guest, world: Umid) -> Result<(), Loss> {
        self.send(HandShake {
            handshake_version: 1,
            protocol_version: 1,
            token: guest.token.clone(),
            user_id: guest.id,
            session_id: Umid::now_v7(),
        })
        .await?;
        self.send(TeleportRequest { target: world }).await
    }

    pub(crate) async fn send(&mut self, message: impl Into<Message>) -> Result<(), Loss> {
        let frame = Frame::binary(message.into().encode());
        self.0.send(frame).await.map_err(lost)
    }

    /// The next binary frame. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Bytes, Loss> {
        loop {
            match self.0.next().await {
                Some(Ok(Frame::Binary(bytes))) => return Ok(bytes),
                Some(Ok(Frame::Close(frame))) => {
                    return Err(frame.map_or(Loss::Closed(1005, String::new()), |frame| {
                        Loss::Closed(frame.code.into(), frame.reason.to_string())
                    }));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(lost(error)),
                None => return Err(Loss::Broken),
            }
        }
    }

    /// Ends the connection on purpose.
    pub(crate) async fn leave(&mut self) {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: LEAVING.into(),
        };
        // It may have ended already.
        let _ = self.0.close(Some(frame)).await;
    }
}

async fn dial(address: SocketAddr, stalls: bool) -> std::io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    if stalls {
        socket.set_recv_buffer_size(STALLED_RECEIVE_BUFFER)?;
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn lost(error: Error) -> Loss {
    match error {
        Error::Capacity(_) => Loss::Oversize,
        _ => Loss::Broken,
    }
}
