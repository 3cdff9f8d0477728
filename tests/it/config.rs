//! Configuration: which source wins, and complaints that name key and source.

use std::{fs, net::TcpListener};

use crate::{
    command::Home,
    support::{Options, Server},
};

/// The effective configuration.
fn effective(home: &Home, arguments: &[&str], environment: &[(&str, &str)]) -> toml::Table {
    let mut arguments = arguments.to_vec();
    arguments.push("config");
    let ended = home.run(&arguments, environment);
    assert_eq!(
        (ended.code, ended.err.as_str()),
        (Some(0), ""),
        "{}",
        ended.out
    );
    ended.out.parse().expect("TOML")
}

#[test]
fn without_any_configuration_there_are_defaults() {
    let config = effective(&Home::new(), &[], &[]);
    assert_eq!(config["bind"].as_str(), Some("127.0.0.1:4000"));
    assert_eq!(config["data"].as_str(), Some("./data"));
    assert_eq!(config["base_url"].as_str(), Some("http://127.0.0.1:4000"));
    assert_eq!(config["tick_rate"].as_integer(), Some(20));
    assert_eq!(config["guest_ttl"].as_str(), Some("20m"));
    assert_eq!(config["limits"]["enabled"].as_bool(), Some(true));
    let url = config["database_url"].as_str().expect("a text");
    assert!(url.starts_with("sqlite:./data/"), "{url}");
}

#[test]
fn the_command_line_wins_over_the_environment_over_the_file() {
    let home = Home::new().with("odyssey.toml", "tick_rate = 10\nbind = \"127.0.0.1:1\"\n");
    let tick_rate = |arguments: &[&str], environment: &[(&str, &str)]| {
        effective(&home, arguments, environment)["tick_rate"].as_integer()
    };
    assert_eq!(tick_rate(&[], &[]), Some(10));
    assert_eq!(tick_rate(&[], &[("ODYSSEY_TICK_RATE", "11")]), Some(11));
    assert_eq!(
        tick_rate(&["--tick-rate", "12"], &[("ODYSSEY_TICK_RATE", "11")]),
        Some(12)
    );
    let config = effective(&home, &[], &[("ODYSSEY_TICK_RATE", "11")]);
    assert_eq!(
        config["bind"].as_str(),
        Some("127.0.0.1:1"),
        "others stay as they are"
    );
}

#[test]
fn a_file_can_be_named() {
    let home = Home::new()
        .with("odyssey.toml", "tick_rate = 10")
        .with("other.toml", "tick_rate = 30");
    let named = effective(&home, &["--config", "other.toml"], &[]);
    assert_eq!(named["tick_rate"].as_integer(), Some(30));
    let named = effective(&home, &[], &[("ODYSSEY_CONFIG", "other.toml")]);
    assert_eq!(named["tick_rate"].as_integer(), Some(30));
}

#[test]
fn tables_and_lists_can_be_set_from_the_environment() {
    let config = effective(
        &Home::new(),
        &[],
        &[
            ("ODYSSEY_LIMITS__REQUESTS", "12.5"),
            ("ODYSSEY_LIMITS__ENABLED", "false"),
            (
                "ODYSSEY_ALLOWED_ORIGINS",
                "https://a.example, https://b.example",
            ),
            ("ODYSSEY_GUEST_TTL", "90"),
            ("ODYSSEY_DATA", "7"),
            ("ODYSSEY_UI_CLIENT__BLOCKCHAIN_ID", "412346"),
        ],
    );
    assert_eq!(config["limits"]["requests"].as_float(), Some(12.5));
    assert_eq!(config["limits"]["enabled"].as_bool(), Some(false));
    assert_eq!(
        config["allowed_origins"].as_array().map(Vec::len),
        Some(2),
        "{config}"
    );
    assert_eq!(config["guest_ttl"].as_str(), Some("1m 30s"));
    assert_eq!(
        config["data"].as_str(),
        Some("7"),
        "a directory may be a number"
    );
    assert_eq!(
        config["ui_client"]["BLOCKCHAIN_ID"].as_str(),
        Some("412346"),
        "what is text for clients stays text"
    );
}

#[test]
fn limits_are_switched_in_the_same_words_everywhere() {
    let by_file = Home::new().with("odyssey.toml", "limits = \"off\"");
    for config in [
        effective(&Home::new(), &["--limits", "off"], &[]),
        effective(&Home::new(), &[], &[("ODYSSEY_LIMITS", "off")]),
        effective(&by_file, &[], &[]),
    ] {
        assert_eq!(config["limits"]["enabled"].as_bool(), Some(false));
    }
    let config = effective(&by_file, &["--limits", "on"], &[]);
    assert_eq!(config["limits"]["enabled"].as_bool(), Some(true));
}

#[test]
fn quic_is_switched_and_placed_in_the_same_words_everywhere() {
    for listen in ["off", "on", "127.0.0.1:4433"] {
        let by_file = Home::new().with("odyssey.toml", &format!("quic = {listen:?}"));
        for config in [
            effective(&Home::new(), &["--quic", listen], &[]),
            effective(&Home::new(), &[], &[("ODYSSEY_QUIC", listen)]),
            effective(&by_file, &[], &[]),
        ] {
            assert_eq!(config["quic"]["listen"].as_str(), Some(listen));
        }
    }
    let ended = Home::new().run(&["--quic", "everywhere"], &[]);
    let complaint = ended.complaint();
    assert!(complaint.starts_with("quic.listen: "), "{complaint}");
    assert!(complaint.contains("option --quic"), "{complaint}");
}

#[test]
fn passwords_are_never_shown() {
    let url = "postgres://me:s3cret@127.0.0.1:1/db?sslpassword=s3cret";
    let home = Home::new();
    let shown = home.run(&["config", "--database-url", url], &[]).out;
    assert!(
        shown.contains("postgres://me:***@127.0.0.1:1/db"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret"), "{shown}");
    let refused = home.run(&["--bind", "127.0.0.1:0", "--database-url", url], &[]);
    let lines: Vec<_> = refused.err.lines().collect();
    let complaint = lines.last().expect("a complaint");
    assert!(
        complaint.starts_with("odyssey: database_url: "),
        "{complaint}"
    );
    assert!(!refused.err.contains("s3cret"), "{}", refused.err);
    assert_eq!(refused.code, Some(2));
}

#[test]
fn secrets_of_third_parties_are_never_shown() {
    let (id, key) = ("0123456789abcdef0123456789abcdef", "deadbeef".repeat(4));
    let config = format!(
        "[agora]\napp_id = {id:?}\ncertificate = {key:?}\n[streamchat]\nkey = \"chat\"\nsecret = \"s3cret\"\n"
    );
    let shown = Home::new()
        .with("odyssey.toml", &config)
        .run(&["config"], &[]);
    assert!(shown.out.contains(id), "{}", shown.out);
    assert!(
        !shown.out.contains(&key) && !shown.out.contains("s3cret"),
        "{}",
        shown.out
    );

    for (lines, named) in [
        (
            format!("[agora]\ncertificate = {key:?}"),
            "agora.certificate",
        ),
        (
            format!("[agora]\napp_id = {id:?}\ncertificate = \"s3cret\""),
            "agora.certificate",
        ),
        (
            format!("[agora]\napp_id = \"x\"\ncertificate = {key:?}"),
            "agora.app_id",
        ),
        (
            "[streamchat]\nsecret = \"s3cret\"".to_owned(),
            "streamchat.secret",
        ),
        (
            "[streamchat]\nkey = \"k\"\nsecret = [\"s3cret\"]".to_owned(),
            "streamchat.secret",
        ),
        (
            "[leonardo]\nurl = \"leonardo.ai\"".to_owned(),
            "leonardo.url",
        ),
        (
            "[blockadelabs]\nimage_hosts = [\"https://a.example\"]".to_owned(),
            "blockadelabs.image_hosts",
        ),
        ("[outbound]\ndeadline = 0".to_owned(), "outbound.deadline"),
        (
            "[outbound]\ngenerations_per_hour = 0".to_owned(),
            "outbound.generations_per_hour",
        ),
        (
            "[arbitrum]\nstake_address = \"0x12\"".to_owned(),
            "arbitrum.stake_address",
        ),
        (
            "[arbitrum]\nmint_nft_amount = \"much\"".to_owned(),
            "arbitrum.mint_nft_amount",
        ),
    ] {
        let refused = Home::new().with("odyssey.toml", &lines).run(&[], &[]);
        let complaint = refused.complaint();
        assert!(
            complaint.starts_with(&format!("{named}: ")),
            "{named} in {complaint}"
        );
        assert!(
            !refused.err.contains("s3cret") && !refused.err.contains(&key),
            "{}",
            refused.err
        );
    }
}

#[test]
fn bad_values_are_refused_by_key_and_source() {
    let file = |text: &str| Home::new().with("odyssey.toml", text);
    let by_option =
        |option: &'static str, value: &'static str| (Home::new(), vec![option, value], vec![]);
    let by_variable =
        |name: &'static str, value: &'static str| (Home::new(), vec![], vec![(name, value)]);
    let by_file = |text: &str| (file(text), vec![], vec![]);
    for ((home, arguments, environment), key, source) in [
        (by_option("--bind", "localhost"), "bind", "option --bind"),
        (
            by_option("--tick-rate", "0"),
            "tick_rate",
            "option --tick-rate",
        ),
        (
            by_option("--tick-rate", "121"),
            "tick_rate",
            "option --tick-rate",
        ),
        (
            by_option("--tick-rate", "-1"),
            "tick_rate",
            "option --tick-rate",
        ),
        (
            by_option("--tick-rate", "fast"),
            "tick_rate",
            "option --tick-rate",
        ),
        (
            by_option("--limits", "maybe"),
            "limits.enabled",
            "option --limits",
        ),
        (by_option("--data", ""), "data", "option --data"),
        (
            by_option("--database-url", "mysql://a/b"),
            "database_url",
            "option --database-url",
        ),
        (
            by_option("--config", "none.toml"),
            "config",
            "file none.toml",
        ),
        (
            by_variable("ODYSSEY_BIND", ""),
            "bind",
            "environment variable ODYSSEY_BIND",
        ),
        (
            by_variable("ODYSSEY_FOO", "1"),
            "foo",
            "environment variable ODYSSEY_FOO",
        ),
        (
            by_variable("ODYSSEY_LIMITS__REQUESTS", "-3"),
            "limits.requests",
            "environment variable ODYSSEY_LIMITS__REQUESTS",
        ),
        (
            by_variable("ODYSSEY_GUEST_TTL", "soon"),
            "guest_ttl",
            "environment variable ODYSSEY_GUEST_TTL",
        ),
        (
            by_variable("ODYSSEY_TRUSTED_PROXIES", "10.0.0.0/33"),
            "trusted_proxies",
            "environment variable ODYSSEY_TRUSTED_PROXIES",
        ),
        (
            by_variable("ODYSSEY_LOG", "net=loud"),
            "log",
            "environment variable ODYSSEY_LOG",
        ),
        (by_file("tickrate = 20"), "tickrate", "file odyssey.toml"),
        (
            by_file("[limits]\nrequest = 1"),
            "limits.request",
            "file odyssey.toml",
        ),
        (
            by_file("[limits]\nconnections = 0"),
            "limits.connections",
            "file odyssey.toml",
        ),
        (
            by_file("log_format = \"xml\""),
            "log_format",
            "file odyssey.toml",
        ),
        (
            by_file("base_url = \"odyssey.example\""),
            "base_url",
            "file odyssey.toml",
        ),
        (
            by_file("bind = \"127.0.0.1:1\"\nbind = "),
            "config",
            "file odyssey.toml, line 2",
        ),
        (
            by_file("unload_after = -1"),
            "unload_after",
            "file odyssey.toml",
        ),
    ] {
        let ended = home.run(&arguments, &environment);
        let complaint = ended.complaint();
        assert!(
            complaint.starts_with(&format!("{key}: ")),
            "{key} in {complaint}"
        );
        assert!(complaint.contains(source), "{source} in {complaint}");
    }
}

#[test]
fn a_port_that_is_taken_is_named_before_anything_is_touched() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let home = Home::new();
    let ended = home.run(&["--bind", &address], &[]);
    let complaint = ended.complaint();
    assert!(complaint.starts_with("bind: "), "{complaint}");
    assert!(complaint.contains(&address), "{complaint}");
    assert!(!home.path().join("data").exists());
}

#[test]
fn a_data_directory_that_cannot_be_written_to_is_named() {
    let home = Home::new().with("data", "a file where a directory should be");
    for data in ["data", "data/below", "/proc/odyssey"] {
        let ended = home.run(&["--bind", "127.0.0.1:0", "--data", data], &[]);
        let complaint = ended.complaint();
        assert!(complaint.starts_with("data: "), "{complaint}");
        assert!(complaint.contains(data), "{complaint}");
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let key = home.path().join("data/keys/jwt.key");
    fs::create_dir_all(home.path().join("data/keys")).expect("a directory");
    fs::write(&key, [7; 32]).expect("a file");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("may be changed");
    let ended = home.run(&["--bind", "127.0.0.1:0"], &[]);
    let complaint = ended.complaint();
    assert!(
        complaint.starts_with("data: ") && complaint.contains("jwt.key"),
        "{complaint}"
    );
}

#[test]
fn two_servers_do_not_share_a_data_directory() {
    let server = Server::start(Options::default());
    let data = server.data().display().to_string();
    let home = Home::new();
    for arguments in [
        &["--bind", "127.0.0.1:0", "--data", &data] as &[_],
        &["migrate", "down", "--data", &data],
    ] {
        let ended = home.run(arguments, &[]);
        let complaint = ended.complaint();
        assert!(complaint.starts_with("data: "), "{complaint}");
        assert!(complaint.contains("in use"), "{complaint}");
    }
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let home = Home::new().with("notes.db", &"this is not a database. ".repeat(100));
    let url = "sqlite://notes.db";
    let ended = home.run(&["--bind", "127.0.0.1:0", "--database-url", url], &[]);
    let complaint = ended.complaint();
    assert!(
        complaint.starts_with("database_url: ") && complaint.contains("notes.db"),
        "{complaint}"
    );
}

#[test]
fn the_data_directory_may_have_any_name() {
    let name = "50% of ?#&= ü";
    let home = Home::new();
    let ended = home.run(&["migrate", "up", "--data", name], &[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(home.path().join(name).join("odyssey.db").is_file());
}

#[test]
fn switching_limits_off_is_said_loudly() {
    let limited = Server::start(Options::default());
    assert!(!limited.log().contains("WARNING"), "{}", limited.log());
    let unlimited = Server::start(Options::default().unlimited().config("log = \"off\""));
    assert!(
        unlimited.log().contains("WARNING: limits are off"),
        "even where nothing is logged: {}",
        unlimited.log()
    );
}
