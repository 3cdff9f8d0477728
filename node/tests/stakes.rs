//! Announced stakes: who may announce what (docs/regressions.md W24, S13).

use components::{Reason, Umid, ids};
use node::{Node, NodeError, NodeOptions, StakeClaim};
use store::{NewObjectRow, NewUser, Seed, Store, StoreOptions};

const MINE: &str = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
const FOREIGN: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

fn claim(world: Umid, wallet: &str) -> StakeClaim {
    StakeClaim {
        transaction_hash: format!("0x{}", "ab".repeat(32)),
        wallet: wallet.to_owned(),
        world,
        amount: "1000000000000000000".to_owned(),
        comment: "for the plaza".to_owned(),
        kind: 1,
    }
}

#[tokio::test]
async fn a_stake_is_announced_by_the_owner_of_its_wallet() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("node.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let store = Store::open(&url, &StoreOptions::default())
        .await
        .expect("opens");
    store.migrate().await.expect("migrates");
    let world = NewObjectRow {
        id: Umid::from_u128(1),
        object_type: ids::WORLD_TYPE,
        owner: ids::SYSTEM_USER,
        parent: Umid::nil(),
        asset_2d: None,
        asset_3d: None,
        options: None,
        transform: None,
        attributes: Vec::new(),
    };
    let seed = Seed {
        base_url: "http://localhost:4000".to_owned(),
        welcome: vec![world],
    };
    store.seed(&seed).await.expect("seeds");
    let user = NewUser {
        id: Umid::now_v7(),
        user_type: ids::NORMAL_USER_TYPE,
        profile: Default::default(),
        wallet: Some(MINE.to_owned()),
    };
    store.insert_user(&user).await.expect("inserted");
    let node = Node::start(store, NodeOptions::default())
        .await
        .expect("starts");

    let world = Umid::from_u128(1);
    node.announce_stake(user.id, &claim(world, MINE))
        .await
        .expect("one's own wallet");
    for nowhere in [node.directory().node(), Umid::from_u128(2)] {
        let refused = node.announce_stake(user.id, &claim(nowhere, MINE)).await;
        assert!(
            matches!(refused, Err(NodeError::Refused(Reason::WorldNotFound))),
            "{refused:?}"
        );
    }
    for (who, wallet) in [
        (user.id, FOREIGN),
        (Umid::now_v7(), MINE),
        (Umid::nil(), FOREIGN),
    ] {
        let refused = node.announce_stake(who, &claim(world, wallet)).await;
        assert!(
            matches!(refused, Err(NodeError::Refused(Reason::NotYourWallet))),
            "{refused:?}"
        );
    }
    // 256 would be 0 in the eight bits of the reference.
    for kind in [2, 256, 257, -1, i64::MIN] {
        let odd = StakeClaim {
            kind,
            ..claim(world, MINE)
        };
        let refused = node.announce_stake(user.id, &odd).await;
        assert!(
            matches!(refused, Err(NodeError::Invalid(..))),
            "{kind}: {refused:?}"
        );
    }
}
