//! All with paused time: nothing here waits.

use tokio::time::advance;

use super::*;

fn ip(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0100_0000 + number))
}

fn limits() -> Arc<Limits> {
    Limits::new(&LimitOptions {
        requests: 10.0,
        auth_requests: 1.0,
        connections: 3,
        new_connections: 2.0,
        ..LimitOptions::default()
    })
}

fn passing(limits: &Limits, address: IpAddr, kind: RequestKind) -> usize {
    (0..1000)
        .take_while(|_| limits.request(address, kind).is_ok())
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_burst_then_the_rate() {
    let limits = limits();
    assert_eq!(passing(&limits, ip(1), RequestKind::Read), 50);
    assert_eq!(
        limits.request(ip(1), RequestKind::Read),
        Err(RetryAfter(Duration::from_millis(100)))
    );
    advance(Duration::from_secs(1)).await;
    assert_eq!(passing(&limits, ip(1), RequestKind::Read), 10);
    advance(Duration::from_secs(3600)).await;
    assert_eq!(
        passing(&limits, ip(1), RequestKind::Read),
        50,
        "no more than one burst is saved up"
    );
}

#[tokio::test(start_paused = true)]
async fn addresses_and_kinds_are_apart() {
    let limits = limits();
    assert_eq!(passing(&limits, ip(1), RequestKind::Auth), 5);
    assert_eq!(
        passing(&limits, ip(1), RequestKind::Write),
        12,
        "a write costs four"
    );
    assert_eq!(
        passing(&limits, ip(1), RequestKind::Read),
        2,
        "of the same purse"
    );
    assert_eq!(passing(&limits, ip(2), RequestKind::Auth), 5);
}

#[tokio::test(start_paused = true)]
async fn connections_count_while_the_permit_lives() {
    let limits = limits();
    let mut permits: Vec<_> = (0..3)
        .map(|_| limits.connection(ip(1)).expect("room"))
        .collect();
    assert_eq!(limits.connection(ip(1)).map(drop), Err(Refused::TooMany));
    permits.pop();
    assert!(limits.connection(ip(1)).is_ok());
    advance(Duration::from_secs(3600)).await;
    let _third = limits.connection(ip(1)).expect("room");
    assert_eq!(
        limits.connection(ip(1)).map(drop),
        Err(Refused::TooMany),
        "permits are not forgotten with time"
    );
}

#[tokio::test(start_paused = true)]
async fn new_connections_have_a_rate() {
    let limits = limits();
    let opened = (0..100)
        .take_while(|_| limits.connection(ip(1)).is_ok())
        .count();
    assert_eq!(opened, 10);
    assert_eq!(
        limits.connection(ip(1)).map(drop),
        Err(Refused::TooFast(Duration::from_millis(500)))
    );
    advance(Duration::from_millis(500)).await;
    assert!(limits.connection(ip(1)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn failed_handshakes_wait_longer_and_are_forgiven() {
    let limits = limits();
    let delays: Vec<u64> = (0..7)
        .map(|_| limits.handshake_failed(ip(1)).as_secs())
        .collect();
    assert_eq!(delays, [1, 2, 4, 8, 16, 30, 30]);
    assert_eq!(limits.handshake_failed(ip(2)).as_secs(), 1);
    advance(FORGIVE_AFTER * 3).await;
    assert_eq!(limits.handshake_failed(ip(1)).as_secs(), 4);
    advance(FORGIVE_AFTER * 10).await;
    assert_eq!(limits.handshake_failed(ip(1)).as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_given_back() {
    let limits = limits();
    let _permit = limits.connection(ip(0)).expect("room");
    let flood = u32::try_from(MAX_ADDRESSES).expect("fits") + 1000;
    for number in 0..flood {
        let _ = limits.request(ip(number), RequestKind::Read);
    }
    assert_eq!(
        limits.entries.lock().by_address.len(),
        MAX_ADDRESSES + 1,
        "all that fit, and the shared one"
    );
    assert!(
        limits.request(ip(flood), RequestKind::Read).is_err(),
        "those beyond share one purse"
    );
    assert!(
        limits.request(ip(1), RequestKind::Read).is_ok(),
        "those within keep theirs"
    );
    advance(Duration::from_secs(60)).await;
    assert!(limits.request(ip(flood), RequestKind::Read).is_ok());
    assert_eq!(
        limits.entries.lock().by_address.len(),
        2,
        "the connected one and the one just seen"
    );
}

#[tokio::test(start_paused = true)]
async fn one_v6_network_is_one_customer() {
    let limits = limits();
    let address = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
    let passed = (0..100)
        .take_while(|host| limits.request(address(*host), RequestKind::Read).is_ok())
        .count();
    assert_eq!(passed, 50);
}

#[tokio::test(start_paused = true)]
async fn disabled_means_unlimited() {
    let limits = Limits::new(&LimitOptions {
        enabled: false,
        requests: 0.0,
        connections: 0,
        ..LimitOptions::default()
    });
    assert_eq!(passing(&limits, ip(1), RequestKind::Auth), 1000);
    assert!(limits.connection(ip(1)).is_ok());
    assert_eq!(limits.handshake_failed(ip(1)), Duration::ZERO);
    assert!(limits.entries.lock().by_address.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_rate_of_zero_allows_nothing() {
    for requests in [0.0, -1.0, f64::NAN] {
        let limits = Limits::new(&LimitOptions {
            requests,
            ..LimitOptions::default()
        });
        assert_eq!(
            limits.request(ip(1), RequestKind::Read),
            Err(RetryAfter(Duration::from_secs(3600)))
        );
    }
}
