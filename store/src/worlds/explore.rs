//! Worlds as lists and detail pages show them: two statements, however long the list.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use components::Umid;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};

use crate::{
    Result, Store,
    chain::stakes,
    database::sql::{display_name, get, places, text_at},
    entity::Amount,
    users::wallets,
    worlds::IS_SHOWN,
};

/// A world as lists and detail pages show it (docs/spec/rest.md §1).
#[derive(Clone, Debug, PartialEq)]
pub struct WorldRow {
    /// The world.
    pub id: Umid,
    /// Its owner.
    pub owner: Umid,
    /// Profile name of the owner.
    pub owner_name: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Web site.
    pub website_link: Option<String>,
    /// Media hash of its picture.
    pub avatar_hash: Option<String>,
    /// Sum of all stakes, decimal; `None` if nothing is staked.
    pub stake_total: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// Worlds by time of creation.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn worlds(&self, newest_first: bool, limit: u32) -> Result<Vec<WorldRow>> {
        let page = Page {
            newest_first,
            ..Page::of("TRUE", Vec::new(), limit)
        };
        self.select_worlds(page).await
    }

    /// The worlds a user owns, oldest first.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn worlds_of_user(&self, owner: Umid, limit: u32) -> Result<Vec<WorldRow>> {
        let owned = Page::of("o.owner_id = $1", vec![owner.into()], limit);
        self.select_worlds(owned).await
    }

    /// The worlds a user has a stake in, oldest first. Worlds that are gone are left out.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn staked_worlds(&self, user: Umid, limit: u32) -> Result<Vec<WorldRow>> {
        let addresses = wallets::addresses(self.read(), user).await?;
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        let staked = format!(
            "o.object_id IN (SELECT s.object_id FROM stake s WHERE s.wallet_id IN ({}) AND s.amount <> '0')",
            places(1, addresses.len())
        );
        let addresses = addresses.into_iter().map(Value::from).collect();
        self.select_worlds(Page::of(&staked, addresses, limit))
            .await
    }

    /// A world; `None` for the node, for other objects, and for what does not exist.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn world(&self, id: Umid) -> Result<Option<WorldRow>> {
        let only = Page::of("o.object_id = $1", vec![id.into()], 1);
        Ok(self.select_worlds(only).await?.pop())
    }

    async fn select_worlds(&self, page: Page) -> Result<Vec<WorldRow>> {
        let snapshot = self.snapshot().await?;
        let rows = snapshot.query_all_raw(page.worlds(self.backend())).await?;
        let stakes = snapshot.query_all_raw(page.stakes(self.backend())).await?;
        snapshot.commit().await?;
        let stakes = stakes
            .iter()
            .map(|row| Ok((get(row, 0)?, get(row, 1)?)))
            .collect::<Result<Vec<(Umid, Amount)>>>()?;
        let totals = stakes::sum(stakes.into_iter());
        rows.iter().map(|row| world_row(row, &totals)).collect()
    }
}

/// The worlds, their order, and their number.
struct Page {
    /// A condition on the object `o`, with `$1` and so on for the values.
    which: String,
    values: Vec<Value>,
    newest_first: bool,
    limit: u32,
}

impl Page {
    fn of(which: &str, values: Vec<Value>, limit: u32) -> Page {
        Page {
            which: which.to_owned(),
            values,
            newest_first: false,
            limit,
        }
    }

    fn worlds(&self, backend: DbBackend) -> Statement {
        let core = self.values.len() + 2;
        let attribute = |alias: &str, name: &str| {
            format!(
                "LEFT JOIN object_attribute {alias} ON {alias}.plugin_id = ${core} \
                 AND {alias}.attribute_name = '{name}' AND {alias}.object_id = o.object_id "
            )
        };
        let sql = format!(
            "SELECT o.object_id, o.owner_id, o.created_at, o.updated_at, {}, {}, {}, {}, {} FROM object o \
             LEFT JOIN \"user\" u ON u.user_id = o.owner_id {}{}{}{}{}",
            text_at(backend, "u.profile", "name"),
            display_name(backend, "n.value"),
            text_at(backend, "d.value", "description"),
            text_at(backend, "l.value", "website_link"),
            text_at(backend, "a.value", "render_hash"),
            attribute("n", "name"),
            attribute("d", "description"),
            attribute("l", "website_link"),
            attribute("a", "world_avatar"),
            self.conditions(),
        );
        let mut values = self.bound();
        values.push(components::ids::CORE_PLUGIN.into());
        Statement::from_sql_and_values(backend, sql, values)
    }

    /// Stakes in those worlds.
    fn stakes(&self, backend: DbBackend) -> Statement {
        let sql = format!(
            "SELECT s.object_id, s.amount FROM stake s \
             WHERE s.object_id IN (SELECT o.object_id FROM object o {}) AND s.amount <> '0'",
            self.conditions(),
        );
        Statement::from_sql_and_values(backend, sql, self.bound())
    }

    fn conditions(&self) -> String {
        let order = if self.newest_first { "DESC" } else { "ASC" };
        format!(
            "WHERE o.parent_id = ({NODE}) AND o.object_id <> o.parent_id AND {} \
             AND {IS_SHOWN} \
             ORDER BY o.created_at {order}, o.object_id {order} LIMIT ${}",
            self.which,
            self.values.len() + 1
        )
    }

    fn bound(&self) -> Vec<Value> {
        let limit = Value::from(i64::from(self.limit));
        self.values.iter().cloned().chain([limit]).collect()
    }
}

/// The one object that is its own parent.
const NODE: &str =
    "SELECT node.object_id FROM object node WHERE node.object_id = node.parent_id LIMIT 1";

fn world_row(row: &QueryResult, totals: &HashMap<Umid, Amount>) -> Result<WorldRow> {
    let id = get(row, 0)?;
    Ok(WorldRow {
        id,
        owner: get(row, 1)?,
        created_at: get::<chrono::NaiveDateTime>(row, 2)?.and_utc(),
        updated_at: get::<chrono::NaiveDateTime>(row, 3)?.and_utc(),
        owner_name: get(row, 4)?,
        name: get(row, 5)?,
        description: get(row, 6)?,
        website_link: get(row, 7)?,
        avatar_hash: get(row, 8)?,
        stake_total: totals
            .get(&id)
            .filter(|total| !total.is_zero())
            .map(ToString::to_string),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use sea_orm::{Order, QueryTrait};

    use super::*;
    use crate::{StoreOptions, users};

    #[tokio::test]
    async fn lists_cost_what_they_show() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("odyssey.db");
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let store = Store::open(&url, &StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let all = |newest_first| Page {
            newest_first,
            ..Page::of("TRUE", vec![], 100)
        };
        let of = |which: &str| Page::of(which, vec![Umid::nil().into()], 100);
        let sqlite = DbBackend::Sqlite;
        let mut queries = vec![users::latest(Umid::nil(), Order::Desc, 100).build(sqlite)];
        for page in [
            all(true),
            all(false),
            of("o.owner_id = $1"),
            of("o.object_id = $1"),
        ] {
            queries.extend([page.worlds(sqlite), page.stakes(sqlite)]);
        }
        for query in queries {
            let sql = query.sql.clone();
            let explain = Statement {
                sql: format!("EXPLAIN QUERY PLAN {sql}"),
                ..query
            };
            for step in store.read().query_all_raw(explain).await.unwrap() {
                let step: String = step.try_get("", "detail").unwrap();
                let whole_table = step.starts_with("SCAN") && !step.contains("object_node_idx");
                assert!(
                    !whole_table && !step.contains("TEMP B-TREE FOR"),
                    "{step} in {sql}"
                );
            }
        }
    }
}
