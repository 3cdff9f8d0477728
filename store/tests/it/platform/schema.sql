-- The schema of the existing platform at version 701, after docs/spec/model.md §2.1. Names of
-- constraints and indexes are not part of it; those here differ from ours on purpose.

CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
INSERT INTO schema_migrations VALUES (701, false);

CREATE TABLE plugin (
    plugin_id uuid NOT NULL CONSTRAINT pk_plugin PRIMARY KEY,
    meta jsonb NOT NULL DEFAULT '{}',
    options jsonb,
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE attribute_type (
    plugin_id uuid NOT NULL CONSTRAINT fk_attribute_type_1 REFERENCES plugin ON UPDATE CASCADE ON DELETE CASCADE,
    attribute_name character varying(255) NOT NULL,
    description text NOT NULL DEFAULT '',
    options jsonb,
    CONSTRAINT pk_attribute_type PRIMARY KEY (plugin_id, attribute_name)
);
CREATE INDEX ix_attribute_type_1 ON attribute_type (plugin_id);

CREATE TABLE asset_2d (
    asset_2d_id uuid NOT NULL CONSTRAINT pk_asset_2d PRIMARY KEY,
    meta jsonb NOT NULL DEFAULT '{}',
    options jsonb DEFAULT '{}',
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE asset_3d (
    asset_3d_id uuid NOT NULL CONSTRAINT pk_asset_3d PRIMARY KEY,
    meta jsonb NOT NULL DEFAULT '{}',
    options jsonb DEFAULT '{}',
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE object_type (
    object_type_id uuid NOT NULL CONSTRAINT pk_object_type PRIMARY KEY,
    asset_2d_id uuid CONSTRAINT fk_object_type_1 REFERENCES asset_2d ON UPDATE CASCADE ON DELETE CASCADE,
    asset_3d_id uuid CONSTRAINT fk_object_type_2 REFERENCES asset_3d ON UPDATE CASCADE ON DELETE CASCADE,
    object_type_name character varying(255) NOT NULL CONSTRAINT uq_object_type UNIQUE,
    category_name character varying(255) NOT NULL,
    description text DEFAULT '',
    options jsonb NOT NULL,
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_object_type_1 ON object_type (asset_2d_id);
CREATE INDEX ix_object_type_2 ON object_type (asset_3d_id);

CREATE TABLE user_type (
    user_type_id uuid NOT NULL CONSTRAINT pk_user_type PRIMARY KEY,
    user_type_name character varying(255) NOT NULL,
    description text NOT NULL,
    options jsonb
);

CREATE TABLE "user" (
    user_id uuid NOT NULL CONSTRAINT pk_user PRIMARY KEY,
    user_type_id uuid NOT NULL CONSTRAINT fk_user_1 REFERENCES user_type ON UPDATE CASCADE ON DELETE CASCADE,
    profile jsonb NOT NULL DEFAULT '{}',
    options jsonb,
    updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_user_1 ON "user" (user_type_id);

CREATE TABLE object (
    object_id uuid NOT NULL CONSTRAINT pk_object PRIMARY KEY,
    object_type_id uuid NOT NULL CONSTRAINT fk_object_1 REFERENCES object_type ON UPDATE CASCADE ON DELETE CASCADE,
    owner_id uuid NOT NULL CONSTRAINT "fk object 2" REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    parent_id uuid NOT NULL CONSTRAINT fk_object_3 REFERENCES object ON UPDATE CASCADE ON DELETE CASCADE,
    asset_2d_id uuid CONSTRAINT fk_object_4 REFERENCES asset_2d ON UPDATE CASCADE ON DELETE CASCADE,
    asset_3d_id uuid CONSTRAINT fk_object_5 REFERENCES asset_3d ON UPDATE CASCADE ON DELETE CASCADE,
    options jsonb,
    transform jsonb,
    updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_object_1 ON object (object_type_id);
CREATE INDEX ix_object_2 ON object (owner_id);
CREATE INDEX ix_object_3 ON object (parent_id);
CREATE INDEX ix_object_4 ON object (asset_2d_id);
CREATE INDEX ix_object_5 ON object (asset_3d_id);

CREATE TABLE asset_3d_user (
    asset_3d_id uuid NOT NULL REFERENCES asset_3d ON UPDATE CASCADE ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    meta jsonb NOT NULL,
    is_private boolean NOT NULL DEFAULT true,
    updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (asset_3d_id, user_id)
);
CREATE INDEX ix_asset_3d_user_1 ON asset_3d_user (asset_3d_id);
CREATE INDEX ix_asset_3d_user_2 ON asset_3d_user (user_id);

CREATE TABLE user_membership (
    member_of uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    value json,
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    update_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (member_of, user_id)
);
CREATE INDEX ix_user_membership_1 ON user_membership (member_of);
CREATE INDEX ix_user_membership_2 ON user_membership (user_id);

CREATE TABLE user_object (
    object_id uuid NOT NULL REFERENCES object ON UPDATE CASCADE ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES "user",
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    value jsonb,
    PRIMARY KEY (object_id, user_id)
);
CREATE INDEX ix_user_object_1 ON user_object (object_id);
CREATE INDEX ix_user_object_2 ON user_object (user_id);

CREATE TABLE activity (
    activity_id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    object_id uuid NOT NULL REFERENCES object ON UPDATE CASCADE ON DELETE CASCADE,
    type character varying(255) NOT NULL,
    data jsonb NOT NULL,
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_activity_1 ON activity (user_id);
CREATE INDEX ix_activity_2 ON activity (object_id);

CREATE TABLE object_activity (
    object_id uuid NOT NULL REFERENCES object ON UPDATE CASCADE ON DELETE CASCADE,
    activity_id uuid NOT NULL REFERENCES activity ON UPDATE CASCADE ON DELETE CASCADE,
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (object_id, activity_id)
);
CREATE INDEX ix_object_activity_1 ON object_activity (object_id);
CREATE INDEX ix_object_activity_2 ON object_activity (activity_id);

CREATE TABLE user_activity (
    user_id uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    activity_id uuid NOT NULL REFERENCES activity ON UPDATE CASCADE ON DELETE CASCADE,
    created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (user_id, activity_id)
);
CREATE INDEX ix_user_activity_1 ON user_activity (user_id);
CREATE INDEX ix_user_activity_2 ON user_activity (activity_id);

CREATE TABLE node_attribute (
    plugin_id uuid NOT NULL,
    attribute_name character varying(255) NOT NULL,
    value jsonb NOT NULL,
    options jsonb,
    created_at timestamp without time zone NOT NULL DEFAULT NOW(),
    updated_at timestamp without time zone NOT NULL DEFAULT NOW(),
    PRIMARY KEY (plugin_id, attribute_name),
    FOREIGN KEY (plugin_id, attribute_name) REFERENCES attribute_type ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX ix_node_attribute_1 ON node_attribute (plugin_id, attribute_name);

CREATE TABLE object_attribute (
    plugin_id uuid NOT NULL,
    attribute_name character varying(255) NOT NULL,
    object_id uuid NOT NULL REFERENCES object ON UPDATE CASCADE ON DELETE CASCADE,
    value jsonb,
    options jsonb,
    created_at timestamp without time zone NOT NULL DEFAULT NOW(),
    updated_at timestamp without time zone NOT NULL DEFAULT NOW(),
    PRIMARY KEY (plugin_id, attribute_name, object_id),
    FOREIGN KEY (plugin_id, attribute_name) REFERENCES attribute_type ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX ix_object_attribute_1 ON object_attribute (plugin_id, attribute_name);
CREATE INDEX ix_object_attribute_2 ON object_attribute (object_id);

CREATE TABLE user_attribute (
    user_id uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    plugin_id uuid NOT NULL,
    attribute_name character varying(255) NOT NULL,
    value jsonb NOT NULL,
    options jsonb,
    created_at timestamp without time zone NOT NULL DEFAULT NOW(),
    updated_at timestamp without time zone NOT NULL DEFAULT NOW(),
    PRIMARY KEY (user_id, plugin_id, attribute_name),
    FOREIGN KEY (plugin_id, attribute_name) REFERENCES attribute_type ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX ix_user_attribute_1 ON user_attribute (plugin_id, attribute_name);
CREATE INDEX ix_user_attribute_2 ON user_attribute (user_id);

CREATE TABLE object_user_attribute (
    user_id uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    object_id uuid NOT NULL REFERENCES object ON UPDATE CASCADE ON DELETE CASCADE,
    attribute_name character varying(255) NOT NULL,
    plugin_id uuid NOT NULL,
    value jsonb,
    options jsonb,
    created_at timestamp without time zone NOT NULL DEFAULT NOW(),
    updated_at timestamp without time zone NOT NULL DEFAULT NOW(),
    PRIMARY KEY (user_id, object_id, attribute_name, plugin_id),
    FOREIGN KEY (plugin_id, attribute_name) REFERENCES attribute_type ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX ix_object_user_attribute_1 ON object_user_attribute (plugin_id, attribute_name);
CREATE INDEX ix_object_user_attribute_2 ON object_user_attribute (user_id);

CREATE TABLE user_user_attribute (
    plugin_id uuid NOT NULL,
    attribute_name character varying(255) NOT NULL,
    source_user_id uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    target_user_id uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE,
    value jsonb NOT NULL,
    options jsonb,
    created_at timestamp without time zone NOT NULL DEFAULT NOW(),
    updated_at timestamp without time zone NOT NULL DEFAULT NOW(),
    PRIMARY KEY (plugin_id, attribute_name, source_user_id, target_user_id),
    FOREIGN KEY (plugin_id, attribute_name) REFERENCES attribute_type ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX ix_user_user_attribute_1 ON user_user_attribute (plugin_id, attribute_name);
CREATE INDEX ix_user_user_attribute_2 ON user_user_attribute (source_user_id);
CREATE INDEX ix_user_user_attribute_3 ON user_user_attribute (target_user_id);

CREATE TABLE blockchain (
    blockchain_id uuid NOT NULL PRIMARY KEY,
    last_processed_block_number bigint NOT NULL,
    blockchain_name text NOT NULL,
    rpc_url text NOT NULL,
    updated_at timestamp without time zone NOT NULL
);

CREATE TABLE wallet (
    wallet_id bytea NOT NULL,
    blockchain_id uuid NOT NULL REFERENCES blockchain ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (blockchain_id, wallet_id)
);

CREATE TABLE contract (contract_id bytea NOT NULL PRIMARY KEY, name character varying(255));

CREATE TABLE balance (
    wallet_id bytea NOT NULL,
    contract_id bytea NOT NULL REFERENCES contract ON UPDATE CASCADE ON DELETE CASCADE,
    blockchain_id uuid NOT NULL REFERENCES blockchain ON UPDATE CASCADE ON DELETE CASCADE,
    balance numeric(78, 0) NOT NULL,
    last_processed_block_number bigint NOT NULL,
    PRIMARY KEY (wallet_id, contract_id, blockchain_id),
    FOREIGN KEY (blockchain_id, wallet_id) REFERENCES wallet
);

CREATE TABLE nft (
    wallet_id bytea NOT NULL,
    blockchain_id uuid NOT NULL REFERENCES blockchain ON UPDATE CASCADE ON DELETE CASCADE,
    object_id uuid NOT NULL,
    contract_id bytea NOT NULL,
    created_at timestamp without time zone,
    updated_at timestamp without time zone,
    PRIMARY KEY (wallet_id, contract_id, blockchain_id, object_id)
);

CREATE TABLE stake (
    wallet_id bytea NOT NULL,
    blockchain_id uuid NOT NULL,
    object_id uuid NOT NULL,
    amount numeric(78, 0) NOT NULL,
    last_comment text NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    kind integer NOT NULL,
    PRIMARY KEY (blockchain_id, wallet_id, object_id, kind),
    FOREIGN KEY (blockchain_id, wallet_id) REFERENCES wallet ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE pending_stake (
    transaction_id bytea NOT NULL,
    object_id uuid NOT NULL REFERENCES object ON UPDATE CASCADE ON DELETE CASCADE,
    wallet_id bytea NOT NULL,
    blockchain_id uuid NOT NULL,
    amount numeric(78, 0) NOT NULL,
    comment text NOT NULL,
    kind integer NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    created_at timestamp without time zone NOT NULL,
    PRIMARY KEY (blockchain_id, wallet_id, transaction_id, object_id),
    FOREIGN KEY (blockchain_id, wallet_id) REFERENCES wallet ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE TABLE harvester_blockchain (
    blockchain_id uuid NOT NULL PRIMARY KEY,
    blockchain_name text NOT NULL,
    last_processed_block_for_tokens bigint NOT NULL DEFAULT 0,
    last_processed_block_for_nfts bigint NOT NULL DEFAULT 0,
    last_processed_block_for_ethers bigint NOT NULL DEFAULT 0,
    updated_at timestamp without time zone NOT NULL
);

CREATE TABLE harvester_tokens (
    wallet_id bytea NOT NULL,
    contract_id bytea NOT NULL,
    blockchain_id uuid NOT NULL REFERENCES harvester_blockchain ON UPDATE CASCADE ON DELETE CASCADE,
    balance numeric(78, 0) NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    PRIMARY KEY (blockchain_id, contract_id, wallet_id)
);

CREATE TABLE harvester_nfts (
    wallet_id bytea NOT NULL,
    contract_id bytea NOT NULL,
    blockchain_id uuid NOT NULL REFERENCES harvester_blockchain ON UPDATE CASCADE ON DELETE CASCADE,
    item_id numeric(78, 0) NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    PRIMARY KEY (blockchain_id, contract_id, wallet_id, item_id)
);

CREATE TABLE harvester_ethers (
    wallet_id bytea NOT NULL,
    blockchain_id uuid NOT NULL REFERENCES harvester_blockchain ON UPDATE CASCADE ON DELETE CASCADE,
    balance numeric(78, 0) NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    PRIMARY KEY (blockchain_id, wallet_id)
);

-- Who is admin of an object: owners and admins of it and all above it, and whoever is a member of those.
CREATE FUNCTION getindirectobjectadmins(uuid) RETURNS TABLE (userid uuid) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE chain AS (
        SELECT o.object_id, o.parent_id, o.owner_id FROM object o WHERE o.object_id = $1
        UNION ALL
        SELECT o.object_id, o.parent_id, o.owner_id FROM object o
        JOIN chain c ON o.object_id = c.parent_id WHERE c.object_id <> c.parent_id
    ), closure AS (
        SELECT owner_id AS admin FROM chain
        UNION ALL
        SELECT m.user_id FROM user_object m JOIN chain c USING (object_id) WHERE m.value ->> 'role' = 'admin'
        UNION ALL
        SELECT e.user_id FROM user_membership e JOIN closure ON e.member_of = closure.admin
    )
    SELECT DISTINCT admin FROM closure
$$;

CREATE FUNCTION getobjectancestorsids(uuid, integer) RETURNS TABLE (id uuid, parent_id uuid, level integer)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (
        SELECT o.object_id, o.parent_id, 0 AS level FROM object o WHERE o.object_id = $1
        UNION ALL
        SELECT o.object_id, o.parent_id, up.level + 1 FROM object o
        JOIN up ON o.object_id = up.parent_id WHERE up.object_id <> up.parent_id AND up.level < $2
    )
    SELECT object_id, parent_id, level FROM up
$$;

CREATE VIEW objects_plus_level_isadmin AS
    SELECT object.*, 0 AS level, false AS is_admin FROM object WHERE false;

CREATE FUNCTION getobjectancestorstableadminrole(uuid, uuid) RETURNS SETOF objects_plus_level_isadmin
LANGUAGE sql STABLE AS $$
    SELECT o.*, a.level, bool_or(o.owner_id = $1) OVER (ORDER BY a.level DESC)
    FROM getobjectancestorsids($2, 1000) a JOIN object o ON o.object_id = a.id
$$;
