//! Pictures by Leonardo (docs/spec/model.md §8.5).

use components::Reason;
use integrations::{Generation, Leonardo, Secret};
use store::AiJob;

use super::{check_prompt, keys::Provider, refuse_guest};
use crate::{Caller, Node, NodeError, Result};

/// Generations of a user that can still be asked for.
const KEPT: u64 = 100;

impl Node {
    /// Asks for pictures; the id by which [`Node::pictures`] tells how they come along.
    ///
    /// # Errors
    /// `GuestsNotPermitted`, `Invalid`, `NodeAttributeNotFound` if there is no key,
    /// `TooMany`, `Provider`.
    pub async fn generate_pictures(
        &self,
        caller: Caller,
        prompt: &str,
        model: &str,
    ) -> Result<String> {
        refuse_guest(caller)?;
        check_prompt(prompt)?;
        let key = self.api_key(Provider::Leonardo, None, caller.user).await?;
        self.pace_generation(caller)?;
        let id = self.leonardo(&key).generate(prompt, model).await?;
        let job = AiJob {
            provider: Provider::Leonardo.name().to_owned(),
            job_id: id.clone(),
            user: caller.user,
            object: None,
            status: "PENDING".to_owned(),
            file_url: None,
        };
        self.store().insert_ai_job(&job, None).await?;
        self.count_use(caller, Provider::Leonardo).await;
        self.store()
            .prune_ai_jobs(Provider::Leonardo.name(), caller.user, None, KEPT)
            .await?;
        Ok(id)
    }

    /// Pictures so far that the caller asked for.
    ///
    /// # Errors
    /// `GenerationNotFound`, also if somebody else asked for them;
    /// `NodeAttributeNotFound`, `TooMany`, `Provider`.
    pub async fn pictures(&self, caller: Caller, id: &str) -> Result<Generation> {
        let unknown = NodeError::Refused(Reason::GenerationNotFound);
        let job = self.store().ai_job(Provider::Leonardo.name(), id).await?;
        if job.is_none_or(|job| job.user != caller.user) {
            return Err(unknown);
        }
        let key = self.api_key(Provider::Leonardo, None, caller.user).await?;
        self.pace_call(caller)?;
        let found = self.leonardo(&key).generation(id).await?;
        found.ok_or(unknown)
    }

    fn leonardo<'a>(&'a self, key: &'a Secret) -> Leonardo<'a> {
        Leonardo {
            options: &self.options().third_parties.leonardo,
            outbound: &self.third_parties.outbound,
            key,
        }
    }
}
