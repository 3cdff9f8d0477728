//! Announced stakes: who may announce what (docs/regressions.md W24, S13).

use components::{Reason, Umid, ids};
use node::{NodeError, NodeOptions, StakeClaim};
use store::NewUser;
use testkit::{Database, start_node};

const MINE: &str = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
const WORLD: Umid = Umid::from_u128(1);
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
    let database = Database::sqlite();
    let node = start_node(&database, [WORLD], NodeOptions::default()).await;
    let store = database.open().await;
    let user = NewUser {
        id: Umid::now_v7(),
        user_type: ids::NORMAL_USER_TYPE,
        profile: Default::default(),
        wallet: Some(MINE.to_owned()),
    };
    store.insert_user(&user).await.expect("inserted");

    let world = WORLD;
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
