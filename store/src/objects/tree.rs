//! Object trees by recursive query, and what belongs to their objects.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use components::{AttributeId, Umid};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryResult, Statement, Value,
};

use crate::{
    AttributeRecord, ObjectRecord, Result, Store,
    convert::{display_name, tolerant_map, tolerant_transform},
    database::sql::{MAX_DEPTH, TREE},
    entity,
};

/// A node of an object tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeRow {
    /// The object.
    pub id: Umid,
    /// Its parent.
    pub parent: Umid,
    /// Its type.
    pub object_type: Umid,
    /// Its display name.
    pub name: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// A node of an object tree with the number of its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineRow {
    /// The object.
    pub object: TreeRow,
    /// Number of direct children, of those that were asked for.
    pub children: u64,
}

impl Store {
    /// A world with all its objects and their attributes: the world first, every parent before its
    /// children, siblings by (created_at, id). `None` if there is no such world; the node itself is
    /// none.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn load_world(&self, world: Umid) -> Result<Option<Vec<ObjectRecord>>> {
        let snapshot = self.snapshot().await?;
        let is_world = Statement::from_sql_and_values(
            self.backend(),
            "SELECT 1 FROM object w JOIN object n ON n.object_id = w.parent_id \
             WHERE w.object_id = $1 AND w.parent_id <> w.object_id AND n.parent_id = n.object_id",
            [world.into()],
        );
        if snapshot.query_one_raw(is_world).await?.is_none() {
            return Ok(None);
        }
        let rows = entity::object::Entity::find()
            .from_raw_sql(self.tree(
                world,
                MAX_DEPTH,
                "SELECT * FROM object WHERE object_id IN (SELECT id FROM tree)",
            ))
            .all(&snapshot)
            .await?;
        let attributes = entity::object_attribute::Entity::find()
            .from_raw_sql(self.tree(
                world,
                MAX_DEPTH,
                "SELECT * FROM object_attribute WHERE object_id IN (SELECT id FROM tree) \
                 ORDER BY object_id, plugin_id, attribute_name",
            ))
            .all(&snapshot)
            .await?;
        snapshot.commit().await?;
        let mut attributes = by_object(attributes)?;
        let rows = parents_first(world, rows, |row| Link {
            id: row.object_id,
            parent: row.parent_id,
            created_at: row.created_at,
        });
        let records = rows.into_iter().map(|row| {
            let attributes = attributes.remove(&row.object_id).unwrap_or_default();
            object_record(row, attributes)
        });
        records.collect::<Result<Vec<_>>>().map(Some)
    }

    /// The objects below and including `root`, at most `max_depth` levels down: parents before
    /// children, siblings by (created_at, id). Empty if there is no such object.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn subtree(&self, root: Umid, max_depth: u32) -> Result<Vec<TreeRow>> {
        let snapshot = self.snapshot().await?;
        let depth = max_depth.min(MAX_DEPTH);
        let rows = entity::object::Entity::find()
            .from_raw_sql(self.tree(
                root,
                depth,
                "SELECT * FROM object WHERE object_id IN (SELECT id FROM tree)",
            ))
            .all(&snapshot)
            .await?;
        let name = components::ids::core("name");
        let mut select = self.tree(
            root,
            depth,
            "SELECT * FROM object_attribute WHERE object_id IN (SELECT id FROM tree) \
             AND plugin_id = $3 AND attribute_name = $4",
        );
        if let Some(values) = &mut select.values {
            values
                .0
                .extend([Value::from(name.plugin), Value::from(name.name)]);
        }
        let names = entity::object_attribute::Entity::find()
            .from_raw_sql(select)
            .all(&snapshot)
            .await?;
        snapshot.commit().await?;
        let mut by_id = HashMap::with_capacity(names.len());
        for row in names {
            if let Some(name) = display_name(row.value)? {
                by_id.insert(row.object_id, name);
            }
        }
        let tree = rows.into_iter().map(|row| TreeRow {
            id: row.object_id,
            parent: row.parent_id,
            object_type: row.object_type_id,
            name: by_id.remove(&row.object_id),
            created_at: row.created_at.and_utc(),
        });
        Ok(parents_first(root, tree.collect(), |row| Link {
            id: row.id,
            parent: row.parent,
            created_at: row.created_at.naive_utc(),
        }))
    }

    /// The objects below and including `root`, at most `max_depth` levels down and `limit` of them:
    /// level by level, each by (created_at, id). With `object_type`, children of other types are
    /// left out with all below them. One statement.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn outline(
        &self,
        root: Umid,
        max_depth: u32,
        object_type: Option<Umid>,
        limit: u32,
    ) -> Result<Vec<OutlineRow>> {
        let name = components::ids::core("name");
        let mut values: Vec<Value> = vec![
            root.into(),
            i64::from(max_depth.min(MAX_DEPTH)).into(),
            name.plugin.into(),
            name.name.into(),
            i64::from(limit).into(),
        ];
        let (below, counted) = match object_type {
            Some(object_type) => {
                values.push(object_type.into());
                (" AND o.object_type_id = $6", " AND c.object_type_id = $6")
            }
            None => ("", ""),
        };
        // The node, being its own parent, is not its own child.
        let select = format!(
            "WITH RECURSIVE tree(id, depth) AS (\
                SELECT object_id, 0 FROM object WHERE object_id = $1 \
                UNION \
                SELECT o.object_id, t.depth + 1 FROM object o JOIN tree t ON o.parent_id = t.id \
                WHERE t.depth < $2 AND o.object_id <> $1{below}) \
             SELECT o.object_id, o.parent_id, o.object_type_id, o.created_at, a.value, \
                (SELECT COUNT(*) FROM object c \
                 WHERE c.parent_id = o.object_id AND c.object_id <> o.object_id{counted}) AS children \
             FROM tree t JOIN object o ON o.object_id = t.id \
             LEFT JOIN object_attribute a ON a.object_id = o.object_id AND a.plugin_id = $3 \
                AND a.attribute_name = $4 \
             ORDER BY t.depth, o.created_at, o.object_id LIMIT $5"
        );
        let select = Statement::from_sql_and_values(self.backend(), select, values);
        let rows = self.read().query_all_raw(select).await?;
        rows.iter().map(outline_row).collect()
    }

    /// The ids below and including `root`, parents before children, locked against change until the
    /// transaction ends.
    pub(crate) async fn lock_subtree(
        &self,
        transaction: &DatabaseTransaction,
        root: Umid,
    ) -> Result<Vec<Umid>> {
        let mut known = 0;
        loop {
            let select = self.tree(
                root,
                MAX_DEPTH,
                "SELECT id, MIN(depth) AS depth FROM tree GROUP BY id ORDER BY depth, id",
            );
            let rows = transaction.query_all_raw(select).await?;
            let ids: Vec<Umid> = rows
                .iter()
                .map(|row| row.try_get("", "id"))
                .collect::<std::result::Result<_, _>>()?;
            // A child may have been added while waiting for the locks; under them none can be.
            if self.backend() == DbBackend::Sqlite || ids.len() == known {
                return Ok(ids);
            }
            known = ids.len();
            let lock = "SELECT object_id FROM object WHERE object_id IN (SELECT id FROM tree) ORDER BY object_id FOR UPDATE";
            transaction
                .query_all_raw(self.tree(root, MAX_DEPTH, lock))
                .await?;
        }
    }

    pub(super) fn tree(&self, root: Umid, depth: u32, query: &str) -> Statement {
        Statement::from_sql_and_values(
            self.backend(),
            format!("{TREE}{query}"),
            [root.into(), i64::from(depth).into()],
        )
    }
}

fn outline_row(row: &QueryResult) -> Result<OutlineRow> {
    let created_at: NaiveDateTime = row.try_get("", "created_at")?;
    let children: i64 = row.try_get("", "children")?;
    Ok(OutlineRow {
        object: TreeRow {
            id: row.try_get("", "object_id")?,
            parent: row.try_get("", "parent_id")?,
            object_type: row.try_get("", "object_type_id")?,
            name: display_name(row.try_get("", "value")?)?,
            created_at: created_at.and_utc(),
        },
        children: u64::try_from(children).unwrap_or_default(),
    })
}

/// Sorts attribute rows by their object.
pub(crate) fn by_object(
    rows: Vec<entity::object_attribute::Model>,
) -> Result<HashMap<Umid, Vec<AttributeRecord>>> {
    let mut objects: HashMap<Umid, Vec<AttributeRecord>> = HashMap::new();
    for row in rows {
        let object = row.object_id;
        objects.entry(object).or_default().push(row.try_into()?);
    }
    Ok(objects)
}

/// A stored object and its attributes.
pub(crate) fn object_record(
    row: entity::object::Model,
    attributes: Vec<AttributeRecord>,
) -> Result<ObjectRecord> {
    Ok(ObjectRecord {
        id: row.object_id,
        object_type: row.object_type_id,
        owner: row.owner_id,
        parent: row.parent_id,
        asset_2d: row.asset_2d_id,
        asset_3d: row.asset_3d_id,
        options: tolerant_map(
            row.options,
            format_args!("the options of object {}", row.object_id),
        ),
        transform: tolerant_transform(row.transform, row.object_id),
        created_at: row.created_at.and_utc(),
        updated_at: row.updated_at.and_utc(),
        attributes,
    })
}

struct Link {
    id: Umid,
    parent: Umid,
    created_at: NaiveDateTime,
}

/// Depth first from `root`; rows that are not below it are dropped, none comes twice.
fn parents_first<T>(root: Umid, rows: Vec<T>, link: impl Fn(&T) -> Link) -> Vec<T> {
    let mut children: HashMap<Umid, Vec<Link>> = HashMap::new();
    let mut by_id: HashMap<Umid, T> = HashMap::with_capacity(rows.len());
    for row in rows {
        let link = link(&row);
        by_id.insert(link.id, row);
        if link.id != root {
            children.entry(link.parent).or_default().push(link);
        }
    }
    let mut ordered = Vec::with_capacity(by_id.len());
    let mut seen = HashSet::new();
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        ordered.extend(by_id.remove(&id));
        let mut below = children.remove(&id).unwrap_or_default();
        below.sort_by_key(|link| (link.created_at, link.id));
        stack.extend(below.into_iter().rev().map(|link| link.id));
    }
    ordered
}

/// An attribute's identity from its two columns.
pub(crate) fn attribute_id(plugin: Umid, name: String) -> AttributeId {
    AttributeId { plugin, name }
}
