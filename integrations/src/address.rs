//! Addresses that the server may fetch when others name them: the check that keeps it from being
//! sent to its own network (docs/regressions.md S16).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::{ProviderError, Result};

/// Hosts from which files are fetched, each as `host` (on the scheme's own port) or `host:port`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(pub Vec<String>);

impl AllowedHosts {
    /// The one host of an address.
    pub(crate) fn of(url: &Url) -> Self {
        Self(vec![host_of(url)])
    }

    /// Refuses addresses of other hosts, with credentials, or not over HTTPS; plain HTTP only
    /// `with_plain_http`.
    ///
    /// # Errors
    /// `Refused`.
    pub fn check(&self, url: &Url, with_plain_http: bool) -> Result<()> {
        let encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(ProviderError::Refused("not a web address")),
        };
        if !encrypted && !with_plain_http {
            return Err(ProviderError::Refused("not over HTTPS"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ProviderError::Refused("the address holds credentials"));
        }
        let named = host_of(url);
        if self
            .0
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(&named))
        {
            Ok(())
        } else {
            Err(ProviderError::Refused("the host is not on the list"))
        }
    }
}

/// The host of an address as lists have it.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        None => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    }
}

/// Refuses a host that is written as an address which is not public; names are checked when they
/// are resolved.
pub(crate) fn check_literal(url: &Url) -> Result<()> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err(ProviderError::Refused("no host")),
    };
    if is_public(address) {
        Ok(())
    } else {
        Err(ProviderError::Refused("the address is not public"))
    }
}

/// Whether an address is one of the public Internet: not of this machine, its network, its cloud's
/// metadata service, or anything that translates to one of these (RFC 6890 and the registries that
/// follow it).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = match (a, b, c) {
        // This network; multicast, reserved, broadcast.
        (0 | 224..=255, _, _) => true,
        // Shared with the provider; IETF and 6to4 relays; benchmarks.
        (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) => true,
        _ => false,
    };
    !(reserved
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match (a, b) {
        // NAT64 and 6to4 lead to the address within.
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => is_public_v4(v4(g, h)),
        (0x2002, _) => is_public_v4(v4(b, c)),
        // Teredo, ORCHID and other protocol assignments; documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        // Everything else that is assigned at all is in 2000::/3.
        (a, _) => (0x2000..=0x3fff).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in [
            "1.1.1.1",
            "93.184.216.34",
            "172.32.0.1",
            "192.169.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.1.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "3fff::1",
            "4000::1",
        ] {
            assert!(
                !is_public(private.parse().expect("an address")),
                "{private}"
            );
        }
    }

    #[test]
    fn only_listed_hosts_are_fetched_from() {
        let hosts = AllowedHosts(vec![
            "images.example".to_owned(),
            "127.0.0.1:8080".to_owned(),
        ]);
        let check = |url: &str, plain| hosts.check(&url.parse().expect("a URL"), plain).is_ok();
        assert!(check("https://images.example/a.jpg", false));
        assert!(check("https://IMAGES.example:443/a.jpg", false));
        assert!(check("http://127.0.0.1:8080/a.jpg", true));
        for refused in [
            "http://images.example/a.jpg",
            "https://images.example:8443/a.jpg",
            "https://images.example.evil.example/a.jpg",
            "https://evil.example/images.example",
            "https://images.example@evil.example/",
            "https://user:word@images.example/",
            "https://.images.example/",
            "https://images.example./",
            "ftp://images.example/a",
            "file:///etc/passwd",
            "data:image/jpeg;base64,AA==",
        ] {
            assert!(!check(refused, false), "{refused}");
        }
    }

    #[test]
    fn addresses_in_any_number_format_are_recognised() {
        for local in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "http://0/",
        ] {
            assert!(
                check_literal(&local.parse().expect("a URL")).is_err(),
                "{local}"
            );
        }
        assert!(check_literal(&"https://1.1.1.1/".parse().expect("a URL")).is_ok());
        assert!(check_literal(&"https://images.example/".parse().expect("a URL")).is_ok());
    }
}
