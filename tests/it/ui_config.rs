//! Settings for the browser client before it starts (docs/spec/rest.md §8).

use serde_json::json;

use crate::support::{Api, Options, Server, set_node};

const TOKEN: &str = "0x2c7536e3605d9c16a7a3d7b1898e529396a65c23";
const CHECKSUMMED: &str = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";

#[tokio::test]
async fn unset_values_are_omitted() {
    let server = Server::start(Options::default());
    let told = Api::stranger(&server)
        .get("/config/ui-client")
        .await
        .ok(200);
    let mut keys: Vec<&String> = told.as_object().expect("keys").keys().collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "AI_PROVIDERS",
            "FEATURE_FLAGS",
            "NODE_ID",
            "RENDER_SERVICE_URL"
        ]
    );
    let off = json!({"newsfeed": false, "buy_nft": false, "canvas": false});
    assert_eq!(told["FEATURE_FLAGS"], off);
    let none = json!({"leonardo": false, "blockadelabs": false, "chatgpt": false});
    assert_eq!(told["AI_PROVIDERS"], none);
}

#[tokio::test]
async fn configured_values_have_the_names_clients_know() {
    let lines = format!(
        "[features]\nnewsfeed = true\n[arbitrum]\nchain_id = 412346\nmom_token_address = \"{TOKEN}\"\n\
         dad_token_address = \"{TOKEN}\"\nstake_address = \"{TOKEN}\"\nnft_address = \"{TOKEN}\"\n\
         faucet_address = \"{TOKEN}\"\nmint_nft_amount = \"4.20\"\nmint_nft_deposit_address = \"{TOKEN}\"\n\
         [ui_client]\nYOUTUBE_KEY = \"y\""
    );
    let mut server = Server::start(Options::default().config(&lines));
    let owner = Api::owner(&mut server).await;
    set_node(&owner, "leonardo", json!({"api_key": "k"})).await;
    set_node(&owner, "blockadelabs", json!({"api_key": ""})).await;
    set_node(
        &owner,
        "open_ai",
        json!({"api_key": "set_your_api_key_here"}),
    )
    .await;
    let told = owner.get("/config/ui-client").await.ok(200);
    for key in [
        "CONTRACT_MOM_ADDRESS",
        "CONTRACT_DAD_ADDRESS",
        "CONTRACT_STAKING_ADDRESS",
        "CONTRACT_NFT_ADDRESS",
        "CONTRACT_FAUCET_ADDRESS",
        "MINT_NFT_DEPOSIT_ADDRESS",
    ] {
        assert_eq!(told[key], CHECKSUMMED, "{key}");
    }
    assert_eq!(told["BLOCKCHAIN_ID"], "412346");
    assert_eq!(told["MINT_NFT_AMOUNT"], "4.20");
    assert_eq!(told["YOUTUBE_KEY"], "y");
    assert_eq!(told["FEATURE_FLAGS"]["newsfeed"], true);
    let flags = json!({"leonardo": true, "blockadelabs": false, "chatgpt": false});
    assert_eq!(told["AI_PROVIDERS"], flags);
}
