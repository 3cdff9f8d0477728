//! Address of the QUIC endpoint and its certificate, as clients find them (docs/protocol.md,
//! Certificate).

use std::{fs, net::UdpSocket};

use sha2::{Digest, Sha256};

use crate::{
    command::Home,
    support::{Api, Options, Place, Server, Way},
};

#[tokio::test]
async fn the_certificate_is_one_of_those_whose_hashes_are_told() {
    let server = Server::start(Options::default());
    let place = Place::of(&Api::stranger(&server)).await;
    assert_eq!(place.url, format!("https://{}/posbus", server.address()));
    for hash in &place.hashes {
        assert_eq!((hash.len(), hash.to_lowercase()), (64, hash.clone()));
    }
    for way in [Way::Quic, Way::WebTransport] {
        place.session(way).await;
    }
    let stranger = Place {
        hashes: vec!["00".repeat(32)],
        ..place
    };
    assert!(stranger.connect("posbus/2").await.is_err());
}

#[tokio::test]
async fn a_configured_certificate_is_used_and_no_hash_told() {
    let home = Home::new();
    let [certificate, key] = ["cert.pem", "key.pem"].map(|name| home.path().join(name));
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    fs::write(&certificate, own.cert.pem()).expect("written");
    fs::write(&key, own.signing_key.serialize_pem()).expect("written");
    let options = format!(
        "[quic]\ncertificate = {certificate:?}\nkey = {key:?}\nurl = \"https://127.0.0.1:9/posbus\""
    );
    let server = Server::start(Options::default().config(&options));
    let mut place = Place::of(&Api::stranger(&server)).await;
    assert_eq!(place.url, "https://127.0.0.1:9/posbus", "as configured");
    assert!(place.hashes.is_empty());
    place.hashes = vec![hex::encode(Sha256::digest(own.cert.der()))];
    place.address = server.address().parse().expect("an address");
    place.connect("posbus/2").await.expect("the configured one");
}

#[tokio::test]
async fn without_quic_there_is_none_and_that_is_said() {
    let server = Server::start(Options::default().arguments(["--quic", "off"]));
    let stranger = Api::stranger(&server);
    let answer = stranger.get("/quic").await;
    answer.refused(404, "quic_not_available");
    UdpSocket::bind(server.address()).expect("nobody listens there");
}

#[test]
fn a_port_that_is_taken_is_found_at_the_start_with_what_to_do() {
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let home = Home::new();
    let ended = home.run(&["--bind", "127.0.0.1:0", "--quic", &address], &[]);
    let complaint = ended.complaint();
    assert!(complaint.starts_with("quic.listen: "), "{complaint}");
    for part in [&address, "--quic off", "UDP"] {
        assert!(complaint.contains(part), "{complaint}");
    }
    assert!(
        fs::read_dir(home.path())
            .expect("a directory")
            .next()
            .is_none(),
        "nothing was touched"
    );
}

#[test]
fn a_certificate_that_cannot_be_used_is_found_at_the_start() {
    let home = Home::new()
        .with(
            "odyssey.toml",
            "quic.certificate = \"c.pem\"\nquic.key = \"k.pem\"",
        )
        .with("c.pem", "nothing");
    let ended = home.run(&["--bind", "127.0.0.1:0"], &[]);
    let complaint = ended.complaint();
    assert!(
        complaint.starts_with("quic") && complaint.contains("c.pem"),
        "{complaint}"
    );
    let home = Home::new().with("odyssey.toml", "quic.certificate = \"c.pem\"");
    let ended = home.run(&["--bind", "127.0.0.1:0"], &[]);
    let complaint = ended.complaint();
    assert!(complaint.contains("quic.key"), "{complaint}");
}
