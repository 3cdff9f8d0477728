//! Rows that a chain writes into the server's database.

use posbus::Umid;
use sea_orm::IntoActiveModel;
use store::entity::{Amount, balance, blockchain, contract, nft, stake, user_wallet, wallet};
use uuid::uuid;

use super::Rows;

/// The one chain there is.
pub(crate) const CHAIN: Umid = uuid!("ccccaaaa-1111-2222-3333-222222222222");

/// An address on it.
pub(crate) type Address = [u8; 20];

impl Rows {
    /// One more wallet of a user, whose number orders it among those of that user.
    pub(crate) async fn wallet(&mut self, user: Umid, address: Address, number: i32) {
        let row = user_wallet::Model {
            wallet: format!("0x{}", hex::encode(address)),
            kind: "ethereum".to_owned(),
            user_id: user,
            position: number,
        };
        self.insert::<user_wallet::Entity>([row.into_active_model()])
            .await;
    }

    /// A stake; each is newer than the one before.
    pub(crate) async fn stake(
        &mut self,
        from: Address,
        world: Umid,
        kind: i32,
        amount: &str,
        comment: &str,
    ) {
        self.on_chain(from).await;
        let time = self.tick().naive_utc();
        let row = stake::Model {
            blockchain_id: CHAIN,
            wallet_id: from.to_vec(),
            object_id: world,
            kind,
            amount: amount_of(amount),
            last_comment: comment.to_owned(),
            updated_at: time,
            created_at: time,
        };
        self.insert::<stake::Entity>([row.into_active_model()])
            .await;
    }

    /// Balance of a wallet in a token.
    pub(crate) async fn balance(&mut self, of: Address, token: Address, amount: &str) {
        self.on_chain(of).await;
        let known = contract::Model {
            contract_id: token.to_vec(),
            name: None,
        };
        self.insert::<contract::Entity>([known.into_active_model()])
            .await;
        let row = balance::Model {
            wallet_id: of.to_vec(),
            contract_id: token.to_vec(),
            blockchain_id: CHAIN,
            balance: amount_of(amount),
            last_processed_block_number: 1,
        };
        self.insert::<balance::Entity>([row.into_active_model()])
            .await;
    }

    /// Holder of a world's token.
    pub(crate) async fn token(&mut self, holder: Address, world: Umid) {
        self.on_chain(holder).await;
        let row = nft::Model {
            wallet_id: holder.to_vec(),
            contract_id: vec![1; 20],
            blockchain_id: CHAIN,
            object_id: world,
            created_at: None,
            updated_at: None,
        };
        self.insert::<nft::Entity>([row.into_active_model()]).await;
    }

    /// Makes an address known to the chain.
    async fn on_chain(&mut self, address: Address) {
        let chain = blockchain::Model {
            blockchain_id: CHAIN,
            last_processed_block_number: 1,
            blockchain_name: "Arbitrum Nova".to_owned(),
            rpc_url: String::new(),
            updated_at: self.tick().naive_utc(),
        };
        self.insert::<blockchain::Entity>([chain.into_active_model()])
            .await;
        let row = wallet::Model {
            blockchain_id: CHAIN,
            wallet_id: address.to_vec(),
        };
        self.insert::<wallet::Entity>([row.into_active_model()])
            .await;
    }
}

fn amount_of(text: &str) -> Amount {
    text.parse().expect("a whole number")
}
