//! The five attribute tables (docs/spec/model.md §2.1).

use crate::table::{Column, NULL, OnDelete::Cascade, REQUIRED, Reference, Table, Type};

const PLUGIN: Column = ("plugin_id", Type::Uuid, REQUIRED);
const NAME: Column = ("attribute_name", Type::Name, REQUIRED);
const OPTIONS: Column = ("options", Type::Json, NULL);
const CREATED: Column = ("created_at", Type::TimeOrNow, REQUIRED);
const UPDATED: Column = ("updated_at", Type::TimeOrNow, REQUIRED);
const OF_TYPE: Reference = (
    &["plugin_id", "attribute_name"],
    "attribute_type",
    &["plugin_id", "attribute_name"],
    Cascade,
);

pub(crate) const NODE_ATTRIBUTE: Table = Table {
    name: "node_attribute",
    columns: &[
        PLUGIN,
        NAME,
        ("value", Type::Json, REQUIRED),
        OPTIONS,
        CREATED,
        UPDATED,
    ],
    primary_key: &["plugin_id", "attribute_name"],
    references: &[OF_TYPE],
    unique: &[],
    indexes: &[],
};

pub(crate) const OBJECT_ATTRIBUTE: Table = Table {
    name: "object_attribute",
    columns: &[
        PLUGIN,
        NAME,
        ("object_id", Type::Uuid, REQUIRED),
        ("value", Type::Json, NULL),
        OPTIONS,
        CREATED,
        UPDATED,
    ],
    primary_key: &["plugin_id", "attribute_name", "object_id"],
    references: &[OF_TYPE, (&["object_id"], "object", &["object_id"], Cascade)],
    unique: &[],
    indexes: &[&["object_id"]],
};

pub(crate) const USER_ATTRIBUTE: Table = Table {
    name: "user_attribute",
    columns: &[
        ("user_id", Type::Uuid, REQUIRED),
        PLUGIN,
        NAME,
        ("value", Type::Json, REQUIRED),
        OPTIONS,
        CREATED,
        UPDATED,
    ],
    primary_key: &["user_id", "plugin_id", "attribute_name"],
    references: &[OF_TYPE, (&["user_id"], "user", &["user_id"], Cascade)],
    unique: &[],
    indexes: &[&["plugin_id", "attribute_name"]],
};

pub(crate) const OBJECT_USER_ATTRIBUTE: Table = Table {
    name: "object_user_attribute",
    columns: &[
        ("user_id", Type::Uuid, REQUIRED),
        ("object_id", Type::Uuid, REQUIRED),
        NAME,
        PLUGIN,
        ("value", Type::Json, NULL),
        OPTIONS,
        CREATED,
        UPDATED,
    ],
    primary_key: &["user_id", "object_id", "attribute_name", "plugin_id"],
    references: &[
        OF_TYPE,
        (&["user_id"], "user", &["user_id"], Cascade),
        (&["object_id"], "object", &["object_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["plugin_id", "attribute_name"], &["object_id"]],
};

pub(crate) const USER_USER_ATTRIBUTE: Table = Table {
    name: "user_user_attribute",
    columns: &[
        PLUGIN,
        NAME,
        ("source_user_id", Type::Uuid, REQUIRED),
        ("target_user_id", Type::Uuid, REQUIRED),
        ("value", Type::Json, REQUIRED),
        OPTIONS,
        CREATED,
        UPDATED,
    ],
    primary_key: &[
        "plugin_id",
        "attribute_name",
        "source_user_id",
        "target_user_id",
    ],
    references: &[
        OF_TYPE,
        (&["source_user_id"], "user", &["user_id"], Cascade),
        (&["target_user_id"], "user", &["user_id"], Cascade),
    ],
    unique: &[],
    indexes: &[&["source_user_id"], &["target_user_id"]],
};
