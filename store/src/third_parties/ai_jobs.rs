//! Jobs handed to picture providers, and how often users handed some (docs/spec/model.md §8.5;
//! docs/regressions.md C10, D14, D16).

use components::{AttributeId, AttributeTarget, Umid};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use crate::{
    AttributeRecord, Result, Store, StoreError, attributes,
    convert::now,
    entity::ai_job::{ActiveModel, Column, Entity, Model},
};

/// A job handed to a picture provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiJob {
    /// The provider.
    pub provider: String,
    /// The provider's id of the job.
    pub job_id: String,
    /// Its owner.
    pub user: Umid,
    /// The object it is for.
    pub object: Option<Umid>,
    /// The provider's word for how far it is.
    pub status: String,
    /// Address of the picture.
    pub file_url: Option<String>,
}

impl Store {
    /// Remembers a job. `secret_digest` is what the provider's reports are recognised by, if it
    /// reports.
    ///
    /// # Errors
    /// `JobExists` if there is one with this id, `Dangling` if user or object are gone.
    pub async fn insert_ai_job(&self, job: &AiJob, secret_digest: Option<&str>) -> Result<()> {
        let row = ActiveModel {
            provider: Set(job.provider.clone()),
            job_id: Set(job.job_id.clone()),
            user_id: Set(job.user),
            object_id: Set(job.object),
            status: Set(job.status.clone()),
            created_at: Set(now()),
            secret_digest: Set(secret_digest.map(str::to_owned)),
            file_url: Set(job.file_url.clone()),
        };
        let transaction = self.begin().await?;
        Entity::insert(row)
            .exec_without_returning(&transaction)
            .await
            .map_err(|error| StoreError::from(error).duplicate(StoreError::JobExists))?;
        self.commit(transaction).await?;
        Ok(())
    }

    /// A job.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn ai_job(&self, provider: &str, job_id: &str) -> Result<Option<AiJob>> {
        let found = Entity::find_by_id((provider.to_owned(), job_id.to_owned()));
        Ok(found.one(self.read()).await?.map(AiJob::from))
    }

    /// The job that a provider reports on with this secret.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn ai_job_by_secret(&self, provider: &str, digest: &str) -> Result<Option<AiJob>> {
        let found = Entity::find()
            .filter(Column::Provider.eq(provider))
            .filter(Column::SecretDigest.eq(digest));
        Ok(found.one(self.read()).await?.map(AiJob::from))
    }

    /// Notes how far a job is; whether there is such a job.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn update_ai_job(
        &self,
        provider: &str,
        job_id: &str,
        status: &str,
        file_url: Option<&str>,
    ) -> Result<bool> {
        let transaction = self.begin().await?;
        let updated = Entity::update_many()
            .col_expr(Column::Status, status.into())
            .col_expr(Column::FileUrl, file_url.map(str::to_owned).into())
            .filter(Column::Provider.eq(provider))
            .filter(Column::JobId.eq(job_id))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(updated.rows_affected > 0)
    }

    /// Forgets a job; there being none is fine.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn remove_ai_job(&self, provider: &str, job_id: &str) -> Result<()> {
        let transaction = self.begin().await?;
        Entity::delete_by_id((provider.to_owned(), job_id.to_owned()))
            .exec(&transaction)
            .await?;
        self.commit(transaction).await?;
        Ok(())
    }

    /// Forgets all jobs of a user with a provider, in one object or in none, but the newest `keep`.
    /// Returns the ids of those forgotten.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn prune_ai_jobs(
        &self,
        provider: &str,
        user: Umid,
        object: Option<Umid>,
        keep: u64,
    ) -> Result<Vec<String>> {
        let of_user = Entity::find()
            .filter(Column::Provider.eq(provider))
            .filter(Column::UserId.eq(user));
        let old = match object {
            Some(object) => of_user.filter(Column::ObjectId.eq(object)),
            None => of_user.filter(Column::ObjectId.is_null()),
        };
        let transaction = self.begin().await?;
        let old: Vec<String> = old
            .select_only()
            .column(Column::JobId)
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::JobId)
            .offset(keep)
            .limit(PRUNED_AT_ONCE)
            .into_tuple()
            .all(&transaction)
            .await?;
        if !old.is_empty() {
            Entity::delete_many()
                .filter(Column::Provider.eq(provider))
                .filter(Column::JobId.is_in(old.iter().cloned()))
                .exec(&transaction)
                .await?;
        }
        self.commit(transaction).await?;
        Ok(old)
    }

    /// Counts one use of a provider by a user, in the attribute `counter` of the node: `{user:
    /// {provider: count}}`. Parallel counts all survive. Returns the attribute as it is now.
    ///
    /// # Errors
    /// `Dangling` if nobody declares the attribute, those of the database.
    pub async fn count_use(
        &self,
        counter: &AttributeId,
        user: Umid,
        provider: &str,
    ) -> Result<AttributeRecord> {
        let transaction = self.begin().await?;
        let count = |all: &mut components::JsonMap| {
            let of_user = all.entry(user.to_string()).or_insert_with(|| json!({}));
            // A value that an admin put there is no count.
            if !of_user.is_object() {
                *of_user = json!({});
            }
            let counted = of_user.get(provider).and_then(Value::as_u64);
            of_user[provider] = json!(counted.unwrap_or_default().saturating_add(1));
        };
        let record =
            attributes::modify(&transaction, AttributeTarget::Node, counter, count, now()).await?;
        self.commit(transaction).await?;
        Ok(record)
    }
}

/// Number of jobs that are forgotten at once, at most: each new job forgets one at the end.
const PRUNED_AT_ONCE: u64 = 100;

impl From<Model> for AiJob {
    fn from(row: Model) -> Self {
        Self {
            provider: row.provider,
            job_id: row.job_id,
            user: row.user_id,
            object: row.object_id,
            status: row.status,
            file_url: row.file_url,
        }
    }
}
