//! Rows that a test writes into the server's database past the server, because they would take too
//! many requests.

use chrono::{DateTime, TimeDelta, Utc};
use components::ids;
use posbus::Umid;
use sea_orm::{
    ColumnTrait, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait,
    IntoActiveModel, QueryFilter, Statement,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use serde_json::{Value, json};
use store::entity::{
    activity, attribute_type, node_attribute, object, object_attribute, object_user_attribute,
    pending_stake, user, user_object,
};

use super::{CUSTOM_OBJECT, Server, WORLD_TYPE};

/// The database of a server. Objects written while the server runs are known to it after it was
/// started again.
pub(crate) struct Rows {
    database: DatabaseConnection,
    node: Umid,
    /// When the next row was created: each one is a second younger than the last.
    clock: DateTime<Utc>,
}

impl Rows {
    /// Opens the embedded database of a server.
    pub(crate) async fn of(server: &Server) -> Rows {
        let file = server.data().join("odyssey.db");
        Rows::open(&format!("sqlite://{}", file.display())).await
    }

    /// Opens a database that a server has made.
    pub(crate) async fn open(url: &str) -> Rows {
        let database = Database::connect(url).await.expect("a database");
        let is_node = Expr::col(object::Column::ObjectId).equals(object::Column::ParentId);
        let node = object::Entity::find().filter(is_node).one(&database).await;
        let node = node.expect("may be read").expect("the node").object_id;
        Rows {
            database,
            node,
            clock: DateTime::UNIX_EPOCH + TimeDelta::days(365),
        }
    }

    /// An account of somebody who is no guest.
    pub(crate) async fn user(&mut self, profile: Value) -> Umid {
        let time = self.tick();
        let name = profile["name"].as_str();
        let row = user::Model {
            name_folded: name.map(str::to_lowercase),
            user_id: Umid::now_v7(),
            user_type_id: ids::NORMAL_USER_TYPE,
            profile,
            options: None,
            updated_at: time.naive_utc(),
            created_at: time.naive_utc(),
            last_seen_at: None,
        };
        let id = row.user_id;
        self.insert::<user::Entity>([row.into_active_model()]).await;
        id
    }

    /// A world with a name.
    pub(crate) async fn world(&mut self, owner: Umid, name: &str) -> Umid {
        let world = Umid::now_v7();
        self.world_with_id(world, owner, name).await;
        world
    }

    /// A world with a name and an id of one's choice.
    pub(crate) async fn world_with_id(&mut self, id: Umid, owner: Umid, name: &str) {
        self.insert_object(id, self.node, WORLD_TYPE, owner).await;
        self.attribute(id, "name", json!({"name": name})).await;
    }

    /// An object with a name.
    pub(crate) async fn object(&mut self, parent: Umid, owner: Umid, name: &str) -> Umid {
        let id = Umid::now_v7();
        self.insert_object(id, parent, CUSTOM_OBJECT, owner).await;
        self.attribute(id, "name", json!({"name": name})).await;
        id
    }

    async fn insert_object(&mut self, id: Umid, parent: Umid, kind: Umid, owner: Umid) {
        let time = self.tick().naive_utc();
        let row = object::Model {
            object_id: id,
            object_type_id: kind,
            owner_id: owner,
            parent_id: parent,
            asset_2d_id: None,
            asset_3d_id: None,
            options: None,
            transform: None,
            updated_at: time,
            created_at: time,
        };
        self.insert::<object::Entity>([row.into_active_model()])
            .await;
    }

    /// A core attribute of an object.
    pub(crate) async fn attribute(&mut self, object: Umid, name: &str, value: Value) {
        let time = self.tick().naive_utc();
        let row = object_attribute::Model {
            plugin_id: ids::CORE_PLUGIN,
            attribute_name: name.to_owned(),
            object_id: object,
            value: Some(value),
            options: None,
            created_at: time,
            updated_at: time,
        };
        self.insert::<object_attribute::Entity>([row.into_active_model()])
            .await;
    }

    /// A core attribute of the node, with options of its own, in place of what there is.
    pub(crate) async fn node_attribute(&mut self, name: &str, value: Value, options: Value) {
        let time = self.tick().naive_utc();
        let row = node_attribute::Model {
            plugin_id: ids::CORE_PLUGIN,
            attribute_name: name.to_owned(),
            value,
            options: Some(options),
            created_at: time,
            updated_at: time,
        };
        let key = (row.plugin_id, row.attribute_name.clone());
        let gone = node_attribute::Entity::delete_by_id(key).exec(&self.database);
        gone.await.expect("may be deleted");
        self.insert::<node_attribute::Entity>([row.into_active_model()])
            .await;
    }

    /// A type of attributes of the core plugin.
    pub(crate) async fn attribute_type(&mut self, name: &str, options: Value) {
        let row = attribute_type::Model {
            plugin_id: ids::CORE_PLUGIN,
            attribute_name: name.to_owned(),
            description: String::new(),
            options: Some(options),
        };
        self.insert::<attribute_type::Entity>([row.into_active_model()])
            .await;
    }

    /// An admin of an object.
    pub(crate) async fn admin(&mut self, object: Umid, user: Umid) {
        let time = self.tick().naive_utc();
        let row = user_object::Model {
            object_id: object,
            user_id: user,
            created_at: time,
            updated_at: time,
            value: Some(json!({"role": "admin"})),
        };
        self.insert::<user_object::Entity>([row.into_active_model()])
            .await;
    }

    /// Other options of an object.
    pub(crate) async fn options(&self, object: Umid, options: Value) {
        object::Entity::update_many()
            .col_expr(object::Column::Options, Expr::value(options))
            .filter(object::Column::ObjectId.eq(object))
            .exec(&self.database)
            .await
            .expect("may be changed");
    }

    /// Row that a user keeps on an object.
    pub(crate) async fn object_user_attribute(
        &mut self,
        object: Umid,
        user: Umid,
        attribute: (Umid, &str),
        value: Value,
    ) {
        let time = self.tick().naive_utc();
        let row = object_user_attribute::Model {
            user_id: user,
            object_id: object,
            attribute_name: attribute.1.to_owned(),
            plugin_id: attribute.0,
            value: Some(value),
            options: None,
            created_at: time,
            updated_at: time,
        };
        self.insert::<object_user_attribute::Entity>([row.into_active_model()])
            .await;
    }

    /// A picture that a user posted.
    pub(crate) async fn screenshot(&mut self, object: Umid, user: Umid) {
        let row = activity::Model {
            activity_id: Umid::now_v7(),
            user_id: user,
            object_id: object,
            kind: "screenshot".to_owned(),
            data: json!({"hash": "ab12"}),
            created_at: self.tick().naive_utc(),
        };
        self.insert::<activity::Entity>([row.into_active_model()])
            .await;
    }

    /// Takes an object away.
    pub(crate) async fn delete_object(&mut self, object: Umid) {
        object::Entity::delete_by_id(object)
            .exec(&self.database)
            .await
            .expect("may be deleted");
    }

    /// All announced stakes.
    pub(crate) async fn pending_stakes(&self) -> Vec<pending_stake::Model> {
        let rows = pending_stake::Entity::find().all(&self.database).await;
        rows.expect("may be read")
    }

    /// Takes a table away, as a failure would.
    pub(crate) async fn drop_table(&self, table: &str) {
        let drop = format!("DROP TABLE {table}");
        let dropped = self.database.execute_unprepared(&drop).await;
        dropped.expect("may be dropped");
    }

    /// Rows of a table as JSON texts of these columns, in order.
    pub(crate) async fn texts(&self, table: &str, columns: &str) -> Vec<String> {
        let query = format!("SELECT json_array({columns}) AS text FROM {table} ORDER BY 1");
        let query = Statement::from_string(DbBackend::Sqlite, query);
        let rows = self.database.query_all_raw(query).await;
        let rows = rows.expect("may be read").into_iter();
        rows.map(|row| row.try_get("", "text").expect("a text"))
            .collect()
    }

    /// Closes the database.
    pub(crate) async fn close(self) {
        self.database.close().await.expect("closes");
    }

    /// Inserts rows; those that are there already stay as they are.
    pub(super) async fn insert<E: EntityTrait>(
        &self,
        rows: impl IntoIterator<Item = E::ActiveModel>,
    ) where
        E::ActiveModel: Send,
    {
        E::insert_many(rows)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(&self.database)
            .await
            .expect("may be inserted");
    }

    pub(super) fn tick(&mut self) -> DateTime<Utc> {
        self.clock += TimeDelta::seconds(1);
        self.clock
    }
}
