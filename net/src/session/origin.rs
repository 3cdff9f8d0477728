//! Web origins whose pages may open sessions.

use axum::http::{HeaderMap, header::ORIGIN};

/// Tells whether the list allows the origin of a request. An empty list allows every page; clients
/// that are not browsers send no origin.
pub(super) fn allowed(allowed: &[String], headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    allowed.is_empty()
        || allowed
            .iter()
            .any(|allowed| origin.as_bytes().eq_ignore_ascii_case(allowed.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_checked_against_the_list() {
        let from = |origin: &'static str| {
            HeaderMap::from_iter([(ORIGIN, origin.parse().expect("a header value"))])
        };
        let list = ["https://worlds.example".to_owned()];
        assert!(allowed(&list, &from("https://worlds.example")));
        assert!(!allowed(&list, &from("https://evil.example")));
        assert!(!allowed(&list, &from("null")));
        assert!(allowed(&list, &HeaderMap::new()), "not a browser");
        assert!(allowed(&[], &from("https://evil.example")), "no list");
    }
}
