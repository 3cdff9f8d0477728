//! Events of contracts, by what the contract is configured to be.

use alloy_primitives::{Address, B256, Log as RawLog};
use alloy_sol_types::{SolEvent, sol};
use components::Umid;

use crate::chain::{Account, ContractChange, FactKind, NodeChange, U256};

sol! {
    /// ERC-20.
    #[derive(Debug)]
    event FungibleTransfer(address indexed from, address indexed to, uint256 value);

    /// ERC-721: the same name and types, the last one indexed as well.
    #[derive(Debug)]
    event ItemTransfer(address indexed from, address indexed to, uint256 indexed item);

    event Stake(
        address indexed user, uint256 indexed odyssey,
        uint256 amount, uint8 token, uint256 total
    );
    event Unstake(
        address indexed user, uint256 indexed odyssey,
        uint256 amount, uint8 token, uint256 total
    );
    event Restake(
        address indexed user, uint256 indexed from, uint256 indexed to,
        uint256 amount, uint8 token, uint256 total_from, uint256 total_to
    );
    /// Its parameters are named after totals; these are the amounts in their true order.
    event ClaimedUnstaked(address indexed user, uint256 mom, uint256 dad);
    /// Named the other way round by the contract, which emits this order.
    event RewardsClaimed(address indexed user, uint256 dad, uint256 mom);
    event OdysseyRewardsClaimed(uint256 indexed odyssey, uint256 dad, uint256 mom);
    event RewardsUpdated(uint256 timestamp, uint256 blocknumber);

    event NodeMgmtEvent(
        uint256 indexed from_node, uint256 indexed to_node, uint256 indexed odyssey
    );
    event NodeUpdated(
        uint256 indexed node, address old_owner, address new_owner,
        string old_host, string new_host, string old_name, string new_name
    );

    event Redeemed(address holder, uint256 amount);
    event HolderUpdated(address holder, uint256 amount, uint256 last_claim_date);

    event FaucetDrop(address user, uint256 amount, uint8 token, uint256 time);

    event Upgraded(address indexed implementation);
    event Paused(address account);
    event Unpaused(address account);
    event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender);
    event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender);
    event OwnershipTransferred(address indexed previous, address indexed next);
}

/// The events of an older contract, which tell one amount.
mod older {
    alloy_sol_types::sol! {
        event RewardsClaimed(address indexed user, uint256 total);
        event OdysseyRewardsClaimed(uint256 indexed odyssey, uint256 total);
    }
}

/// `Transfer(address,address,uint256)`, of tokens and of items.
const TRANSFER: B256 = B256::new([
    0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b, 0x69, 0xc2, 0xb0, 0x68, 0xfc, 0x37, 0x8d, 0xaa,
    0x95, 0x2b, 0xa7, 0xf1, 0x63, 0xc4, 0xa1, 0x16, 0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef,
]);

/// Kind of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// A token (ERC-20).
    Fungible,
    /// Items (ERC-721).
    Items,
    /// Stakes in worlds.
    Staking,
    /// Nodes, and which worlds are on them.
    Nodes,
    /// Tokens that are given out over time.
    Vesting,
    /// Tokens for the asking.
    Faucet,
}

impl Surface {
    /// Name among the sources of a chain.
    pub fn name(self) -> &'static str {
        match self {
            Surface::Fungible => "token",
            Surface::Items => "items",
            Surface::Staking => "stakes",
            Surface::Nodes => "nodes",
            Surface::Vesting => "vesting",
            Surface::Faucet => "faucet",
        }
    }

    /// The kind of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        let all = [
            Surface::Fungible,
            Surface::Items,
            Surface::Staking,
            Surface::Nodes,
            Surface::Vesting,
            Surface::Faucet,
        ];
        all.into_iter().find(|surface| surface.name() == name)
    }
}

/// A log of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The contract.
    pub contract: [u8; 20],
    /// Up to four topics, the first of which says what it is.
    pub topics: Vec<[u8; 32]>,
    /// The rest.
    pub data: Vec<u8>,
}

/// The fact of a log; none if the contract's kind has no such event. What claims to be one and
/// cannot be read is a fact of its own, which the follower puts aside.
pub fn decode(surface: Surface, log: &Log) -> Option<FactKind> {
    let first = B256::from(*log.topics.first()?);
    let read = match surface {
        Surface::Fungible => transfer_of_token(log, first),
        Surface::Items => transfer_of_item(log, first),
        Surface::Staking => of_stakes(log, first).or_else(|| of_rewards(log, first)),
        Surface::Nodes => of_nodes(log, first),
        Surface::Vesting => of_vesting(log, first),
        Surface::Faucet => of_faucet(log, first),
    };
    let read = read.or_else(|| of_any_contract(log, first))?;
    Some(read.unwrap_or_else(|reason| {
        FactKind::Unreadable {
            raw: log
                .topics
                .concat()
                .into_iter()
                .chain(log.data.iter().copied())
                .collect(),
            reason,
        }
    }))
}

/// The fact of a log, or why it cannot be read; none if it is another event.
type Read = Option<Result<FactKind, String>>;

/// Reads the event `E` if the log is one.
fn if_is<E: SolEvent>(
    log: &Log,
    first: B256,
    fact: impl FnOnce(E) -> Result<FactKind, String>,
) -> Read {
    (first == E::SIGNATURE_HASH).then(|| event::<E>(log, first).and_then(fact))
}

fn transfer_of_token(log: &Log, first: B256) -> Read {
    let contract = log.contract.to_vec();
    (first == TRANSFER).then(|| {
        let event = event::<FungibleTransfer>(log, TRANSFER)?;
        Ok(FactKind::FungibleTransfer {
            contract,
            from: account(event.from),
            to: account(event.to),
            amount: event.value,
        })
    })
}

fn transfer_of_item(log: &Log, first: B256) -> Read {
    let contract = log.contract.to_vec();
    (first == TRANSFER).then(|| {
        let event = event::<ItemTransfer>(log, TRANSFER)?;
        Ok(FactKind::ItemTransfer {
            contract,
            item: event.item,
            from: account(event.from),
            to: account(event.to),
        })
    })
}

fn of_stakes(log: &Log, first: B256) -> Read {
    let staked = |event: Stake| {
        Ok(FactKind::Staked {
            account: event.user.to_vec(),
            world: world(event.odyssey)?,
            token: event.token,
            amount: event.amount,
        })
    };
    let unstaked = |event: Unstake| {
        Ok(FactKind::Unstaked {
            account: event.user.to_vec(),
            world: world(event.odyssey)?,
            token: event.token,
            amount: event.amount,
        })
    };
    let restaked = |event: Restake| {
        Ok(FactKind::Restaked {
            account: event.user.to_vec(),
            from: world(event.from)?,
            to: world(event.to)?,
            token: event.token,
            amount: event.amount,
        })
    };
    if_is(log, first, staked)
        .or_else(|| if_is(log, first, unstaked))
        .or_else(|| if_is(log, first, restaked))
}

fn of_rewards(log: &Log, first: B256) -> Read {
    let claimed = |event: RewardsClaimed| {
        Ok(FactKind::RewardsClaimed {
            account: event.user.to_vec(),
            total: event.mom.saturating_add(event.dad),
            amounts: Some([event.mom, event.dad]),
        })
    };
    let claimed_once = |event: older::RewardsClaimed| {
        Ok(FactKind::RewardsClaimed {
            account: event.user.to_vec(),
            total: event.total,
            amounts: None,
        })
    };
    let of_world = |event: OdysseyRewardsClaimed| {
        Ok(FactKind::WorldRewardsClaimed {
            world: world(event.odyssey)?,
            total: event.mom.saturating_add(event.dad),
            amounts: Some([event.mom, event.dad]),
        })
    };
    let of_world_once = |event: older::OdysseyRewardsClaimed| {
        Ok(FactKind::WorldRewardsClaimed {
            world: world(event.odyssey)?,
            total: event.total,
            amounts: None,
        })
    };
    let unstaked = |event: ClaimedUnstaked| {
        Ok(FactKind::UnstakedClaimed {
            account: event.user.to_vec(),
            amounts: [event.mom, event.dad],
        })
    };
    let updated = |event: RewardsUpdated| {
        Ok(FactKind::RewardsUpdated {
            time: event.timestamp,
        })
    };
    if_is(log, first, claimed)
        .or_else(|| if_is(log, first, claimed_once))
        .or_else(|| if_is(log, first, of_world))
        .or_else(|| if_is(log, first, of_world_once))
        .or_else(|| if_is(log, first, unstaked))
        .or_else(|| if_is(log, first, updated))
}

fn of_nodes(log: &Log, first: B256) -> Read {
    let managed = |event: NodeMgmtEvent| {
        Ok(match event.to_node.is_zero() && event.odyssey.is_zero() {
            true => FactKind::NodeChanged {
                node: world(event.from_node)?,
                change: NodeChange::Removed,
            },
            false => FactKind::WorldMapped {
                node: world(event.to_node)?,
                world: world(event.odyssey)?,
            },
        })
    };
    let updated = |event: NodeUpdated| {
        Ok(FactKind::NodeChanged {
            node: world(event.node)?,
            change: NodeChange::Updated,
        })
    };
    if_is(log, first, managed).or_else(|| if_is(log, first, updated))
}

fn of_vesting(log: &Log, first: B256) -> Read {
    let redeemed = |event: Redeemed| {
        Ok(FactKind::Vested {
            account: event.holder.to_vec(),
            amount: event.amount,
            redeemed: true,
        })
    };
    let updated = |event: HolderUpdated| {
        Ok(FactKind::Vested {
            account: event.holder.to_vec(),
            amount: event.amount,
            redeemed: false,
        })
    };
    if_is(log, first, redeemed).or_else(|| if_is(log, first, updated))
}

fn of_faucet(log: &Log, first: B256) -> Read {
    if_is(log, first, |event: FaucetDrop| {
        Ok(FactKind::FaucetDrop {
            account: event.user.to_vec(),
            token: event.token,
            amount: event.amount,
        })
    })
}

/// Events that any contract may have.
fn of_any_contract(log: &Log, first: B256) -> Read {
    let changed = |change| {
        Ok(FactKind::ContractChanged {
            contract: log.contract.to_vec(),
            change,
        })
    };
    let role = |role: B256, account: Address, granted| ContractChange::Role {
        role: role.to_vec(),
        account: account.to_vec(),
        granted,
    };
    if_is(log, first, |event: Upgraded| {
        changed(ContractChange::Upgraded(event.implementation.to_vec()))
    })
    .or_else(|| {
        if_is(log, first, |_: Paused| {
            changed(ContractChange::Paused(true))
        })
    })
    .or_else(|| {
        if_is(log, first, |_: Unpaused| {
            changed(ContractChange::Paused(false))
        })
    })
    .or_else(|| {
        if_is(log, first, |event: RoleGranted| {
            changed(role(event.role, event.account, true))
        })
    })
    .or_else(|| {
        if_is(log, first, |event: RoleRevoked| {
            changed(role(event.role, event.account, false))
        })
    })
    .or_else(|| {
        if_is(log, first, |event: OwnershipTransferred| {
            changed(ContractChange::Owner(account(event.next)))
        })
    })
}

/// Reads an event whose first topic is `signature`, which stands for that of `E`.
fn event<E: SolEvent>(log: &Log, signature: B256) -> Result<E, String> {
    let mut topics: Vec<B256> = log.topics.iter().copied().map(B256::from).collect();
    if let Some(first) = topics.first_mut().filter(|first| **first == signature) {
        *first = E::SIGNATURE_HASH;
    }
    let raw = RawLog::new(Address::from(log.contract), topics, log.data.clone().into())
        .ok_or("more than four topics")?;
    let read = E::decode_log_validate(&raw).map_err(|error| error.to_string())?;
    Ok(read.data)
}

/// The account of an address; that of nobody is none.
fn account(address: Address) -> Option<Account> {
    (!address.is_zero()).then(|| address.to_vec())
}

/// The world of a number: its 128 bits.
fn world(number: U256) -> Result<Umid, String> {
    let number = u128::try_from(number).map_err(|_| "a world of more than 128 bits".to_owned())?;
    Ok(Umid::from_u128(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8";
    const WORLD: &str = "0000000000000000000000000000000000000000000080008000000000000001";
    const NEXT: &str = "0000000000000000000000000000000000000000000080008000000000000002";
    const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    fn log(topics: &[&str], data: &[u64]) -> Log {
        let topic = |text: &&str| {
            let bytes = hex::decode(text).expect("hexadecimal");
            bytes.try_into().expect("32 bytes")
        };
        let word = |number: &u64| U256::from(*number).to_be_bytes::<32>();
        Log {
            contract: [9; 20],
            topics: topics.iter().map(topic).collect(),
            data: data.iter().flat_map(word).collect(),
        }
    }

    fn user() -> Account {
        hex::decode(&USER[24..]).expect("hexadecimal")
    }

    fn world_of(text: &str) -> Umid {
        Umid::from_slice(&hex::decode(&text[32..]).expect("hexadecimal")).expect("16 bytes")
    }

    const STAKE: &str = "c1a5c084e329922f8ec7c1f9d388080b5ce185980b99830170a9bd911e56ce7d";
    const UNSTAKE: &str = "cd1b86c650bf0663e252966651bfd5312669a3bb6e38353a141fa368541e3735";
    const RESTAKE: &str = "f5b31220c1acf678c8a904f3a060a4b4a0bc4b9e42c9a49d318142bf4c282672";
    const MOVE: &str = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

    /// Logs of the contracts that the existing platform uses.
    #[test]
    fn recorded_logs_are_the_facts_that_they_are_known_for() {
        let contract = vec![9; 20];
        let cases = [
            (
                Surface::Items,
                log(&[MOVE, NOBODY, USER, WORLD], &[]),
                FactKind::ItemTransfer {
                    contract: contract.clone(),
                    item: U256::from(604_472_133_179_351_442_128_897_u128),
                    from: None,
                    to: Some(user()),
                },
            ),
            (
                Surface::Fungible,
                log(&[MOVE, USER, NOBODY], &[5]),
                FactKind::FungibleTransfer {
                    contract,
                    from: Some(user()),
                    to: None,
                    amount: U256::from(5),
                },
            ),
            (
                Surface::Staking,
                log(&[STAKE, USER, WORLD], &[0x64, 0, 0x64]),
                FactKind::Staked {
                    account: user(),
                    world: world_of(WORLD),
                    token: 0,
                    amount: U256::from(100),
                },
            ),
            (
                Surface::Staking,
                log(&[UNSTAKE, USER, WORLD], &[0x46, 0, 0x32]),
                FactKind::Unstaked {
                    account: user(),
                    world: world_of(WORLD),
                    token: 0,
                    amount: U256::from(70),
                },
            ),
            (
                Surface::Staking,
                log(&[RESTAKE, USER, WORLD, NEXT], &[0x1e, 0, 0x78, 0x1e]),
                FactKind::Restaked {
                    account: user(),
                    from: world_of(WORLD),
                    to: world_of(NEXT),
                    token: 0,
                    amount: U256::from(30),
                },
            ),
        ];
        for (surface, log, fact) in cases {
            assert_eq!(decode(surface, &log), Some(fact), "{log:?}");
        }
    }

    /// Topics of the platform's contracts; amounts in the order in which they are emitted.
    #[test]
    fn rewards_nodes_vesting_and_the_faucet_are_read_by_what_they_emit() {
        let two = |mom: u64, dad: u64| [U256::from(mom), U256::from(dad)];
        let claimed = |total: u64, amounts| FactKind::RewardsClaimed {
            account: user(),
            total: U256::from(total),
            amounts,
        };
        let of_world = |total: u64, amounts| FactKind::WorldRewardsClaimed {
            world: world_of(WORLD),
            total: U256::from(total),
            amounts,
        };
        let vested = |redeemed| FactKind::Vested {
            account: user(),
            amount: U256::from(7),
            redeemed,
        };
        let node = "0000000000000000000000000000000011112222333344448555666677778888";
        let words = |words: &[&str]| {
            let words = words
                .iter()
                .map(|word| hex::decode(word).expect("hexadecimal"));
            words.collect::<Vec<_>>().concat()
        };
        let with = |mut log: Log, data: Vec<u8>| {
            log.data = data;
            log
        };
        let number = |number: u64| format!("{number:064x}");
        let cases = [
            (
                Surface::Staking,
                log(
                    &[
                        "dacbdde355ba930696a362ea6738feb9f8bd52dfb3d81947558fd3217e23e325",
                        USER,
                    ],
                    &[3, 8],
                ),
                claimed(11, Some(two(8, 3))),
            ),
            (
                Surface::Staking,
                log(
                    &[
                        "fc30cddea38e2bf4d6ea7d3f9ed3b6ad7f176419f4963bd81318067a4aee73fe",
                        USER,
                    ],
                    &[9],
                ),
                claimed(9, None),
            ),
            (
                Surface::Staking,
                log(
                    &[
                        "d2cd4e555ff21ca5b3e062f46ca367ade0dc15004407960a7eaa8760fb808b25",
                        WORLD,
                    ],
                    &[3, 8],
                ),
                of_world(11, Some(two(8, 3))),
            ),
            (
                Surface::Staking,
                log(
                    &[
                        "2bb8f99e42894785a1520f311e41259fa055076d23bbf66400646dcdc86d080f",
                        WORLD,
                    ],
                    &[9],
                ),
                of_world(9, None),
            ),
            (
                Surface::Staking,
                log(
                    &[
                        "6eeaedc56832e751596e30e289453c8568daad613b8050876671fa4cced0fb8c",
                        USER,
                    ],
                    &[4, 5],
                ),
                FactKind::UnstakedClaimed {
                    account: user(),
                    amounts: two(4, 5),
                },
            ),
            (
                Surface::Staking,
                log(
                    &["cd7c861d63893659123f817b192b8621ff1923a7c4589c260173cedcf9e986a6"],
                    &[6, 1],
                ),
                FactKind::RewardsUpdated {
                    time: U256::from(6),
                },
            ),
            (
                Surface::Nodes,
                log(
                    &[
                        "e56a80af793b5747dedcba9783e630d0affdfbda849f9f8e55f3e9888c1d67f6",
                        NOBODY,
                        node,
                        WORLD,
                    ],
                    &[],
                ),
                FactKind::WorldMapped {
                    node: world_of(node),
                    world: world_of(WORLD),
                },
            ),
            (
                Surface::Nodes,
                log(
                    &[
                        "e56a80af793b5747dedcba9783e630d0affdfbda849f9f8e55f3e9888c1d67f6",
                        node,
                        NOBODY,
                        NOBODY,
                    ],
                    &[],
                ),
                FactKind::NodeChanged {
                    node: world_of(node),
                    change: NodeChange::Removed,
                },
            ),
            (
                Surface::Vesting,
                with(
                    log(
                        &["4896181ff8f4543cc00db9fe9b6fb7e6f032b7eb772c72ab1ec1b4d2e03b9369"],
                        &[],
                    ),
                    words(&[USER, &number(7)]),
                ),
                vested(true),
            ),
            (
                Surface::Vesting,
                with(
                    log(
                        &["be90c177b758726eaac3c47d0956232b12f1f5252248c1d0fa129b6fb35c8d00"],
                        &[],
                    ),
                    words(&[USER, &number(7), &number(1)]),
                ),
                vested(false),
            ),
            (
                Surface::Faucet,
                with(
                    log(
                        &["0dd8ecfa7b6e27fe9e07b1c045f15aec40351e5dc61cfa11d4ba2cdf428f31fa"],
                        &[],
                    ),
                    words(&[USER, &number(7), &number(1), &number(5)]),
                ),
                FactKind::FaucetDrop {
                    account: user(),
                    token: 1,
                    amount: U256::from(7),
                },
            ),
        ];
        for (surface, log, fact) in cases {
            assert_eq!(decode(surface, &log), Some(fact), "{log:?}");
        }
    }

    #[test]
    fn changes_of_any_contract_are_noticed() {
        let changed = |change| {
            Some(FactKind::ContractChanged {
                contract: vec![9; 20],
                change,
            })
        };
        let upgraded = "bc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b";
        let granted = "2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d";
        let revoked = "f6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b";
        let owned = "8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0";
        let paused = "62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258";
        let role = |granted| ContractChange::Role {
            role: hex::decode(NEXT).expect("hexadecimal"),
            account: user(),
            granted,
        };
        for surface in [
            Surface::Fungible,
            Surface::Items,
            Surface::Staking,
            Surface::Nodes,
        ] {
            let cases = [
                (
                    log(&[upgraded, USER], &[]),
                    ContractChange::Upgraded(user()),
                ),
                (log(&[granted, NEXT, USER, USER], &[]), role(true)),
                (log(&[revoked, NEXT, USER, USER], &[]), role(false)),
                (
                    log(&[owned, USER, NOBODY], &[]),
                    ContractChange::Owner(None),
                ),
                (log(&[paused], &[1]), ContractChange::Paused(true)),
            ];
            for (log, change) in cases {
                assert_eq!(decode(surface, &log), changed(change), "{log:?}");
            }
        }
    }

    #[test]
    fn the_id_of_a_world_is_its_number() {
        assert_eq!(
            world_of(WORLD).to_string(),
            "00000000-0000-8000-8000-000000000001"
        );
    }

    #[test]
    fn logs_that_cannot_be_read_are_put_aside_with_their_bytes() {
        let huge = "0000000000000001000000000000000000000000000080008000000000000001";
        for (surface, log) in [
            // An item's transfer from a token, and the other way round.
            (Surface::Fungible, log(&[MOVE, NOBODY, USER, WORLD], &[])),
            (Surface::Items, log(&[MOVE, NOBODY, USER], &[5])),
            (Surface::Fungible, log(&[MOVE, NOBODY, USER], &[])),
            (Surface::Fungible, log(&[MOVE], &[1, 2, 3])),
            (Surface::Staking, log(&[STAKE, USER, WORLD], &[1])),
            (Surface::Staking, log(&[STAKE, USER, huge], &[1, 0, 1])),
            (Surface::Staking, log(&[STAKE, USER, WORLD], &[1, 256, 1])),
            (
                Surface::Items,
                log(&[MOVE, NOBODY, USER, WORLD, WORLD], &[]),
            ),
        ] {
            let fact = decode(surface, &log);
            let Some(FactKind::Unreadable { raw, reason }) = &fact else {
                panic!("{log:?}: {fact:?}");
            };
            assert_eq!(raw.len(), log.topics.len() * 32 + log.data.len());
            assert!(!reason.is_empty());
        }
    }

    #[test]
    fn what_a_contract_says_besides_is_of_no_interest() {
        let approval = "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925";
        for (surface, log) in [
            (Surface::Fungible, log(&[approval, USER, USER], &[1])),
            (Surface::Items, log(&[STAKE, USER, WORLD], &[1, 0, 1])),
            (Surface::Staking, log(&[MOVE, NOBODY, USER], &[1])),
            (Surface::Staking, log(&[], &[1])),
        ] {
            assert_eq!(decode(surface, &log), None, "{log:?}");
        }
    }
}
