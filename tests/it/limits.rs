//! Limits of one address (docs/spec/rest.md §5).

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Api, Client, Options, Server};

/// Asks for guests, as from behind a proxy if `hops` says so, until one is refused.
async fn guests_until_refused(api: &Api, hops: Option<&str>) -> usize {
    for number in 0..200 {
        if try_guest(api, hops).await.status == 429 {
            return number;
        }
    }
    200
}

async fn try_guest(api: &Api, hops: Option<&str>) -> Answer {
    let mut request = api
        .request(Method::POST, "/auth/guest-token")
        .json(&json!({}));
    if let Some(hops) = hops {
        request = request.header("x-forwarded-for", hops);
    }
    api.send(request).await
}

const FEW: &str = "[limits]\nauth_requests = 0.1\nconnections = 3\nnew_connections = 1000.0";

#[tokio::test]
async fn one_address_makes_only_so_many_guests() {
    let server = Server::start(Options::default().config(FEW));
    let stranger = Api::stranger(&server);
    let made = guests_until_refused(&stranger, None).await;
    assert!((1..100).contains(&made), "{made} guests in a row");
    let refused = try_guest(&stranger, None).await;
    refused.refused(429, "too_many_requests");
    // A client that claims another address without being a trusted proxy is not believed.
    try_guest(&stranger, Some("203.0.113.7"))
        .await
        .refused(429, "too_many_requests");
    assert_eq!(stranger.root("/health").await.status, 200);
}

#[tokio::test]
async fn behind_a_trusted_proxy_everybody_counts_alone() {
    let options = Options::default()
        .config("trusted_proxies = [\"127.0.0.1\"]")
        .config(FEW);
    let server = Server::start(options);
    let stranger = Api::stranger(&server);
    let made = guests_until_refused(&stranger, Some("203.0.113.7")).await;
    assert!((1..100).contains(&made), "{made} guests in a row");
    assert_eq!(try_guest(&stranger, Some("203.0.113.8")).await.status, 200);
    // Entries further left are what the client claims itself.
    let claimed = try_guest(&stranger, Some("198.51.100.1, 203.0.113.7")).await;
    claimed.refused(429, "too_many_requests");
}

#[tokio::test]
async fn one_address_has_only_so_many_connections() {
    let server = Server::start(Options::default().config(FEW));
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(Client::silent(&server).await);
    }
    assert!(Client::dial(&server, None).await.is_err(), "one too many");
    drop(clients.pop());
    // The place is free as soon as the server has noticed.
    let end = tokio::time::Instant::now() + crate::support::DEADLINE;
    while Client::dial(&server, None).await.is_err() {
        assert!(tokio::time::Instant::now() < end, "the place is never free");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn limits_can_be_turned_off_and_that_is_said() {
    let server = Server::start(Options::default().unlimited());
    let stranger = Api::stranger(&server);
    assert_eq!(guests_until_refused(&stranger, None).await, 200);
    assert!(server.log().to_lowercase().contains("limits are off"));
}
