//! The node itself: version, probes, metrics and status.

use std::{
    cmp::Reverse,
    collections::HashMap,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName},
};
use components::Reason;
use node::ChainStatus;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{ApiError, App, reasons};
use crate::telemetry;

/// Time within which the database has to give a sign of life.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// Worlds in the status at most, those with the most users.
const MAX_WORLDS: usize = 200;
/// Age that the name of a world in the status may have. The page asks every second, names hardly
/// ever change.
const NAME_AGE: Duration = Duration::from_secs(30);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(version))
        .routes(routes!(health))
        .routes(routes!(ready))
        .routes(routes!(status))
}

/// Versions of the API and of this program.
#[derive(Debug, Serialize, ToSchema)]
struct Version {
    api: ApiVersion,
    controller: ControllerVersion,
}

/// The version of the API; clients build its base path from `major`.
#[derive(Debug, Serialize, ToSchema)]
struct ApiVersion {
    major: u32,
    minor: u32,
    patch: u32,
}

/// The version of this program.
#[derive(Debug, Serialize, ToSchema)]
struct ControllerVersion {
    major: u32,
    minor: u32,
    patch: u32,
    /// The commit it was built from, if the build said so.
    git: &'static str,
}

/// The versions of API and program.
#[utoipa::path(
    get, path = "/version", tag = "system",
    responses((status = 200, body = Version)),
)]
async fn version() -> Json<Version> {
    let number = |text: &str| text.parse().unwrap_or_default();
    Json(Version {
        api: ApiVersion {
            major: 4,
            minor: 0,
            patch: 0,
        },
        controller: ControllerVersion {
            major: number(env!("CARGO_PKG_VERSION_MAJOR")),
            minor: number(env!("CARGO_PKG_VERSION_MINOR")),
            patch: number(env!("CARGO_PKG_VERSION_PATCH")),
            git: option_env!("ODYSSEY_GIT").unwrap_or_default(),
        },
    })
}

/// A sign of life.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    status: &'static str,
}

/// A sign that the node can do its work.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    status: &'static str,
    /// The chains that are followed. One that is behind is no reason to keep people away.
    chains: Vec<Chain>,
}

/// A chain that is followed.
#[derive(Debug, Serialize, ToSchema)]
struct Chain {
    /// Name in the configuration.
    name: String,
    state: ChainState,
    /// The newest block of the chain.
    head: Option<u64>,
    /// The last block whose events are in the database.
    applied: Option<u64>,
    /// Blocks between the two.
    behind: Option<u64>,
}

/// Condition of a chain: `stopped` ones need an operator.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChainState {
    Connecting,
    Behind,
    Following,
    Stopped,
}

impl From<ChainStatus> for Chain {
    fn from(status: ChainStatus) -> Self {
        let behind = status.head.zip(status.applied);
        Self {
            state: match status.state {
                node::ChainState::Connecting => ChainState::Connecting,
                node::ChainState::Behind => ChainState::Behind,
                node::ChainState::Following => ChainState::Following,
                node::ChainState::Stopped => ChainState::Stopped,
            },
            behind: behind.map(|(head, applied)| head.saturating_sub(applied)),
            name: status.name,
            head: status.head,
            applied: status.applied,
        }
    }
}

/// Whether the process answers at all.
#[utoipa::path(
    get, path = "/health", tag = "system",
    responses((status = 200, body = Health)),
)]
async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the node can do its work: the database answers and no shutdown has begun.
#[utoipa::path(
    get, path = "/ready", tag = "system",
    responses((status = 200, body = Readiness)),
    extensions(("x-reasons" = json!(reasons![Unavailable]))),
)]
async fn ready(State(app): State<App>) -> Result<Json<Readiness>, ApiError> {
    if app.stopping.is_cancelled() {
        return Err(ApiError::new(
            Reason::Unavailable,
            "the node is shutting down",
        ));
    }
    if !database_answers(&app).await {
        return Err(ApiError::new(
            Reason::Unavailable,
            "the database does not answer",
        ));
    }
    Ok(Json(Readiness {
        status: "ok",
        chains: app.node.chains().into_iter().map(Chain::from).collect(),
    }))
}

async fn database_answers(app: &App) -> bool {
    matches!(timeout(PING_TIMEOUT, app.node.ping()).await, Ok(Ok(())))
}

/// All metrics in the text format of Prometheus.
pub(super) async fn metrics(State(app): State<App>) -> ([(HeaderName, &'static str); 1], String) {
    app.node.record_metrics();
    telemetry::observe_process();
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        app.metrics.render(),
    )
}

/// Status of the node.
#[derive(Debug, Serialize, ToSchema)]
struct Status {
    version: &'static str,
    /// Users with a live session, in a world or not.
    users_online: usize,
    /// The loaded worlds.
    worlds: Vec<LoadedWorld>,
    uptime_seconds: u64,
    /// `ok` or `unavailable`.
    database: &'static str,
}

/// A loaded world.
#[derive(Debug, Serialize, ToSchema)]
struct LoadedWorld {
    id: Uuid,
    name: String,
    users: usize,
    /// Mean duration of the latest ticks in milliseconds.
    tick_ms_mean: f64,
    /// Longest of them in milliseconds.
    tick_ms_max: f64,
}

/// Current status of the node.
#[utoipa::path(
    get, path = "/status.json", tag = "system",
    responses((status = 200, body = Status)),
)]
async fn status(State(app): State<App>) -> ([(HeaderName, &'static str); 1], Json<Status>) {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let database = database_answers(&app).await;
    let mut loaded = app.node.worlds().status();
    loaded.sort_by_key(|world| (Reverse(world.users), world.id));
    loaded.truncate(MAX_WORLDS);
    let ids: Vec<Uuid> = loaded.iter().map(|world| world.id).collect();
    if database {
        app.world_names.refresh(&app, &ids).await;
    }
    let worlds = loaded.into_iter().map(|world| LoadedWorld {
        id: world.id,
        name: app.world_names.of(world.id),
        users: world.users,
        tick_ms_mean: milliseconds(world.tick_mean),
        tick_ms_max: milliseconds(world.tick_max),
    });
    let status = Status {
        version: env!("CARGO_PKG_VERSION"),
        users_online: app.node.worlds().connected_users().len(),
        worlds: worlds.collect(),
        uptime_seconds: app.started.elapsed().as_secs(),
        database: if database { "ok" } else { "unavailable" },
    };
    ([(CACHE_CONTROL, "no-store")], Json(status))
}

/// Names of loaded worlds, as read a moment ago.
#[derive(Default)]
pub(crate) struct WorldNames(Mutex<HashMap<Uuid, (Instant, String)>>);

impl WorldNames {
    /// Forgets worlds that are not asked for and reads the names that are missing or old.
    async fn refresh(&self, app: &App, worlds: &[Uuid]) {
        let missing: Vec<Uuid> = {
            let mut names = self.0.lock();
            names.retain(|world, (read, _)| read.elapsed() < NAME_AGE && worlds.contains(world));
            worlds
                .iter()
                .copied()
                .filter(|world| !names.contains_key(world))
                .collect()
        };
        for world in missing {
            if let Ok(name) = app.node.object_name(world).await {
                self.0.lock().insert(world, (Instant::now(), name));
            }
        }
    }

    /// The name of a world, empty if it is not known.
    fn of(&self, world: Uuid) -> String {
        self.0
            .lock()
            .get(&world)
            .map(|(_, name)| name.clone())
            .unwrap_or_default()
    }
}
