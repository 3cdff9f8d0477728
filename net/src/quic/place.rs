//! Description of the endpoint for clients: its address and the hashes of its certificates.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::http::Uri;

use super::certificate::Certificates;

/// The path of the WebTransport endpoint.
pub(super) const PATH: &str = "/posbus";

const LOCALHOST: &str = "localhost";

/// Address of the endpoint, and the hashes by which clients recognise it.
#[derive(Clone)]
pub(crate) struct Place {
    url: Arc<str>,
    certificates: Arc<Certificates>,
}

impl Place {
    pub(super) fn new(url: String, certificates: Arc<Certificates>) -> Self {
        Self {
            url: url.into(),
            certificates,
        }
    }

    /// The address for WebTransport.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// SHA-256 hashes of the certificates, in hex.
    pub(crate) fn certificate_hashes(&self) -> Vec<String> {
        self.certificates.hashes()
    }
}

/// The address of the endpoint on a node with this base address. Browsers try only the first
/// address of a name, and `localhost` may be another one than is listened on, so that name becomes
/// an address.
pub(super) fn url(base_url: &str, bound: SocketAddr) -> String {
    let base: Uri = base_url.parse().unwrap_or_default();
    let port = bound.port();
    match base.host() {
        Some(host) if host != LOCALHOST => format!("https://{host}:{port}{PATH}"),
        _ => format!(
            "https://{}{PATH}",
            SocketAddr::new(reachable(bound.ip()), port)
        ),
    }
}

/// An address under which this machine reaches what listens on `address`.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

/// The names that a certificate for this server holds.
pub(super) fn names(base_url: &str, bound: SocketAddr) -> Vec<String> {
    let base: Uri = base_url.parse().unwrap_or_default();
    let host = base.host().map(|host| host.trim_matches(['[', ']']));
    let mut names = vec![LOCALHOST.to_owned(), reachable(bound.ip()).to_string()];
    if let Some(host) = host.filter(|host| !names.iter().any(|name| name == host)) {
        names.push(host.to_owned());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn the_address_is_one_that_clients_can_reach() {
        for (base, bound, expected) in [
            (
                "http://127.0.0.1:4000",
                "127.0.0.1:4000",
                "https://127.0.0.1:4000/posbus",
            ),
            (
                "http://localhost:4000",
                "0.0.0.0:4001",
                "https://127.0.0.1:4001/posbus",
            ),
            (
                "http://localhost:4000",
                "[::]:4000",
                "https://[::1]:4000/posbus",
            ),
            (
                "https://worlds.example",
                "0.0.0.0:4000",
                "https://worlds.example:4000/posbus",
            ),
            (
                "http://[2001:db8::1]:80/x",
                "[::]:4000",
                "https://[2001:db8::1]:4000/posbus",
            ),
        ] {
            let bound = bound.parse().expect("an address");
            assert_eq!(url(base, bound), expected);
        }
    }
}
