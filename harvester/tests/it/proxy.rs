//! A proxy before a real node, which lets answers go wrong as told: HTTP, and WebSocket beside it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Response, StatusCode, header::RETRY_AFTER},
    response::IntoResponse,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

/// Fate of a request.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// An error of JSON-RPC.
    Error(i64, String),
    /// A status of HTTP, with seconds to wait.
    Status(u16, Option<u64>),
    /// The connection ends in the middle of the answer.
    Cut,
    /// The answer comes later.
    Delay(Duration),
    /// This comes instead of the answer.
    Text(String),
    /// The result is changed.
    Change(fn(&mut Value)),
}

/// Decides about a request by its method and parameters.
type Rule = Box<dyn Fn(&str, &Value) -> Option<Fate> + Send>;

/// The proxy. It ends with the test's runtime.
pub(crate) struct Proxy {
    http: SocketAddr,
    ws: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    node: String,
    client: reqwest::Client,
    rule: Mutex<Option<Rule>>,
    requests: Mutex<Vec<(Instant, String)>>,
    /// Changes when all connections are to end.
    cut: watch::Sender<u64>,
}

impl Proxy {
    pub(crate) async fn start(node: &str) -> Self {
        let shared = Arc::new(Shared {
            node: node.to_owned(),
            client: reqwest::Client::new(),
            rule: Mutex::new(None),
            requests: Mutex::new(Vec::new()),
            cut: watch::Sender::new(0),
        });
        let http = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let ws = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let proxy = Self {
            http: http.local_addr().expect("bound"),
            ws: ws.local_addr().expect("bound"),
            shared: Arc::clone(&shared),
        };
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        tokio::spawn(async { axum::serve(http, router).await });
        tokio::spawn(async move {
            while let Ok((stream, _)) = ws.accept().await {
                tokio::spawn(relay(stream, Arc::clone(&shared)));
            }
        });
        proxy
    }

    pub(crate) fn http(&self) -> String {
        format!("http://{}", self.http)
    }

    pub(crate) fn ws(&self) -> String {
        format!("ws://{}", self.ws)
    }

    /// From now on, requests meet this fate.
    pub(crate) fn rule(&self, rule: impl Fn(&str, &Value) -> Option<Fate> + Send + 'static) {
        *self.shared.rule.lock().expect("no panic") = Some(Box::new(rule));
    }

    /// From now on, requests are answered by the node.
    pub(crate) fn be_honest(&self) {
        *self.shared.rule.lock().expect("no panic") = None;
    }

    /// Ends all WebSockets.
    pub(crate) fn cut(&self) {
        self.shared.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Times and methods of requests so far.
    pub(crate) fn requests(&self) -> Vec<(Instant, String)> {
        self.shared.requests.lock().expect("no panic").clone()
    }
}

impl Shared {
    fn fate(&self, request: &Value) -> Option<Fate> {
        let method = request["method"].as_str().unwrap_or_default();
        let mut requests = self.requests.lock().expect("no panic");
        requests.push((Instant::now(), method.to_owned()));
        let rule = self.rule.lock().expect("no panic");
        rule.as_ref()
            .and_then(|rule| rule(method, &request["params"]))
    }
}

async fn answer(State(shared): State<Arc<Shared>>, body: String) -> Response<Body> {
    let request: Value = serde_json::from_str(&body).expect("JSON");
    let fate = shared.fate(&request);
    match &fate {
        Some(Fate::Error(code, message)) => {
            let error = json!({ "code": code, "message": message });
            return json!({ "jsonrpc": "2.0", "id": request["id"], "error": error })
                .to_string()
                .into_response();
        }
        Some(Fate::Status(status, wait)) => {
            let status = StatusCode::from_u16(*status).expect("a status");
            let mut response = (status, "busy").into_response();
            if let Some(wait) = wait {
                response.headers_mut().insert(RETRY_AFTER, (*wait).into());
            }
            return response;
        }
        Some(Fate::Text(text)) => return text.clone().into_response(),
        Some(Fate::Delay(time)) => tokio::time::sleep(*time).await,
        _ => {}
    }
    let answer = shared.client.post(&shared.node).body(body);
    let answer = answer.header("content-type", "application/json");
    let Ok(answer) = answer.send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let text = answer.text().await.unwrap_or_default();
    match fate {
        Some(Fate::Cut) => {
            let half = text.get(..text.len() / 2).unwrap_or_default().to_owned();
            let parts = [Ok(half.into_bytes()), Err(std::io::Error::other("cut"))];
            Body::from_stream(futures_util::stream::iter(parts)).into_response()
        }
        Some(Fate::Change(change)) => {
            let mut answer: Value = serde_json::from_str(&text).expect("JSON");
            change(&mut answer["result"]);
            answer.to_string().into_response()
        }
        _ => text.into_response(),
    }
}

/// Passes messages on in both directions until one side ends, or all are cut.
async fn relay(stream: tokio::net::TcpStream, shared: Arc<Shared>) {
    let mut cut = shared.cut.subscribe();
    let Ok(client) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let address = shared.node.replace("http://", "");
    let Ok(stream) = tokio::net::TcpStream::connect(&address).await else {
        return;
    };
    let upstream = tokio_tungstenite::client_async(format!("ws://{address}"), stream).await;
    let Ok((node, _)) = upstream else { return };
    let (mut to_client, mut from_client) = client.split();
    let (mut to_node, mut from_node) = node.split();
    loop {
        let passed = tokio::select! {
            message = from_client.next() => match message {
                Some(Ok(message)) => to_node.send(message).await.is_ok(),
                _ => false,
            },
            message = from_node.next() => match message {
                Some(Ok(message)) => to_client.send(message).await.is_ok(),
                _ => false,
            },
            _ = cut.changed() => false,
        };
        if !passed {
            return;
        }
    }
}
