//! The node signs for those who hold its tokens, for as long as they do (docs/spec/chains.md §5).

use serde_json::json;

use crate::{
    command::Home,
    support::{Api, EthereumWallet, LocalChain, Server, WELCOME, address, eventually_async},
};

/// Blocks until one of this chain is final.
const UNTIL_FINAL: u64 = 64;

/// Whether the node signs for a user.
async fn hosts(user: &Api) -> bool {
    let ask = json!({ "odyssey_id": WELCOME });
    let answer = user.post("/node/get-challenge", ask).await;
    match answer.status {
        200 => true,
        _ => {
            answer.refused(400, "user_not_allowed");
            false
        }
    }
}

#[tokio::test]
async fn holders_of_a_token_are_hosted_for_as_long_as_they_hold_enough() {
    let chain = LocalChain::start().await;
    let token = format!(
        "[[chains.local.hosting_tokens]]\ncontract = \"{}\"\nminimum = \"100\"\n",
        chain.contracts.mom
    );
    let server = Server::start(chain.options().config(&token));
    let (ann, bob) = (EthereumWallet::new(1), EthereumWallet::new(2));
    let (ann_api, bob_api) = (Api::user(&server, 1).await, Api::user(&server, 2).await);

    chain.mint(address(&ann), 100).await;
    chain.mint(address(&bob), 99).await;
    // Blocks that may be replaced let nobody in.
    let balance = async |of: &Api| of.get("/users/me/wallets").await.ok(200).to_string();
    eventually_async(async || balance(&bob_api).await.contains("\"99\"")).await;
    assert!(!hosts(&ann_api).await);
    chain.node.mine(UNTIL_FINAL).await.expect("mines");
    eventually_async(async || hosts(&ann_api).await).await;
    assert!(!hosts(&bob_api).await);

    // They do keep somebody out, until they are replaced.
    chain.give(&ann, address(&bob), 1).await;
    eventually_async(async || !hosts(&ann_api).await).await;
    assert!(!hosts(&bob_api).await);
    chain.node.reorganise(1).await.expect("replaces");
    eventually_async(async || hosts(&ann_api).await).await;

    chain.give(&ann, address(&bob), 1).await;
    chain.node.mine(UNTIL_FINAL).await.expect("mines");
    eventually_async(async || hosts(&bob_api).await).await;
    assert!(!hosts(&ann_api).await);
}

#[tokio::test]
async fn holders_of_a_world_are_hosted() {
    let chain = LocalChain::start().await;
    let token = format!(
        "[[chains.local.hosting_tokens]]\ncontract = \"{}\"\nminimum = \"2\"\n",
        chain.contracts.worlds
    );
    let server = Server::start(chain.options().config(&token));
    let ann = EthereumWallet::new(1);
    let ann_api = Api::user(&server, 1).await;
    chain.mint_world(address(&ann)).await;
    chain.mint_world(address(&ann)).await;
    chain.node.mine(UNTIL_FINAL).await.expect("mines");
    eventually_async(async || hosts(&ann_api).await).await;
    chain
        .hand_over(2, &ann, address(&EthereumWallet::new(2)))
        .await;
    eventually_async(async || !hosts(&ann_api).await).await;
}

#[test]
fn only_tokens_of_the_chain_can_be_asked_for() {
    let table = |contract: &str, minimum: &str| {
        format!(
            "[chains.local]\nchain_id = 7\nendpoints = [\"http://127.0.0.1:9\"]\n\
             mom = \"0x{}\"\n[[chains.local.hosting_tokens]]\ncontract = \"{contract}\"\n\
             minimum = \"{minimum}\"\n",
            "11".repeat(20)
        )
    };
    let mom = format!("0x{}", "11".repeat(20));
    let other = format!("0x{}", "22".repeat(20));
    for (contract, minimum, fault) in [
        (&other, "1", "is no token of this chain"),
        (&mom, "0", "is no amount"),
        (&mom, "some", "is no amount"),
    ] {
        let home = Home::new().with("odyssey.toml", &table(contract, minimum));
        let ended = home.run(&["config"], &[]);
        let complaint = ended.complaint();
        assert!(
            complaint.contains("chains: local: hosting_tokens"),
            "{complaint}"
        );
        assert!(complaint.contains(fault), "{complaint}");
    }
}
