//! A recorder: enters a world as a guest and prints the messages that arrive, one a line: the time
//! in milliseconds, and the frame in hexadecimal digits. `odyssey posbus decode` reads such frames.
//!
//! `cargo run --example recorder -- 127.0.0.1:4000 > session.txt`

use std::{
    error::Error,
    io::{self, Write},
    time::{Duration, Instant},
};

use posbus::Umid;
use serde_json::Value;
use testkit::Client;
use tokio::time::timeout;

/// The world that a fresh server has.
const WELCOME: &str = "00000000-0000-8000-8000-000000000001";

#[allow(dead_code, reason = "tests call `record`")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:4000".to_owned());
    record(&address, Duration::from_secs(10), &mut io::stdout().lock()).await
}

/// Writes everything that arrives until nothing does for so long.
pub(crate) async fn record(
    address: &str,
    silence: Duration,
    to: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    // reqwest brings no TLS of its own in this workspace; an error says that one is installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let guest = format!("http://{address}/api/v4/auth/guest-token");
    let guest = reqwest::Client::new().post(guest).send().await?;
    let guest: Value = guest.error_for_status()?.json().await?;
    let user: Umid = guest["id"].as_str().ok_or("no id")?.parse()?;
    let token = guest["token"].as_str().ok_or("no token")?.to_owned();

    let mut client = Client::connect(address.parse()?, token, user, 1).await;
    let target = WELCOME.parse()?;
    client.send(posbus::TeleportRequest { target }).await;
    let begin = Instant::now();
    while let Ok(frame) = timeout(silence, client.receive_frame()).await {
        let digits: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(to, "{} {digits}", begin.elapsed().as_millis())?;
    }
    Ok(())
}
