//! Names of contents in texts.

use std::collections::HashSet;

use uuid::Uuid;

/// Shorter runs are words; names that ship with the program are longer.
const SHORTEST: usize = 20;

/// Adds everything in a text that may be a name of a content: runs of letters and digits of some
/// length, and ids without their dashes.
pub fn names_in(text: &str, names: &mut HashSet<String>) {
    let plain = |c: char| !c.is_ascii_alphanumeric();
    for run in text.split(plain).filter(|run| run.len() >= SHORTEST) {
        names.insert(run.to_owned());
        names.insert(run.to_ascii_lowercase());
    }
    let of_id = |c: char| !c.is_ascii_hexdigit() && c != '-';
    for run in text.split(of_id).filter(|run| run.len() >= 36) {
        if let Ok(id) = Uuid::try_parse(run) {
            names.insert(id.simple().to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_are_written() {
        let hash = "26485e74acb29223ba7a9fa600d36c7f";
        let digest = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
        let cid = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
        let texts = [
            format!(r#"{{"render_hash": "{hash}"}}"#),
            format!(r#"{{"tracks": [{{"url": "https://a.example/render/track/{digest}?x=1"}}]}}"#),
            format!(r#"{{"{cid}": {{}}}}"#),
            "5b5bd872-0328-e38c-1b54-bf2bfa70fc85".to_owned(),
        ];
        let mut names = HashSet::new();
        for text in &texts {
            names_in(text, &mut names);
        }
        for name in [hash, digest, cid, "5b5bd8720328e38c1b54bf2bfa70fc85"] {
            assert!(names.contains(name), "{name}");
        }
    }
}
