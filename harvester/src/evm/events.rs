//! Events of contracts, by what the contract is configured to be.

use alloy_primitives::{Address, B256, Log as RawLog};
use alloy_sol_types::{SolEvent, sol};
use components::Umid;

use crate::chain::{Account, FactKind, U256};

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
    let contract = log.contract.to_vec();
    let read = match surface {
        Surface::Fungible if first == TRANSFER => {
            event::<FungibleTransfer>(log, TRANSFER).map(|event| FactKind::FungibleTransfer {
                contract,
                from: account(event.from),
                to: account(event.to),
                amount: event.value,
            })
        }
        Surface::Items if first == TRANSFER => {
            event::<ItemTransfer>(log, TRANSFER).map(|event| FactKind::ItemTransfer {
                contract,
                item: event.item,
                from: account(event.from),
                to: account(event.to),
            })
        }
        Surface::Staking if first == Stake::SIGNATURE_HASH => {
            event::<Stake>(log, first).and_then(|event| {
                Ok(FactKind::Staked {
                    account: event.user.to_vec(),
                    world: world(event.odyssey)?,
                    token: event.token,
                    amount: event.amount,
                })
            })
        }
        Surface::Staking if first == Unstake::SIGNATURE_HASH => event::<Unstake>(log, first)
            .and_then(|event| {
                Ok(FactKind::Unstaked {
                    account: event.user.to_vec(),
                    world: world(event.odyssey)?,
                    token: event.token,
                    amount: event.amount,
                })
            }),
        Surface::Staking if first == Restake::SIGNATURE_HASH => event::<Restake>(log, first)
            .and_then(|event| {
                Ok(FactKind::Restaked {
                    account: event.user.to_vec(),
                    from: world(event.from)?,
                    to: world(event.to)?,
                    token: event.token,
                    amount: event.amount,
                })
            }),
        _ => return None,
    };
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
