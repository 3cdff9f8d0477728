//! Addresses: who is behind a proxy, and which addresses are one customer.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use axum::http::HeaderMap;
use serde::{Deserialize, Deserializer, de};

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Prefix length of what one customer gets of IPv6.
const CUSTOMER_PREFIX: u32 = 64;

/// A network in CIDR notation; a bare address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// The text is no network.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
#[error("`{0}` is neither an address nor a network such as 10.0.0.0/8")]
pub struct NotANetwork(String);

impl Network {
    /// Whether the address is in the network; an IPv4 address written as IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - self.prefix;
                (u64::from(own.to_bits()) >> shift) == (u64::from(other.to_bits()) >> shift)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let refused = || NotANetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| refused())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix
                .trim()
                .parse()
                .ok()
                .filter(|prefix| *prefix <= longest)
                .ok_or_else(refused)?,
            None => longest,
        };
        Ok(Self { address, prefix })
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Follows `X-Forwarded-For` from its right end as far as the hops are trusted; see
/// [`super::Limits::client_address`]. Where a hop is illegible, the last legible one stays
/// responsible.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let lines: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = hop_address(hop.trim()) else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

/// An address with or without a port.
fn hop_address(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The address that stands for all addresses of the same customer.
pub(crate) fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let host_bits = 128 - CUSTOMER_PREFIX;
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> host_bits << host_bits))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts
            .iter()
            .map(|text| text.parse().expect("a network"))
            .collect()
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().expect("a header"));
        }
        headers
    }

    #[test]
    fn networks_contain_their_addresses() {
        for (network, address, inside) in [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
            ("::1", "::1", true),
        ] {
            assert_eq!(
                networks(&[network])[0].contains(ip(address)),
                inside,
                "{address} in {network}"
            );
        }
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/-1",
            "10.0.0/8",
            "localhost",
            "10.0.0.0/",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn forwarded_addresses_count_only_behind_trusted_proxies() {
        let trusted = networks(&["10.0.0.0/8"]);
        for (peer, lines, expected) in [
            ("198.51.100.1", vec!["203.0.113.1"], "198.51.100.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["203.0.113.1"], "203.0.113.1"),
            ("::ffff:10.0.0.1", vec!["203.0.113.1"], "203.0.113.1"),
            ("10.0.0.1", vec!["1.1.1.1, 203.0.113.1"], "203.0.113.1"),
            (
                "10.0.0.1",
                vec!["1.1.1.1, 203.0.113.1, 10.9.9.9"],
                "203.0.113.1",
            ),
            (
                "10.0.0.1",
                vec!["1.1.1.1", "203.0.113.1", "10.9.9.9"],
                "203.0.113.1",
            ),
            ("10.0.0.1", vec!["10.2.2.2, 10.9.9.9"], "10.2.2.2"),
            ("10.0.0.1", vec!["203.0.113.1, nonsense"], "10.0.0.1"),
            (
                "10.0.0.1",
                vec!["203.0.113.1, unknown, 10.9.9.9"],
                "10.9.9.9",
            ),
            ("10.0.0.1", vec!["203.0.113.1:4711"], "203.0.113.1"),
            ("10.0.0.1", vec!["[2001:db8::1]:4711"], "2001:db8::1"),
        ] {
            assert_eq!(
                client(ip(peer), &headers(&lines), &trusted),
                ip(expected),
                "{peer} {lines:?}"
            );
        }
    }

    #[test]
    fn a_customer_is_a_v4_address_or_a_v6_network() {
        assert_eq!(customer(ip("192.0.2.1")), ip("192.0.2.1"));
        assert_eq!(customer(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
        assert_eq!(customer(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
    }
}
