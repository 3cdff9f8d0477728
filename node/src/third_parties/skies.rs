//! Skies by Blockade Labs (docs/spec/model.md §8.5): asked for here, painted there, reported on by
//! webhook.
//!
//! The progress of a sky stands in an attribute that its user may write, and which clients follow.
//! The server itself goes by the table of jobs: whose a job is, by which secret the provider
//! reports on it, and where the picture is.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use components::{AttributeId, AttributeTarget, JsonMap, Reason, Umid, ids};
use integrations::{BlockadeLabs, ProviderError, Secret, SkyboxStatus, SkyboxStyle};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{AiJob, StoreError};
use tokio::time::timeout;

use super::{ThirdParties, check_prompt, keys::Provider, refuse_guest};
use crate::{
    Caller, Node, NodeError, Result,
    attributes::{PATIENCE, permissions::Access},
};

/// Time for which the list of styles is good.
const STYLES_AGE: Duration = Duration::from_secs(600);
/// Time for which asking for styles is put off after it failed: who waits in line need not fail one
/// after the other.
const STYLES_PAUSE: Duration = Duration::from_secs(5);
/// Skies that are kept of a user in a world.
const KEPT: usize = 10;
/// Entries that are removed at once at most; there is one too many, unless users write their own.
const REMOVED_AT_ONCE: usize = 20;
const JOBS: &str = "blockadelab";

/// A sky to be painted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSkybox {
    /// The style.
    pub style: i64,
    /// Its content.
    pub prompt: String,
    /// The world it is for.
    pub world: Umid,
}

impl Node {
    /// The styles there are.
    ///
    /// # Errors
    /// `NodeAttributeNotFound` if there is no key, `TooMany`, `Provider`.
    pub async fn skybox_styles(&self, caller: Caller) -> Result<Arc<Vec<SkyboxStyle>>> {
        let key = self
            .api_key(Provider::BlockadeLabs, None, caller.user)
            .await?;
        // One at a time: who comes meanwhile takes what the first one brings.
        let mut styles = self.third_parties.styles.lock().await;
        if let Some((heard, known)) = &styles.known
            && heard.elapsed() < STYLES_AGE
        {
            return Ok(Arc::clone(known));
        }
        if styles
            .failed
            .is_none_or(|failed| failed.elapsed() > STYLES_PAUSE)
        {
            self.pace_call(caller)?;
            match self.blockade(&key).styles().await {
                Ok(known) => {
                    let known = Arc::new(known);
                    styles.known = Some((Instant::now(), Arc::clone(&known)));
                    styles.failed = None;
                    return Ok(known);
                }
                Err(error) => {
                    styles.failed = Some(Instant::now());
                    if styles.known.is_none() {
                        return Err(error.into());
                    }
                    tracing::warn!(%error, "the old styles have to do");
                }
            }
        }
        match &styles.known {
            Some((_, known)) => Ok(Arc::clone(known)),
            None => Err(ProviderError::Timeout("Blockade Labs").into()),
        }
    }

    /// Asks for a sky. How it comes along stands in the attribute `skybox_ai` of the caller in the
    /// world.
    ///
    /// # Errors
    /// `GuestsNotPermitted`, `OperationNotPermitted`, `Invalid`,
    /// `WorldNotFound`, `NodeAttributeNotFound` if there is no key, `TooMany`, `Provider`.
    pub async fn generate_skybox(&self, caller: Caller, new: NewSkybox) -> Result<SkyboxStatus> {
        refuse_guest(caller)?;
        check_prompt(&new.prompt)?;
        if !self.directory().is_world(new.world) {
            return Err(Reason::WorldNotFound.into());
        }
        let target = target(new.world, caller.user);
        let row = self.store().attribute(target, &attribute()).await?;
        let options = row.and_then(|row| row.options);
        self.check_access(
            caller,
            target,
            &attribute(),
            options.as_ref(),
            Access::Write,
        )?;
        let key = self
            .api_key(Provider::BlockadeLabs, Some(new.world), caller.user)
            .await?;
        self.pace_generation(caller)?;

        let secret = format!("{}{}", Umid::new_v4().simple(), Umid::new_v4().simple());
        let digest = digest(&secret);
        let base = self.options().base_url.trim_end_matches('/');
        let webhook = format!("{base}/api/v4/webhook/skybox-blockadelabs/{secret}")
            .parse()
            .map_err(|error| NodeError::Internal(Box::new(error)))?;
        let _beginning = self.third_parties.begin(&digest);
        let status = self
            .blockade(&key)
            .generate(new.style, &new.prompt, &webhook)
            .await?;
        let job = AiJob {
            provider: JOBS.to_owned(),
            job_id: status.id.to_string(),
            user: caller.user,
            object: Some(new.world),
            status: status.status.clone(),
            file_url: picture_of(&status),
        };
        match self.store().insert_ai_job(&job, Some(&digest)).await {
            Err(StoreError::JobExists) => {
                let what = "the number of another job".to_owned();
                return Err(ProviderError::Malformed("Blockade Labs", what).into());
            }
            Err(StoreError::Dangling(_)) => return Err(Reason::WorldNotFound.into()),
            inserted => inserted?,
        }
        self.publish_status(caller, new.world, &status).await?;
        self.count_use(caller, Provider::BlockadeLabs).await;
        self.store()
            .prune_ai_jobs(JOBS, caller.user, Some(new.world), KEPT as u64)
            .await?;
        Ok(status)
    }

    /// The provider's report on a job. Only who was given its secret says so.
    ///
    /// # Errors
    /// `WebhookNotSigned`, `UnknownJob` if it is about another job,
    /// `InvalidRequestBody` for what no provider says; those of writing the attribute.
    pub async fn report_skybox(&self, secret: &str, mut status: SkyboxStatus) -> Result<()> {
        let digest = digest(secret);
        self.third_parties.begun(&digest).await;
        let _held = timeout(PATIENCE, self.third_parties.reports.lock())
            .await
            .map_err(|_| NodeError::Unavailable)?;
        let job = self.store().ai_job_by_secret(JOBS, &digest).await?;
        let job = job.ok_or(Reason::WebhookNotSigned)?;
        if job.job_id != status.id.to_string() {
            return Err(NodeError::invalid(
                Reason::UnknownJob,
                "the job is another one",
            ));
        }
        let options = &self.options().third_parties.blockade;
        options
            .vet(&self.third_parties.outbound, &mut status)
            .map_err(|error| NodeError::invalid(Reason::InvalidRequestBody, error.to_string()))?;
        if SkyboxStatus::is_final(&job.status) && job.status != status.status {
            tracing::debug!(job = job.job_id, "a late report is passed over");
            return Ok(());
        }
        let picture = picture_of(&status);
        self.store()
            .update_ai_job(JOBS, &job.job_id, &status.status, picture.as_deref())
            .await?;
        let Some(world) = job.object else {
            return Ok(());
        };
        let user = Caller {
            user: job.user,
            is_guest: false,
        };
        self.publish_status(user, world, &status).await
    }

    /// The picture of a finished sky of the caller, a JPEG.
    ///
    /// # Errors
    /// `SkyboxNotFound`, also if it is somebody else's; `AttributeNotFound`,
    /// `ImageNotFound` if it is not finished; `TooMany`, `Provider`.
    pub async fn skybox_picture(&self, caller: Caller, job: i64) -> Result<Vec<u8>> {
        let job = self.own_skybox(caller, job).await?;
        let unknown = NodeError::Refused(Reason::SkyboxNotFound);
        let Some(world) = job.object else {
            return Err(unknown);
        };
        let told = self
            .attribute(caller, target(world, caller.user), &attribute())
            .await?;
        if !told.is_some_and(|told| told.contains_key(&job.job_id)) {
            return Err(unknown);
        }
        let picture = job.file_url.filter(|_| job.status == "complete");
        let picture = picture.ok_or(Reason::ImageNotFound)?;
        self.pace_call(caller)?;
        let _permit = self.third_parties.fetches.acquire().await;
        let options = &self.options().third_parties.blockade;
        Ok(options
            .picture(&self.third_parties.outbound, &picture)
            .await?)
    }

    /// Ends or deletes a sky of the caller, there and here.
    ///
    /// # Errors
    /// `SkyboxNotFound`, also if it is somebody else's or in another world;
    /// `NodeAttributeNotFound` if there is no key any more, `TooMany`, `Provider`.
    pub async fn delete_skybox(&self, caller: Caller, job: i64, world: Umid) -> Result<()> {
        let number = job;
        let job = self.own_skybox(caller, number).await?;
        if job.object != Some(world) {
            return Err(Reason::SkyboxNotFound.into());
        }
        let key = self
            .api_key(Provider::BlockadeLabs, Some(world), caller.user)
            .await?;
        self.pace_call(caller)?;
        let finished = SkyboxStatus::is_final(&job.status);
        self.blockade(&key).delete(number, finished).await?;
        self.remove_sub_attribute(
            caller,
            target(world, caller.user),
            &attribute(),
            job.job_id.clone(),
        )
        .await?;
        Ok(self.store().remove_ai_job(JOBS, &job.job_id).await?)
    }

    async fn own_skybox(&self, caller: Caller, job: i64) -> Result<AiJob> {
        let found = self.store().ai_job(JOBS, &job.to_string()).await?;
        found
            .filter(|job| job.user == caller.user)
            .ok_or(NodeError::Refused(Reason::SkyboxNotFound))
    }

    /// Writes how far a sky is where clients look, as any write of the user, and removes the oldest
    /// ones.
    async fn publish_status(&self, user: Caller, world: Umid, status: &SkyboxStatus) -> Result<()> {
        let target = target(world, user.user);
        let key = status.id.to_string();
        let stored = self
            .set_sub_attribute(user, target, &attribute(), key.clone(), json!(status))
            .await?;
        for old in superfluous(&stored.unwrap_or_default(), &key) {
            self.remove_sub_attribute(user, target, &attribute(), old)
                .await?;
        }
        Ok(())
    }

    fn blockade<'a>(&'a self, key: &'a Secret) -> BlockadeLabs<'a> {
        BlockadeLabs {
            options: &self.options().third_parties.blockade,
            outbound: &self.third_parties.outbound,
            key,
        }
    }
}

/// Held while a sky is being asked for.
struct Beginning<'a> {
    all: &'a ThirdParties,
    digest: String,
    _turn: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Drop for Beginning<'_> {
    fn drop(&mut self) {
        self.all.beginning.lock().remove(&self.digest);
    }
}

impl ThirdParties {
    fn begin(&self, digest: &str) -> Beginning<'_> {
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        let taken = Arc::clone(&lock).try_lock_owned().ok();
        self.beginning.lock().insert(digest.to_owned(), lock);
        Beginning {
            all: self,
            digest: digest.to_owned(),
            _turn: taken,
        }
    }

    /// Waits until a sky that is being asked for is stored, if it is this one.
    async fn begun(&self, digest: &str) {
        let beginning = self.beginning.lock().get(digest).cloned();
        if let Some(lock) = beginning {
            drop(lock.lock().await);
        }
    }
}

fn attribute() -> AttributeId {
    ids::core("skybox_ai")
}

fn target(world: Umid, user: Umid) -> AttributeTarget {
    AttributeTarget::ObjectUser {
        object: world,
        user,
    }
}

fn picture_of(status: &SkyboxStatus) -> Option<String> {
    let finished = status.is_complete() && !status.file_url.is_empty();
    finished.then(|| status.file_url.clone())
}

/// Stored form of a secret: who reads the database shall not be able to report.
fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// The keys of the oldest entries beyond those that are kept, never the one just written. Numbers
/// of jobs grow; what is no number was put there by hand.
fn superfluous(entries: &JsonMap, newest: &str) -> Vec<String> {
    let mut keys: Vec<&String> = entries.keys().filter(|key| *key != newest).collect();
    keys.sort_by_key(|key| key.parse::<i64>().unwrap_or_default());
    let many = (keys.len() + 1).saturating_sub(KEPT);
    keys.into_iter()
        .take(many.min(REMOVED_AT_ONCE))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_oldest_entries_go_first() {
        let entries = |numbers: std::ops::RangeInclusive<i64>| -> JsonMap {
            numbers
                .map(|number| (number.to_string(), Value::Null))
                .collect()
        };
        assert!(superfluous(&entries(1..=10), "10").is_empty());
        assert_eq!(superfluous(&entries(2..=12), "12"), ["2"]);
        assert_eq!(
            superfluous(&entries(1..=12), "1"),
            ["2", "3"],
            "never the one just written"
        );
        let mut odd = entries(1..=10);
        odd.insert("mine".to_owned(), Value::Null);
        assert_eq!(superfluous(&odd, "10"), ["mine"]);
    }
}
