//! `odyssey devnet`: a local chain, a scratch node that follows it, and a little going on.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use clap::Args;
use components::Umid;
use devchain::{Address, Anvil, AnvilOptions, Contracts, Stakes, Token, U256, Worlds, world_of};
use node::{Node, ProfileChanges};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    config::{Config, Settings},
    exit::{self, Exit, Failure},
    serve,
};

/// Name of the chain in the configuration.
const NAME: &str = "devnet";
/// Key of the account of the demo wallet, the second of the mnemonic that local chains of Ethereum
/// have by custom. Everybody knows it.
const DEMO_KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
/// Those who have accounts on the chain, after the one that deploys; the first has the demo wallet.
const PEOPLE: [&str; 5] = ["Demo", "Ann", "Bob", "Cid", "Dee"];
/// Time within which the node has to have read a block.
const PATIENCE: Duration = Duration::from_secs(30);
/// The smallest unit of the tokens is this part of one.
const ONE: u128 = 1_000_000_000_000_000_000;

/// A local network.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Seconds between two things that happen on the chain; 0 for nothing
    #[arg(long, value_name = "N", default_value_t = 3)]
    interval: u64,
    /// Port of the chain [default: a free one]
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    chain_port: u16,
    /// The program anvil [default: the one that `make tools` installs, or that on the path]
    #[arg(long, value_name = "FILE")]
    anvil: Option<PathBuf>,
}

/// Runs until told to stop. Without `--data`, everything is gone then.
pub(crate) async fn run(settings: &Settings, arguments: Arguments) -> Exit {
    let mut config = Config::load(settings)?;
    let scratch = tempfile::Builder::new()
        .prefix("odyssey-devnet-")
        .tempdir()
        .context("a temporary directory")
        .map_err(Failure::setup)?;
    if settings.data.is_none() {
        config.data = scratch.path().to_owned();
    }
    let chain = Devnet::start(arguments).await.map_err(Failure::setup)?;
    chain.configure(&mut config).map_err(Failure::setup)?;
    exit::print(&chain.describe(&config)).map_err(Failure::runtime)?;
    let chain = Arc::new(chain);
    serve::run_with(&config, async |node| {
        chain.introduce(&node).await?;
        tokio::spawn(Arc::clone(&chain).keep_busy(node));
        Ok(())
    })
    .await
}

struct Devnet {
    arguments: Arguments,
    chain: Anvil,
    contracts: Contracts,
    /// Deploys and mints.
    bank: Address,
    people: Vec<Address>,
}

impl Devnet {
    async fn start(arguments: Arguments) -> anyhow::Result<Self> {
        let options = AnvilOptions {
            program: arguments.anvil.clone(),
            port: arguments.chain_port,
            ..AnvilOptions::default()
        };
        let chain = Anvil::start(options).await?;
        let contracts = Contracts::deploy(&chain).await?;
        let accounts = chain.accounts().await?;
        let (bank, people) = accounts
            .split_first()
            .context("the chain has no accounts")?;
        let devnet = Self {
            bank: *bank,
            people: people.iter().take(PEOPLE.len()).copied().collect(),
            arguments,
            chain,
            contracts,
        };
        // The world of the first is the welcome world, which no token gives away.
        devnet.mint_world(devnet.bank).await?;
        devnet.mint_world(devnet.people[0]).await?;
        for person in &devnet.people {
            devnet.mint(*person, 10_000).await?;
        }
        Ok(devnet)
    }

    fn configure(&self, config: &mut Config) -> anyhow::Result<()> {
        let (ws, http) = (self.chain.ws(), self.chain.http());
        let chain = toml::from_str(&format!(
            "chain_id = 42170\nendpoints = [\"{ws}\", \"{http}\"]\nrequests_per_second = 1000\n{}",
            self.contracts.table()
        ));
        config.chains.insert(NAME.to_owned(), chain?);
        let Contracts {
            mom,
            dad,
            worlds,
            stakes,
            faucet,
        } = self.contracts;
        config.arbitrum = toml::from_str(&format!(
            "chain_id = 42170\nmom_token_address = \"{mom}\"\ndad_token_address = \"{dad}\"\n\
             stake_address = \"{stakes}\"\nnft_address = \"{worlds}\"\n\
             faucet_address = \"{faucet}\"\n"
        ))?;
        Ok(())
    }

    fn describe(&self, config: &Config) -> String {
        let contracts = self.contracts.table().replace('\n', "\n  ");
        format!(
            "chain        {} (id 42170)\ncontracts\n  {}\n\
             demo wallet  {}\n  its key    {DEMO_KEY}\n  its world  {}\n\
             data         {}\n",
            self.chain.http(),
            contracts.trim_end(),
            self.people[0],
            world(2),
            config.data.display()
        )
    }

    /// Makes accounts for all, as their first login would.
    async fn introduce(&self, node: &Node) -> anyhow::Result<()> {
        for (name, wallet) in PEOPLE.into_iter().zip(&self.people) {
            let user = node.user_for_wallet(&wallet.to_string()).await;
            let user = user.map_err(|error| anyhow!("a demo user: {error}"))?;
            let name = ProfileChanges {
                name: Some(name.to_owned()),
                ..ProfileChanges::default()
            };
            let named = node.update_profile(user, name).await;
            named.map_err(|error| anyhow!("a demo user: {error}"))?;
        }
        Ok(())
    }

    /// Lets something happen every now and then, and says when the node knows.
    async fn keep_busy(self: Arc<Self>, node: Arc<Node>) {
        let Some(interval) = Some(self.arguments.interval).filter(|seconds| *seconds > 0) else {
            return;
        };
        let mut minted = 2;
        for step in 0.. {
            sleep(Duration::from_secs(interval)).await;
            let line = match self.act(step, &mut minted).await {
                Ok(what) => self.reached(&node, &what).await,
                Err(error) => Err(error),
            };
            let line = line.unwrap_or_else(|error| format!("{error:#}"));
            if exit::print(&format!("{line}\n")).is_err() {
                return;
            }
        }
    }

    /// One thing.
    async fn act(&self, step: usize, minted: &mut u64) -> anyhow::Result<String> {
        let index = |offset: usize| (step + offset) % self.people.len();
        let (name, person) = (PEOPLE[index(0)], self.people[index(0)]);
        let (other_name, other) = (PEOPLE[index(1)], self.people[index(1)]);
        let newest = *minted;
        let target = 2 + step as u64 % (newest - 1);
        match step % 4 {
            0 => {
                *minted += 1;
                self.mint_world(person).await?;
                Ok(format!("{name} got the world {}", world(*minted)))
            }
            1 => {
                let stake = Stakes::stakeCall {
                    odyssey: world_of(target),
                    amount: tokens(5),
                    token: 0,
                };
                self.chain
                    .send(person, self.contracts.stakes, stake)
                    .await?;
                Ok(format!("{name} staked 5 MOM in {}", world(target)))
            }
            2 => {
                let transfer = Token::transferCall {
                    to: other,
                    value: tokens(1),
                };
                self.chain
                    .send(person, self.contracts.mom, transfer)
                    .await?;
                Ok(format!("{name} sent 1 MOM to {other_name}"))
            }
            _ => {
                let owner = self
                    .chain
                    .ask(
                        self.contracts.worlds,
                        Worlds::ownerOfCall {
                            id: world_of(newest),
                        },
                    )
                    .await?;
                let hand_over = Worlds::transferFromCall {
                    from: owner,
                    to: other,
                    id: world_of(newest),
                };
                self.chain
                    .send(owner, self.contracts.worlds, hand_over)
                    .await?;
                Ok(format!("{other_name} took over {}", world(newest)))
            }
        }
    }

    /// Waits until the node has read the newest block.
    async fn reached(&self, node: &Node, what: &str) -> anyhow::Result<String> {
        let (begun, block) = (Instant::now(), self.chain.best().await?);
        let applied = || {
            let chains = node.chains();
            let chain = chains.iter().find(|chain| chain.name == NAME);
            chain.and_then(|chain| chain.applied)
        };
        let reached = async {
            while applied() < Some(block) {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let waited = match timeout(PATIENCE, reached).await {
            Ok(()) => format!("in the node after {} ms", begun.elapsed().as_millis()),
            Err(_) => "the node has not read it yet".to_owned(),
        };
        Ok(format!("block {block}: {what} ({waited})"))
    }

    async fn mint(&self, to: Address, amount: u64) -> anyhow::Result<()> {
        let value = tokens(amount);
        let mint = Token::mintCall { to, value };
        self.chain.send(self.bank, self.contracts.mom, mint).await?;
        Ok(())
    }

    async fn mint_world(&self, to: Address) -> anyhow::Result<()> {
        let mint = Worlds::mintCall { to };
        self.chain
            .send(self.bank, self.contracts.worlds, mint)
            .await?;
        Ok(())
    }
}

fn tokens(amount: u64) -> U256 {
    U256::from(u128::from(amount) * ONE)
}

/// The world that is minted as the `count`-th.
fn world(count: u64) -> Umid {
    Umid::from_u128(world_of(count).to())
}
