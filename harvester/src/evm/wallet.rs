//! An account of our own on Ethereum or its kin: transactions with a fee market (EIP-1559).

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U64, U128, U256, keccak256};
use alloy_rlp::{Encodable, Header};
use alloy_sol_types::SolCall;
use k256::ecdsa::SigningKey;
use serde::Deserialize;
use serde_json::json;
use store::SignedOrder;

use super::adapter::EvmAdapter;
use crate::{
    adapter::{AdapterError, ChainAdapter, Outcome},
    rpc::read,
    sender::ChainWallet,
};

/// Type of the transactions, which stands before their bytes.
const EIP_1559: u8 = 2;
/// Share of the fee that goes to whoever makes the block, in the smallest unit: one billion.
const TIP: u128 = 1_000_000_000;

alloy_sol_types::sol! {
    interface Faucet {
        function grant(address to, uint8 token, uint256 amount) external;
    }
}

/// The call by which the faucet gives tokens to an account of 20 bytes; none for another account.
pub fn grant_call(to: &[u8], token: u8, amount: U256) -> Option<Vec<u8>> {
    let to = Address::try_from(to).ok()?;
    let call = Faucet::grantCall { to, token, amount };
    Some(call.abi_encode())
}

/// An account.
pub struct EvmWallet {
    adapter: Arc<EvmAdapter>,
    key: SigningKey,
    address: Address,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fees {
    base_fee_per_gas: Option<U128>,
}

impl EvmWallet {
    /// The account of a key of 32 bytes.
    ///
    /// # Errors
    /// `Fatal` if that is none.
    pub fn new(adapter: Arc<EvmAdapter>, key: &[u8]) -> Result<Self, AdapterError> {
        let key = SigningKey::from_slice(key);
        let key = key.map_err(|_| AdapterError::Fatal("the key is none".to_owned()))?;
        let point = key.verifying_key().to_encoded_point(false);
        let hash = keccak256(point.as_bytes().get(1..).unwrap_or_default());
        Ok(Self {
            adapter,
            key,
            address: Address::from_slice(&hash[12..]),
        })
    }

    /// Its address.
    pub fn address(&self) -> [u8; 20] {
        self.address.into_array()
    }
}

/// A transaction without signature.
struct Transaction<'a> {
    chain_id: u64,
    nonce: u64,
    tip: u128,
    fee: u128,
    gas: u64,
    to: Address,
    data: &'a [u8],
}

impl Transaction<'_> {
    /// Its bytes, with the signature or without.
    fn bytes(&self, signature: Option<(bool, U256, U256)>) -> Vec<u8> {
        let mut fields = Vec::new();
        self.chain_id.encode(&mut fields);
        self.nonce.encode(&mut fields);
        self.tip.encode(&mut fields);
        self.fee.encode(&mut fields);
        self.gas.encode(&mut fields);
        self.to.encode(&mut fields);
        // No coins, and no list of what it will look at.
        0_u64.encode(&mut fields);
        self.data.encode(&mut fields);
        let empty = Header {
            list: true,
            payload_length: 0,
        };
        empty.encode(&mut fields);
        if let Some((is_odd, r, s)) = signature {
            is_odd.encode(&mut fields);
            r.encode(&mut fields);
            s.encode(&mut fields);
        }
        let mut bytes = vec![EIP_1559];
        let list = Header {
            list: true,
            payload_length: fields.len(),
        };
        list.encode(&mut bytes);
        bytes.extend(fields);
        bytes
    }
}

#[async_trait::async_trait]
impl ChainWallet for EvmWallet {
    async fn nonce(&self) -> Result<u64, AdapterError> {
        let parameters = (self.address, "latest");
        let asked = self
            .adapter
            .ask("eth_getTransactionCount", parameters, false);
        let count: U64 = read(&asked.await?.0)?;
        Ok(count.to())
    }

    async fn fee(&self) -> Result<u128, AdapterError> {
        let parameters = ("latest", false);
        let asked = self.adapter.ask("eth_getBlockByNumber", parameters, false);
        let fees: Fees = read(&asked.await?.0)?;
        // It may double until the transaction is in a block.
        let base: u128 = fees.base_fee_per_gas.unwrap_or_default().to();
        Ok(base.saturating_mul(2).saturating_add(TIP))
    }

    async fn sign(
        &self,
        to: &[u8],
        data: &[u8],
        nonce: u64,
        fee: u128,
    ) -> Result<SignedOrder, AdapterError> {
        let to = Address::try_from(to).map_err(|error| AdapterError::Fatal(error.to_string()))?;
        let call = json!({ "from": self.address, "to": to, "data": Bytes::copy_from_slice(data) });
        let asked = self.adapter.ask("eth_estimateGas", (call,), false).await;
        let gas: U64 = match asked {
            Ok((answer, _)) => read(&answer)?,
            // Contracts say so in words of their own.
            Err(AdapterError::Transient(text)) if text.contains("revert") => {
                return Err(AdapterError::Fatal(text));
            }
            Err(error) => return Err(error),
        };
        let gas: u64 = gas.to();
        let transaction = Transaction {
            chain_id: self.adapter.chain_id(),
            nonce,
            tip: TIP.min(fee),
            fee,
            gas: gas.saturating_add(gas / 4),
            to,
            data,
        };
        let digest = keccak256(transaction.bytes(None));
        let signed = self.key.sign_prehash_recoverable(digest.as_slice());
        let (signature, parity) = signed.map_err(|error| AdapterError::Fatal(error.to_string()))?;
        let half = |bytes: &[u8]| U256::try_from_be_slice(bytes).unwrap_or_default();
        let signature = signature.to_bytes();
        let (r, s) = signature.split_at(32);
        let raw = transaction.bytes(Some((parity.is_y_odd(), half(r), half(s))));
        Ok(SignedOrder {
            nonce,
            fee,
            hash: keccak256(&raw).to_vec(),
            raw,
        })
    }

    async fn publish(&self, raw: &[u8]) -> Result<(), AdapterError> {
        let raw = Bytes::copy_from_slice(raw);
        match self
            .adapter
            .ask("eth_sendRawTransaction", (raw,), false)
            .await
        {
            Ok(_) => Ok(()),
            Err(AdapterError::Transient(text)) if is_known(&text) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn outcome(&self, hash: &[u8]) -> Result<Option<Outcome>, AdapterError> {
        self.adapter.outcome(hash).await
    }
}

/// Whether a node refuses a transaction because it has it, or has had it.
fn is_known(text: &str) -> bool {
    let text = text.to_lowercase();
    let known = [
        "already known",
        "already imported",
        "nonce too low",
        "alreadyknown",
    ];
    known.iter().any(|known| text.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The transaction of the example of EIP-1559 fields, as other libraries sign it.
    #[test]
    fn bytes_are_those_of_the_standard() {
        let transaction = Transaction {
            chain_id: 1,
            nonce: 0,
            tip: 1,
            fee: 2,
            gas: 21_000,
            to: Address::repeat_byte(0x11),
            data: &[],
        };
        let unsigned = hex::encode(transaction.bytes(None));
        // 0x02, a list of 31 bytes: 1, 0, 1, 2, 21000, the address, 0, no data, no list.
        let expected = format!("02df0180010282520894{}8080c0", "11".repeat(20));
        assert_eq!(unsigned, expected);
    }
}
