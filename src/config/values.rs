//! Notation of the values of the configuration.

use std::{fmt, net::SocketAddr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A time as `90s`, `20m` or `1h 30m`; a bare number is seconds.
pub(super) mod duration {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&humantime::format_duration(*time))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as 90s, 20m or 1h")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Duration, E> {
                Ok(Duration::from_secs(seconds))
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Duration, E> {
                u64::try_from(seconds)
                    .map(Duration::from_secs)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(seconds), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                if let Ok(seconds) = text.parse() {
                    return Ok(Duration::from_secs(seconds));
                }
                humantime::parse_duration(text)
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        from.deserialize_any(Visitor)
    }
}

/// An address and a port.
pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| {
        de::Error::custom(format!(
            "{text:?} is no address and port such as 127.0.0.1:4000"
        ))
    })
}

/// Further address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// Nowhere.
    Off,
    /// At the same address.
    On,
    /// Elsewhere.
    At(SocketAddr),
}

impl Serialize for Listen {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => to.serialize_str("off"),
            Self::On => to.serialize_str("on"),
            Self::At(address) => to.collect_str(address),
        }
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Listen;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("on, off, or an address and port such as 127.0.0.1:4000")
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Listen, E> {
                Ok(if on { Listen::On } else { Listen::Off })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Listen, E> {
                match text.to_ascii_lowercase().as_str() {
                    "on" | "true" => Ok(Listen::On),
                    "off" | "false" => Ok(Listen::Off),
                    address => address
                        .parse()
                        .map(Listen::At)
                        .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }
        from.deserialize_any(Visitor)
    }
}

/// `on` or `off`, or a truth value.
pub(super) fn switch<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    struct Visitor;
    impl de::Visitor<'_> for Visitor {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("on or off")
        }

        fn visit_bool<E: de::Error>(self, on: bool) -> Result<bool, E> {
            Ok(on)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
            match text.to_ascii_lowercase().as_str() {
                "on" | "true" => Ok(true),
                "off" | "false" => Ok(false),
                _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
            }
        }
    }
    from.deserialize_any(Visitor)
}

/// A list of texts, or one text with commas.
pub(super) fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    struct Visitor;
    impl<'de> de::Visitor<'de> for Visitor {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            let items = text.split(',').map(str::trim);
            Ok(items
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect())
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
            Deserialize::deserialize(de::value::SeqAccessDeserializer::new(seq))
        }
    }
    from.deserialize_any(Visitor)
}

/// A database URL without its password. Rather hides too much than too little: all before the last
/// `@` counts as credentials, because a password may hold any other character.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    if scheme == "sqlite" {
        return url.to_owned();
    }
    let (credentials, place) = match rest.rsplit_once('@') {
        Some((credentials, place)) => (format!("{}@", hidden(credentials, ':')), place),
        None => (String::new(), rest),
    };
    let place = match place.split_once('?') {
        Some((place, query)) => format!("{place}?{}", query_without_password(query)),
        None => place.to_owned(),
    };
    format!("{scheme}://{credentials}{place}")
}

fn query_without_password(query: &str) -> String {
    let pairs: Vec<String> = query
        .split('&')
        .map(
            |pair| match pair.to_ascii_lowercase().contains("password") {
                true => hidden(pair, '='),
                false => pair.to_owned(),
            },
        )
        .collect();
    pairs.join("&")
}

/// The part before the first separator, which something has to follow.
fn hidden(text: &str, separator: char) -> String {
    match text.split_once(separator) {
        Some((name, _)) => format!("{name}{separator}***"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_and_nothing_else() {
        for (url, shown) in [
            (
                "postgres://me:secret@host:5432/db",
                "postgres://me:***@host:5432/db",
            ),
            ("postgres://me:a/b?c@d@host/db", "postgres://me:***@host/db"),
            ("postgres://me@host/db", "postgres://me@host/db"),
            (
                "postgres://%2Frun%2Fpostgres:5432/db",
                "postgres://%2Frun%2Fpostgres:5432/db",
            ),
            (
                "postgres://host/db?user=me&password=secret&sslmode=require",
                "postgres://host/db?user=me&password=***&sslmode=require",
            ),
            (
                "sqlite:///home/a@b:c/odyssey.db?mode=rwc",
                "sqlite:///home/a@b:c/odyssey.db?mode=rwc",
            ),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
