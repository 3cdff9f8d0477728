//! Transactions of our own: each order once, whatever breaks in between (docs/spec/chains.md §8).

use std::{sync::Arc, time::Duration};

use devchain::{FAUCET_KEY, Token};
use harvester::{
    ChainWallet, Follower, Sender, SenderOptions, U256,
    evm::{EvmWallet, grant_call},
};
use serde_json::{Value, json};

use crate::{
    anvil::Setting,
    proxy::Fate,
    support::{CHAIN, options},
};

/// The account that owns the faucet.
fn wallet(setting: &Setting, endpoint: &str) -> Arc<EvmWallet> {
    let key = hex::decode(FAUCET_KEY).expect("hexadecimal");
    let adapter = setting.adapter(&[endpoint.to_owned()]);
    Arc::new(EvmWallet::new(adapter, &key).expect("a key"))
}

fn sender(setting: &Setting, endpoint: &str, patience: Duration) -> Sender {
    let wallet = wallet(setting, endpoint);
    Sender::new(
        CHAIN,
        setting.store.clone(),
        wallet,
        SenderOptions { patience },
    )
}

/// Orders a grant of so much for an account.
async fn order(setting: &Setting, key: &str, number: u64, to: usize, amount: u64) {
    let to = setting.accounts[to];
    let data = grant_call(to.as_slice(), 0, U256::from(amount)).expect("an account");
    let faucet = setting.contracts.faucet;
    let placed = setting
        .store
        .place_order(CHAIN, key, number, faucet.as_slice(), &data);
    placed.await.expect("is ordered");
}

async fn balance(setting: &Setting, of: usize) -> u64 {
    let call = Token::balanceOfCall {
        account: setting.accounts[of],
    };
    let balance = setting.chain.ask(setting.contracts.mom, call).await;
    balance.expect("answers").to()
}

/// A setting whose chain is in the ledger.
async fn setting() -> Setting {
    let setting = Setting::new().await;
    let adapter = setting.adapter(&[setting.chain.http()]);
    let opened = Follower::open(adapter, setting.store.clone(), options()).await;
    opened.expect("opens");
    setting
}

async fn finish(sender: &Sender) {
    for _ in 0..50 {
        if sender.step(100).await.expect("works") == 0 {
            return;
        }
    }
    panic!("orders stay open");
}

#[tokio::test]
async fn each_order_is_carried_out_once() {
    let setting = setting().await;
    let sender = sender(&setting, &setting.chain.http(), Duration::from_secs(60));
    for round in 0..2 {
        for (key, to) in [("a", 1), ("b", 2), ("c", 1)] {
            // The same is ordered again and again.
            order(&setting, key, 5, to, 100).await;
            order(&setting, key, 5, to, 100).await;
        }
        finish(&sender).await;
        assert_eq!(balance(&setting, 1).await, 200, "round {round}");
        assert_eq!(balance(&setting, 2).await, 100);
    }
    // One of a block that is not final yet waits, and can be taken back.
    order(&setting, "d", 500, 1, 100).await;
    assert_eq!(sender.step(100).await.expect("works"), 0);
    setting.store.cancel_order(CHAIN, "d").await.expect("goes");
    assert_eq!(sender.step(1_000).await.expect("works"), 0);
    assert_eq!(balance(&setting, 1).await, 200);
}

#[tokio::test]
async fn an_order_that_was_signed_and_not_sent_is_sent_as_it_was_signed() {
    let setting = setting().await;
    let wallet = wallet(&setting, &setting.chain.http());
    order(&setting, "a", 5, 1, 100).await;
    let open = setting
        .store
        .open_orders(CHAIN, 100, 9)
        .await
        .expect("reads");
    let signed = wallet
        .sign(&open[0].to, &open[0].data, 1, 10_000_000_000)
        .await;
    let signed = signed.expect("signs");
    // The program dies here.
    assert!(
        setting
            .store
            .sign_order(CHAIN, &open[0], &signed)
            .await
            .expect("writes")
    );
    let sender = sender(&setting, &setting.chain.http(), Duration::from_secs(60));
    finish(&sender).await;
    assert_eq!(balance(&setting, 1).await, 100);
    let receipt: Value = setting
        .chain
        .rpc(
            "eth_getTransactionReceipt",
            json!([format!("0x{}", hex::encode(&signed.hash))]),
        )
        .await
        .expect("answers");
    assert_eq!(receipt["status"], "0x1");
}

#[tokio::test]
async fn a_transaction_that_waits_too_long_is_replaced_and_only_one_counts() {
    let setting = setting().await;
    setting.chain.automine(false).await.expect("waits");
    order(&setting, "a", 5, 1, 100).await;
    let eager = sender(&setting, &setting.chain.http(), Duration::ZERO);
    for _ in 0..3 {
        assert_eq!(eager.step(100).await.expect("works"), 1);
    }
    let open = setting
        .store
        .open_orders(CHAIN, 100, 9)
        .await
        .expect("reads");
    assert_eq!(open[0].hashes.len(), 3, "each with a higher fee");
    setting.chain.mine(1).await.expect("mines");
    setting.chain.automine(true).await.expect("goes on");
    finish(&eager).await;
    assert_eq!(balance(&setting, 1).await, 100);
    setting.chain.mine(3).await.expect("mines");
    assert_eq!(balance(&setting, 1).await, 100);
}

#[tokio::test]
async fn an_order_that_the_contract_refuses_keeps_no_other_waiting() {
    let setting = setting().await;
    let to = setting.accounts[1];
    // There is no third token.
    let data = grant_call(to.as_slice(), 2, U256::from(5)).expect("an account");
    let faucet = setting.contracts.faucet;
    let placed = setting
        .store
        .place_order(CHAIN, "a", 5, faucet.as_slice(), &data);
    placed.await.expect("is ordered");
    order(&setting, "b", 5, 1, 100).await;
    let sender = sender(&setting, &setting.chain.http(), Duration::from_secs(60));
    finish(&sender).await;
    assert_eq!(balance(&setting, 1).await, 100);
}

#[tokio::test]
async fn answers_that_are_lost_send_nothing_twice() {
    let setting = setting().await;
    // The node takes the transaction, and the answer is lost.
    setting
        .proxy
        .rule(|method, _| (method == "eth_sendRawTransaction").then_some(Fate::Cut));
    order(&setting, "a", 5, 1, 100).await;
    let sender = sender(&setting, &setting.proxy.http(), Duration::from_secs(60));
    sender.step(100).await.expect_err("no answer");
    setting.proxy.be_honest();
    finish(&sender).await;
    assert_eq!(balance(&setting, 1).await, 100);
}
