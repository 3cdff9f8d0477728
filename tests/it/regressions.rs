//! The tables of tests in the documentation and the tests agree: every test that a row names
//! exists, and names say behaviour, not rows.

use std::{collections::BTreeSet, fs};

use crate::support::{files, root};

/// Names of all functions, and names of all modules that have a file.
fn names() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut functions, mut modules) = (BTreeSet::new(), BTreeSet::new());
    for file in files(root(), &["rs"]) {
        let stem = file.file_stem().and_then(|stem| stem.to_str());
        modules.extend(stem.map(str::to_owned));
        let text = fs::read_to_string(&file).expect("a source file");
        let ends = |letter: char| letter != '_' && !letter.is_ascii_alphanumeric();
        let found = text.split("fn ").skip(1);
        let found = found.map(|rest| rest.split(ends).next().unwrap_or_default());
        functions.extend(found.map(str::to_owned));
    }
    (functions, modules)
}

/// The code spans of all rows: every second part between backticks.
fn spans() -> Vec<&'static str> {
    const PAGES: [&str; 2] = [
        include_str!("../../docs/regressions.md"),
        include_str!("../../docs/media.md"),
    ];
    let lines = PAGES.iter().flat_map(|page| page.lines());
    let rows = lines.filter(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('`').skip(1).step_by(2))
        .collect()
}

/// Whether a word can only be the name of a test: several words in snake case.
fn is_sentence(word: &str) -> bool {
    let snake_case =
        |letter: u8| letter == b'_' || letter.is_ascii_lowercase() || letter.is_ascii_digit();
    word.matches('_').count() >= 3 && word.bytes().all(snake_case)
}

#[test]
fn tests_that_are_named_exist() {
    let (functions, modules) = names();
    let mut checked = 0;
    let mut missing = Vec::new();
    for span in spans() {
        let mut path = span.rsplit(['.', ':', ' ']).filter(|part| !part.is_empty());
        let last = path.next().unwrap_or_default();
        let exists = match last {
            "*" => path
                .next()
                .is_none_or(|module| module == "tests" || modules.contains(module)),
            test if is_sentence(test) => functions.contains(test),
            _ => continue,
        };
        checked += 1;
        if !exists {
            missing.push(span);
        }
    }
    assert!(checked > 100, "the pages name tests: {checked}");
    assert!(missing.is_empty(), "not there:\n{}", missing.join("\n"));
}

#[test]
fn names_of_tests_say_behaviour_and_not_rows() {
    let is_row = |word: &str| {
        let digits = word.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
        digits.len() + 1 == word.len()
            && !digits.is_empty()
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    let (functions, _) = names();
    let coded: Vec<_> = functions
        .iter()
        .filter(|name| is_sentence(name))
        .filter(|name| name.split('_').next().is_some_and(is_row))
        .collect();
    assert!(coded.is_empty(), "{coded:?}");
}
