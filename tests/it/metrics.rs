//! The server's metrics: everything that is promised, and nothing that nobody has heard
//! of.

use std::collections::{BTreeMap, BTreeSet};

use posbus::{AddUsers, Message, MyTransform, RemoveUsers, UsersTransformList, Vec3};
use serde_json::Value;

use crate::support::{Api, Client, LocalChain, Options, Server, eventually_async};

const OPERATIONS: &str = include_str!("../../docs/operations.md");
const DASHBOARD: &str = include_str!("../../docs/grafana.json");
/// Prefixes of the names of metrics of this program.
const PREFIXES: [&str; 2] = ["odyssey_", "process_"];

/// The world where somebody moves.
const MOVE: MyTransform = MyTransform {
    position: Vec3::new(3.0, 1.0, 2.0),
    rotation: Vec3::ZERO,
};

/// One look at `GET /metrics`.
pub(crate) struct Scrape {
    /// Name to kind.
    kinds: BTreeMap<String, String>,
    /// Series with its labels, as it is written, to its value.
    series: BTreeMap<String, f64>,
    /// Names that are explained.
    explained: BTreeSet<String>,
}

impl Scrape {
    /// Looks.
    pub(crate) async fn of(api: &Api) -> Self {
        let answer = api.root("/metrics").await;
        assert_eq!(answer.status, 200);
        let text = String::from_utf8(answer.bytes).expect("text");
        let mut scrape = Self {
            kinds: BTreeMap::new(),
            series: BTreeMap::new(),
            explained: BTreeSet::new(),
        };
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a kind");
                scrape.kinds.insert(name.to_owned(), kind.to_owned());
            } else if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, _) = help.split_once(' ').expect("an explanation");
                scrape.explained.insert(name.to_owned());
            } else {
                let (series, value) = line.rsplit_once(' ').expect("a value");
                let value = value.parse().expect("a number");
                scrape.series.insert(series.to_owned(), value);
            }
        }
        scrape
    }

    fn names(&self) -> BTreeSet<String> {
        self.kinds.keys().cloned().collect()
    }

    /// The value of a series, with its labels as they are written.
    pub(crate) fn value(&self, series: &str) -> f64 {
        let value = self.series.get(series);
        *value.unwrap_or_else(|| panic!("no {series} in {:#?}", self.series))
    }

    /// The sum over all labels.
    fn sum(&self, name: &str) -> f64 {
        let of_name = |(series, _): &(&String, &f64)| series.split('{').next() == Some(name);
        self.series
            .iter()
            .filter(of_name)
            .map(|(_, value)| value)
            .sum()
    }
}

/// The names of metrics in a text, in whatever they stand.
fn mentioned(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix)));
    names.map(str::to_owned).collect()
}

/// Two guests in the welcome world, of whom one has moved and the other has seen it.
async fn company(server: &Server) -> [Client; 2] {
    let mut one = Client::guest(server).await;
    let mut two = Client::guest(server).await;
    one.expect("the other one", |list: &AddUsers| {
        list.users.iter().any(|user| user.id == two.user)
    })
    .await;
    one.send(MOVE).await;
    two.expect("the move", |list: &UsersTransformList| {
        list.value.iter().any(|entry| entry.id == one.user)
    })
    .await;
    [one, two]
}

/// The expressions of all panels, and of the panels in rows that are folded.
fn expressions(panels: &Value) -> Vec<String> {
    let panels = panels.as_array().expect("panels");
    let of = |panel: &Value| {
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        let expression = |target: Value| target["expr"].as_str().expect("an expression").to_owned();
        targets.into_iter().map(expression).collect::<Vec<_>>()
    };
    panels.iter().flat_map(of).collect()
}

#[tokio::test]
async fn documents_and_dashboard_name_what_is_exported_and_all_of_it() {
    let chain = LocalChain::start().await;
    let server = Server::start(chain.options());
    let _company = company(&server).await;
    let api = Api::stranger(&server);
    let scrape = Scrape::of(&api).await;
    assert_eq!(
        scrape.value("odyssey_chain_reindexed{chain=\"local\"}"),
        0.0
    );
    // A block is seen, and then replaced.
    let is_level = async |head: u64| {
        let ready = api.root("/ready").await.ok(200);
        ready["chains"][0]["applied"].as_u64() >= Some(head)
    };
    let head = chain.node.best().await.expect("answers");
    eventually_async(async || is_level(head).await).await;
    chain.node.reorganise(1).await.expect("forks");
    let series = "odyssey_chain_reorganisation_blocks_count{chain=\"local\"}";
    let forked = async || Scrape::of(&api).await.series.contains_key(series);
    eventually_async(forked).await;
    let scrape = Scrape::of(&api).await;

    let table: String = OPERATIONS
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').nth(1).unwrap_or_default())
        .collect();
    assert_eq!(mentioned(&table), scrape.names(), "docs/operations.md");

    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let shown = mentioned(&expressions(&dashboard["panels"]).join(" "));
    let shown: BTreeSet<_> = shown
        .into_iter()
        .map(|series| {
            // A histogram is asked for by its parts.
            let parts = ["_bucket", "_sum", "_count"];
            let whole = parts.iter().find_map(|part| series.strip_suffix(part));
            let is_histogram = |name: &&str| {
                scrape
                    .kinds
                    .get(*name)
                    .is_some_and(|kind| kind == "histogram")
            };
            whole.filter(is_histogram).unwrap_or(&series).to_owned()
        })
        .collect();
    assert_eq!(shown, scrape.names(), "docs/grafana.json");
    assert_eq!(scrape.explained, scrape.names(), "HELP");
    assert!(
        !scrape.kinds.values().any(|kind| kind == "summary"),
        "{:?}",
        scrape.kinds
    );
}

#[tokio::test]
async fn messages_count_by_type() {
    let server = Server::start(Options::default());
    let [mut one, two] = company(&server).await;
    let api = Api::stranger(&server);
    let of = |kind: &str| format!("{{type=\"{kind}\"}}");
    let scrape = Scrape::of(&api).await;
    for (name, kind, at_least) in [
        ("odyssey_frames_received_total", "hand_shake", 2.0),
        ("odyssey_frames_received_total", "teleport_request", 2.0),
        ("odyssey_frames_received_total", "my_transform", 1.0),
        ("odyssey_frames_sent_total", "set_world", 2.0),
        ("odyssey_frames_sent_total", "users_transform_list", 1.0),
        ("odyssey_bytes_sent_total", "users_transform_list", 30.0),
    ] {
        let value = scrape.value(&(name.to_owned() + &of(kind)));
        assert!(value >= at_least, "{name} {kind}: {value}");
    }
    assert_eq!(scrape.sum("odyssey_frames_received_total"), 5.0);
    let moved = "odyssey_bytes_received_total{type=\"my_transform\"}";
    assert_eq!(
        scrape.value(moved),
        Message::from(MOVE).encode().len() as f64
    );
    assert_eq!(
        scrape.value("odyssey_frames_received_total{type=\"other\"}"),
        0.0
    );

    // Ten bytes that are no message, in the middle of which stands no type either.
    one.send_bytes(vec![9; 10]).await;
    one.settle().await;
    let later = Scrape::of(&api).await;
    assert_eq!(
        later.value("odyssey_frames_received_total{type=\"other\"}"),
        1.0
    );
    assert_eq!(
        later.value("odyssey_bytes_received_total{type=\"other\"}"),
        10.0
    );
    assert_eq!(later.value("odyssey_frames_refused_total"), 1.0);
    drop(two);
}

#[tokio::test]
async fn people_are_counted_where_they_are() {
    let server = Server::start(Options::default().without_grace());
    let api = Api::stranger(&server);
    let scrape = Scrape::of(&api).await;
    for name in ["odyssey_sessions", "odyssey_users", "odyssey_joins_total"] {
        assert_eq!(scrape.value(name), 0.0, "{name}");
    }
    let [mut one, mut two] = company(&server).await;
    let _outside = Client::connect(&server, &Api::guest(&server).await).await;
    one.settle().await;
    let scrape = Scrape::of(&api).await;
    assert_eq!(scrape.value("odyssey_users"), 2.0);
    assert_eq!(scrape.value("odyssey_users_fullest_world"), 2.0);
    assert_eq!(scrape.value("odyssey_worlds_loaded"), 1.0);
    assert_eq!(scrape.value("odyssey_joins_total"), 2.0);
    assert!(scrape.value("odyssey_tick_set_seconds_count{set=\"publish\"}") > 0.0);
    assert!(scrape.value("odyssey_inbox_commands_count") > 0.0);
    assert!(scrape.value("odyssey_session_queue_bytes_count") > 0.0);
    // Nobody dragged anything.
    assert_eq!(scrape.value("odyssey_write_behind_lag_seconds"), 0.0);

    one.leave().await;
    two.expect("the leave", |list: &RemoveUsers| {
        list.users.contains(&one.user)
    })
    .await;
    // The world counts at the end of a tick, so in the next one that is done.
    two.settle().await;
    let scrape = Scrape::of(&api).await;
    assert_eq!(scrape.value("odyssey_users"), 1.0);
    assert_eq!(
        scrape.value("odyssey_disconnects_total{cause=\"flood\"}"),
        0.0
    );
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    assert!(dashboard["schemaVersion"].as_u64() >= Some(39));
    let variables = dashboard["templating"]["list"]
        .as_array()
        .expect("variables");
    assert!(
        variables
            .iter()
            .any(|variable| variable["type"] == "datasource" && variable["name"] == "datasource")
    );
    let panels = dashboard["panels"].as_array().expect("panels");
    let rows: Vec<_> = panels
        .iter()
        .filter(|panel| panel["type"] == "row")
        .filter_map(|panel| panel["title"].as_str())
        .collect();
    assert_eq!(
        rows,
        [
            "Load",
            "Ticks",
            "Traffic",
            "Trouble",
            "Durability",
            "Process",
            "Chains"
        ]
    );
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64()), "the id of {panel}");
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        }
        let at = |key: &str| panel["gridPos"][key].as_u64().expect("a place");
        assert!(at("x") + at("w") <= 24, "{panel}");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(taken.insert((x, y)), "{panel} lies on another one");
            }
        }
    }
}
