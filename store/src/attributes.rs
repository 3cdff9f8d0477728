//! Attributes of everything that has them, in one code path for the five tables (docs/spec/model.md
//! §2.1, §5.1).
//!
//! In the folder: `lists` reads one attribute of many owners, `entries` pages through the entries
//! of values that are maps of records.

pub(crate) mod entries;
pub(crate) mod lists;

use chrono::{DateTime, NaiveDateTime, Utc};
use components::{AttributeId, AttributeTarget, JsonMap, Umid};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, JsonValue, QueryResult, Statement, Value,
};

use crate::{
    Result, Store, StoreError,
    convert::{now, tolerant_map},
    entity,
    error::Referent,
};

pub use entries::{EntryPage, EntryQuery, EntryRow};
pub use lists::MAX_VALUES;

/// A stored attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeRecord {
    /// Plugin and name.
    pub id: AttributeId,
    /// Value.
    pub value: Option<JsonMap>,
    /// Own options, to be merged over those of the type.
    pub options: Option<JsonMap>,
    /// When it was first written.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// An attribute row of any of the five tables.
pub(crate) fn attribute_record(
    id: AttributeId,
    value: Option<JsonValue>,
    options: Option<JsonValue>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
) -> Result<AttributeRecord> {
    Ok(AttributeRecord {
        value: tolerant_map(value, format_args!("the value of an attribute {id}")),
        options: tolerant_map(options, format_args!("the options of an attribute {id}")),
        id,
        created_at: created_at.and_utc(),
        updated_at: updated_at.and_utc(),
    })
}

impl TryFrom<entity::object_attribute::Model> for AttributeRecord {
    type Error = StoreError;

    fn try_from(row: entity::object_attribute::Model) -> Result<Self> {
        let id = AttributeId {
            plugin: row.plugin_id,
            name: row.attribute_name,
        };
        attribute_record(id, row.value, row.options, row.created_at, row.updated_at)
    }
}

impl Store {
    /// Reads an attribute.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
    ) -> Result<Option<AttributeRecord>> {
        Slot::new(target, id).read(self.read()).await
    }

    /// Sets the whole value, creating the attribute if need be; its options stay.
    ///
    /// # Errors
    /// `Dangling` when the object, the user or the attribute type does not exist.
    pub async fn set_attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        value: &JsonMap,
    ) -> Result<AttributeRecord> {
        let transaction = self.begin().await?;
        let record = set(&transaction, target, id, value, now()).await?;
        self.commit(transaction).await?;
        Ok(record)
    }

    /// Sets or clears the options of an existing attribute.
    ///
    /// # Errors
    /// `AttributeNotFound`.
    pub async fn set_attribute_options(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        options: Option<&JsonMap>,
    ) -> Result<()> {
        let transaction = self.begin().await?;
        let slot = Slot::new(target, id);
        let mut update = slot.update(&transaction, now());
        let options = update.bind(json_value(options));
        update.sql.push_str(&format!("options = {options}"));
        slot.condition(&mut update);
        let changed = slot.run(&transaction, update).await?;
        self.commit(transaction).await?;
        changed.map(drop).ok_or(StoreError::AttributeNotFound)
    }

    /// Sets who may read and write one attribute of an object, leaving its value and its other
    /// options alone. One that was never set is made, without a value.
    ///
    /// # Errors
    /// `Dangling` when the object or the attribute type does not exist.
    pub async fn set_permissions(
        &self,
        object: Umid,
        id: &AttributeId,
        permissions: &JsonMap,
    ) -> Result<AttributeRecord> {
        let transaction = self.begin().await?;
        let (slot, time) = (Slot::new(AttributeTarget::Object(object), id), now());
        // Makes the row, or locks the one that is there.
        let mut upsert = slot.upsert(&transaction, None, time);
        upsert.sql.push_str("object_attribute.value");
        let present = slot.run(&transaction, upsert).await?;
        let mut options = present.and_then(|row| row.options).unwrap_or_default();
        let permissions = JsonValue::Object(permissions.clone());
        options.insert("permissions".to_owned(), permissions);
        let mut update = slot.update(&transaction, time);
        let options = update.bind(json_value(Some(&options)));
        update.sql.push_str(&format!("options = {options}"));
        slot.condition(&mut update);
        let record = slot.run(&transaction, update).await?;
        self.commit(transaction).await?;
        record.ok_or(StoreError::AttributeNotFound)
    }

    /// Sets one key of the value, creating the attribute if need be. Parallel writes of different
    /// keys all survive.
    ///
    /// # Errors
    /// As [`Store::set_attribute`].
    pub async fn set_sub_attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        key: &str,
        value: &JsonValue,
    ) -> Result<AttributeRecord> {
        let transaction = self.begin().await?;
        let record = set_sub(&transaction, target, id, key, value, now()).await?;
        self.commit(transaction).await?;
        Ok(record)
    }

    /// Removes one key of the value, if it is there; the attribute stays even if its value is then
    /// empty. `None` when there is no such attribute.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_sub_attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        key: &str,
    ) -> Result<Option<AttributeRecord>> {
        let transaction = self.begin().await?;
        let slot = Slot::new(target, id);
        let mut update = slot.update(&transaction, now());
        let present = slot.present(update.backend);
        let changed = match update.backend {
            DbBackend::Sqlite => {
                let path = update.bind(json_path(key));
                format!("value = json_remove({present}, {path})")
            }
            _ => {
                let key = update.bind(key);
                format!("value = ({present}) - {key}::text")
            }
        };
        update.sql.push_str(&changed);
        slot.condition(&mut update);
        let record = slot.run(&transaction, update).await?;
        self.commit(transaction).await?;
        Ok(record)
    }

    /// Deletes the attribute; whether there was one.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
    ) -> Result<bool> {
        let transaction = self.begin().await?;
        let slot = Slot::new(target, id);
        let mut delete = Sql::new(&transaction);
        delete.sql = format!("DELETE FROM {}", slot.table);
        slot.condition(&mut delete);
        let removed = transaction.execute_raw(delete.statement()).await?;
        self.commit(transaction).await?;
        Ok(removed.rows_affected() > 0)
    }
}

/// Reads an attribute within a transaction.
pub(crate) async fn get(
    transaction: &DatabaseTransaction,
    target: AttributeTarget,
    id: &AttributeId,
) -> Result<Option<AttributeRecord>> {
    Slot::new(target, id).read(transaction).await
}

/// Sets a whole value within a transaction.
pub(crate) async fn set(
    transaction: &DatabaseTransaction,
    target: AttributeTarget,
    id: &AttributeId,
    value: &JsonMap,
    time: DateTime<Utc>,
) -> Result<AttributeRecord> {
    let slot = Slot::new(target, id);
    let mut upsert = slot.upsert(transaction, Some(value), time);
    upsert.sql.push_str("excluded.value");
    slot.run(transaction, upsert)
        .await?
        .ok_or(StoreError::AttributeNotFound)
}

/// Sets one key within a transaction, in one statement: two writers of different keys never lose
/// each other's.
pub(crate) async fn set_sub(
    transaction: &DatabaseTransaction,
    target: AttributeTarget,
    id: &AttributeId,
    key: &str,
    value: &JsonValue,
    time: DateTime<Utc>,
) -> Result<AttributeRecord> {
    let slot = Slot::new(target, id);
    let entry = JsonMap::from_iter([(key.to_owned(), value.clone())]);
    let mut upsert = slot.upsert(transaction, Some(&entry), time);
    let present = slot.present(upsert.backend);
    let changed = match upsert.backend {
        DbBackend::Sqlite => {
            let path = upsert.bind(json_path(key));
            format!("json_set({present}, {path}, json(excluded.value -> {path}))")
        }
        _ => format!("{present} || excluded.value"),
    };
    upsert.sql.push_str(&changed);
    slot.run(transaction, upsert)
        .await?
        .ok_or(StoreError::AttributeNotFound)
}

/// Changes a value within a transaction. The row is made or locked before it is read: two writers
/// would otherwise both see the same, and the later would overwrite what the earlier wrote.
pub(crate) async fn modify(
    transaction: &DatabaseTransaction,
    target: AttributeTarget,
    id: &AttributeId,
    change: impl FnOnce(&mut JsonMap),
    time: DateTime<Utc>,
) -> Result<AttributeRecord> {
    let slot = Slot::new(target, id);
    let mut lock = slot.upsert(transaction, Some(&JsonMap::new()), time);
    lock.sql.push_str(&slot.present(lock.backend));
    let locked = slot.run(transaction, lock).await?;
    let mut value = locked.and_then(|record| record.value).unwrap_or_default();
    change(&mut value);
    set(transaction, target, id, &value, time).await
}

/// Place of an attribute: its table and, besides plugin and name, the columns that tell
/// whose it is.
struct Slot<'a> {
    table: &'static str,
    owners: Vec<(&'static str, Umid)>,
    id: &'a AttributeId,
}

impl<'a> Slot<'a> {
    fn new(target: AttributeTarget, id: &'a AttributeId) -> Self {
        let (table, owners) = match target {
            AttributeTarget::Node => ("node_attribute", vec![]),
            AttributeTarget::Object(object) => ("object_attribute", vec![("object_id", object)]),
            AttributeTarget::User(user) => ("user_attribute", vec![("user_id", user)]),
            AttributeTarget::ObjectUser { object, user } => (
                "object_user_attribute",
                vec![("object_id", object), ("user_id", user)],
            ),
            AttributeTarget::UserUser { source, target } => (
                "user_user_attribute",
                vec![("source_user_id", source), ("target_user_id", target)],
            ),
        };
        Slot { table, owners, id }
    }

    /// `INSERT … ON CONFLICT … DO UPDATE SET updated_at = …, value = `, to be completed by the
    /// value of a row that is there already.
    fn upsert<C: ConnectionTrait>(
        &self,
        db: &C,
        value: Option<&JsonMap>,
        time: DateTime<Utc>,
    ) -> Sql {
        let mut sql = Sql::new(db);
        let key: Vec<&str> = ["plugin_id", "attribute_name"]
            .into_iter()
            .chain(self.owners.iter().map(|(column, _)| *column))
            .collect();
        let key = key.join(", ");
        let mut values = vec![sql.bind(self.id.plugin), sql.bind(self.id.name.clone())];
        values.extend(self.owners.iter().map(|(_, id)| sql.bind(*id)));
        values.push(sql.bind(json_value(value)));
        let time = sql.bind(time.naive_utc());
        values.extend([time.clone(), time.clone()]);
        sql.sql = format!(
            "INSERT INTO {table} ({key}, value, created_at, updated_at) VALUES ({values}) \
             ON CONFLICT ({key}) DO UPDATE SET updated_at = {time}, value = ",
            table = self.table,
            values = values.join(", "),
        );
        sql
    }

    /// `UPDATE … SET updated_at = …, `, to be completed by another column and [`Slot::condition`].
    fn update<C: ConnectionTrait>(&self, db: &C, time: DateTime<Utc>) -> Sql {
        let mut sql = Sql::new(db);
        let time = sql.bind(time.naive_utc());
        sql.sql = format!("UPDATE {} SET updated_at = {time}, ", self.table);
        sql
    }

    /// The value of the present row as an object, whatever is stored.
    fn present(&self, backend: DbBackend) -> String {
        let table = self.table;
        let (kind, empty) = match backend {
            DbBackend::Sqlite => ("json_type", "'{}'"),
            _ => ("jsonb_typeof", "'{}'::jsonb"),
        };
        format!("CASE WHEN {kind}({table}.value) = 'object' THEN {table}.value ELSE {empty} END")
    }

    /// Adds the condition that tells this row from all others.
    fn condition(&self, sql: &mut Sql) {
        let (plugin, name) = (sql.bind(self.id.plugin), sql.bind(self.id.name.clone()));
        let mut condition = format!(" WHERE plugin_id = {plugin} AND attribute_name = {name}");
        for (column, id) in &self.owners {
            let id = sql.bind(*id);
            condition.push_str(&format!(" AND {column} = {id}"));
        }
        sql.sql.push_str(&condition);
    }

    async fn read<C: ConnectionTrait>(&self, db: &C) -> Result<Option<AttributeRecord>> {
        let mut select = Sql::new(db);
        select.sql = format!("SELECT {COLUMNS} FROM {}", self.table);
        self.condition(&mut select);
        let row = db.query_one_raw(select.statement()).await?;
        row.map(|row| self.record(&row)).transpose()
    }

    /// Runs a statement that writes this row; the row as it is then, if there is one.
    async fn run<C: ConnectionTrait>(
        &self,
        db: &C,
        mut write: Sql,
    ) -> Result<Option<AttributeRecord>> {
        write.sql.push_str(&format!(" RETURNING {COLUMNS}"));
        let row = db
            .query_one_raw(write.statement())
            .await
            .map_err(|e| StoreError::from(e).dangling(Referent::AttributeTargetOrType))?;
        row.map(|row| self.record(&row)).transpose()
    }

    fn record(&self, row: &QueryResult) -> Result<AttributeRecord> {
        let created_at: NaiveDateTime = row.try_get("", "created_at")?;
        let updated_at: NaiveDateTime = row.try_get("", "updated_at")?;
        let (value, options) = (row.try_get("", "value")?, row.try_get("", "options")?);
        attribute_record(self.id.clone(), value, options, created_at, updated_at)
    }
}

/// Source of a record.
const COLUMNS: &str = "value, options, created_at, updated_at";

/// A statement in the making, with its values.
#[derive(Clone)]
pub(crate) struct Sql {
    pub(crate) backend: DbBackend,
    pub(crate) sql: String,
    values: Vec<Value>,
}

impl Sql {
    pub(crate) fn new<C: ConnectionTrait>(db: &C) -> Self {
        Self {
            backend: db.get_database_backend(),
            sql: String::new(),
            values: Vec::new(),
        }
    }

    /// Adds a value and returns the placeholder that stands for it.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    pub(crate) fn statement(&self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.sql.clone(), self.values.clone())
    }
}

/// The path of one key in SQLite's notation; whatever the key is, it is nothing but a key.
pub(crate) fn json_path(key: &str) -> String {
    format!("$.{}", JsonValue::from(key))
}

fn json_value(map: Option<&JsonMap>) -> Value {
    Value::Json(map.map(|map| Box::new(JsonValue::Object(map.clone()))))
}
