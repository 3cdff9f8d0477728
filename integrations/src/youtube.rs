//! Still pictures of videos at YouTube.

use std::time::Duration;

use tokio::time::timeout;
use url::Url;

use crate::{AllowedHosts, Outbound, ProviderError, Result, outbound::below};

const NAME: &str = "YouTube";
/// Largest picture, 5 MiB: twenty times what there is.
const MAX_PICTURE: usize = 5 * 1024 * 1024;
/// Time for both pictures that are asked for.
const DEADLINE: Duration = Duration::from_secs(5);
/// Pictures of a video, the best first; not every video has that.
const PICTURES: [&str; 2] = ["maxresdefault.jpg", "hqdefault.jpg"];
/// Letters of the id of a video.
const ID: usize = 11;

/// Options of YouTube.
#[derive(Clone, Debug)]
pub struct YouTubeOptions {
    /// Address of the host of pictures.
    pub url: Url,
}

impl YouTubeOptions {
    /// The address of the host of pictures if nobody says otherwise.
    pub const URL: &str = "https://i.ytimg.com";
}

impl Default for YouTubeOptions {
    fn default() -> Self {
        Self {
            url: Self::URL.parse().expect("a constant address"),
        }
    }
}

/// The id of a video, which is safe to be a part of an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VideoId(String);

impl VideoId {
    /// The video of an address as people copy it: `watch?v=`, `/embed/`, `/shorts/`, `/live/`, and
    /// the short host. `None` for anything else.
    pub fn of_address(address: &str) -> Option<Self> {
        let url = Url::parse(address.trim()).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let mut path = url.path_segments()?;
        let id = match url.host_str()? {
            "youtu.be" => path.next()?.to_owned(),
            "youtube.com"
            | "www.youtube.com"
            | "m.youtube.com"
            | "youtube-nocookie.com"
            | "www.youtube-nocookie.com" => match path.next()? {
                "watch" => {
                    let mut query = url.query_pairs();
                    query.find(|(key, _)| key == "v")?.1.into_owned()
                }
                "embed" | "shorts" | "live" => path.next()?.to_owned(),
                _ => return None,
            },
            _ => return None,
        };
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (id.len() == ID && id.bytes().all(letter)).then_some(Self(id))
    }
}

impl YouTubeOptions {
    /// The best still picture of a video.
    ///
    /// # Errors
    /// Those of talking to the host; `Status` if there is no such video.
    pub async fn picture(&self, outbound: &Outbound, video: &VideoId) -> Result<Vec<u8>> {
        let hosts = AllowedHosts::of(&self.url);
        let fetched = timeout(DEADLINE, async {
            let mut outcome = Err(ProviderError::Refused("no picture"));
            for picture in PICTURES {
                let url = below(&self.url, &["vi", &video.0, picture]);
                outcome = outbound.fetch(NAME, url, &hosts, MAX_PICTURE).await;
                // Only a picture that is not there makes the next one worth a try.
                if !matches!(outcome, Err(ProviderError::Status(..))) {
                    break;
                }
            }
            outcome
        });
        fetched.await.map_err(|_| ProviderError::Timeout(NAME))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_video_of_every_form_of_address_is_found() {
        for address in [
            "https://www.youtube.com/watch?v=UmSJIEZQAyQ",
            "https://www.youtube.com/watch?list=PL1&v=UmSJIEZQAyQ&t=10s",
            "https://youtu.be/UmSJIEZQAyQ?si=AbCdEfGhIjKlMnOp",
            "http://m.youtube.com/shorts/UmSJIEZQAyQ",
            "https://youtube.com/live/UmSJIEZQAyQ?feature=share",
            "https://www.youtube-nocookie.com/embed/UmSJIEZQAyQ",
        ] {
            let found = VideoId::of_address(address);
            assert_eq!(found, Some(VideoId("UmSJIEZQAyQ".to_owned())), "{address}");
        }
    }

    #[test]
    fn what_names_no_video_is_none() {
        for address in [
            "",
            "UmSJIEZQAyQ",
            "https://www.youtube.com/",
            "https://www.youtube.com/watch",
            "https://www.youtube.com/watch?v=",
            "https://www.youtube.com/watch?v=short",
            "https://www.youtube.com/watch?v=..%2F..%2Fetc%2Fp",
            "https://youtu.be/UmSJIEZQAy%2F",
            "https://youtube.com.evil.example/watch?v=UmSJIEZQAyQ",
            "ftp://youtu.be/UmSJIEZQAyQ",
            "javascript:UmSJIEZQAyQ",
        ] {
            assert_eq!(VideoId::of_address(address), None, "{address}");
        }
    }
}
