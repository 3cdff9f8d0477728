//! Taking over a database of the existing platform: what it has to be, and what is changed of its
//! schema.
//!
//! Its tables are those of the first migration. It keeps its own books in `schema_migrations`; ours
//! are beside them, so that whoever looks can still tell where the database comes from.

use std::collections::{HashMap, HashSet};

use sea_orm_migration::{
    MigrationName, MigratorTrait, SchemaManager,
    sea_orm::{
        ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement, Value,
    },
};

use crate::{
    Migrator, TABLE,
    baseline::{Baseline, TABLES},
    table::{Table, foreign_key, index},
};

/// The one version of the platform's schema that is taken over (docs/spec/model.md §2.2).
pub const PLATFORM_VERSION: &str = "701";

/// The foreign keys that differ from ours (docs/spec/model.md §2.1): table and column.
const REPLACED_KEYS: [(&str, &str); 2] = [("object", "owner_id"), ("user_object", "user_id")];

/// Whether a database is one of the existing platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Platform {
    /// It is not, or it has been taken over before.
    Absent,
    /// It is, and can be taken over.
    Adoptable,
    /// It is, and cannot be taken over for this reason.
    Refused(String),
}

/// Whether the tables were made by the platform, taken over since or not.
///
/// # Errors
/// Whatever the database reports.
pub async fn is_platforms<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(false);
    }
    exists(db, "schema_migrations").await
}

/// Looks at a database without changing it.
///
/// # Errors
/// Whatever the database reports.
pub async fn platform<C: ConnectionTrait>(db: &C) -> Result<Platform, DbErr> {
    if !is_platforms(db).await? {
        return Ok(Platform::Absent);
    }
    if exists(db, TABLE).await?
        && one(db, &format!("SELECT 1 FROM {TABLE} LIMIT 1"), [])
            .await?
            .is_some()
    {
        return Ok(Platform::Absent);
    }
    let refused = [
        unfit_version(db).await?,
        unfit_columns(db).await?,
        unfit_node(db).await?,
    ];
    Ok(match refused.into_iter().flatten().next() {
        Some(reason) => Platform::Refused(reason),
        None => Platform::Adoptable,
    })
}

/// Records the first migration as done, replaces the two foreign keys that differ, and makes the
/// indexes of the first migration that are not there under any name.
///
/// # Errors
/// Whatever the database reports; the caller's transaction makes it all or nothing.
pub async fn adopt(db: &DatabaseTransaction) -> Result<(), DbErr> {
    Migrator::install(db).await?;
    let record = Statement::from_sql_and_values(
        db.get_database_backend(),
        format!(
            "INSERT INTO {TABLE} (version, applied_at) VALUES ($1, extract(epoch FROM now())::bigint)"
        ),
        [Baseline.name().into()],
    );
    db.execute_raw(record).await?;
    let manager = SchemaManager::new(db);
    for (name, column) in REPLACED_KEYS {
        replace_key(db, &manager, name, column).await?;
    }
    let there = indexes(db).await?;
    for table in TABLES {
        for columns in table.indexes {
            if !there.contains(&(table.name.to_owned(), columns.join(","))) {
                let mut missing = index(table.name, columns);
                manager
                    .create_index(missing.if_not_exists().to_owned())
                    .await?;
            }
        }
    }
    Ok(())
}

async fn unfit_version<C: ConnectionTrait>(db: &C) -> Result<Option<String>, DbErr> {
    // Other programs have tables of this name with other columns; reading them as JSON finds any or
    // none.
    let books = "SELECT to_jsonb(m) ->> 'version' AS version, to_jsonb(m) ->> 'dirty' AS dirty \
        FROM schema_migrations m LIMIT 2";
    let rows = db
        .query_all_raw(Statement::from_string(DbBackend::Postgres, books))
        .await?;
    let [row] = rows.as_slice() else {
        return Ok(Some(
            "its table schema_migrations does not hold one version".to_owned(),
        ));
    };
    let version: Option<String> = row.try_get("", "version")?;
    let dirty: Option<String> = row.try_get("", "dirty")?;
    let (Some(version), Some(dirty)) = (version, dirty) else {
        return Ok(Some(
            "its table schema_migrations is not that of the platform".to_owned(),
        ));
    };
    let number = |text: &str| text.parse::<i64>().ok();
    Ok(match (number(&version), number(PLATFORM_VERSION)) {
        _ if dirty != "false" => Some(format!(
            "a migration of its schema to version {version} stopped halfway (dirty); repair it with the platform first"
        )),
        (Some(found), Some(wanted)) if found < wanted => Some(format!(
            "its schema is at version {version}, older than {wanted}; bring it up to date with the platform first"
        )),
        (Some(found), Some(wanted)) if found > wanted => Some(format!(
            "its schema is at version {version}, newer than {wanted}, the last that this program knows"
        )),
        (Some(_), _) => None,
        (None, _) => Some(format!(
            "its schema is at version {version:?}, which is no number"
        )),
    })
}

async fn unfit_columns<C: ConnectionTrait>(db: &C) -> Result<Option<String>, DbErr> {
    let select = "SELECT table_name::text, column_name::text, udt_name::text \
        FROM information_schema.columns WHERE table_schema = current_schema()";
    let mut found = HashMap::new();
    for row in db
        .query_all_raw(Statement::from_string(DbBackend::Postgres, select))
        .await?
    {
        let table: String = row.try_get_by_index(0)?;
        let column: String = row.try_get_by_index(1)?;
        let kind: String = row.try_get_by_index(2)?;
        found.insert((table, column), kind);
    }
    for Table { name, columns, .. } in TABLES {
        for (column, kind, _) in *columns {
            match found.get(&((*name).to_owned(), (*column).to_owned())) {
                None => return Ok(Some(format!("it has no column {name}.{column}"))),
                Some(found) if !kind.reads(found) => {
                    return Ok(Some(format!(
                        "its column {name}.{column} is of type {found}"
                    )));
                }
                Some(_) => {}
            }
        }
    }
    Ok(None)
}

/// There has to be exactly one object that is its own parent: everything begins there.
async fn unfit_node<C: ConnectionTrait>(db: &C) -> Result<Option<String>, DbErr> {
    if !exists(db, "object").await? {
        return Ok(None);
    }
    let count = "SELECT count(*) AS nodes FROM object o \
        WHERE to_jsonb(o) -> 'object_id' = to_jsonb(o) -> 'parent_id'";
    let nodes: i64 = match one(db, count, []).await? {
        Some(row) => row.try_get("", "nodes")?,
        None => 0,
    };
    Ok((nodes != 1)
        .then(|| format!("it has {nodes} objects that are their own parent instead of one node")))
}

async fn replace_key<C: ConnectionTrait>(
    db: &C,
    manager: &SchemaManager<'_>,
    name: &str,
    column: &str,
) -> Result<(), DbErr> {
    let select = "SELECT conname::text FROM pg_constraint c WHERE contype = 'f' AND conrelid = to_regclass($1) \
        AND ARRAY[$2] = ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey))";
    let keys =
        Statement::from_sql_and_values(DbBackend::Postgres, select, [name.into(), column.into()]);
    for row in db.query_all_raw(keys).await? {
        let key: String = row.try_get_by_index(0)?;
        let quoted = key.replace('"', "\"\"");
        db.execute_unprepared(&format!("ALTER TABLE {name} DROP CONSTRAINT \"{quoted}\""))
            .await?;
    }
    let table = TABLES.iter().find(|table| table.name == name);
    let ours = table
        .into_iter()
        .flat_map(|table| table.references)
        .find(|reference| reference.0 == [column]);
    match ours {
        Some(reference) => {
            manager
                .create_foreign_key(foreign_key(name, reference))
                .await
        }
        None => Err(DbErr::Custom(format!("{name}.{column} refers to nothing"))),
    }
}

/// Tables and the columns that an index of theirs begins with.
async fn indexes<C: ConnectionTrait>(db: &C) -> Result<HashSet<(String, String)>, DbErr> {
    let select = "SELECT t.relname::text, array_to_string(ARRAY(\
            SELECT a.attname FROM unnest(i.indkey) WITH ORDINALITY k(number, place) \
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number ORDER BY k.place), ',') \
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
        WHERE n.nspname = current_schema() AND i.indpred IS NULL";
    let mut beginnings = HashSet::new();
    for row in db
        .query_all_raw(Statement::from_string(DbBackend::Postgres, select))
        .await?
    {
        let table: String = row.try_get_by_index(0)?;
        let columns: String = row.try_get_by_index(1)?;
        let ends = columns.match_indices(',').map(|(end, _)| end);
        for end in ends.chain([columns.len()]) {
            beginnings.extend(
                columns
                    .get(..end)
                    .map(|start| (table.clone(), start.to_owned())),
            );
        }
    }
    Ok(beginnings)
}

async fn exists<C: ConnectionTrait>(db: &C, table: &str) -> Result<bool, DbErr> {
    let found = one(
        db,
        "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
        [table.into()],
    )
    .await?;
    Ok(found.is_some())
}

async fn one<C: ConnectionTrait, const N: usize>(
    db: &C,
    select: &str,
    values: [Value; N],
) -> Result<Option<QueryResult>, DbErr> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, select, values);
    db.query_one_raw(statement).await
}
