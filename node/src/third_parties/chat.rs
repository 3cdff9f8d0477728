//! Text chat: each object has a channel, for those who are in its world (docs/spec/model.md §8.5).

use chrono::Utc;
use components::{Reason, Umid};
use integrations::{CHANNEL_TYPE, StreamChat};

use crate::{Caller, Node, Result, users::display_name};

/// As whom the node speaks where nobody has given it a name.
const NODE_NAME: &str = "Odyssey";

/// Admission to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatToken {
    /// The channel of the object.
    pub channel: String,
    /// Its type.
    pub channel_type: &'static str,
    /// By which the user logs in at the provider.
    pub token: String,
}

impl Node {
    /// A token for the chat of an object, whose channel is made if it is not there.
    ///
    /// # Errors
    /// `NotConfigured`, `ObjectNotFound`, `NotInWorld`, `Provider`.
    pub async fn chat_token(&self, caller: Caller, object: Umid) -> Result<ChatToken> {
        let chat = self.admitted(caller, object).await?;
        let now = Utc::now().timestamp();
        self.introduce(&chat, caller.user, now).await?;
        let (channel, name) = (object.to_string(), self.object_name(object).await?);
        chat.ensure_channel(&channel, &name, &self.id().to_string(), now)
            .await?;
        Ok(ChatToken {
            channel,
            channel_type: CHANNEL_TYPE,
            token: chat.user_token(&caller.user.to_string(), now)?,
        })
    }

    /// Makes the caller a member of the channel of an object.
    ///
    /// # Errors
    /// As [`Node::chat_token`].
    pub async fn join_chat(&self, caller: Caller, object: Umid) -> Result<()> {
        let chat = self.admitted(caller, object).await?;
        let now = Utc::now().timestamp();
        self.introduce(&chat, caller.user, now).await?;
        let (channel, name) = (object.to_string(), self.object_name(object).await?);
        chat.ensure_channel(&channel, &name, &self.id().to_string(), now)
            .await?;
        let user = caller.user.to_string();
        Ok(chat.add_member(&channel, &user, now).await?)
    }

    /// Ends the caller's membership in the channel of an object. One may leave from anywhere: who
    /// has just left the world is no longer in it.
    ///
    /// # Errors
    /// As [`Node::chat_token`], but never `Forbidden`.
    pub async fn leave_chat(&self, caller: Caller, object: Umid) -> Result<()> {
        let chat = self.chat()?;
        if !self.directory().knows(object) {
            return Err(Reason::ObjectNotFound.into());
        }
        let (channel, user) = (object.to_string(), caller.user.to_string());
        let now = Utc::now().timestamp();
        Ok(chat.remove_member(&channel, &user, now).await?)
    }

    /// Tells the provider what may be done in channels. Whoever starts the server need not wait for
    /// it.
    pub(crate) async fn configure_chat(&self) {
        let Ok(chat) = self.chat() else { return };
        let now = Utc::now().timestamp();
        let configured = async {
            let node = self.id().to_string();
            chat.ensure_user(&node, NODE_NAME, now).await?;
            chat.configure(now).await
        };
        match configured.await {
            Ok(()) => tracing::info!("text chat is configured"),
            Err(error) => tracing::warn!(%error, "text chat could not be configured"),
        }
    }

    fn chat(&self) -> Result<StreamChat<'_>> {
        let options = self.options().third_parties.stream_chat.as_ref();
        Ok(StreamChat {
            options: options.ok_or(Reason::NotConfigured)?,
            outbound: &self.third_parties.outbound,
        })
    }

    async fn admitted(&self, caller: Caller, object: Umid) -> Result<StreamChat<'_>> {
        let chat = self.chat()?;
        if self.is_present(caller, object).await? {
            Ok(chat)
        } else {
            Err(Reason::NotInWorld.into())
        }
    }

    async fn introduce(&self, chat: &StreamChat<'_>, user: Umid, now: i64) -> Result<()> {
        let name = display_name(&self.user(user).await?);
        Ok(chat.ensure_user(&user.to_string(), &name, now).await?)
    }
}
