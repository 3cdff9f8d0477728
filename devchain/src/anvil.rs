//! The program anvil, and what is asked of it.

use std::{
    env,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// Time within which the program has to listen.
const START_WITHIN: Duration = Duration::from_secs(30);
/// Time for an answer: deep reorganisations take a while.
const DEADLINE: Duration = Duration::from_secs(60);

/// The local chain failed.
#[derive(thiserror::Error, Debug)]
pub enum DevchainError {
    /// There is no such program.
    #[error(
        "anvil is not installed: `npm install -g @foundry-rs/anvil`, or `make tools` in a checkout"
    )]
    Missing,
    /// The program does not run.
    #[error("anvil does not start: {0}")]
    Start(#[from] io::Error),
    /// It does not answer.
    #[error("anvil does not answer: {0}")]
    Connection(#[from] reqwest::Error),
    /// The answer cannot be read.
    #[error("the answer of anvil: {0}")]
    Answer(#[from] serde_json::Error),
    /// It refuses.
    #[error("refused: {0}")]
    Refused(String),
}

/// Options of a chain.
#[derive(Clone, Debug)]
pub struct AnvilOptions {
    /// The program. Default: see [`find_anvil`].
    pub program: Option<PathBuf>,
    /// Its chain id. Default 42170.
    pub chain_id: u64,
    /// Blocks of an epoch; blocks are final after two. Default 32.
    pub epoch: u64,
    /// Time between blocks; by default each transaction makes one.
    pub block_time: Option<Duration>,
    /// Port; 0, the default, is a free one.
    pub port: u16,
}

impl Default for AnvilOptions {
    fn default() -> Self {
        Self {
            program: None,
            chain_id: 42170,
            epoch: 32,
            block_time: None,
            port: 0,
        }
    }
}

/// A running chain, which ends with this. Nothing of it is kept.
pub struct Anvil {
    child: Child,
    address: String,
    client: reqwest::Client,
}

/// Result of a transaction.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The transaction.
    pub transaction_hash: B256,
    /// Number of its block.
    pub block_number: U64,
    /// The contract that it made.
    pub contract_address: Option<Address>,
    /// Its events.
    pub logs: Vec<ReceiptLog>,
    /// 1 if it did what it should.
    status: U64,
}

/// An event of a transaction.
#[derive(Clone, Debug, Deserialize)]
pub struct ReceiptLog {
    /// Its topics, the first of which names it.
    pub topics: Vec<B256>,
    /// Its other arguments.
    pub data: Bytes,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, if it is installed: among what `make tools` installs, or on the path.
pub fn find_anvil() -> Option<PathBuf> {
    let tools = Path::new("tools/bin/anvil");
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let above = env::current_dir().unwrap_or_default();
    let targets = target
        .into_iter()
        .chain(above.ancestors().map(|folder| folder.join("target")));
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = env::split_paths(&path).collect();
    targets
        .map(|target| target.join(tools))
        .chain(on_path.into_iter().map(|folder| folder.join("anvil")))
        .find(|program| program.is_file())
}

impl Anvil {
    /// Starts a chain on a port of this machine.
    ///
    /// # Errors
    /// `Missing`, `Start`.
    pub async fn start(options: AnvilOptions) -> Result<Self, DevchainError> {
        let program = options.program.or_else(find_anvil);
        let program = program.ok_or(DevchainError::Missing)?;
        let mut command = Command::new(program);
        command
            .args(["--host", "127.0.0.1", "--port", &options.port.to_string()])
            .args(["--chain-id", &options.chain_id.to_string()])
            .args(["--slots-in-an-epoch", &options.epoch.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(time) = options.block_time {
            command.args(["--block-time", &time.as_secs_f64().to_string()]);
        }
        let mut child = command.spawn()?;
        let lines = child.stdout.take().map(BufReader::new);
        let (tell, listening) = oneshot::channel();
        // It says what it does, and stops when nobody reads that.
        std::thread::spawn(move || {
            let mut tell = Some(tell);
            for line in lines
                .into_iter()
                .flat_map(BufRead::lines)
                .map_while(Result::ok)
            {
                if let Some(address) = line.strip_prefix("Listening on ")
                    && let Some(tell) = tell.take()
                {
                    let _ = tell.send(address.trim().to_owned());
                }
            }
        });
        // It ends with this, also when it does not listen.
        let mut anvil = Self {
            child,
            address: String::new(),
            client: client()?,
        };
        let address = tokio::time::timeout(START_WITHIN, listening).await;
        anvil.address = address
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| io::Error::other("it ended, or does not listen"))?;
        Ok(anvil)
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
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
    /// # Errors
    /// `Refused`, or there is no answer that can be read.
    pub async fn rpc<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: Value,
    ) -> Result<T, DevchainError> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
        let answer = self.client.post(self.http()).json(&request).send().await?;
        let mut answer: Value = answer.json().await?;
        if let Some(error) = answer.get("error") {
            return Err(DevchainError::Refused(format!("{method}: {error}")));
        }
        let result = answer.get_mut("result").map(Value::take);
        Ok(serde_json::from_value(result.unwrap_or_default())?)
    }

    /// Accounts with coins, whose transactions need no signature.
    ///
    /// # Errors
    /// Those of [`rpc`](Self::rpc), as of all that follow.
    pub async fn accounts(&self) -> Result<Vec<Address>, DevchainError> {
        self.rpc("eth_accounts", json!([])).await
    }

    /// Number of the newest block.
    ///
    /// # Errors
    /// See [`accounts`](Self::accounts).
    pub async fn best(&self) -> Result<u64, DevchainError> {
        let number: U64 = self.rpc("eth_blockNumber", json!([])).await?;
        Ok(number.to())
    }

    /// Coins of an account.
    ///
    /// # Errors
    /// See [`accounts`](Self::accounts).
    pub async fn coins(&self, of: Address) -> Result<U256, DevchainError> {
        self.rpc("eth_getBalance", json!([of, "latest"])).await
    }

    /// Makes blocks without transactions.
    ///
    /// # Errors
    /// See [`accounts`](Self::accounts).
    pub async fn mine(&self, blocks: u64) -> Result<(), DevchainError> {
        let _: Value = self.rpc("anvil_mine", json!([U64::from(blocks)])).await?;
        Ok(())
    }

    /// Whether each transaction makes a block at once. If not, they wait for [`mine`](Self::mine).
    ///
    /// # Errors
    /// See [`accounts`](Self::accounts).
    pub async fn automine(&self, on: bool) -> Result<(), DevchainError> {
        let _: Value = self.rpc("evm_setAutomine", json!([on])).await?;
        Ok(())
    }

    /// Replaces the newest blocks, 64 at most, by as many without transactions.
    ///
    /// # Errors
    /// See [`accounts`](Self::accounts).
    pub async fn reorganise(&self, blocks: u64) -> Result<(), DevchainError> {
        let _: Value = self.rpc("anvil_reorg", json!([blocks, []])).await?;
        Ok(())
    }

    /// Takes the newest blocks away. No news of it are sent.
    ///
    /// # Errors
    /// See [`accounts`](Self::accounts).
    pub async fn rewind(&self, blocks: u64) -> Result<(), DevchainError> {
        let _: Value = self.rpc("anvil_rollback", json!([blocks])).await?;
        Ok(())
    }

    /// Sends coins.
    ///
    /// # Errors
    /// See [`accounts`](Self::accounts).
    pub async fn pay(
        &self,
        from: Address,
        to: Address,
        value: U256,
    ) -> Result<Receipt, DevchainError> {
        let transaction = json!({ "from": from, "to": to, "value": value });
        self.transact(transaction).await
    }

    pub(crate) async fn send_data(
        &self,
        from: Address,
        to: Option<Address>,
        data: Vec<u8>,
    ) -> Result<Receipt, DevchainError> {
        let mut transaction = json!({ "from": from, "data": Bytes::from(data) });
        if let Some(to) = to {
            transaction["to"] = json!(to);
        }
        self.transact(transaction).await
    }

    pub(crate) async fn call_data(
        &self,
        to: Address,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, DevchainError> {
        let call = json!({ "to": to, "data": Bytes::from(data) });
        let answer: Bytes = self.rpc("eth_call", json!([call, "latest"])).await?;
        Ok(answer.to_vec())
    }

    /// Sends a transaction without waiting for its block.
    ///
    /// # Errors
    /// See [`accounts`](Self::accounts).
    pub async fn submit(&self, transaction: Value) -> Result<B256, DevchainError> {
        self.rpc("eth_sendTransaction", json!([transaction])).await
    }

    async fn transact(&self, transaction: Value) -> Result<Receipt, DevchainError> {
        let hash = self.submit(transaction).await?;
        // Blocks come with their transactions, or after some time.
        let receipt = async {
            loop {
                let receipt: Option<Receipt> =
                    self.rpc("eth_getTransactionReceipt", json!([hash])).await?;
                match receipt {
                    Some(receipt) => return Ok::<_, DevchainError>(receipt),
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        let receipt = tokio::time::timeout(DEADLINE, receipt).await;
        let receipt = receipt.map_err(|_| DevchainError::Refused("no receipt".to_owned()))??;
        match receipt.status.to::<u64>() {
            1 => Ok(receipt),
            _ => Err(DevchainError::Refused("the contract reverted".to_owned())),
        }
    }
}

fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Of another part of the program, if there is one already; both are ring.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(DEADLINE).build()
}
