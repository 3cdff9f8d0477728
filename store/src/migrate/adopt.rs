//! The rows of a database of the existing platform that cannot stay as they are: wallets become
//! identities, and secrets leave the attributes. Everything else is left alone.

use std::collections::HashMap;

use components::{Umid, ids};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, JsonValue, QueryFilter, Statement, sea_query::Expr,
};

use crate::{
    Result,
    convert::fold_wallet,
    database::sql::BATCH,
    entity::{attribute_type, node_attribute, user_wallet},
    seed,
    users::wallets,
};

/// Node attributes of the platform that are secrets: the key that signed its sessions, and
/// challenges that are long over.
const OUTDATED_SECRETS: [(Umid, &str); 2] = [
    (ids::CORE_PLUGIN, "jwt_key"),
    (ids::WALLET_PLUGIN, "challenge_store"),
];

/// Rows that were taken over, for the log.
#[derive(Debug, Default)]
pub(crate) struct TakenOver {
    wallets: usize,
    disputed: Vec<Disputed>,
}

/// A wallet that two users have: the older account keeps it.
#[derive(Debug, PartialEq, Eq)]
struct Disputed {
    wallet: String,
    kept_by: Umid,
    also_of: Umid,
}

impl TakenOver {
    /// Says what happened, once it is durable.
    pub(crate) fn report(&self) {
        tracing::info!(
            wallets = self.wallets,
            disputed = self.disputed.len(),
            "took over a database of the existing platform; its session tokens are void"
        );
        for Disputed {
            wallet,
            kept_by,
            also_of,
        } in &self.disputed
        {
            tracing::warn!(
                %wallet, %kept_by, %also_of,
                "two users have the same wallet; it logs in the older account, the other's attribute is left as it is"
            );
        }
    }
}

/// Changes the rows, after the migrations.
pub(crate) async fn rows(transaction: &DatabaseTransaction) -> Result<TakenOver> {
    seal(transaction).await?;
    take_wallets_over(transaction).await
}

/// Removes what is secret and outdated, and closes the attribute types that secrets are or were
/// kept under.
async fn seal(transaction: &DatabaseTransaction) -> Result<()> {
    for (plugin, name) in OUTDATED_SECRETS {
        node_attribute::Entity::delete_by_id((plugin, name.to_owned()))
            .exec(transaction)
            .await?;
    }
    for sealed in seed::sealed_attribute_types() {
        attribute_type::Entity::update_many()
            .set(attribute_type::ActiveModel {
                options: Set(sealed.options),
                ..Default::default()
            })
            .filter(attribute_type::Column::PluginId.eq(sealed.plugin_id))
            .filter(attribute_type::Column::AttributeName.eq(sealed.attribute_name.clone()))
            .exec(transaction)
            .await?;
        // Options of the row itself would be laid over those of the type.
        node_attribute::Entity::update_many()
            .col_expr(
                node_attribute::Column::Options,
                Expr::value(None::<JsonValue>),
            )
            .filter(node_attribute::Column::PluginId.eq(sealed.plugin_id))
            .filter(node_attribute::Column::AttributeName.eq(sealed.attribute_name))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

/// Fills the table that says whose a wallet is from the attribute that said so before. Of several
/// users with the same wallet, whatever the case of its letters, the one whose account is oldest
/// has it.
async fn take_wallets_over(transaction: &DatabaseTransaction) -> Result<TakenOver> {
    let id = wallets::attribute();
    let select = Statement::from_sql_and_values(
        transaction.get_database_backend(),
        "SELECT u.user_id, a.value FROM user_attribute a JOIN \"user\" u ON u.user_id = a.user_id \
         WHERE a.plugin_id = $1 AND a.attribute_name = $2 ORDER BY u.created_at, u.user_id",
        [id.plugin.into(), id.name.into()],
    );
    let mut owners: HashMap<String, Umid> = HashMap::new();
    let mut rows = Vec::new();
    let mut disputed = Vec::new();
    for row in transaction.query_all_raw(select).await? {
        let user: Umid = row.try_get("", "user_id")?;
        let value: Option<JsonValue> = row.try_get("", "value")?;
        let listed = value.as_ref().and_then(JsonValue::as_object);
        let mut position = 0;
        for spelled in listed.map(wallets::spellings).unwrap_or_default() {
            let wallet = fold_wallet(&spelled);
            if wallet.is_empty() {
                continue;
            }
            match owners.get(&wallet) {
                Some(&owner) if owner == user => {}
                Some(&owner) => disputed.push(Disputed {
                    wallet,
                    kept_by: owner,
                    also_of: user,
                }),
                None => {
                    owners.insert(wallet.clone(), user);
                    rows.push(user_wallet::Model {
                        kind: wallets::kind(&wallet).to_owned(),
                        wallet,
                        user_id: user,
                        position,
                    });
                    position += 1;
                }
            }
        }
    }
    let taken = rows.len();
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    loop {
        let batch: Vec<user_wallet::ActiveModel> = rows.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        user_wallet::Entity::insert_many(batch)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(TakenOver {
        wallets: taken,
        disputed,
    })
}
