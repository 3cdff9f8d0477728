//! A swarm of bots against the server: everybody sees everybody, nobody is lost.

use serde_json::Value;

use crate::{
    command::Home,
    support::{Options, Server},
};

#[test]
fn ten_bots_see_each_other_and_none_is_lost() {
    let server = Server::start(Options::default().unlimited());
    let home = Home::new();
    let pid = server.id().to_string();
    let arguments = [
        "swarm",
        "--url",
        server.url(),
        "--users",
        "10",
        "--seconds",
        "3",
        "--server-pid",
        &pid,
        "--json",
        "report.json",
    ];
    let ended = home.run(&arguments, &[]);
    let text = std::fs::read_to_string(home.path().join("report.json"));
    let report: Value = serde_json::from_str(&text.expect("a report")).expect("JSON");
    let number = |path: &str| report.pointer(path).and_then(Value::as_u64);

    assert_eq!(number("/users/readers"), Some(10), "{ended:?}");
    assert_eq!(number("/users/lost"), Some(0), "{ended:?}");
    for pairs in ["expected", "known", "seen"] {
        assert_eq!(
            number(&format!("/pairs/{pairs}")),
            Some(90),
            "{pairs}: {ended:?}"
        );
    }
    for fault in [
        "order_violations",
        "wrong_positions",
        "false_removals",
        "undecodable",
    ] {
        assert_eq!(
            number(&format!("/faults/{fault}")),
            Some(0),
            "{fault}: {ended:?}"
        );
    }
    assert!(number("/updates/seen") > Some(0), "{ended:?}");
    assert!(number("/server/tick/count") > Some(0), "{ended:?}");
    assert!(number("/server_process/resident") > Some(0), "{ended:?}");
    assert!(ended.out.contains("updates seen"), "{ended:?}");
    // A busy machine makes the run void, never passed.
    let passed = report["void"].is_null() && report["failures"] == Value::Array(Vec::new());
    assert_eq!(ended.code, Some(i32::from(!passed)), "{ended:?}");
}

#[test]
fn a_server_with_limits_is_told_of() {
    let server = Server::start(Options::default());
    let home = Home::new();
    let ended = home.run(&["swarm", "--url", server.url(), "--users", "200"], &[]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    assert!(ended.err.contains("--limits off"), "{ended:?}");
}

#[test]
fn options_that_make_no_sense_are_refused_in_one_line() {
    let home = Home::new();
    for (option, value) in [
        ("--users", "0"),
        ("--rate", "0"),
        ("--pattern", "run"),
        ("--stalled", "101"),
        ("--ramp", "-1"),
        ("--world", "here"),
        ("--url", "https://localhost"),
    ] {
        let ended = home.run(&["swarm", &format!("{option}={value}")], &[]);
        assert!(
            ended.complaint().contains(option.trim_start_matches('-')),
            "{ended:?}"
        );
    }
}
