//! The REST API as one user sees it.

use std::time::Duration;

use posbus::{Transform, Umid};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{CORE, CUSTOM_OBJECT, DEADLINE, EthereumWallet, Server, Wallet, document};

/// Pause between two questions whether something has happened.
const POLL: Duration = Duration::from_millis(50);

/// Somebody who calls the API.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    base: String,
    /// Their session token, empty for somebody who has none.
    pub(crate) token: String,
    /// The user, nil without a token.
    pub(crate) user: Umid,
    /// Name of the user.
    pub(crate) name: String,
}

/// The answer.
#[derive(Debug)]
pub(crate) struct Answer {
    request: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The content type.
    pub(crate) content_type: String,
    headers: reqwest::header::HeaderMap,
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// A header, if it is there and text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, which has to be JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{}: {error}: {self:?}", self.request))
    }

    /// The body of a success.
    ///
    /// # Panics
    /// If it was none of this status.
    pub(crate) fn ok(self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status, status, "{}: {text}", self.request);
        self.json()
    }

    /// Checks that the request was refused in the one form of all refusals.
    ///
    /// # Panics
    /// If it was not, or for another reason.
    pub(crate) fn refused(self, status: u16, reason: &str) {
        let text = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status, status, "{}: {text}", self.request);
        let body = self.json();
        assert_eq!(body["error"]["reason"], reason, "{}: {text}", self.request);
        assert!(
            body["error"]["message"].is_string(),
            "{}: {text}",
            self.request
        );
    }
}

impl Api {
    /// Somebody without a token.
    pub(crate) fn stranger(server: &Server) -> Api {
        // The client wants one at hand even where nothing is encrypted; another one that is there
        // already will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Api {
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(DEADLINE)
                .build()
                .expect("an HTTP client"),
            base: server.url().to_owned(),
            token: String::new(),
            user: Umid::nil(),
            name: String::new(),
        }
    }

    /// A new guest.
    pub(crate) async fn guest(server: &Server) -> Api {
        let stranger = Api::stranger(server);
        let guest = stranger.post("/auth/guest-token", json!({})).await.ok(200);
        assert_eq!(guest["isGuest"], true, "{guest}");
        Api {
            token: text(&guest, "token"),
            user: id(&guest, "id"),
            name: text(&guest, "name"),
            ..stranger
        }
    }

    /// The user of this wallet; the first time makes the account.
    pub(crate) async fn login(server: &Server, wallet: &dyn Wallet) -> Api {
        let stranger = Api::stranger(server);
        let challenge = stranger.challenge(wallet).await;
        let answer = stranger
            .answer_challenge(wallet, &wallet.sign(&challenge))
            .await;
        let mut api = Api {
            token: text(&answer.ok(200), "token"),
            ..stranger
        };
        let me = api.get("/users/me").await.ok(200);
        api.user = id(&me, "id");
        api.name = text(&me, "name");
        api
    }

    /// An account with a name and a wallet, the same for the same number.
    pub(crate) async fn user(server: &Server, number: u8) -> Api {
        let mut api = Api::login(server, &EthereumWallet::new(number)).await;
        api.name = format!("User {number}");
        let name = json!({"name": api.name});
        api.patch("/profile", name).await.ok(200);
        api
    }

    /// The first owner of the node.
    pub(crate) async fn owner(server: &mut Server) -> Api {
        let owner = Api::user(server, 200).await;
        let claim = json!({"token": server.claim_token()});
        owner.post("/node/claim-owner", claim).await.ok(200);
        owner
    }

    /// The same user at a server that was started again.
    pub(crate) fn at(&self, server: &Server) -> Api {
        Api {
            base: server.url().to_owned(),
            ..self.clone()
        }
    }

    /// The same caller with another token.
    pub(crate) fn with_token(&self, token: &str) -> Api {
        Api {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// The text that a wallet has to sign.
    pub(crate) async fn challenge(&self, wallet: &dyn Wallet) -> String {
        let path = format!("/auth/challenge?wallet={}", wallet.address());
        text(&self.get(&path).await.ok(200), "challenge")
    }

    /// Tries to log in.
    pub(crate) async fn answer_challenge(&self, wallet: &dyn Wallet, signature: &str) -> Answer {
        let proof = json!({
            "wallet": wallet.address(),
            "network": wallet.network(),
            "signedChallenge": signature,
        });
        self.post("/auth/token", proof).await
    }

    /// Puts an object below another one.
    pub(crate) async fn create(&self, parent: Umid, name: &str, transform: Transform) -> Umid {
        id(
            &self.try_create(parent, name, transform).await.ok(201),
            "object_id",
        )
    }

    /// Tries to put an object below another one.
    pub(crate) async fn try_create(
        &self,
        parent: Umid,
        name: &str,
        transform: Transform,
    ) -> Answer {
        let object = json!({
            "object_name": name,
            "parent_id": parent,
            "object_type_id": CUSTOM_OBJECT,
            "transform": transform,
        });
        self.post("/objects", object).await
    }

    /// Puts an object of some type below another one, without saying where.
    pub(crate) async fn create_of(&self, parent: Umid, object_type: Umid, name: &str) -> Umid {
        let object =
            json!({"object_name": name, "parent_id": parent, "object_type_id": object_type});
        id(&self.post("/objects", object).await.ok(201), "object_id")
    }

    /// Creates an empty world.
    pub(crate) async fn create_world(&self, name: &str) -> Umid {
        let config = self.get("/config/ui-client").await.ok(200);
        let world = json!({
            "object_name": name,
            "parent_id": config["NODE_ID"],
            "object_type_id": super::WORLD_TYPE,
            "transform": super::at(0.0, 0.0, 0.0),
        });
        id(&self.post("/objects", world).await.ok(201), "object_id")
    }

    /// Writes a core attribute of an object.
    pub(crate) async fn set(&self, object: Umid, attribute: &str, value: Value) -> Answer {
        let set = json!({"plugin_id": CORE, "attribute_name": attribute, "attribute_value": value});
        self.post(&format!("/objects/{object}/attributes"), set)
            .await
    }

    /// Reads a core attribute of an object.
    pub(crate) async fn attribute(&self, object: Umid, attribute: &str) -> Answer {
        self.get(&attribute_path(object, attribute)).await
    }

    /// Removes a core attribute of an object.
    pub(crate) async fn unset(&self, object: Umid, attribute: &str) -> Answer {
        self.delete(&attribute_path(object, attribute)).await
    }

    /// Waits until the server says that it can do its work.
    ///
    /// # Panics
    /// If it never does.
    pub(crate) async fn until_ready(&self) {
        let end = Instant::now() + DEADLINE;
        while self.root("/ready").await.status != 200 {
            assert!(Instant::now() < end, "the server is never ready");
            sleep(POLL).await;
        }
    }

    /// GET below the base path of the API.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body))
            .await
    }

    /// PATCH with a JSON body.
    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body))
            .await
    }

    /// DELETE without a body.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// DELETE with a JSON body.
    pub(crate) async fn delete_with(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::DELETE, path).json(&body))
            .await
    }

    /// GET of a path outside of the versioned API.
    pub(crate) async fn root(&self, path: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base)))
            .await
    }

    /// A request below the base path, with the token if there is one.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/api/v4{path}", self.base));
        if self.token.is_empty() {
            request
        } else {
            request.bearer_auth(&self.token)
        }
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.expect("the server answers")
    }

    /// As [`Api::send`], for a server that may be gone.
    pub(crate) async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let request = request.build()?;
        let (method, url) = (request.method().clone(), request.url().clone());
        let response = self.http.execute(request).await?;
        let content_type = response.headers().get("content-type");
        let answer = Answer {
            request: format!("{method} {url}"),
            status: response.status().as_u16(),
            content_type: content_type
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            headers: response.headers().clone(),
            bytes: response.bytes().await?.to_vec(),
        };
        if answer.status >= 400 {
            let Answer { status, bytes, .. } = &answer;
            document::check_refusal(method.as_str(), url.path(), *status, bytes);
        }
        Ok(answer)
    }
}

fn attribute_path(object: Umid, attribute: &str) -> String {
    format!("/objects/{object}/attributes?plugin_id={CORE}&attribute_name={attribute}")
}

/// A text in an answer.
pub(crate) fn text(body: &Value, key: &str) -> String {
    body[key]
        .as_str()
        .unwrap_or_else(|| panic!("a text {key} in {body}"))
        .to_owned()
}

/// An id in an answer.
pub(crate) fn id(body: &Value, key: &str) -> Umid {
    text(body, key)
        .parse()
        .unwrap_or_else(|error| panic!("{key} in {body}: {error}"))
}
