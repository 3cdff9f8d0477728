//! A compact notation for tables, after that of docs/spec/model.md §2.1, and its translation to
//! either database.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{DbBackend, DbErr},
    sea_query::{
        Alias, ColumnDef, Expr, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index,
        IndexCreateStatement, Keyword, Table as SeaTable, TableCreateStatement,
    },
};

/// A table with its constraints and indexes.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) primary_key: &'static [&'static str],
    pub(crate) references: &'static [Reference],
    pub(crate) unique: &'static [&'static str],
    pub(crate) indexes: &'static [&'static [&'static str]],
}

/// Name, type, and whether it is NOT NULL.
pub(crate) type Column = (&'static str, Type, bool);

/// Columns, the table they point to, its columns, and what happens when the row there goes.
pub(crate) type Reference = (
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
    OnDelete,
);

/// A column may hold NULL.
pub(crate) const NULL: bool = false;
/// A column may not hold NULL.
pub(crate) const REQUIRED: bool = true;

/// Column types, named after their meaning; each database gets what serves it best.
#[derive(Clone, Copy)]
pub(crate) enum Type {
    /// `uuid`; 16 bytes on SQLite.
    Uuid,
    /// `jsonb`; text on SQLite.
    Json,
    /// `jsonb` that is `{}` unless given.
    JsonObject,
    /// The one `json` column there is.
    PlainJson,
    /// `varchar(255)`.
    Name,
    Text,
    /// Text that is empty unless given.
    TextOrEmpty,
    /// `numeric(78,0)`, which fits an uint256; decimal text on SQLite, whose numbers do not.
    Amount,
    Bytes,
    Long,
    /// Long that is zero unless given.
    LongOrZero,
    Int,
    /// Boolean that is true unless given.
    BoolOrTrue,
    /// `timestamp` in UTC.
    Time,
    /// `timestamp` in UTC, the database's clock unless given.
    TimeOrNow,
    /// `timestamptz`, for tables of our own.
    Instant,
}

impl Type {
    /// Whether a column that PostgreSQL calls this holds what is expected.
    pub(crate) fn reads(self, found: &str) -> bool {
        let expected: &[&str] = match self {
            Type::Uuid => &["uuid"],
            Type::Json | Type::JsonObject | Type::PlainJson => &["json", "jsonb"],
            Type::Name | Type::Text | Type::TextOrEmpty => &["text", "varchar"],
            Type::Amount => &["numeric"],
            Type::Bytes => &["bytea"],
            Type::Long | Type::LongOrZero => &["int8"],
            Type::Int => &["int4"],
            Type::BoolOrTrue => &["bool"],
            Type::Time | Type::TimeOrNow => &["timestamp"],
            Type::Instant => &["timestamptz"],
        };
        expected.contains(&found)
    }
}

/// Effect on a row when the row it refers to is deleted. Changed keys always cascade.
#[derive(Clone, Copy)]
pub(crate) enum OnDelete {
    Cascade,
    Restrict,
    NoAction,
}

/// Creates `tables` in order.
pub(crate) async fn create(manager: &SchemaManager<'_>, tables: &[&Table]) -> Result<(), DbErr> {
    for table in tables {
        manager
            .create_table(table.statement(manager.get_database_backend()))
            .await?;
        for columns in table.indexes {
            manager.create_index(index(table.name, columns)).await?;
        }
    }
    Ok(())
}

/// Drops `tables` in reverse order.
pub(crate) async fn drop(manager: &SchemaManager<'_>, tables: &[&Table]) -> Result<(), DbErr> {
    for table in tables.iter().rev() {
        manager
            .drop_table(SeaTable::drop().table(Alias::new(table.name)).to_owned())
            .await?;
    }
    Ok(())
}

impl Table {
    fn statement(&self, backend: DbBackend) -> TableCreateStatement {
        let mut statement = SeaTable::create();
        statement.table(Alias::new(self.name));
        for &(name, kind, required) in self.columns {
            statement.col(column(name, kind, required, backend));
        }
        let mut key = Index::create();
        for column in self.primary_key {
            key.col(Alias::new(*column));
        }
        statement.primary_key(&mut key);
        for column in self.unique {
            let mut unique = Index::create();
            unique
                .unique()
                .name(format!("{}_{column}_key", self.name))
                .col(Alias::new(*column));
            statement.index(&mut unique);
        }
        for reference in self.references {
            statement.foreign_key(&mut foreign_key(self.name, reference));
        }
        statement
    }
}

fn column(name: &str, kind: Type, required: bool, backend: DbBackend) -> ColumnDef {
    let mut column = ColumnDef::new(Alias::new(name));
    match kind {
        Type::Uuid => column.uuid(),
        Type::Json => column.json_binary(),
        Type::JsonObject => column.json_binary().default("{}"),
        Type::PlainJson => column.json(),
        Type::Name => column.string_len(255),
        Type::Text => column.text(),
        Type::TextOrEmpty => column.text().default(""),
        Type::Amount if backend == DbBackend::Sqlite => column.text(),
        Type::Amount => column.decimal_len(78, 0),
        Type::Bytes => column.blob(),
        Type::Long => column.big_integer(),
        Type::LongOrZero => column.big_integer().default(0),
        Type::Int => column.integer(),
        Type::BoolOrTrue => column.boolean().default(true),
        Type::Time => column.timestamp(),
        Type::TimeOrNow => column
            .timestamp()
            .default(Expr::Keyword(Keyword::CurrentTimestamp)),
        Type::Instant => column.timestamp_with_time_zone(),
    };
    if required {
        column.not_null();
    }
    column
}

pub(crate) fn foreign_key(
    table: &str,
    &(columns, other, other_columns, on_delete): &Reference,
) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.name(format!("{table}_{}_fkey", columns.join("_")))
        .from_tbl(Alias::new(table))
        .to_tbl(Alias::new(other));
    for column in columns {
        key.from_col(Alias::new(*column));
    }
    for column in other_columns {
        key.to_col(Alias::new(*column));
    }
    match on_delete {
        OnDelete::Cascade => key
            .on_update(ForeignKeyAction::Cascade)
            .on_delete(ForeignKeyAction::Cascade),
        OnDelete::Restrict => key
            .on_update(ForeignKeyAction::Cascade)
            .on_delete(ForeignKeyAction::Restrict),
        OnDelete::NoAction => &mut key,
    };
    key
}

pub(crate) fn index(table: &str, columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index
        .name(format!("{table}_{}_idx", columns.join("_")))
        .table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}
