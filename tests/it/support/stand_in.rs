//! A stand-in for providers: an HTTP server on this machine that answers as it is told and
//! remembers what it was asked. No provider takes part in any test.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::AbortHandle, time::timeout};

use super::{Api, CORE, DEADLINE, Options, Server};

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// Method and path, as `GET /skybox/styles`.
    pub(crate) what: String,
    /// The part behind the question mark.
    pub(crate) query: String,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body, null if it is no JSON.
    pub(crate) body: Value,
}

impl Heard {
    /// A header, empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }
}

/// The answer to give.
#[derive(Clone, Debug)]
pub(crate) enum Play {
    /// With JSON.
    Json(u16, Value),
    /// With a file of this type.
    File(&'static str, Vec<u8>),
    /// With something that is not what it says to be.
    Garbage,
    /// Go elsewhere.
    Redirect(String),
    /// With a body that does not end.
    Endless,
    /// Never.
    Silence,
    /// With half an answer.
    Half,
}

/// The running server; ends when dropped.
pub(crate) struct StandIn {
    /// Its address, as `127.0.0.1:port`.
    pub(crate) host: String,
    stage: Arc<Stage>,
    task: AbortHandle,
}

#[derive(Default)]
struct Stage {
    plays: Mutex<Vec<(String, Play)>>,
    heard: Mutex<Vec<Heard>>,
    news: Notify,
}

impl StandIn {
    /// Starts; it knows nothing yet and answers 404.
    pub(crate) async fn start() -> StandIn {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let stage = Arc::new(Stage::default());
        let router = Router::new().fallback(play).with_state(Arc::clone(&stage));
        let task = tokio::spawn(async move { axum::serve(listener, router).await });
        StandIn {
            host,
            stage,
            task: task.abort_handle(),
        }
    }

    /// URL of a path on it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Answers a request from now on, as `POST /skybox`.
    pub(crate) fn plays(&self, what: &str, play: Play) {
        let mut plays = self.stage.plays.lock();
        plays.retain(|(known, _)| known != what);
        plays.push((what.to_owned(), play));
    }

    /// Number of requests for something.
    pub(crate) fn count(&self, what: &str) -> usize {
        let heard = self.stage.heard.lock();
        heard.iter().filter(|heard| heard.what == what).count()
    }

    /// The latest request for something.
    ///
    /// # Panics
    /// If there is none in time.
    pub(crate) async fn heard(&self, what: &str) -> Heard {
        let found = timeout(DEADLINE, async {
            loop {
                let news = self.stage.news.notified();
                let heard = self.stage.heard.lock().clone();
                if let Some(found) = heard.into_iter().rfind(|heard| heard.what == what) {
                    return found;
                }
                news.await;
            }
        });
        found
            .await
            .unwrap_or_else(|_| panic!("nobody asks for {what}"))
    }

    /// Options of a server that takes this for all its providers.
    pub(crate) fn options(&self) -> Options {
        let host = &self.host;
        Options::default().config(&format!(
            "[blockadelabs]\nurl = \"http://{host}/blockade\"\nimage_hosts = [\"{host}\"]\n\
             [leonardo]\nurl = \"http://{host}/leonardo\"\n[youtube]\nurl = \"http://{host}\"\n\
             [outbound]\nallow_private = true"
        ))
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn play(
    State(stage): State<Arc<Stage>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let what = format!("{method} {}", uri.path());
    let play = {
        let plays = stage.plays.lock();
        let found = plays.iter().find(|(known, _)| *known == what);
        found.map(|(_, play)| play.clone())
    };
    stage.heard.lock().push(Heard {
        what,
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });
    stage.news.notify_waiters();
    let with_type = |kind: &'static str, body: Body| ([(header::CONTENT_TYPE, kind)], body);
    let chunk = || Ok::<_, std::io::Error>(Bytes::from_static(&[0xff; 65_536]));
    match play {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Play::Json(status, value)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (
                status,
                with_type("application/json", value.to_string().into()),
            )
                .into_response()
        }
        Some(Play::File(kind, bytes)) => with_type(kind, bytes.into()).into_response(),
        Some(Play::Garbage) => with_type("application/json", "<html>".into()).into_response(),
        Some(Play::Redirect(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(Play::Endless) => {
            let body = stream::repeat_with(chunk);
            with_type("image/jpeg", Body::from_stream(body)).into_response()
        }
        Some(Play::Silence) => std::future::pending().await,
        Some(Play::Half) => {
            let broken = || Err(std::io::Error::other("cut"));
            let body = stream::iter([chunk(), broken()]);
            with_type("image/jpeg", Body::from_stream(body)).into_response()
        }
    }
}

/// The key that the stand-in accepts.
pub(crate) const PROVIDER_KEY: &str = "pr0vider-key";

impl StandIn {
    /// A server that takes this for its providers and has keys for them, and its owner.
    pub(crate) async fn serve(&self) -> (Server, Api) {
        let mut server = Server::start(self.options());
        let owner = Api::owner(&mut server).await;
        for name in ["blockadelabs", "leonardo"] {
            set_node(&owner, name, json!({"api_key": PROVIDER_KEY})).await;
        }
        (server, owner)
    }
}

/// Writes a core attribute of the node.
pub(crate) async fn set_node(owner: &Api, name: &str, value: Value) {
    let set = json!({"plugin_id": CORE, "attribute_name": name, "attribute_value": value});
    owner.post("/node/attributes", set).await.ok(202);
}

/// Number of times that somebody had something made by a provider.
pub(crate) async fn uses(owner: &Api, user: &Api, provider: &str) -> u64 {
    let path = format!("/node/attributes?plugin_id={CORE}&attribute_name=tracker_ai_usage");
    let counts = owner.get(&path).await;
    if counts.status == 404 {
        return 0;
    }
    let counts = counts.ok(200);
    counts[user.user.to_string()][provider]
        .as_u64()
        .unwrap_or_default()
}
