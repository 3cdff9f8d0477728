//! Fills a database for measurements of lists: `cargo run --release -p store --example seed_lists
//! -- URL [SCALE]`.
//!
//! At scale 1, the default: 10,000 worlds with names, descriptions, links and pictures, 100,000
//! objects with names, of which 1,000 are in the newest world, 10,000 users with profiles and a
//! wallet each, 20,000 stakes, 20,000 activities. It migrates the database and makes the node, but
//! no welcome world. Prints the ids of one user who owns 20 of the worlds, of the newest world, and
//! of the user with most stakes, for whoever asks for their lists.

use std::error::Error;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use components::{Umid, ids};
use sea_orm::{
    ConnectionTrait, Database, DatabaseTransaction, EntityTrait, IntoActiveModel, TransactionTrait,
};
use serde_json::json;
use store::{
    Seed, Store, StoreOptions,
    entity::{activity, blockchain, object, object_attribute, stake, user, user_wallet, wallet},
};
use uuid::uuid;

/// Rows in one statement: few enough for SQLite's 32,766 values.
const BATCH: usize = 1000;
const CHAIN: Umid = uuid!("ccccaaaa-1111-2222-3333-222222222222");

/// Amounts of everything.
struct Sizes {
    worlds: usize,
    objects: usize,
    /// Of them in the newest world.
    objects_of_one: usize,
    users: usize,
    stakes: usize,
    activities: usize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("which database?")?;
    let scale: f64 = arguments.next().map_or(Ok(1.0), |text| text.parse())?;
    let of = |full: usize| ((full as f64 * scale) as usize).max(20);
    let sizes = Sizes {
        worlds: of(10_000),
        objects: of(100_000),
        objects_of_one: of(1_000),
        users: of(10_000),
        stakes: of(20_000),
        activities: of(20_000),
    };
    let store = Store::open(&url, &StoreOptions::default()).await?;
    store.migrate().await?;
    let seed = Seed {
        base_url: "http://localhost:4000".to_owned(),
        welcome: Vec::new(),
    };
    let node = store.seed(&seed).await?.node;
    store.close().await;

    let database = Database::connect(&url).await?;
    let transaction = database.begin().await?;
    let mut rows = Rows {
        transaction,
        clock: DateTime::from_timestamp(1_600_000_000, 0)
            .ok_or("a time")?
            .naive_utc(),
    };
    let users = rows.users(&sizes).await?;
    let worlds = rows.worlds(&sizes, node, &users).await?;
    rows.objects(&sizes, &worlds, &users).await?;
    rows.stakes(&sizes, &worlds).await?;
    rows.activities(&sizes, &worlds, &users).await?;
    rows.transaction.commit().await?;
    // Without it PostgreSQL plans for empty tables until it looks by itself, within a minute or so.
    database.execute_unprepared("ANALYZE").await?;
    database.close().await?;
    println!("user={}", users[0]);
    println!("world={}", worlds.last().ok_or("a world")?);
    println!("staker={}", users[1]);
    Ok(())
}

struct Rows {
    transaction: DatabaseTransaction,
    clock: NaiveDateTime,
}

impl Rows {
    async fn users(&mut self, sizes: &Sizes) -> Result<Vec<Umid>, Box<dyn Error>> {
        let (mut users, mut wallets, mut known) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..sizes.users {
            let time = self.tick();
            let name = format!("Somebody {number}");
            let id = Umid::now_v7();
            users.push(user::Model {
                user_id: id,
                user_type_id: ids::NORMAL_USER_TYPE,
                name_folded: Some(name.to_lowercase()),
                profile: json!({
                    "name": name,
                    "bio": "I make worlds, and I visit those of others.",
                    "location": "Here and there",
                    "avatar_hash": format!("{number:032x}"),
                    "profile_link": "https://example.org/somebody",
                    "onboarded": true,
                }),
                options: None,
                updated_at: time,
                created_at: time,
                last_seen_at: None,
            });
            wallets.push(user_wallet::Model {
                wallet: format!("0x{number:040x}"),
                kind: "ethereum".to_owned(),
                user_id: id,
                position: 0,
            });
            known.push(wallet::Model {
                blockchain_id: CHAIN,
                wallet_id: address(number),
            });
        }
        let chain = blockchain::Model {
            blockchain_id: CHAIN,
            last_processed_block_number: 1,
            blockchain_name: "Arbitrum Nova".to_owned(),
            rpc_url: String::new(),
            updated_at: self.clock,
        };
        let ids = users.iter().map(|user| user.user_id).collect();
        self.insert::<user::Entity, _>(users).await?;
        self.insert::<user_wallet::Entity, _>(wallets).await?;
        self.insert::<blockchain::Entity, _>(vec![chain]).await?;
        self.insert::<wallet::Entity, _>(known).await?;
        Ok(ids)
    }

    /// The first user owns 20, the others one or two each.
    async fn worlds(
        &mut self,
        sizes: &Sizes,
        node: Umid,
        users: &[Umid],
    ) -> Result<Vec<Umid>, Box<dyn Error>> {
        let (mut worlds, mut attributes) = (Vec::new(), Vec::new());
        for number in 0..sizes.worlds {
            let owner = if number % (sizes.worlds / 20) == 0 {
                users[0]
            } else {
                users[number % users.len()]
            };
            let world = self.object(node, ids::WORLD_TYPE, owner);
            for (name, value) in [
                ("name", json!({ "name": format!("Odyssey#{number}") })),
                (
                    "description",
                    json!({ "description": "A quiet place by the water, with a plaza and a view." }),
                ),
                (
                    "website_link",
                    json!({ "website_link": "https://example.org/world" }),
                ),
                (
                    "world_avatar",
                    json!({ "render_hash": format!("{number:032x}") }),
                ),
            ] {
                attributes.push(self.attribute(world.object_id, name, value));
            }
            worlds.push(world);
        }
        let ids = worlds.iter().map(|world| world.object_id).collect();
        self.insert::<object::Entity, _>(worlds).await?;
        self.insert::<object_attribute::Entity, _>(attributes)
            .await?;
        Ok(ids)
    }

    async fn objects(
        &mut self,
        sizes: &Sizes,
        worlds: &[Umid],
        users: &[Umid],
    ) -> Result<(), Box<dyn Error>> {
        let (mut objects, mut names) = (Vec::new(), Vec::new());
        let newest = worlds.len() - 1;
        for number in 0..sizes.objects {
            let world = if number < sizes.objects_of_one {
                newest
            } else {
                number % newest
            };
            let owner = users[number % users.len()];
            let object = self.object(worlds[world], ids::CUSTOM_OBJECT_TYPE, owner);
            let name = json!({ "name": format!("object {number}") });
            names.push(self.attribute(object.object_id, "name", name));
            objects.push(object);
        }
        self.insert::<object::Entity, _>(objects).await?;
        self.insert::<object_attribute::Entity, _>(names).await?;
        Ok(())
    }

    /// Held by a tenth of the users, most by the second one, in the newest worlds most.
    async fn stakes(&mut self, sizes: &Sizes, worlds: &[Umid]) -> Result<(), Box<dyn Error>> {
        let stakers = (sizes.users / 10).max(2);
        let mut stakes = Vec::new();
        for number in 0..sizes.stakes {
            let wallet = if number % 100 == 0 {
                1
            } else {
                2 + number % stakers
            };
            let time = self.tick();
            stakes.push(stake::Model {
                blockchain_id: CHAIN,
                wallet_id: address(wallet),
                object_id: worlds[worlds.len() - 1 - number / 2 % worlds.len()],
                kind: (number % 2) as i32,
                amount: format!("{}000000000000000000", 1 + number).parse()?,
                last_comment: if number % 3 == 0 { "good place" } else { "" }.to_owned(),
                updated_at: time,
                created_at: time,
            });
        }
        stakes.sort_by_key(|row| (row.wallet_id.clone(), row.object_id, row.kind));
        stakes.dedup_by_key(|row| (row.wallet_id.clone(), row.object_id, row.kind));
        self.insert::<stake::Entity, _>(stakes).await
    }

    async fn activities(
        &mut self,
        sizes: &Sizes,
        worlds: &[Umid],
        users: &[Umid],
    ) -> Result<(), Box<dyn Error>> {
        let mut activities = Vec::new();
        for number in 0..sizes.activities {
            // Every tenth in the newest world.
            let back = if number % 10 == 0 { 0 } else { number };
            activities.push(activity::Model {
                activity_id: Umid::now_v7(),
                user_id: users[number % users.len()],
                object_id: worlds[worlds.len() - 1 - back % worlds.len()],
                kind: ["screenshot", "video", "world_created"][number % 3].to_owned(),
                data: json!({
                    "position": { "x": 1.0, "y": 2.0, "z": 3.0 },
                    "description": "Look at this",
                    "hash": format!("{number:032x}"),
                }),
                created_at: self.tick(),
            });
        }
        self.insert::<activity::Entity, _>(activities).await
    }

    fn object(&mut self, parent: Umid, object_type: Umid, owner: Umid) -> object::Model {
        let time = self.tick();
        object::Model {
            object_id: Umid::now_v7(),
            object_type_id: object_type,
            owner_id: owner,
            parent_id: parent,
            asset_2d_id: None,
            asset_3d_id: None,
            options: None,
            transform: Some(json!({
                "position": { "x": 0.0, "y": 0.0, "z": 0.0 },
                "rotation": { "x": 0.0, "y": 0.0, "z": 0.0 },
                "scale": { "x": 1.0, "y": 1.0, "z": 1.0 },
            })),
            updated_at: time,
            created_at: time,
        }
    }

    fn attribute(
        &self,
        object: Umid,
        name: &str,
        value: serde_json::Value,
    ) -> object_attribute::Model {
        object_attribute::Model {
            plugin_id: ids::CORE_PLUGIN,
            attribute_name: name.to_owned(),
            object_id: object,
            value: Some(value),
            options: None,
            created_at: self.clock,
            updated_at: self.clock,
        }
    }

    async fn insert<E, M>(&self, rows: Vec<M>) -> Result<(), Box<dyn Error>>
    where
        E: EntityTrait,
        E::ActiveModel: Send,
        M: IntoActiveModel<E::ActiveModel>,
    {
        let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model);
        loop {
            let batch: Vec<E::ActiveModel> = rows.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            E::insert_many(batch)
                .exec_without_returning(&self.transaction)
                .await?;
        }
    }

    /// The next second.
    fn tick(&mut self) -> NaiveDateTime {
        self.clock += TimeDelta::seconds(1);
        self.clock
    }
}

/// The wallet of a number.
fn address(number: usize) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    bytes[12..].copy_from_slice(&(number as u64).to_be_bytes());
    bytes
}
