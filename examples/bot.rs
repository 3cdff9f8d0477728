//! A bot: a guest that enters the welcome world and walks in a circle.
//!
//! `cargo run --example bot -- http://127.0.0.1:4000`

use std::{error::Error, f32::consts::TAU, time::Duration};

use futures_util::SinkExt;
use posbus::{HandShake, MyTransform, TeleportRequest, Umid, Vec3};
use serde_json::Value;
use tokio::{net::TcpStream, time::interval};
use tokio_tungstenite::{client_async, tungstenite::Message};

/// The world that a fresh server has.
const WELCOME: &str = "00000000-0000-8000-8000-000000000001";
/// Moves of one round.
const STEPS: u32 = 40;

#[allow(dead_code, reason = "tests call `walk`")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1);
    let url = url.unwrap_or_else(|| "http://127.0.0.1:4000".to_owned());
    walk(&url, 3 * STEPS).await?;
    Ok(())
}

/// Walks so many steps, ten a second. Answers the user that the bot was.
pub(crate) async fn walk(url: &str, steps: u32) -> Result<Umid, Box<dyn Error>> {
    // reqwest brings no TLS of its own in this workspace; an error says that one is installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A guest needs no password: the server makes an account and a token for it.
    let guest = reqwest::Client::new().post(format!("{url}/api/v4/auth/guest-token"));
    let guest: Value = guest.send().await?.error_for_status()?.json().await?;
    let user: Umid = guest["id"].as_str().ok_or("no id")?.parse()?;
    let token = guest["token"].as_str().ok_or("no token")?.to_owned();

    let address = url.strip_prefix("http://").ok_or("not an http URL")?;
    let stream = TcpStream::connect(address).await?;
    let (mut socket, _) = client_async(format!("ws://{address}/posbus"), stream).await?;
    let hello = HandShake {
        handshake_version: 1,
        protocol_version: 1,
        token,
        user_id: user,
        session_id: Umid::now_v7(),
    };
    socket.send(Message::Binary(hello.encode().into())).await?;
    let enter = TeleportRequest {
        target: WELCOME.parse()?,
    };
    socket.send(Message::Binary(enter.encode().into())).await?;

    let mut clock = interval(Duration::from_millis(100));
    for step in 0..steps {
        clock.tick().await;
        let angle = TAU * step as f32 / STEPS as f32;
        let pose = MyTransform {
            position: Vec3::new(5.0 * angle.cos(), 1.0, 5.0 * angle.sin()),
            rotation: Vec3::new(0.0, -angle, 0.0),
        };
        socket.send(Message::Binary(pose.encode().into())).await?;
    }
    socket.close(None).await?;
    Ok(user)
}
