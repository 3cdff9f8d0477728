//! The entries of an attribute whose values are maps of records (comments, skyboxes), over all
//! users of one object: one statement for a page, whatever is filtered, searched and sorted by
//! (docs/spec/model.md §5.6).

use components::{AttributeId, JsonMap, Umid};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};

use crate::{
    Result, Store,
    attributes::{
        Sql, json_path,
        lists::{held, signed},
    },
    convert::map,
};

/// Users whose entries are looked through, those who wrote last; what one request may cost ends
/// here.
const MAX_USERS: u32 = 20_000;

/// The entries of an attribute, and their fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryQuery {
    /// The fields to return, each once.
    pub fields: Vec<String>,
    /// Index of a field, and the text it has to equal.
    pub filters: Vec<(usize, String)>,
    /// Text that any field without a filter has to contain, in any case.
    pub search: Option<String>,
    /// Index of the field to sort by, and whether from the last to the first.
    pub order: Option<(usize, bool)>,
    /// Entries on the page.
    pub limit: u64,
    /// Entries before the page.
    pub offset: u64,
}

/// One record of somebody's value.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryRow {
    /// Its key in the value.
    pub key: String,
    /// Its owner.
    pub user: Umid,
    /// Their profile.
    pub profile: JsonMap,
    /// The fields asked for, in that order, as text.
    pub fields: Vec<Option<String>>,
}

/// A page of entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryPage {
    /// Number of entries on all pages.
    pub total: u64,
    /// Those on this page.
    pub entries: Vec<EntryRow>,
}

impl Store {
    /// The entries of an attribute in an object that a query asks for.
    ///
    /// # Errors
    /// `Invalid` for texts that the database cannot hold, such as the character NUL.
    pub async fn attribute_entries(
        &self,
        object: Umid,
        id: &AttributeId,
        query: &EntryQuery,
    ) -> Result<EntryPage> {
        let mut sql = Sql::new(self.read());
        let found = found(&mut sql, object, id, &query.fields);
        let wanted = wanted(&mut sql, query);
        let mut page = sql.clone();
        let (limit, offset) = (
            page.bind(signed(query.limit)),
            page.bind(signed(query.offset)),
        );
        let order = order(page.backend, query.order);
        page.sql = format!(
            "{found}, page AS (SELECT found.*, COUNT(*) OVER () AS total FROM found WHERE {wanted} \
             ORDER BY {order} LIMIT {limit} OFFSET {offset}) \
             SELECT page.*, u.profile FROM page JOIN (SELECT user_id AS id, profile FROM \"user\") u ON u.id = page.user_id \
             ORDER BY {order}"
        );
        let rows = self.read().query_all_raw(page.statement()).await?;
        let entries = rows.iter().map(|row| entry(row, query.fields.len()));
        let entries: Vec<EntryRow> = entries.collect::<Result<_>>()?;
        let total: i64 = match rows.first() {
            Some(row) => row.try_get("", "total")?,
            // Nothing on this page says nothing of those before.
            None if query.offset > 0 || query.limit == 0 => {
                sql.sql = format!("{found} SELECT COUNT(*) AS total FROM found WHERE {wanted}");
                let row = self.read().query_one_raw(sql.statement()).await?;
                row.map_or(Ok(0), |row| row.try_get("", "total"))?
            }
            None => 0,
        };
        Ok(EntryPage {
            total: u64::try_from(total).unwrap_or(0),
            entries,
        })
    }
}

/// `WITH … found(user_id, created_at, entry_key, f0, f1 …)`: all records of all users with the
/// fields asked for.
fn found(sql: &mut Sql, object: Umid, id: &AttributeId, fields: &[String]) -> String {
    let held = held(sql, object, id);
    let mut columns = String::new();
    for (index, field) in fields.iter().enumerate() {
        columns.push_str(&format!(", {} AS f{index}", field_as_text(sql, field)));
    }
    let (each, is_record) = match sql.backend {
        DbBackend::Sqlite => ("json_each(held.value) AS e", "e.type = 'object'"),
        _ => (
            "jsonb_each(held.value) AS e(key, value)",
            "jsonb_typeof(e.value) = 'object'",
        ),
    };
    format!(
        "WITH held AS (SELECT user_id, value, created_at FROM object_user_attribute WHERE {held} \
         ORDER BY updated_at DESC LIMIT {MAX_USERS}), \
         found AS (SELECT held.user_id, held.created_at, e.key AS entry_key{columns} \
         FROM held CROSS JOIN {each} WHERE {is_record})"
    )
}

/// A field of a record as text: `true`, `2.5`, the JSON of lists and maps; nothing for null.
fn field_as_text(sql: &mut Sql, field: &str) -> String {
    match sql.backend {
        DbBackend::Sqlite => {
            let path = sql.bind(json_path(field));
            // The outer condition is repeated, for SQLite may compute columns of rows that it then
            // drops.
            format!(
                "CASE WHEN e.type = 'object' THEN CASE json_type(e.value, {path}) WHEN 'null' THEN NULL \
                 WHEN 'text' THEN json_extract(e.value, {path}) ELSE e.value -> {path} END END"
            )
        }
        _ => {
            let field = sql.bind(field);
            format!("(e.value ->> {field}::text)")
        }
    }
}

/// The condition on found entries.
fn wanted(sql: &mut Sql, query: &EntryQuery) -> String {
    let mut conditions = vec!["TRUE".to_owned()];
    for (field, value) in &query.filters {
        let value = sql.bind(value.as_str());
        conditions.push(format!("f{field} = {value}"));
    }
    if let Some(search) = &query.search {
        let filtered = |field: &usize| query.filters.iter().any(|(with, _)| with == field);
        let fields: Vec<usize> = (0..query.fields.len())
            .filter(|field| !filtered(field))
            .collect();
        let like = match sql.backend {
            DbBackend::Sqlite => "LIKE",
            _ => "ILIKE",
        };
        let mut anywhere = vec!["FALSE".to_owned()];
        for pattern in patterns(search) {
            let pattern = sql.bind(pattern);
            anywhere.extend(
                fields
                    .iter()
                    .map(|field| format!("f{field} {like} {pattern} ESCAPE '\\'")),
            );
        }
        conditions.push(format!("({})", anywhere.join(" OR ")));
    }
    conditions.join(" AND ")
}

/// LIKE patterns for values that contain a text. SQLite, and PostgreSQL in some locales, know the
/// cases of ASCII letters only, so they get the others spelled out.
fn patterns(search: &str) -> Vec<String> {
    let mut spellings = vec![search.to_owned()];
    if !search.is_ascii() {
        spellings.extend([search.to_lowercase(), search.to_uppercase()]);
        spellings.dedup();
    }
    let literally = |text: String| {
        let text = text.replace('\\', "\\\\");
        format!("%{}%", text.replace('%', "\\%").replace('_', "\\_"))
    };
    spellings.into_iter().map(literally).collect()
}

/// By a field, what lacks it last, or else as the users came; never by chance.
fn order(backend: DbBackend, by: Option<(usize, bool)>) -> String {
    let collate = match backend {
        DbBackend::Sqlite => "",
        _ => " COLLATE \"C\"",
    };
    let field = by.map_or_else(String::new, |(field, descending)| {
        let direction = if descending { "DESC" } else { "ASC" };
        format!("f{field} IS NULL, f{field}{collate} {direction}, ")
    });
    format!("{field}created_at, user_id, entry_key{collate}")
}

fn entry(row: &QueryResult, fields: usize) -> Result<EntryRow> {
    let field = |index| row.try_get("", &format!("f{index}"));
    Ok(EntryRow {
        key: row.try_get("", "entry_key")?,
        user: row.try_get("", "user_id")?,
        profile: map(row.try_get("", "profile")?)?,
        fields: (0..fields)
            .map(field)
            .collect::<std::result::Result<_, _>>()?,
    })
}
