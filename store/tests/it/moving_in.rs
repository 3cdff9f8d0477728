//! A database of the existing platform opens as it is, or not at all (docs/spec/model.md §2.2).

use std::collections::{BTreeMap, BTreeSet};

use components::{AttributeId, AttributeTarget, Umid, ids};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use store::{Seed, Store, StoreError};
use testkit::{Database as Scratch, store_options};
use uuid::uuid;

use crate::fixture::core;

const SCHEMA: &str = include_str!("platform/schema.sql");
const SEED: &str = include_str!("platform/seed.sql");
const ROWS: &str = include_str!("platform/rows.sql");

const NODE: Umid = uuid!("018f0000-0000-7000-8000-00000000000a");
const GARDEN: Umid = uuid!("0b000000-0000-7000-8000-000000000001");
const ADA: Umid = uuid!("0a000000-0000-7000-8000-000000000001");
const BOB: Umid = uuid!("0a000000-0000-7000-8000-000000000002");
const CAROL: Umid = uuid!("0a000000-0000-7000-8000-000000000004");
const DAVE: Umid = uuid!("0a000000-0000-7000-8000-000000000005");
const GUEST: Umid = uuid!("0a000000-0000-7000-8000-000000000006");

const ADAS: &str = "0x00000000000000000000000000000000000000ad";
const BOBS: &str = "0x000000000000000000000000000000000000000b";
const CAROLS: &str = "0x00000000000000000000000000000000000000ca";

/// A database of the platform; its URL and a connection past the store.
async fn platform() -> (String, DatabaseConnection) {
    let url = Scratch::postgres().url().to_owned();
    let raw = Database::connect(&url).await.unwrap();
    let rows = ROWS
        .replace("@ADA@", ADAS)
        .replace("@ADA_MIXED@", &ADAS.replace("ad", "aD"))
        .replace("@BOB@", BOBS)
        .replace("@CAROL@", CAROLS);
    for script in [SCHEMA, SEED, &rows] {
        raw.execute_unprepared(script).await.unwrap();
    }
    (url, raw)
}

async fn open(url: &str) -> Store {
    Store::open(url, &store_options()).await.unwrap()
}

/// The store of a database that was moved in.
async fn moved_in(url: &str) -> Store {
    let store = open(url).await;
    store.migrate().await.unwrap();
    let seeded = store.seed(&Seed::default()).await.unwrap();
    assert_eq!((seeded.node, seeded.fresh), (NODE, false));
    store
}

async fn texts(raw: &DatabaseConnection, select: &str) -> Vec<String> {
    let statement = Statement::from_string(DbBackend::Postgres, select);
    let rows = raw.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect()
}

/// All rows of all tables as JSON.
async fn dump(raw: &DatabaseConnection) -> BTreeMap<String, Vec<Value>> {
    let tables = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.nspname = current_schema() AND c.relkind = 'r'";
    let mut dump = BTreeMap::new();
    for table in texts(raw, tables).await {
        let select = format!("SELECT to_jsonb(t)::text FROM \"{table}\" t ORDER BY 1");
        let rows = texts(raw, &select).await;
        let rows = rows.iter().map(|row| serde_json::from_str(row).unwrap());
        dump.insert(table, rows.collect());
    }
    dump
}

/// Tables, their columns, constraints and indexes.
async fn schema(raw: &DatabaseConnection) -> Vec<String> {
    let mut all = Vec::new();
    for select in [
        "SELECT concat_ws(' ', table_name, column_name, data_type) FROM information_schema.columns \
         WHERE table_schema = current_schema() ORDER BY 1",
        "SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint \
         WHERE connamespace = current_schema()::regnamespace ORDER BY 1",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1",
    ] {
        all.extend(texts(raw, select).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_the_platform_stay_as_they_are() {
    let (url, raw) = platform().await;
    let before = dump(&raw).await;
    let store = moved_in(&url).await;
    let after = dump(&raw).await;

    let mut gone = BTreeSet::new();
    let mut new = BTreeSet::new();
    for (table, rows) in &before {
        let columns: Vec<&String> = rows
            .first()
            .map(|row| row.as_object().unwrap().keys().collect())
            .unwrap_or_default();
        // Tables may have got columns of ours.
        let theirs: Vec<Value> = after[table]
            .iter()
            .map(|row| {
                columns
                    .iter()
                    .map(|c| ((*c).clone(), row[c.as_str()].clone()))
                    .collect()
            })
            .collect();
        let name =
            |row: &Value| format!("{table} {}", row["attribute_name"].as_str().unwrap_or("?"));
        gone.extend(rows.iter().filter(|row| !theirs.contains(row)).map(name));
        new.extend(theirs.iter().filter(|row| !rows.contains(row)).map(name));
    }
    let closed = ["jwt_key", "challenge_store", "node_private_key"];
    let expected = |table: &str, names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| format!("{table} {name}")).collect()
    };
    let types = expected("attribute_type", &closed);
    let kept = expected("node_attribute", &["node_private_key"]);
    let secrets = expected("node_attribute", &closed);
    assert_eq!(gone, &types | &secrets);
    let added: BTreeSet<String> = &new - &(&types | &kept);
    assert!(
        added.iter().all(|row| {
            row.starts_with("attribute_type ") || row == "object_user_attribute skybox_list"
        }),
        "only what is missing was added: {added:?}"
    );
    assert!(added.contains("attribute_type teleport"));

    // Opening it once more changes nothing.
    store.migrate().await.unwrap();
    store.seed(&Seed::default()).await.unwrap();
    assert_eq!(dump(&raw).await, after);
    let status = store.migration_status().await.unwrap();
    assert!(
        status.iter().all(|migration| migration.applied),
        "{status:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wallets_become_identities_and_the_older_account_keeps_a_disputed_one() {
    let (url, raw) = platform().await;
    let store = moved_in(&url).await;
    let owner = async |wallet: &str| store.user_by_wallet(wallet).await.unwrap();
    assert_eq!(owner(ADAS).await, Some(ADA));
    assert_eq!(
        owner(&ADAS.to_uppercase().replace("0X", "0x")).await,
        Some(ADA)
    );
    assert_eq!(owner(BOBS).await, Some(BOB));
    assert_eq!(owner(CAROLS).await, Some(CAROL));
    let unspelled = "0xdadadadadadadadadadadadadadadadadadadada";
    assert_eq!(owner(unspelled).await, Some(DAVE), "his other wallet");

    let user = async |id| store.user(id).await.unwrap().unwrap();
    assert_eq!(
        user(ADA).await.wallets,
        [ADAS.replace("ad", "aD")],
        "as she spelled it"
    );
    assert_eq!(user(BOB).await.wallets, [BOBS], "twice is once");
    assert_eq!(user(DAVE).await.wallets.len(), 1);
    let wallet = AttributeId {
        plugin: ids::WALLET_PLUGIN,
        name: "wallet".to_owned(),
    };
    let left = store
        .attribute(AttributeTarget::User(DAVE), &wallet)
        .await
        .unwrap();
    assert_eq!(
        left.unwrap().value.unwrap()["wallet"][0],
        ADAS,
        "left where it was"
    );
    let kinds = texts(&raw, "SELECT DISTINCT kind FROM user_wallet").await;
    assert_eq!(kinds, ["ethereum"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_the_platform_leave_the_attributes() {
    let (url, raw) = platform().await;
    let store = moved_in(&url).await;
    let directory = store.load_directory().await.unwrap();
    for (plugin, name) in [
        (ids::CORE_PLUGIN, "jwt_key"),
        (ids::WALLET_PLUGIN, "challenge_store"),
        (ids::CORE_PLUGIN, "node_private_key"),
    ] {
        let id = AttributeId {
            plugin,
            name: name.to_owned(),
        };
        let kind = directory
            .attribute_types
            .iter()
            .find(|row| row.id == id)
            .unwrap();
        let nobody = json!({ "read": "", "write": "" });
        assert_eq!(
            kind.options.as_ref().unwrap()["permissions"],
            nobody,
            "{name}"
        );
        let row = directory.node_attributes.iter().find(|row| row.id == id);
        assert!(row.is_none_or(|row| row.options.is_none()), "{name}");
    }
    for secret in ["018f0000-5ec2-7000-8000-00000000dead", "sign this 1"] {
        let select =
            format!("SELECT value::text FROM node_attribute WHERE value::text LIKE '%{secret}%'");
        assert!(texts(&raw, &select).await.is_empty(), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn worlds_load_whatever_the_platform_stored() {
    let (url, _raw) = platform().await;
    let store = moved_in(&url).await;
    let objects = store.load_world(GARDEN).await.unwrap().unwrap();
    assert_eq!(objects.len(), 7);
    assert_eq!(
        objects[0].created_at.to_rfc3339(),
        "2023-05-01T11:00:00+00:00"
    );
    let by_end = |end: &str| {
        objects
            .iter()
            .find(|o| o.id.to_string().ends_with(end))
            .unwrap()
    };
    let null_scale = by_end("12");
    assert_eq!(null_scale.options, None);
    assert_eq!(null_scale.transform.unwrap().position.x, 4.0);
    assert_eq!(
        by_end("13").options.as_ref().unwrap()["from_2022"]["deep"],
        json!([1, 2])
    );
    assert_eq!(
        (&by_end("16").options, by_end("16").transform),
        (&None, None)
    );
    let events = by_end("13")
        .attributes
        .iter()
        .find(|a| a.id == core("events"))
        .unwrap();
    assert_eq!((&events.value, &events.options), (&None, &None));
    let staking = objects[0]
        .attributes
        .iter()
        .find(|a| a.id == core("staking"))
        .unwrap();
    assert_eq!(staking.value, None);

    let directory = store.load_directory().await.unwrap();
    assert_eq!(directory.admins.len(), 2);
    assert_eq!(directory.memberships.len(), 2);
    let stakers = store.world_stakers(GARDEN).await.unwrap();
    let names: Vec<&str> = stakers.iter().map(|staker| staker.name.as_str()).collect();
    assert_eq!(names, ["Ada", "Bob"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_utc_whatever_the_database_thinks() {
    let (url, raw) = platform().await;
    let name = texts(&raw, "SELECT current_database()::text")
        .await
        .remove(0);
    raw.execute_unprepared(&format!(
        "ALTER DATABASE {name} SET timezone TO 'Asia/Tokyo'"
    ))
    .await
    .unwrap();
    let store = moved_in(&url).await;
    let ada = store.user(ADA).await.unwrap().unwrap();
    assert_eq!(ada.created_at.to_rfc3339(), "2023-05-01T10:00:00+00:00");
    let stamp = store
        .set_attribute(
            AttributeTarget::Object(GARDEN),
            &core("shaders"),
            &Default::default(),
        )
        .await
        .unwrap();
    let age = stamp.updated_at.signed_duration_since(ada.created_at);
    let real = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs() as i64
        - ada.created_at.timestamp();
    assert!(
        (age.num_seconds() - real).abs() < 3600,
        "written in UTC as well"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_users_leave_objects_behind_and_memberships_do_not_keep_them() {
    let (url, raw) = platform().await;
    let store = moved_in(&url).await;
    let deleted = raw
        .execute_unprepared(&format!("DELETE FROM \"user\" WHERE user_id = '{ADA}'"))
        .await;
    assert!(deleted.is_err(), "a world hangs on her");
    let reassigned = store.delete_guest(GUEST, ids::SYSTEM_USER).await.unwrap();
    assert_eq!(reassigned.len(), 1);
    let world = store.load_world(GARDEN).await.unwrap().unwrap();
    assert_eq!(world.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_databases_are_left_untouched() {
    let cases = [
        ("UPDATE schema_migrations SET dirty = true", "dirty"),
        (
            "UPDATE schema_migrations SET version = 700",
            "older than 701",
        ),
        (
            "UPDATE schema_migrations SET version = 702",
            "newer than 701",
        ),
        ("DELETE FROM schema_migrations", "one version"),
        (
            "INSERT INTO schema_migrations VALUES (700, false)",
            "one version",
        ),
        (
            "ALTER TABLE schema_migrations DROP COLUMN dirty",
            "not that of the platform",
        ),
        (
            "ALTER TABLE stake DROP COLUMN last_comment",
            "no column stake.last_comment",
        ),
        (
            "ALTER TABLE activity ALTER COLUMN created_at TYPE timestamptz",
            "activity.created_at is of type timestamptz",
        ),
        (
            "UPDATE object SET parent_id = object_id WHERE object_id = '0b000000-0000-7000-8000-000000000001'",
            "2 objects that are their own parent",
        ),
    ];
    for (change, reason) in cases {
        let (url, raw) = platform().await;
        raw.execute_unprepared(change).await.unwrap();
        let before = (dump(&raw).await, schema(&raw).await);
        let store = open(&url).await;
        for result in [
            store.migrate().await,
            store.migrate_down(1).await,
            store.migration_status().await.map(drop),
        ] {
            match result {
                Err(StoreError::Foreign(why)) => assert!(why.contains(reason), "{why}"),
                other => panic!("{change}: {other:?}"),
            }
        }
        assert_eq!((dump(&raw).await, schema(&raw).await), before, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_on_the_way_leaves_everything_as_it_was() {
    let (url, raw) = platform().await;
    raw.execute_unprepared("CREATE TABLE user_wallet (taken integer)")
        .await
        .unwrap();
    let before = (dump(&raw).await, schema(&raw).await);
    let store = open(&url).await;
    store.migrate().await.unwrap_err();
    assert_eq!((dump(&raw).await, schema(&raw).await), before);

    raw.execute_unprepared("DROP TABLE user_wallet")
        .await
        .unwrap();
    store.migrate().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_start_at_once_take_it_over_once() {
    let (url, raw) = platform().await;
    let (one, other) = (open(&url).await, open(&url).await);
    let (a, b) = tokio::join!(one.migrate(), other.migrate());
    a.unwrap();
    b.unwrap();
    let wallets = texts(&raw, "SELECT wallet FROM user_wallet").await;
    assert_eq!(wallets.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_never_drops_what_the_platform_made() {
    let (url, raw) = platform().await;
    let store = moved_in(&url).await;
    match store.migrate_down(u32::MAX).await {
        Err(StoreError::Foreign(why)) => assert!(why.contains("not dropped"), "{why}"),
        other => panic!("{other:?}"),
    }
    let users = texts(&raw, "SELECT user_id::text FROM \"user\"").await;
    assert_eq!(users.len(), 8);
    let steps = store.migration_status().await.unwrap().len() - 1;
    store
        .migrate_down(u32::try_from(steps).unwrap())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    assert_eq!(
        texts(&raw, "SELECT user_id::text FROM \"user\"")
            .await
            .len(),
        8
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_and_indexes_are_ours_then() {
    let (url, raw) = platform().await;
    moved_in(&url).await;
    let keys = "SELECT concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint \
        WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1";
    let moved: BTreeSet<String> = texts(&raw, keys).await.into_iter().collect();
    let fresh_url = Scratch::postgres().url().to_owned();
    open(&fresh_url).await.migrate().await.unwrap();
    let fresh = Database::connect(&fresh_url).await.unwrap();
    let own: BTreeSet<String> = texts(&fresh, keys).await.into_iter().collect();
    assert_eq!(moved, own);
    let columns = "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable) \
        FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT IN \
        ('schema_migrations', 'objects_plus_level_isadmin') ORDER BY 1";
    assert_eq!(texts(&raw, columns).await, texts(&fresh, columns).await);
}
