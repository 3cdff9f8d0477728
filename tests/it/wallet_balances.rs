//! Balances of the caller's wallets (docs/spec/model.md §8.4).

use serde_json::json;

use crate::support::{Api, EthereumWallet, Options, PolkadotWallet, Rows, Server, Wallet};

/// Addresses of tokens, as the chain and as clients spell them (EIP-55).
const TOKENS: [&str; 2] = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
];

fn bytes(address: &str) -> [u8; 20] {
    let bytes = hex::decode(&address[2..]).expect("hex");
    bytes.try_into().expect("20 bytes")
}

#[tokio::test]
async fn wallets_come_with_each_token_and_their_checksums() {
    let server = Server::start(Options::default().unlimited());
    let guest = Api::guest(&server).await;
    guest
        .get("/users/me/wallets")
        .await
        .refused(404, "wallets_not_found");
    let user = Api::login(&server, &EthereumWallet::new(1)).await;
    assert_eq!(user.get("/users/me/wallets").await.ok(200), json!([]));
    let max = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    let mut rows = Rows::of(&server).await;
    rows.balance(EthereumWallet::new(1).bytes(), bytes(TOKENS[0]), max)
        .await;
    rows.balance(EthereumWallet::new(2).bytes(), bytes(TOKENS[1]), "5")
        .await;

    let wallets = user.get("/users/me/wallets").await.ok(200);
    let mine = &user.get("/users/me").await.ok(200)["wallet"];
    let wallet = |token: &str, balance: &str| {
        json!({
            "wallet_id": mine,
            "contract_id": token,
            "balance": balance,
            "blockchain_name": "Arbitrum Nova",
            "updated_at": wallets[0]["updated_at"],
            "reward": "0",
            "transferable": "0",
            "staked": "0",
            "unbonding": "0",
        })
    };
    let expected = json!([wallet(TOKENS[0], max), wallet(TOKENS[1], "0")]);
    assert_eq!(wallets, expected, "the client compares addresses as texts");
    assert!(wallets[0]["updated_at"].is_string());

    // Balances of other chains are not known.
    let polkadot = Api::login(&server, &PolkadotWallet::new(1, true)).await;
    assert_eq!(polkadot.get("/users/me/wallets").await.ok(200), json!([]));
    assert_eq!(PolkadotWallet::new(1, true).address().len(), 66);
}
