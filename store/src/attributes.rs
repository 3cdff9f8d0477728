//! Attributes of everything that has them, in one code path for the five tables (spec model §2.2, §5.1).

use chrono::{DateTime, NaiveDateTime, Utc};
use components::{AttributeId, JsonMap, Umid};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, JsonValue,
    sea_query::{
        Alias, Asterisk, Expr, ExprTrait, LockType, OnConflict, Query, SelectStatement, Value,
    },
};

use crate::{
    AttributeRecord, AttributeTarget, Result, Store, StoreError,
    convert::{attribute_record, now},
};

/// What an attribute write depends on.
const REFERENCES: &str = "attribute target or type";

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
        Slot::new(target, id).read(self.read(), false).await
    }

    /// Sets the whole value, creating the attribute if need be; its options stay.
    ///
    /// # Errors
    /// `Conflict` when the object, the user or the attribute type does not exist.
    pub async fn set_attribute(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        value: &JsonMap,
    ) -> Result<AttributeRecord> {
        let transaction = self.begin().await?;
        let record = set(&transaction, target, id, value, now()).await?;
        transaction.commit().await?;
        Ok(record)
    }

    /// Sets or clears the options of an existing attribute.
    ///
    /// # Errors
    /// `NotFound` when the attribute does not exist.
    pub async fn set_attribute_options(
        &self,
        target: AttributeTarget,
        id: &AttributeId,
        options: Option<&JsonMap>,
    ) -> Result<()> {
        let transaction = self.begin().await?;
        let options = options.cloned().map(|map| Box::new(JsonValue::Object(map)));
        let changed = Slot::new(target, id)
            .update(&transaction, "options", Value::Json(options), now())
            .await?;
        transaction.commit().await?;
        if changed {
            Ok(())
        } else {
            Err(StoreError::NotFound("attribute"))
        }
    }

    /// Sets one key of the value, creating the attribute if need be. Parallel writes of different keys all survive.
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
        transaction.commit().await?;
        Ok(record)
    }

    /// Removes one key of the value, if it is there; the attribute stays even if its value is then empty. `None` when
    /// there is no such attribute.
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
        let Some(mut record) = slot.read(&transaction, true).await? else {
            return Ok(None);
        };
        let time = now();
        let value = record.value.get_or_insert_default();
        value.shift_remove(key);
        slot.update(&transaction, "value", json_value(value), time)
            .await?;
        transaction.commit().await?;
        record.updated_at = time;
        Ok(Some(record))
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
        let removed = Slot::new(target, id).delete(&transaction).await?;
        transaction.commit().await?;
        Ok(removed)
    }
}

/// Reads an attribute within a transaction.
pub(crate) async fn get(
    transaction: &DatabaseTransaction,
    target: AttributeTarget,
    id: &AttributeId,
) -> Result<Option<AttributeRecord>> {
    Slot::new(target, id).read(transaction, false).await
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
    let mut then = OnConflict::columns(slot.primary_key());
    then.update_columns([Alias::new("value"), Alias::new("updated_at")]);
    slot.insert(transaction, value, then, time).await?;
    slot.read(transaction, false)
        .await?
        .ok_or(StoreError::NotFound("attribute"))
}

/// Sets one key within a transaction. The row is made first if need be, so that there is always one to lock: two first
/// writers would otherwise both see none, and the later would overwrite the key of the earlier.
pub(crate) async fn set_sub(
    transaction: &DatabaseTransaction,
    target: AttributeTarget,
    id: &AttributeId,
    key: &str,
    value: &JsonValue,
    time: DateTime<Utc>,
) -> Result<AttributeRecord> {
    let slot = Slot::new(target, id);
    let mut then = OnConflict::columns(slot.primary_key());
    then.do_nothing();
    slot.insert(transaction, &JsonMap::new(), then, time)
        .await?;
    let mut record = slot
        .read(transaction, true)
        .await?
        .ok_or(StoreError::NotFound("attribute"))?;
    let map = record.value.get_or_insert_default();
    map.insert(key.to_owned(), value.clone());
    slot.update(transaction, "value", json_value(map), time)
        .await?;
    record.updated_at = time;
    Ok(record)
}

/// Where an attribute is stored: its table and, besides plugin and name, the columns that tell whose it is.
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

    fn table(&self) -> Alias {
        Alias::new(self.table)
    }

    fn primary_key(&self) -> Vec<Alias> {
        let columns = self.owners.iter().map(|(column, _)| *column);
        ["plugin_id", "attribute_name"]
            .into_iter()
            .chain(columns)
            .map(Alias::new)
            .collect()
    }

    fn condition(&self) -> Expr {
        let attribute = Expr::col(Alias::new("plugin_id"))
            .eq(self.id.plugin)
            .and(Expr::col(Alias::new("attribute_name")).eq(self.id.name.clone()));
        self.owners.iter().fold(attribute, |all, (column, id)| {
            all.and(Expr::col(Alias::new(*column)).eq(*id))
        })
    }

    fn select(&self) -> SelectStatement {
        Query::select()
            .column(Asterisk)
            .from(self.table())
            .and_where(self.condition())
            .to_owned()
    }

    /// Reads the row; with `lock` nobody else changes it until the transaction ends.
    async fn read<C: ConnectionTrait>(
        &self,
        db: &C,
        lock: bool,
    ) -> Result<Option<AttributeRecord>> {
        let mut select = self.select();
        if lock && db.get_database_backend() == DbBackend::Postgres {
            select.lock(LockType::Update);
        }
        let Some(row) = db.query_one(&select).await? else {
            return Ok(None);
        };
        let created_at: NaiveDateTime = row.try_get("", "created_at")?;
        let updated_at: NaiveDateTime = row.try_get("", "updated_at")?;
        let (value, options) = (row.try_get("", "value")?, row.try_get("", "options")?);
        attribute_record(self.id.clone(), value, options, created_at, updated_at).map(Some)
    }

    async fn insert<C: ConnectionTrait>(
        &self,
        db: &C,
        value: &JsonMap,
        on_conflict: OnConflict,
        time: DateTime<Utc>,
    ) -> Result<()> {
        let mut columns = self.primary_key();
        columns.extend(["value", "created_at", "updated_at"].map(Alias::new));
        let mut values: Vec<Expr> = vec![self.id.plugin.into(), self.id.name.clone().into()];
        values.extend(self.owners.iter().map(|(_, id)| Expr::from(*id)));
        values.extend([
            json_value(value).into(),
            time.naive_utc().into(),
            time.naive_utc().into(),
        ]);
        let insert = Query::insert()
            .into_table(self.table())
            .columns(columns)
            .values_panic(values)
            .on_conflict(on_conflict)
            .to_owned();
        db.execute(&insert)
            .await
            .map_err(|e| StoreError::from(e).reference_on(REFERENCES))?;
        Ok(())
    }

    async fn update<C: ConnectionTrait>(
        &self,
        db: &C,
        column: &'static str,
        value: Value,
        time: DateTime<Utc>,
    ) -> Result<bool> {
        let update = Query::update()
            .table(self.table())
            .value(Alias::new(column), value)
            .value(Alias::new("updated_at"), time.naive_utc())
            .and_where(self.condition())
            .to_owned();
        Ok(db.execute(&update).await?.rows_affected() > 0)
    }

    async fn delete<C: ConnectionTrait>(&self, db: &C) -> Result<bool> {
        let delete = Query::delete()
            .from_table(self.table())
            .and_where(self.condition())
            .to_owned();
        Ok(db.execute(&delete).await?.rows_affected() > 0)
    }
}

fn json_value(map: &JsonMap) -> Value {
    Value::Json(Some(Box::new(JsonValue::Object(map.clone()))))
}
