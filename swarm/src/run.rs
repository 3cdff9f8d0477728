//! The course of a run: guests, the ramp, settling, the measurement, and a pause in which what is on its way may arrive.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Client, Url};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    Options, Report,
    bot::{self, JOIN_TIMEOUT, Loss, Outcome, Target},
    guests::{self, Guest},
    histogram::{Quantiles, Times},
    lag,
    ledger::{Ledger, Stamp},
    process::{self, Usage},
    progress::{Live, Progress, Reporting},
    report::Gathered,
    scrape::Scrape,
};

/// How long everybody has to hear of everybody before the measurement begins anyway.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long ahead the measurement is announced: every bot looks at least once a second.
const NOTICE: Duration = Duration::from_millis(1_500);
/// How long what was sent may be on its way after the last movement. A server may tell of those far away once a second.
const DRAIN: Duration = Duration::from_millis(2_500);
/// For how long the sending of an update is remembered, in seconds.
const MEMORY: f64 = 30.0;
/// Fewest updates that are remembered.
const LEAST_MEMORY: f64 = 64.0;
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
    /// Not a single bot came in.
    #[error("nobody could enter: {0}")]
    NobodyEntered(String),
}

/// Runs a swarm and reports what it saw; tells how far it is twice a second.
///
/// # Errors
/// If it cannot be started or nobody gets into the world. Whatever goes wrong later is part of the report.
pub async fn run(
    options: Options,
    progress: impl Fn(Progress) + Send + Sync + 'static,
) -> Result<Report, SwarmError> {
    let (base, target) = target(&options.url).await?;
    let http = Client::new();
    let used_before = options.server_pid.and_then(Usage::of);
    let load_before = process::load_average();

    let live = Arc::new(Live::default());
    let window = Arc::new(OnceLock::new());
    let reporting = Reporting::start(&options, &live, &window, progress);
    let guests = guests::create(&http, &base, options.users, |count| {
        live.made_guests(count);
    })
    .await?;
    let shared = Arc::new(Shared::new(options, target, &guests, live, window));

    let began = Instant::now();
    let mut bots = shared.enter_all(guests).await;
    let ramp = began.elapsed();
    if !shared.live.anybody_joined() {
        return Err(shared.why_nobody_entered(&mut bots).await);
    }
    shared.settle().await;
    let window = shared.open_window();

    let lag = tokio::spawn(lag::measure(window.start, window.end));
    sleep_until(window.start).await;
    let (scrape_start, used_start) = shared.look_at_server(&http, &base).await;
    let own_start = Usage::of(std::process::id());
    sleep_until(window.end).await;
    let own_end = Usage::of(std::process::id());
    let (scrape_end, used_end) = shared.look_at_server(&http, &base).await;

    let mut outcomes: Vec<Outcome> = Vec::new();
    while let Some(ended) = bots.join_next().await {
        outcomes.extend(ended.ok());
    }
    drop(reporting);
    Ok(Report::new(Gathered {
        outcomes,
        ramp,
        load: load_before.zip(process::load_average()),
        lag: lag.await.map(|lag| Quantiles::of(&lag)).unwrap_or_default(),
        own: own_start.zip(own_end),
        server: used_before.zip(used_start).zip(used_end),
        scrapes: scrape_start.zip(scrape_end),
        joining: shared.joining.quantiles(),
        latency: shared.latency.quantiles(),
        latency_near: shared.latency_near.quantiles(),
        age_near: shared.age_near.quantiles(),
        options: shared.options.clone(),
    }))
}

/// What all bots share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) target: Target,
    pub(crate) ledger: Ledger,
    /// When is measured; known once everybody is there.
    pub(crate) window: Arc<OnceLock<Window>>,
    /// How long entering took.
    pub(crate) joining: Times,
    /// From the sending of an update to its first sight by another bot, for each of these.
    pub(crate) latency: Times,
    /// The same, where sender and receiver were near each other.
    pub(crate) latency_near: Times,
    /// How old the known positions of those near by are.
    pub(crate) age_near: Times,
    pub(crate) live: Arc<Live>,
}

/// When is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// From here.
    pub(crate) start: Instant,
    /// To here; then nobody moves any more.
    pub(crate) end: Instant,
    /// Until then what was sent may arrive.
    pub(crate) stop: Instant,
    /// The stamp of the start.
    first: Stamp,
    /// The stamp of the end.
    last: Stamp,
}

impl Shared {
    fn new(
        options: Options,
        target: Target,
        guests: &[Guest],
        live: Arc<Live>,
        window: Arc<OnceLock<Window>>,
    ) -> Self {
        let users = (0..)
            .zip(guests)
            .map(|(bot, guest)| (guest.id, options.stalls(bot)));
        let depth = (options.rate * MEMORY).max(LEAST_MEMORY) as usize;
        Self {
            ledger: Ledger::new(users, depth),
            target,
            window,
            joining: Times::new(),
            latency: Times::new(),
            latency_near: Times::new(),
            age_near: Times::new(),
            live,
            options,
        }
    }

    /// Whether what happens now counts.
    pub(crate) fn measures(&self, now: Instant) -> bool {
        self.window
            .get()
            .is_some_and(|window| (window.start..window.end).contains(&now))
    }

    /// Whether an update that was sent then counts; one sent too long ago to know when does once measuring has begun, as
    /// none would be worse to leave out.
    pub(crate) fn measured(&self, sent: Option<Stamp>) -> bool {
        self.window.get().is_some_and(|window| match sent {
            Some(sent) => sent >= window.first && sent < window.last,
            None => Instant::now() >= window.start,
        })
    }

    /// Lets all bots in at the rate asked for, and returns when each is in or lost.
    async fn enter_all(self: &Arc<Self>, guests: Vec<Guest>) -> JoinSet<Outcome> {
        self.live.start_ramp();
        let mut bots = JoinSet::new();
        let began = Instant::now();
        for (number, guest) in (0..).zip(guests) {
            let turn = f64::from(number) / self.options.ramp.max(0.01);
            sleep_until(began + Duration::from_secs_f64(turn)).await;
            bots.spawn(bot::run(Arc::clone(self), number, guest));
        }
        let deadline = Instant::now() + JOIN_TIMEOUT + POLL;
        while self.live.arrived() < self.options.users && Instant::now() < deadline {
            sleep(POLL).await;
        }
        bots
    }

    async fn why_nobody_entered(&self, bots: &mut JoinSet<Outcome>) -> SwarmError {
        let loss = match bots.join_next().await {
            Some(Ok(outcome)) => outcome.loss,
            _ => None,
        };
        match loss {
            Some(Loss::Refused(429)) => SwarmError::Limited,
            Some(loss) => SwarmError::NobodyEntered(loss.to_string()),
            None => SwarmError::NobodyEntered("no bots".to_owned()),
        }
    }

    /// Waits until everybody has heard of everybody, within reason: who has not by then is in the report.
    async fn settle(&self) {
        let deadline = Instant::now() + SETTLE_TIMEOUT;
        while !self.live.all_known() && Instant::now() < deadline {
            sleep(POLL).await;
        }
    }

    fn open_window(&self) -> Window {
        let start = Instant::now() + NOTICE;
        let end = start + self.options.window;
        let stop = end + DRAIN;
        *self.window.get_or_init(|| Window {
            start,
            end,
            stop,
            first: self.ledger.stamp(start),
            last: self.ledger.stamp(end),
        })
    }

    async fn look_at_server(&self, http: &Client, base: &str) -> (Option<Scrape>, Option<Usage>) {
        let used = self.options.server_pid.and_then(Usage::of);
        let metrics = async {
            let answer = http.get(format!("{base}/metrics")).send().await?;
            answer.error_for_status()?.text().await
        };
        let scrape = metrics.await.ok().map(|text| Scrape::parse(&text));
        (scrape, used)
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
