//! Contributions to a canvas (docs/spec/model.md §8.3).

use chrono::{DateTime, NaiveDateTime, Utc};
use components::{JsonMap, Umid, ids};
use sea_orm::{ConnectionTrait, DbBackend, JsonValue, Statement, Value};

use crate::{Result, Store, convert::optional_map};

/// The attribute, of the canvas plugin, that holds what a user contributed on an object below the
/// canvas.
pub const CONTRIBUTION: &str = "canvas_contribution";
/// Searched text of a contribution: its title, which clients do not write yet, and the answers,
/// which they do.
const SEARCHED: [&str; 5] = [
    "title",
    "answerOne",
    "answerTwo",
    "answerThree",
    "answerFour",
];

/// Order of contributions, largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContributionOrder {
    /// When they were made.
    CreatedAt,
    /// Number of votes; of equals the newer one comes first.
    Votes,
}

/// The contributions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContributionsQuery {
    /// Order.
    pub order: ContributionOrder,
    /// Number at most.
    pub limit: u32,
    /// Number to skip.
    pub offset: u64,
    /// A text that has to be in them, whatever its case.
    pub search: Option<String>,
}

/// A contribution to a canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct ContributionRow {
    /// The object it is shown on.
    pub object: Umid,
    /// Its author.
    pub user: Umid,
    /// Its content.
    pub value: JsonMap,
    /// Votes for it.
    pub votes: u64,
    /// Comments on it, of everybody.
    pub comments: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Store {
    /// A page of the contributions to a canvas, and how many there are in all.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn contributions(
        &self,
        canvas: Umid,
        query: &ContributionsQuery,
    ) -> Result<(Vec<ContributionRow>, u64)> {
        let snapshot = self.snapshot().await?;
        let rows = snapshot
            .query_all_raw(page(self.backend(), canvas, query))
            .await?;
        let count = snapshot
            .query_one_raw(count(self.backend(), canvas, query))
            .await?;
        let count = count.map_or(Ok(0), |row| row.try_get_by_index::<i64>(0))?;
        snapshot.commit().await?;
        let number = |number: i64| u64::try_from(number).unwrap_or_default();
        let rows = rows.into_iter().map(|row| {
            let value: Option<JsonValue> = row.try_get("", "value")?;
            let created_at: NaiveDateTime = row.try_get("", "created_at")?;
            let updated_at: NaiveDateTime = row.try_get("", "updated_at")?;
            Ok(ContributionRow {
                object: row.try_get("", "object_id")?,
                user: row.try_get("", "user_id")?,
                value: optional_map(value)?.unwrap_or_default(),
                votes: number(row.try_get("", "votes")?),
                comments: number(row.try_get("", "comments")?),
                created_at: created_at.and_utc(),
                updated_at: updated_at.and_utc(),
            })
        });
        Ok((rows.collect::<Result<_>>()?, number(count)))
    }
}

/// The functions on JSON that the databases name differently.
struct Json {
    /// Type of a value; `null` for the null of JSON.
    kind: &'static str,
    /// The entries of an object as rows `key, value`.
    each: &'static str,
    /// Type of the value of such a row.
    entry_kind: &'static str,
    /// Compares with a pattern, whatever the case.
    like: &'static str,
}

impl Json {
    fn of(backend: DbBackend) -> Self {
        match backend {
            DbBackend::Sqlite => Self {
                kind: "json_type",
                each: "json_each",
                entry_kind: "entry.type",
                // As far as ASCII goes.
                like: "LIKE",
            },
            _ => Self {
                kind: "jsonb_typeof",
                each: "jsonb_each",
                entry_kind: "jsonb_typeof(entry.value)",
                like: "ILIKE",
            },
        }
    }
}

fn page(backend: DbBackend, canvas: Umid, query: &ContributionsQuery) -> Statement {
    let Json {
        kind,
        each,
        entry_kind,
        ..
    } = Json::of(backend);
    let order = match query.order {
        ContributionOrder::CreatedAt => "",
        ContributionOrder::Votes => "votes DESC, ",
    };
    let (chosen, mut values) = chosen(backend, canvas, query);
    let mut bind = |value: Value| {
        values.push(value);
        values.len()
    };
    let core = bind(ids::CORE_PLUGIN.into());
    let limit = bind(i64::from(query.limit).into());
    // A database takes an offset with a sign.
    let offset = bind(i64::try_from(query.offset).unwrap_or(i64::MAX).into());
    let sql = format!(
        "SELECT c.object_id, c.user_id, c.value, c.created_at, c.updated_at, \
         (SELECT COUNT(*) FROM object_user_attribute v \
          WHERE v.object_id = c.object_id AND v.plugin_id = ${core} AND v.attribute_name = 'vote' \
          AND {kind}(v.value) <> 'null') AS votes, \
         (SELECT COUNT(*) FROM object_user_attribute m, \
          {each}(CASE WHEN {kind}(m.value) = 'object' THEN m.value ELSE '{{}}' END) AS entry \
          WHERE m.object_id = c.object_id AND m.plugin_id = ${core} AND m.attribute_name = 'comments' \
          AND {entry_kind} <> 'null') AS comments \
         {chosen} ORDER BY {order}c.created_at DESC, c.object_id DESC, c.user_id DESC \
         LIMIT ${limit} OFFSET ${offset}"
    );
    Statement::from_sql_and_values(backend, sql, values)
}

fn count(backend: DbBackend, canvas: Umid, query: &ContributionsQuery) -> Statement {
    let (chosen, values) = chosen(backend, canvas, query);
    Statement::from_sql_and_values(backend, format!("SELECT COUNT(*) {chosen}"), values)
}

/// All contributions that are asked for, as `FROM … WHERE …`, and the values of its parameters.
fn chosen(backend: DbBackend, canvas: Umid, query: &ContributionsQuery) -> (String, Vec<Value>) {
    let Json { kind, like, .. } = Json::of(backend);
    let mut values = vec![canvas.into(), ids::CANVAS_PLUGIN.into()];
    // The node is its own parent, but no child of its own.
    let mut sql = format!(
        "FROM object o JOIN object_user_attribute c ON c.object_id = o.object_id \
         WHERE o.parent_id = $1 AND o.object_id <> $1 AND c.plugin_id = $2 \
         AND c.attribute_name = '{CONTRIBUTION}' AND {kind}(c.value) <> 'null'"
    );
    if let Some(search) = &query.search {
        values.push(pattern(search).into());
        let fields = SEARCHED.map(|field| format!("c.value ->> '{field}' {like} $3 ESCAPE '\\'"));
        sql.push_str(&format!(" AND ({})", fields.join(" OR ")));
    }
    (sql, values)
}

/// A pattern for a text anywhere.
fn pattern(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}
