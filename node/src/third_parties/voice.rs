//! Voice and shared screens: who may join the channel of an object (docs/spec/model.md §8.5).

use chrono::Utc;
use components::{Reason, Umid};
use integrations::RtcTokenRequest;

use crate::{Caller, Node, Result};

/// Admission to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoiceToken {
    /// The token.
    pub token: String,
    /// The channel it is for.
    pub channel: String,
}

impl Node {
    /// A token for speaking in an object, or for sharing a screen there: for those who are in its
    /// world, and for its admins.
    ///
    /// # Errors
    /// `NotConfigured`, `ObjectNotFound`, `NotInWorld`.
    pub async fn voice_token(
        &self,
        caller: Caller,
        object: Umid,
        screen: bool,
    ) -> Result<VoiceToken> {
        let agora = self.options().third_parties.agora.as_ref();
        let agora = agora.ok_or(Reason::NotConfigured)?;
        let present = self.is_present(caller, object).await?;
        if !present && !self.directory().is_admin(caller.user, object) {
            return Err(Reason::NotInWorld.into());
        }
        let channel = match screen {
            true => format!("ss|{object}"),
            false => object.to_string(),
        };
        let token = agora.rtc_token(RtcTokenRequest {
            channel: &channel,
            account: &caller.user.to_string(),
            issued: u32::try_from(Utc::now().timestamp()).unwrap_or(u32::MAX),
            salt: Umid::new_v4().as_fields().0,
        });
        Ok(VoiceToken { token, channel })
    }
}
