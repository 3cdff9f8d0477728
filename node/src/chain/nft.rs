//! Metadata of the token of a world (docs/spec/model.md §8.6, §1).

use components::Umid;

use crate::{Node, Result};

/// The picture of a world that has none.
const DEFAULT_IMAGE: &str = "bd6563cc9fceac3e1ed6fcad752c902d";
/// Worlds up to this number are of the first.
const ORIGINS: u64 = 100;
/// Longest name of a picture.
const MAX_IMAGE: usize = 64;

/// The metadata of a world's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nft {
    /// The world's name, or its number if it has none or is not there.
    pub name: String,
    /// The world's description, empty if it has none or is not there.
    pub description: String,
    /// URL of its picture.
    pub image: String,
    /// URL of the world.
    pub external_url: String,
    /// Whether it is one of the first.
    pub is_origin: bool,
}

impl Node {
    /// The metadata of a token, whether there is a world for it yet or not.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn nft(&self, token: u128) -> Result<Nft> {
        let id = Umid::from_u128(token);
        let number = sequence(id);
        let world = self.store().world(id).await?;
        let (name, description, avatar) = match world {
            Some(world) => (world.name, world.description, world.avatar_hash),
            None => (None, None, None),
        };
        let image = avatar.filter(|hash| is_media(hash));
        let image = image.unwrap_or_else(|| DEFAULT_IMAGE.to_owned());
        let base = self.options().base_url.trim_end_matches('/');
        Ok(Nft {
            name: name.unwrap_or_else(|| format!("Odyssey#{number}")),
            description: description.unwrap_or_default(),
            image: format!("{base}/api/v4/media/render/get/{image}"),
            external_url: format!("{base}/odyssey/{id}"),
            is_origin: number <= ORIGINS,
        })
    }
}

/// The number of a minted world: the last 8 bytes of its id without the bit that marks the variant.
pub(crate) fn sequence(id: Umid) -> u64 {
    id.as_u64_pair().1 & !(1 << 63)
}

/// Whether this can be the name of an image here; anything else would make a link to anywhere.
fn is_media(hash: &str) -> bool {
    hash.len() <= MAX_IMAGE && hash.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use uuid::uuid;

    use super::*;

    #[test]
    fn the_number_of_a_world_is_in_its_id() {
        let ten = uuid!("00000000-0000-8000-8000-00000000000a");
        assert_eq!(sequence(ten), 10);
        assert_eq!(sequence(Umid::nil()), 0);
        assert_eq!(sequence(Umid::max()), u64::MAX >> 1);
    }

    #[test]
    fn only_media_of_this_node_are_linked() {
        assert!(is_media("ab12"));
        for odd in ["../x", "https://example.org/a.png", "a b", &"a".repeat(65)] {
            assert!(!is_media(odd), "{odd}");
        }
    }
}
