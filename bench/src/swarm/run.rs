//! The course of a run: guests, the ramp, settling, the measurement, and a pause in which what is
//! on its way may arrive.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Client, Url};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    Machine,
    swarm::{
        Options, Report, Transport,
        bot::{JOIN_TIMEOUT, Loss, Outcome},
        drive::{
            Fleet, Sockets, Tasks,
            dial::Target,
            quic::endpoint::{Endpoints, Place},
        },
        guests::{self, Guest},
        process::Usage,
        progress::{Live, Progress, Reporting},
        report::Collected,
        scrape::Scrape,
        sent::Stamp,
        series::{Series, record},
        world::{Window, World},
    },
};

/// Time that everybody has to hear of everybody before the measurement begins anyway.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Time between the announcement of the measurement and its start, in units of 10 µs.
const NOTICE: u32 = Stamp::PER_SECOND / 2;
/// Time for which updates may be on their way after the last movement, in units of 10 µs. A server
/// may tell of those far away once a second.
const DRAIN: u32 = 5 * Stamp::PER_SECOND / 2;
/// Time between two looks at something that is waited for.
const POLL: Duration = Duration::from_millis(20);

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SwarmError {
    /// The URL is none that bots can connect to.
    #[error("url: {0}")]
    Url(String),
    /// The server limits what comes from one address.
    #[error(
        "the server limits what comes from one address, which a swarm is: start it with --limits off"
    )]
    Limited,
    /// The server makes no guests.
    #[error("the server answers {0} when asked for a guest")]
    NoGuest(u16),
    /// A request failed.
    #[error("the server does not answer: {0}")]
    Http(#[from] reqwest::Error),
    /// The system gives no threads or sockets.
    #[error("the system does not let bots run: {0}")]
    System(std::io::Error),
    /// The server says that it does not do QUIC.
    #[error("the server does not offer QUIC: it answers {0}")]
    NoQuic(u16),
    /// QUIC carries version 2 only.
    #[error("WebTransport and QUIC carry version 2 of the protocol, not {0}")]
    Version(u32),
    /// Not a single bot came in.
    #[error("nobody could enter: {0}")]
    NobodyEntered(String),
}

/// Runs a swarm and reports what it saw; tells how far it is twice a second.
///
/// # Errors
/// If it cannot be started or nobody gets into the world. Whatever goes wrong later is part of the
/// report.
pub async fn run(
    options: Options,
    progress: impl Fn(Progress) + Send + Sync + 'static,
) -> Result<Report, SwarmError> {
    if options.transport != Transport::WebSocket && options.protocol < 2 {
        return Err(SwarmError::Version(options.protocol));
    }
    let (base, target) = target(&options.url).await?;
    // The client wants one at hand even where nothing is encrypted; another one that is there
    // already will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = Client::new();
    let server = Server {
        http,
        base,
        pid: options.server_pid,
    };
    let used_before = options.server_pid.and_then(Usage::of);
    let machine = Machine::before_run();

    let live = Arc::new(Live::default());
    let known = Arc::new(OnceLock::new());
    let reporting = Reporting::start((options.users, options.window), &live, &known, progress);
    let guests = guests::create(&server.http, &server.base, options.users, |count| {
        live.made_guests(count);
    })
    .await?;
    let world = Arc::new(World::new(options, &guests, live));
    let world = known.get_or_init(|| world);
    let mut fleet = server.fleet(world, target).await?;

    let scrape_before = server.figures().await;
    let began = Instant::now();
    world.enter_all(&mut fleet, guests).await;
    let ramp = began.elapsed();
    if !world.live.anybody_joined() {
        world.end_at_once();
        return Err(why_nobody_entered(fleet.finish().await.0));
    }
    let scrape_ramped = server.figures().await;
    world.settle().await;
    let window = world.open_window();

    sleep_until(world.at(window.start)).await;
    let scrape_start = server.figures().await;
    let used_start = server.used();
    let own_start = Usage::of(std::process::id());
    let series: JoinHandle<Series> = {
        let (world, server) = (Arc::clone(world), server.clone());
        tokio::spawn(async move { record(&world, &server, window).await })
    };
    sleep_until(world.at(window.end)).await;
    let own_end = Usage::of(std::process::id());
    let used_end = server.used();
    let scrape_end = server.figures().await;

    let (outcomes, stats) = fleet.finish().await;
    drop(reporting);
    Ok(Report::new(Collected {
        outcomes,
        stats,
        ramp,
        ramp_scrapes: scrape_before.zip(scrape_ramped),
        machine: machine.after_run(),
        own: own_start.zip(own_end),
        server: used_before.zip(used_start).zip(used_end),
        scrapes: scrape_start.zip(scrape_end),
        series: series.await.unwrap_or_default(),
        options: world.options.clone(),
    }))
}

/// The server, apart from its sessions.
#[derive(Clone)]
pub(crate) struct Server {
    http: Client,
    base: String,
    pid: Option<u32>,
}

impl Server {
    /// Metrics of the server, if it has them.
    pub(crate) async fn figures(&self) -> Option<Scrape> {
        let answer = self.http.get(format!("{}/metrics", self.base)).send().await;
        let text = answer.ok()?.error_for_status().ok()?.text().await.ok()?;
        Some(Scrape::parse(&text))
    }

    /// The carrier of the bots.
    async fn fleet(&self, world: &Arc<World>, target: Target) -> Result<Fleet, SwarmError> {
        let options = &world.options;
        if options.transport == Transport::WebSocket {
            let sockets = Sockets::start(world, target).map_err(SwarmError::System)?;
            return Ok(Fleet::Sockets(sockets));
        }
        let url = format!("{}/api/v4/quic", self.base);
        let answer = self.http.get(url).send().await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(SwarmError::NoQuic(status.as_u16()));
        }
        let place: Place = answer.json().await?;
        let endpoints = Endpoints::open(&place, target.address, options.transport, options.users);
        let endpoints = endpoints.map_err(SwarmError::System)?;
        Ok(Fleet::Tasks(Tasks::new(world, endpoints)))
    }

    /// Usage of the process of the server, if that is known.
    fn used(&self) -> Option<Usage> {
        self.pid.and_then(Usage::of)
    }
}

impl World {
    /// Lets all bots in at the rate asked for, and returns when each is in or lost.
    async fn enter_all(&self, fleet: &mut Fleet, guests: Vec<Guest>) {
        self.live.start_ramp();
        let began = Instant::now();
        for (number, guest) in (0..).zip(guests) {
            if self.options.ramp > 0.0 {
                let turn = f64::from(number) / self.options.ramp;
                sleep_until(began + Duration::from_secs_f64(turn)).await;
            }
            fleet.enter(number, guest);
        }
        let patience = Duration::from_micros(u64::from(JOIN_TIMEOUT) * 10);
        let deadline = Instant::now() + patience + POLL;
        while self.live.arrived() < self.options.users && Instant::now() < deadline {
            sleep(POLL).await;
        }
    }

    /// Waits until everybody has heard of everybody, within reason: who has not by then is in the
    /// report.
    async fn settle(&self) {
        let deadline = Instant::now() + SETTLE_TIMEOUT;
        while !self.live.all_known() && Instant::now() < deadline {
            sleep(POLL).await;
        }
    }

    fn open_window(&self) -> Window {
        let start = self.sent.now().plus(NOTICE);
        let seconds = self.options.window.as_secs_f64();
        let end = start.plus((seconds * f64::from(Stamp::PER_SECOND)) as u32);
        let stop = end.plus(DRAIN);
        *self.window.get_or_init(|| Window { start, end, stop })
    }

    /// Ends a run in which nothing is to be measured.
    fn end_at_once(&self) {
        let now = self.sent.now();
        self.window.get_or_init(|| Window {
            start: now,
            end: now,
            stop: now,
        });
    }

    /// A moment, for timers.
    pub(crate) fn at(&self, moment: Stamp) -> Instant {
        let ahead = moment.since(self.sent.now());
        Instant::now() + Duration::from_micros(u64::from(ahead) * 10)
    }
}

fn why_nobody_entered(outcomes: Vec<Outcome>) -> SwarmError {
    match outcomes.into_iter().find_map(|outcome| outcome.loss) {
        Some(Loss::Refused(429)) => SwarmError::Limited,
        Some(loss) => SwarmError::NobodyEntered(loss.to_string()),
        None => SwarmError::NobodyEntered("no bots".to_owned()),
    }
}

/// The base of all URLs, and where bots connect to.
async fn target(url: &str) -> Result<(String, Target), SwarmError> {
    let wrong = |why: &str| SwarmError::Url(format!("{url}: {why}"));
    let parsed = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
    if parsed.scheme() != "http" {
        return Err(wrong(
            "only http: measure the server itself, not what encrypts for it",
        ));
    }
    let (Some(host), Some(port)) = (parsed.host_str(), parsed.port_or_known_default()) else {
        return Err(wrong("no host"));
    };
    let host = host.trim_matches(['[', ']']);
    let addresses = tokio::net::lookup_host((host, port)).await;
    let address: SocketAddr = addresses
        .map_err(|error| wrong(&error.to_string()))?
        .next()
        .ok_or_else(|| wrong("no address"))?;
    let base = parsed.as_str().trim_end_matches('/').to_owned();
    let url = format!("ws{}/posbus", base.trim_start_matches("http"));
    Ok((base, Target { address, url }))
}
