//! The bench of ticks, as somebody runs it.

use serde_json::Value;

use crate::command::Home;

#[test]
fn small_worlds_are_measured_and_reported() {
    let home = Home::new();
    let ended = home.run(
        &[
            "bench",
            "tick",
            "--quick",
            "--users=10,20",
            "--objects=0,5",
            "--json=figures.json",
            "--report=figures.html",
        ],
        &[],
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).expect(name);

    let figures: Value = serde_json::from_str(&read("figures.json")).expect("JSON");
    let cases = figures["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 4, "{figures}");
    for case in cases {
        assert!(case["tick"]["p50"].as_f64() > Some(0.0), "{case}");
        for version in ["bytes_per_update_v1", "bytes_per_update_v2"] {
            assert!(case["told"][version].as_f64() > Some(0.0), "{case}");
        }
        assert!(case["allocations"].is_null(), "{case}");
    }
    for words in ["heard of", "publish", "not counted"] {
        assert!(ended.out.contains(words), "{words}: {ended:?}");
    }

    let page = read("figures.html");
    assert_eq!(
        page.matches("<svg").count(),
        6,
        "three plots for each number of objects"
    );
    assert!(page.contains("<polyline points=\"") && !page.contains("NaN"));
    for elsewhere in ["<script", "http://", "https://", "<link", "@import"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn options_that_make_no_sense_are_refused_in_one_line() {
    let home = Home::new();
    for (option, value) in [
        ("--users", "0"),
        ("--users", "10,many"),
        ("--objects", "-1"),
        ("--ticks", "0"),
        ("--pattern", "run"),
        ("--protocol", "3"),
    ] {
        let ended = home.run(&["bench", "tick", &format!("{option}={value}")], &[]);
        assert!(
            ended.complaint().contains(option.trim_start_matches('-')),
            "{ended:?}"
        );
    }
}
