//! Connecting: done by tasks of the runtime, so that a thread of bots is not held up by a
//! handshake. The upgrade is the library's; after it the connection is handed over as the socket
//! that it is.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use tokio::{
    net::{TcpSocket, TcpStream},
    runtime::Handle,
    time::{sleep, timeout},
};
use tokio_tungstenite::{client_async, tungstenite::Error};

use crate::swarm::{
    bot::{JOIN_TIMEOUT, Loss},
    guests::Guest,
    sent::Stamp,
};

/// Bytes that the system may keep for a bot that does not read: with the usual megabytes it would
/// stall minutes later.
const STALLED_RECEIVE_BUFFER: u32 = 8 * 1024;

/// Address to which bots connect.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The address.
    pub(crate) address: SocketAddr,
    /// The URL of the WebSocket.
    pub(crate) url: String,
}

/// A bot that is connected, or is not.
pub(crate) struct Arrival {
    pub(crate) number: u32,
    /// Its account; none if it comes back.
    pub(crate) guest: Option<Guest>,
    pub(crate) began: Stamp,
    pub(crate) connected: Result<std::net::TcpStream, Loss>,
}

/// Connects bots for one thread.
#[derive(Clone)]
pub(crate) struct Dialler {
    pub(crate) runtime: Handle,
    pub(crate) target: Arc<Target>,
    pub(crate) arrivals: Sender<Arrival>,
}

impl Dialler {
    /// Connects a bot after a while; `began` is then.
    pub(crate) fn dial(
        &self,
        number: u32,
        guest: Option<Guest>,
        stalls: bool,
        began: Stamp,
        after: Stamp,
    ) {
        let target = Arc::clone(&self.target);
        let arrivals = self.arrivals.clone();
        let pause = Duration::from_micros(u64::from(after.0) * 10);
        let patience = Duration::from_micros(u64::from(JOIN_TIMEOUT) * 10);
        self.runtime.spawn(async move {
            sleep(pause).await;
            let connected = timeout(patience, connect(&target, stalls)).await;
            let arrival = Arrival {
                number,
                guest,
                began,
                connected: connected.unwrap_or(Err(Loss::JoinTimeout)),
            };
            // The run may be over.
            let _ = arrivals.send(arrival);
        });
    }
}

/// Connects; a bot that is going to stall has little room for what it does not read.
async fn connect(target: &Target, stalls: bool) -> Result<std::net::TcpStream, Loss> {
    let stream = open(target.address, stalls)
        .await
        .map_err(|_| Loss::Connect)?;
    match client_async(&target.url, stream).await {
        // A server says nothing before it knows who is there, so the library has read nothing
        // beyond the handshake.
        Ok((socket, _)) => socket.into_inner().into_std().map_err(|_| Loss::Connect),
        Err(Error::Http(response)) => Err(Loss::Refused(response.status().as_u16())),
        Err(_) => Err(Loss::Broken),
    }
}

async fn open(address: SocketAddr, stalls: bool) -> std::io::Result<TcpStream> {
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
