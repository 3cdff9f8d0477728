//! The first block of a network for development: known keys, and nobody's real tokens.

use alloc::{vec, vec::Vec};

use pallet_faucet::Pallet as Faucet;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_grandpa::AuthorityId as GrandpaId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

use crate::{
    AccountId, AuraConfig, Balance, BalancesConfig, GrandpaConfig, MOM, Runtime,
    RuntimeGenesisConfig, SudoConfig,
};

/// Accounts with tokens.
const RICH: [Sr25519Keyring; 6] = [
    Sr25519Keyring::Alice,
    Sr25519Keyring::Bob,
    Sr25519Keyring::Charlie,
    Sr25519Keyring::Dave,
    Sr25519Keyring::Eve,
    Sr25519Keyring::Ferdie,
];

/// A network whose blocks Alice makes, and Bob with two `validators`.
pub fn development(validators: usize) -> RuntimeGenesisConfig {
    let names = [
        (Sr25519Keyring::Alice, Ed25519Keyring::Alice),
        (Sr25519Keyring::Bob, Ed25519Keyring::Bob),
    ];
    let names = names.into_iter().take(validators);
    let (aura, grandpa): (Vec<AuraId>, Vec<(GrandpaId, u64)>) = names
        .map(|(aura, grandpa)| (aura.public().into(), (grandpa.public().into(), 1)))
        .unzip();
    let rich = RICH.map(|key| (key.to_account_id(), 1_000_000 * MOM));
    let mut balances: Vec<(AccountId, Balance)> = rich.to_vec();
    balances.push((Faucet::<Runtime>::pot(), 100_000 * MOM));
    RuntimeGenesisConfig {
        balances: BalancesConfig {
            balances,
            ..Default::default()
        },
        aura: AuraConfig { authorities: aura },
        grandpa: GrandpaConfig {
            authorities: grandpa,
            ..Default::default()
        },
        sudo: SudoConfig {
            key: Some(Sr25519Keyring::Alice.to_account_id()),
        },
        ..Default::default()
    }
}

/// Names of the networks that the rules know themselves.
pub(crate) const PRESETS: [(&str, usize); 2] = [("development", 1), ("local_testnet", 2)];

/// A network by name, as JSON.
pub(crate) fn preset(name: &str) -> Option<Vec<u8>> {
    let (_, validators) = PRESETS.into_iter().find(|(known, _)| *known == name)?;
    serde_json::to_vec(&development(validators)).ok()
}

/// Names of the networks.
pub(crate) fn names() -> Vec<sp_genesis_builder::PresetId> {
    let mut names = vec![];
    names.extend(PRESETS.iter().map(|(name, _)| (*name).into()));
    names
}
