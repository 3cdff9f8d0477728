//! Columns that jobs of picture providers need to be trusted: the digest of the secret by which the
//! provider reports on one, and where its picture is, kept where users cannot write
//! (docs/regressions.md S16).

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait,
    sea_orm::DbErr,
    sea_query::{Alias, ColumnDef, Index, Table},
};

pub(crate) struct Integrations;

impl MigrationName for Integrations {
    fn name(&self) -> &str {
        "m0008_integrations"
    }
}

const TABLE: &str = "ai_job";
const COLUMNS: [&str; 2] = ["secret_digest", "file_url"];
const SECRET_DIGEST: &str = "ai_job_secret_digest_idx";

#[async_trait::async_trait]
impl MigrationTrait for Integrations {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let mut text = ColumnDef::new(Alias::new(column));
            let mut table = Table::alter();
            table.table(Alias::new(TABLE)).add_column(text.text());
            manager.alter_table(table).await?;
        }
        let mut index = Index::create();
        index
            .name(SECRET_DIGEST)
            .table(Alias::new(TABLE))
            .col(Alias::new("secret_digest"))
            .unique();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::drop();
        index.name(SECRET_DIGEST).table(Alias::new(TABLE));
        manager.drop_index(index).await?;
        for column in COLUMNS {
            let mut table = Table::alter();
            table
                .table(Alias::new(TABLE))
                .drop_column(Alias::new(column));
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
