//! A simulated Substrate chain, run by chopsticks, with the rules of `chain/`. Panics where a test
//! would.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use flate2::read::GzDecoder;
use serde_json::{Value, json, value::RawValue};
pub use subxt::dynamic::Value as Dynamic;
use subxt::{
    OnlineClient, SubstrateConfig,
    backend::LegacyBackend,
    dynamic,
    rpcs::{
        Error, RpcClient, UserError,
        client::{RawRpcFuture, RawRpcSubscription, RpcClientT},
    },
};
pub use subxt_signer::sr25519::{Keypair, dev};
use tempfile::TempDir;
use tokio::{sync::oneshot, time::timeout};

/// Time for the simulation to start: it compiles the rules first.
const START: Duration = Duration::from_secs(60);

/// A chain. It ends with this.
pub struct Chopsticks {
    child: Child,
    address: String,
    client: OnlineClient<SubstrateConfig>,
    remarks: AtomicU64,
    _folder: TempDir,
}

/// Requests over HTTP.
#[derive(Clone)]
struct Http {
    address: String,
    client: reqwest::Client,
}

impl Http {
    async fn ask(&self, method: &str, parameters: Value) -> Result<Value, String> {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
        let answer = self.client.post(&self.address).json(&request).send().await;
        let answer = answer.map_err(|error| error.to_string())?;
        let mut answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        match answer.get("error") {
            Some(error) => Err(error.to_string()),
            None => Ok(answer["result"].take()),
        }
    }
}

impl RpcClientT for Http {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        parameters: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(async move {
            let parameters = parameters.map(|raw| serde_json::from_str(raw.get()));
            let parameters = parameters.transpose().map_err(Error::Deserialization)?;
            let answer = self.ask(method, parameters.unwrap_or(json!([]))).await;
            let answer = answer.map_err(|error| Error::Client(error.into()))?;
            serde_json::value::to_raw_value(&answer).map_err(Error::Deserialization)
        })
    }

    fn subscribe_raw<'a>(
        &'a self,
        _: &'a str,
        _: Option<Box<RawValue>>,
        _: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        Box::pin(async { Err(Error::User(UserError::method_not_found())) })
    }
}

impl Chopsticks {
    /// Starts a chain.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start() -> Self {
        // As the program does; tests may be first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let specification = folder.path().join("chain.json");
        let packed = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../chain/assets/development.json.gz"
        );
        let packed = fs::read(packed).expect("the specification");
        let mut text = Vec::new();
        GzDecoder::new(&packed[..])
            .read_to_end(&mut text)
            .expect("is compressed");
        fs::write(&specification, text).expect("a file");
        // It says which port it has, but does not always take any that is free.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let mut child = Command::new(program())
            .args(["--addr", "127.0.0.1", "--port", &port.to_string()])
            .args(["--build-block-mode", "Manual", "--chain-spec"])
            .arg(&specification)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("make tools has installed chopsticks");
        let lines = BufReader::new(child.stdout.take().expect("was piped"));
        let (tell, listening) = oneshot::channel();
        // It says what it does, and stops when nobody reads that.
        thread::spawn(move || {
            let mut tell = Some(tell);
            for line in lines.lines().map_while(Result::ok) {
                if line.contains("listening on")
                    && let Some(tell) = tell.take()
                {
                    let _ = tell.send(());
                }
            }
        });
        let started = timeout(START, listening).await;
        started.expect("starts in time").expect("listens");
        let address = format!("127.0.0.1:{port}");
        let http = Http {
            address: format!("http://{address}"),
            client: reqwest::Client::new(),
        };
        let backend = LegacyBackend::builder().build(RpcClient::new(http));
        let client = OnlineClient::from_backend(Arc::new(backend)).await;
        Self {
            child,
            address,
            client: client.expect("answers"),
            remarks: AtomicU64::new(0),
            _folder: folder,
        }
    }

    /// Address for requests.
    pub fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Address for requests and news.
    pub fn ws(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Asks.
    ///
    /// # Panics
    /// If it refuses, as of all that follow.
    pub async fn ask(&self, method: &str, parameters: Value) -> Value {
        let http = Http {
            address: self.http(),
            client: reqwest::Client::new(),
        };
        let answer = http.ask(method, parameters).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Number of the newest block.
    pub async fn best(&self) -> u64 {
        let header = self.ask("chain_getHeader", json!([])).await;
        let number = header["number"].as_str().expect("a number");
        u64::from_str_radix(number.trim_start_matches("0x"), 16).expect("a number")
    }

    /// Makes blocks of what waits.
    pub async fn mine(&self, blocks: u64) {
        self.ask("dev_newBlock", json!([{"count": blocks}])).await;
    }

    /// Calls a pallet, in a block of its own.
    pub async fn call(
        &self,
        by: &Keypair,
        pallet: &str,
        call: &str,
        arguments: Vec<(&str, Dynamic)>,
    ) {
        self.submit(by, pallet, call, arguments).await;
        self.mine(1).await;
    }

    /// Calls a pallet in the next block.
    pub async fn submit(
        &self,
        by: &Keypair,
        pallet: &str,
        call: &str,
        arguments: Vec<(&str, Dynamic)>,
    ) {
        let arguments = Dynamic::named_composite(arguments);
        let call = dynamic::tx(pallet, call, arguments);
        let at = self.client.at_current_block().await.expect("a block");
        let signed = at
            .transactions()
            .create_signed(&call, by, Default::default())
            .await;
        let signed = signed.expect("can be signed");
        let bytes = format!("0x{}", hex::encode(signed.encoded()));
        self.ask("author_submitExtrinsic", json!([bytes])).await;
    }

    /// A block in which nothing happens, and which is like no other.
    pub async fn nothing(&self) {
        let number = self.remarks.fetch_add(1, Ordering::Relaxed);
        let text = format!("{number}").into_bytes();
        let arguments = vec![("remark", Dynamic::from_bytes(text))];
        self.call(&dev::bob(), "System", "remark", arguments).await;
    }

    /// Goes back by so many blocks.
    pub async fn rewind(&self, blocks: u64) {
        let to = self.best().await - blocks;
        self.ask("dev_setHead", json!([to])).await;
    }
}

impl Drop for Chopsticks {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program that `make tools` installs.
fn program() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"));
    target.unwrap_or(root).join("tools/bin/chopsticks")
}

/// The account of somebody.
pub fn account(of: &Keypair) -> Vec<u8> {
    of.public_key().0.to_vec()
}

/// An account as an argument of a call.
pub fn address(of: &Keypair) -> Dynamic {
    Dynamic::unnamed_variant("Id", [Dynamic::from_bytes(of.public_key().0)])
}
