//! Providers that limit, lag, lie, break off and go: a proxy before a real node lets answers go
//! wrong (docs/spec/chains.md §7).

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use devchain::Token;
use harvester::{AdapterError, BlockAt, ChainAdapter, Follower, StateQuery, U256, evm::EvmAdapter};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::json;
use testkit::Database;
use tokio_util::sync::CancellationToken;

use crate::{
    anvil::Setting,
    proxy::Fate,
    support::{CHAIN, empty, options},
};

/// Range of blocks of a request for logs; none of one by hash.
fn blocks(parameters: &serde_json::Value) -> Option<(u64, u64)> {
    let number = |key: &str| {
        let text = parameters[0][key].as_str()?;
        u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()
    };
    Some((number("fromBlock")?, number("toBlock")?))
}

#[tokio::test]
async fn providers_that_limit_ranges_are_asked_for_less() {
    let texts = [
        (-32005, "query returned more than 10000 results"),
        (
            -32602,
            "Log response size exceeded. this block range should work: [0x1, 0x2]",
        ),
        (-32600, "eth_getLogs is limited to a 4 range"),
        (-32000, "block range is too wide"),
        (-32000, "exceed maximum block range: 4"),
        (-32000, "query timeout exceeded"),
    ];
    let setting = Setting::new().await;
    setting.history().await;
    setting.chain.mine(40).await.expect("mines");
    for (code, text) in texts {
        setting.proxy.rule(move |method, parameters| {
            let (from, to) = blocks(parameters).filter(|_| method == "eth_getLogs")?;
            (to - from >= 4).then(|| Fate::Error(code, text.to_owned()))
        });
        let database = Database::sqlite();
        let setting_store = empty(&database).await;
        let adapter = setting.adapter(&[setting.proxy.http()]);
        let opened = Follower::open(adapter, setting_store.clone(), options()).await;
        opened
            .expect("opens")
            .sync()
            .await
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_ne!(setting.cells(&setting_store).await.len(), 0);
    }
}

#[tokio::test]
async fn blocks_with_too_many_logs_are_read_from_their_receipts() {
    let setting = Setting::new().await;
    setting.history().await;
    setting.proxy.rule(|method, _| {
        let text = "query returned more than 10000 results";
        (method == "eth_getLogs").then(|| Fate::Error(-32005, text.to_owned()))
    });
    setting.sync(&[setting.proxy.http()]).await;
    setting.check().await;
}

#[tokio::test]
async fn answers_that_break_off_come_late_or_make_no_sense_lose_nothing() {
    let setting = Setting::new().await;
    let fates = [
        Fate::Cut,
        Fate::Delay(Duration::from_millis(30)),
        Fate::Text("<html>busy</html>".to_owned()),
        Fate::Text(r#"{"jsonrpc":"2.0","id":0,"result":{"number":"0xzz"}}"#.to_owned()),
        Fate::Status(503, None),
        Fate::Status(429, Some(0)),
        Fate::Error(-32603, "Internal error".to_owned()),
    ];
    for fate in fates {
        setting.history().await;
        // One request in four goes wrong, in no rhythm.
        let random = Mutex::new(SmallRng::seed_from_u64(1));
        setting.proxy.rule(move |_, _| {
            let mut random = random.lock().expect("no panic");
            random.random_bool(0.25).then(|| fate.clone())
        });
        let endpoints = [setting.proxy.http()];
        for _ in 0..200 {
            let adapter = setting.adapter(&endpoints);
            let opened = Follower::open(adapter, setting.store.clone(), options()).await;
            let Ok(mut follower) = opened else { continue };
            if follower.sync().await.is_ok() {
                break;
            }
        }
        setting.check().await;
    }
}

#[tokio::test]
async fn an_endpoint_that_is_behind_or_on_another_branch_never_takes_rows_back() {
    let setting = Setting::new().await;
    setting.history().await;
    setting.sync(&[setting.chain.http()]).await;
    let before = setting.cells(&setting.store).await;
    // It has not seen the last blocks.
    setting.proxy.rule(|method, parameters| {
        let newest = method == "eth_getBlockByNumber" && parameters[0] == "latest";
        newest.then_some({
            Fate::Change(|block| {
                *block = json!({
                    "number": "0x3", "timestamp": "0x1", "hash": format!("0x{}", "11".repeat(32)),
                    "parentHash": format!("0x{}", "22".repeat(32)),
                });
            })
        })
    });
    let adapter = setting.adapter(&[setting.proxy.http(), setting.chain.http()]);
    let opened = Follower::open(adapter, setting.store.clone(), options()).await;
    let mut follower = opened.expect("opens");
    let _ = follower.sync().await;
    assert_eq!(setting.cells(&setting.store).await, before);
    setting.proxy.be_honest();
    setting.sync(&[setting.proxy.http()]).await;
    setting.check().await;
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_put_aside_and_keeps_no_other_waiting() {
    let setting = Setting::new().await;
    setting.history().await;
    setting.proxy.rule(|method, _| {
        (method == "eth_getLogs").then_some({
            Fate::Change(|logs| {
                let Some(log) = logs.as_array_mut().and_then(|logs| logs.first_mut()) else {
                    return;
                };
                log["data"] = json!("0x12");
            })
        })
    });
    setting.sync(&[setting.proxy.http()]).await;
    let dead = setting.store.dead_letters(CHAIN, 100).await.expect("reads");
    assert_ne!(dead.len(), 0);
    assert!(dead.iter().all(|dead| !dead.raw.is_empty()), "{dead:?}");
    let follower = setting.follower(&[setting.proxy.http()]).await;
    let best = setting.chain.best().await.expect("answers");
    assert_eq!(follower.applied().map(|mark| mark.number), Some(best));
}

#[tokio::test]
async fn requests_never_come_faster_than_configured() {
    let setting = Setting::new().await;
    setting.chain.mine(30).await.expect("mines");
    let mut slow = setting.options(&[setting.proxy.http()]);
    slow.rpc.requests_per_second = 100;
    slow.final_after = Some(10);
    let adapter = Arc::new(EvmAdapter::new(slow).expect("can be"));
    let opened = Follower::open(adapter, setting.store.clone(), options()).await;
    opened.expect("opens").sync().await.expect("follows");
    let requests = setting.proxy.requests();
    assert!(requests.len() > 10, "{}", requests.len());
    let (first, last) = (requests[0].0, requests[requests.len() - 1].0);
    let least = Duration::from_millis(10) * (requests.len() as u32 - 2);
    assert!(
        last - first >= least,
        "{} in {:?}",
        requests.len(),
        last - first
    );
}

#[tokio::test]
async fn sockets_that_break_lose_nothing() {
    let setting = Setting::new().await;
    let stop = CancellationToken::new();
    let follower = setting.follower(&[setting.proxy.ws()]).await;
    let mut progress = follower.progress();
    let running = tokio::spawn(follower.run(stop.clone()));
    setting.mint(1, 1_000).await;
    for round in 0..12 {
        setting.transfer(1, 2 + round % 4, 1).await;
        setting.proxy.cut();
        setting.transfer(1, 2 + round % 4, 2).await;
        let best = setting.chain.best().await.expect("answers");
        let reached = progress.wait_for(|progress| progress.applied >= Some(best));
        reached.await.expect("follows");
    }
    stop.cancel();
    running.await.expect("no panic").expect("ends well");
    setting.check().await;
}

#[tokio::test]
async fn another_endpoint_answers_when_one_is_gone() {
    let setting = Setting::new().await;
    setting.history().await;
    let gone = "http://127.0.0.1:9/v3/secret-key".to_owned();
    setting.sync(&[gone.clone(), setting.chain.http()]).await;
    setting.check().await;
    // The key of it is not told.
    let adapter = setting.adapter(&[gone]);
    let error = adapter.identity().await.expect_err("nobody is there");
    assert!(!error.to_string().contains("secret-key"), "{error}");
}

#[tokio::test]
async fn a_chain_of_another_id_is_not_followed() {
    let setting = Setting::new().await;
    let mut options = setting.options(&[setting.chain.http()]);
    options.chain_id = 1;
    let adapter = EvmAdapter::new(options).expect("can be");
    let error = adapter.identity().await.expect_err("it is another");
    assert!(matches!(error, AdapterError::Fatal(_)), "{error}");
}

#[tokio::test]
async fn logs_said_to_be_removed_are_hints_only() {
    let setting = Setting::new().await;
    setting.history().await;
    setting.proxy.rule(|method, _| {
        (method == "eth_getLogs").then_some(Fate::Change(|logs| {
            let Some(logs) = logs.as_array_mut() else {
                return;
            };
            let removed = logs.clone().into_iter().map(|mut log| {
                log["removed"] = json!(true);
                log
            });
            let removed: Vec<_> = removed.collect();
            logs.splice(0..0, removed);
        }))
    });
    setting.sync(&[setting.proxy.http()]).await;
    setting.check().await;
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_asked_for_in_parts() {
    let setting = Setting::new().await;
    let many = |first: u64| Token::manyCall {
        first: (0x1000 + first).try_into().expect("fits"),
        count: U256::from(100),
    };
    for round in 0..8 {
        let (bank, mom) = (setting.accounts[0], setting.contracts.mom);
        let sent = setting.chain.send(bank, mom, many(100 * round));
        sent.await.expect("mints");
    }
    setting.chain.mine(12).await.expect("mines");
    let mut small = setting.options(&[setting.chain.http()]);
    small.rpc.max_answer = 120_000;
    let adapter = Arc::new(EvmAdapter::new(small).expect("can be"));
    let opened = Follower::open(adapter, setting.store.clone(), options()).await;
    opened.expect("opens").sync().await.expect("follows");
    setting.check().await;
}

#[tokio::test]
async fn state_that_is_kept_no_longer_is_said_to_need_an_archive() {
    let setting = Setting::new().await;
    setting.proxy.rule(|method, _| {
        let text = "missing trie node 0123 (path ) state is not available".to_owned();
        (method == "eth_call").then(|| Fate::Error(-32000, text.clone()))
    });
    let adapter = setting.adapter(&[setting.proxy.http()]);
    let best = adapter.block(BlockAt::Best).await.expect("answers");
    let query = StateQuery::Fungible {
        contract: setting.contracts.mom.to_vec(),
        account: setting.accounts[0].to_vec(),
    };
    let read = adapter.read(best.expect("a block"), &[query]).await;
    assert_eq!(read, Err(AdapterError::NeedsArchive));
}

/// Fields of blocks and receipts that Arbitrum has besides, and quiet times, change nothing.
#[tokio::test]
async fn fields_that_only_arbitrum_has_are_left_alone() {
    let setting = Setting::new().await;
    setting.history().await;
    setting.proxy.rule(|method, _| match method {
        "eth_getBlockByNumber" => Some(Fate::Change(|block| {
            if block.is_object() {
                block["l1BlockNumber"] = json!("0x12d687");
                block["sendRoot"] = json!(format!("0x{}", "33".repeat(32)));
                block["sendCount"] = json!("0x5");
                // All blocks of a moment have the same time.
                block["timestamp"] = json!("0x65000000");
            }
        })),
        "eth_getLogs" => Some(Fate::Change(|logs| {
            for log in logs.as_array_mut().into_iter().flatten() {
                log["l1BlockNumber"] = json!("0x12d687");
                log["blockTimestamp"] = json!("0x65000000");
            }
        })),
        _ => None,
    });
    setting.sync(&[setting.proxy.http()]).await;
    setting.check().await;
}
