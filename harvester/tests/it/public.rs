//! A public endpoint, for those who name one: nothing here reaches beyond this machine otherwise.
//!
//! ```sh
//! ODYSSEY_CHAIN_ENDPOINT=https://… ODYSSEY_CHAIN_ID=42170 cargo test -p harvester --test it public
//! ```

use std::env;

use components::Umid;
use harvester::{
    BlockAt, BlockRange, ChainAdapter, RpcOptions,
    evm::{Contract, EvmAdapter, EvmOptions, Surface},
};

#[tokio::test]
async fn a_public_endpoint_that_is_named_answers_as_the_follower_needs_it() {
    let Ok(endpoint) = env::var("ODYSSEY_CHAIN_ENDPOINT") else {
        eprintln!("not done: ODYSSEY_CHAIN_ENDPOINT names no endpoint");
        return;
    };
    let chain_id = env::var("ODYSSEY_CHAIN_ID").expect("ODYSSEY_CHAIN_ID");
    let token = env::var("ODYSSEY_CHAIN_TOKEN").unwrap_or_default();
    let token = hex::decode(token.trim_start_matches("0x")).unwrap_or_default();
    let adapter = EvmAdapter::new(EvmOptions {
        id: Umid::from_u128(1),
        name: "public".to_owned(),
        chain_id: chain_id.parse().expect("a number"),
        rpc: RpcOptions {
            endpoints: vec![endpoint],
            requests_per_second: 5,
            ..RpcOptions::default()
        },
        contracts: vec![Contract {
            address: token.try_into().unwrap_or([0x11; 20]),
            surface: Surface::Fungible,
        }],
        ..EvmOptions::default()
    });
    let adapter = adapter.expect("an endpoint");
    adapter.identity().await.expect("is the chain");
    let finalized = adapter.block(BlockAt::Finalized).await.expect("answers");
    let finalized = finalized.expect("has a final block");
    let parent = BlockAt::Number(finalized.number - 1);
    let parent = adapter.block(parent).await.expect("answers");
    assert_eq!(parent.map(|block| block.hash), Some(finalized.parent));
    let range = BlockRange::Numbers {
        from: finalized.number - 10,
        to: finalized.number,
    };
    let batch = adapter.facts(range, &[]).await.expect("answers");
    assert_eq!(batch.last, finalized);
}
