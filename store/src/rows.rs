//! The plain values that go into and come out of the store.

use chrono::{DateTime, Utc};
use components::{AttributeId, JsonMap, Transform, TransformNoScale, Umid};

use crate::NewActivity;

/// Everything a node keeps in memory besides the worlds themselves, loaded with one query per table.
#[derive(Clone, Debug, Default)]
pub struct DirectoryRows {
    /// The node: the one object that is its own parent.
    pub node: Umid,
    /// All objects of all worlds, the node included.
    pub objects: Vec<ObjectLink>,
    /// (object, user) of every member with role `admin`.
    pub admins: Vec<(Umid, Umid)>,
    /// (member_of, user) edges of group membership.
    pub memberships: Vec<(Umid, Umid)>,
    /// All object types.
    pub object_types: Vec<ObjectTypeRow>,
    /// All attribute types.
    pub attribute_types: Vec<AttributeTypeRow>,
    /// All plugins.
    pub plugins: Vec<PluginRow>,
    /// All 2D assets.
    pub assets_2d: Vec<AssetRow>,
    /// All 3D assets.
    pub assets_3d: Vec<AssetRow>,
    /// All attributes of the node.
    pub node_attributes: Vec<AttributeRecord>,
}

/// What authority needs to know of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectLink {
    /// The object.
    pub id: Umid,
    /// Its parent; its own id for the node.
    pub parent: Umid,
    /// Its owner.
    pub owner: Umid,
    /// Its type.
    pub object_type: Umid,
}

/// A template for objects.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectTypeRow {
    /// The type.
    pub id: Umid,
    /// Default 2D asset.
    pub asset_2d: Option<Umid>,
    /// Default 3D asset.
    pub asset_3d: Option<Umid>,
    /// Unique name.
    pub name: String,
    /// Category; "Worlds" protects from deletion.
    pub category: String,
    /// Default options.
    pub options: JsonMap,
}

/// A JSON slot declared by a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeTypeRow {
    /// Plugin and name.
    pub id: AttributeId,
    /// Free text.
    pub description: String,
    /// Default options (permissions, posbus_auto, render_auto, cloneable).
    pub options: Option<JsonMap>,
}

/// A namespace for attribute types, perhaps with a front-end bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginRow {
    /// The plugin.
    pub id: Umid,
    /// Manifest fields.
    pub meta: JsonMap,
    /// Options.
    pub options: Option<JsonMap>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A 2D or 3D asset.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetRow {
    /// The asset; for a 3D asset the MD5 of its file.
    pub id: Umid,
    /// Descriptor (spec model §2.6).
    pub meta: JsonMap,
    /// Options.
    pub options: Option<JsonMap>,
}

/// A 3D asset in somebody's library.
#[derive(Clone, Debug, PartialEq)]
pub struct LibraryRow {
    /// The asset.
    pub asset: Umid,
    /// Whose library.
    pub user: Umid,
    /// Descriptor of the asset itself.
    pub base_meta: JsonMap,
    /// What the user says of it: name, preview.
    pub meta: JsonMap,
    /// Whether only this user sees the entry.
    pub is_private: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A plugin to store, with what it declares.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginUpdate {
    /// The plugin, new or known.
    pub id: Umid,
    /// Manifest fields, replacing all.
    pub meta: JsonMap,
    /// Attribute types to create or to replace; others of the plugin stay as they are.
    pub attribute_types: Vec<AttributeTypeRow>,
}

/// An object as stored, with all its attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRecord {
    /// The object.
    pub id: Umid,
    /// Its type.
    pub object_type: Umid,
    /// Its owner.
    pub owner: Umid,
    /// Its parent.
    pub parent: Umid,
    /// Own 2D asset, overriding that of the type.
    pub asset_2d: Option<Umid>,
    /// Own 3D asset, overriding that of the type.
    pub asset_3d: Option<Umid>,
    /// Own options, to be merged over those of the type.
    pub options: Option<JsonMap>,
    /// Stored transform, absolute in world space; `None` means automatic placement.
    pub transform: Option<Transform>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Its attributes, by id.
    pub attributes: Vec<AttributeRecord>,
}

/// An object to insert.
#[derive(Clone, Debug, PartialEq)]
pub struct NewObjectRow {
    /// The object.
    pub id: Umid,
    /// Its type.
    pub object_type: Umid,
    /// Its owner.
    pub owner: Umid,
    /// Its parent; in `Seed::welcome` the nil id stands for the node.
    pub parent: Umid,
    /// Own 2D asset.
    pub asset_2d: Option<Umid>,
    /// Own 3D asset.
    pub asset_3d: Option<Umid>,
    /// Own options.
    pub options: Option<JsonMap>,
    /// Transform in world space.
    pub transform: Option<Transform>,
    /// Attributes to create with it.
    pub attributes: Vec<(AttributeId, JsonMap)>,
}

/// Objects to insert together with what belongs to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Creation {
    /// The objects, parents before their children.
    pub objects: Vec<NewObjectRow>,
    /// Own options of attributes of those objects: object, attribute, options.
    pub attribute_options: Vec<(Umid, AttributeId, JsonMap)>,
    /// Attributes of users in those objects.
    pub user_attributes: Vec<NewUserAttribute>,
    /// What the news tell of it.
    pub news: Option<NewActivity>,
}

/// An attribute of a user in an object, to insert with the object.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUserAttribute {
    /// The object.
    pub object: Umid,
    /// The user.
    pub user: Umid,
    /// Plugin and name.
    pub id: AttributeId,
    /// Value.
    pub value: JsonMap,
}

/// An object by its name, as explorers list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// The object.
    pub id: Umid,
    /// Its display name, empty if unset.
    pub name: String,
    /// Its description, empty if unset.
    pub description: String,
}

/// What to change of an object; `None` leaves a field alone, `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObjectPatch {
    /// New display name (attribute `name` of the core plugin).
    pub name: Option<String>,
    /// New 2D asset.
    pub asset_2d: Option<Option<Umid>>,
    /// New 3D asset.
    pub asset_3d: Option<Option<Umid>>,
    /// New options, replacing all.
    pub options: Option<Option<JsonMap>>,
    /// New owner.
    pub owner: Option<Umid>,
}

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
    /// How many direct children it has, of those that were asked for.
    pub children: u64,
}

/// A world as lists and detail pages show it (spec rest §2.0).
#[derive(Clone, Debug, PartialEq)]
pub struct WorldRow {
    /// The world.
    pub id: Umid,
    /// Its owner.
    pub owner: Umid,
    /// Profile name of the owner.
    pub owner_name: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Web site.
    pub website_link: Option<String>,
    /// Media hash of its picture.
    pub avatar_hash: Option<String>,
    /// Sum of all stakes, decimal; `None` if nothing is staked.
    pub stake_total: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A user's stake in a world, summed over the user's wallets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StakerRow {
    /// The user.
    pub user: Umid,
    /// Profile name, empty if unset.
    pub name: String,
    /// Decimal amount in the token's smallest unit.
    pub stake: String,
    /// Media hash of the profile picture.
    pub avatar_hash: Option<String>,
}

/// A user by the number of its stakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopStakerRow {
    /// The user.
    pub user: Umid,
    /// Stakes that are held, over all wallets, worlds and kinds of token.
    pub stakes: i64,
    /// Profile name.
    pub name: String,
    /// Media hash of the profile picture.
    pub avatar_hash: Option<String>,
}

/// What one wallet has staked of one token in one world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StakeRow {
    /// The world.
    pub world: Umid,
    /// Display name of the world.
    pub world_name: Option<String>,
    /// Media hash of the world's picture.
    pub avatar_hash: Option<String>,
    /// The wallet's address.
    pub wallet: Vec<u8>,
    /// The chain.
    pub blockchain: Umid,
    /// Decimal amount in the token's smallest unit; not zero.
    pub amount: String,
    /// What the staker said last.
    pub last_comment: String,
    /// Token: 0 = MOM, 1 = DAD.
    pub kind: i32,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What one wallet has of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceRow {
    /// The wallet's address, 20 bytes.
    pub wallet: Vec<u8>,
    /// The token's contract, 20 bytes.
    pub contract: Vec<u8>,
    /// Decimal amount in the token's smallest unit.
    pub balance: String,
    /// Display name of the chain.
    pub blockchain_name: String,
    /// When the chain was last looked at.
    pub updated_at: DateTime<Utc>,
}

/// A user as lists show it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileRow {
    /// The user.
    pub id: Umid,
    /// `name`, `bio`, `location`, `avatar_hash`, `profile_link`, `onboarded`.
    pub profile: JsonMap,
}

/// Whose attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttributeTarget {
    /// The node's.
    Node,
    /// An object's.
    Object(Umid),
    /// A user's.
    User(Umid),
    /// A user's within an object.
    ObjectUser {
        /// The object.
        object: Umid,
        /// The user.
        user: Umid,
    },
    /// A user's about another user.
    UserUser {
        /// The user it belongs to.
        source: Umid,
        /// The user it is about.
        target: Umid,
    },
}

/// A stored attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeRecord {
    /// Plugin and name.
    pub id: AttributeId,
    /// Value.
    pub value: Option<JsonMap>,
    /// Own options, to be merged over those of the type.
    pub options: Option<JsonMap>,
    /// When it was first written.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// A job handed to a picture provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiJob {
    /// Who paints.
    pub provider: String,
    /// The provider's id of the job.
    pub job_id: String,
    /// Whose it is.
    pub user: Umid,
    /// The object it is for.
    pub object: Option<Umid>,
    /// The provider's word for how far it is.
    pub status: String,
    /// Where the picture is.
    pub file_url: Option<String>,
}

/// A direct member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// The object.
    pub object: Umid,
    /// The member.
    pub user: Umid,
    /// Profile name, empty if unset.
    pub name: String,
    /// Media hash of the profile picture, empty if unset.
    pub avatar_hash: String,
    /// Role; `admin` is the only one there is.
    pub role: String,
}

/// An account.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRow {
    /// The user.
    pub id: Umid,
    /// Class of the user; decides whether it is a guest.
    pub user_type: Umid,
    /// `name`, `bio`, `location`, `avatar_hash`, `profile_link`, `onboarded`.
    pub profile: JsonMap,
    /// Wallets in the order they were attached, as the user spelled them.
    pub wallets: Vec<String>,
    /// When the user was last connected.
    pub last_seen: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An account to insert.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUser {
    /// The user.
    pub id: Umid,
    /// Its class.
    pub user_type: Umid,
    /// Its profile.
    pub profile: JsonMap,
    /// Its first wallet.
    pub wallet: Option<String>,
}

/// The worlds of two users that are to be docked, or docked no longer.
#[derive(Clone, Debug, PartialEq)]
pub struct Docking {
    /// The two users.
    pub users: [Umid; 2],
    /// Who becomes, or was, admin of which world: (world, user).
    pub admins: [(Umid, Umid); 2],
}

/// Which user type means what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountTypes {
    /// Accounts that nobody can come back to without their token.
    pub guest: Umid,
    /// Accounts with a wallet.
    pub normal: Umid,
}

/// Where a user was when leaving a world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastPosition {
    /// The world left.
    pub world: Umid,
    /// The user.
    pub user: Umid,
    /// Position in world space and rotation.
    pub transform: TransformNoScale,
}

/// A stake announced by a client before the chain confirms it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingStake {
    /// Transaction hash, 32 bytes.
    pub transaction_id: Vec<u8>,
    /// The world staked in.
    pub world: Umid,
    /// Wallet address, 20 bytes.
    pub wallet: Vec<u8>,
    /// Decimal amount in the token's smallest unit.
    pub amount: String,
    /// The staker's comment.
    pub comment: String,
    /// Token: 0 = MOM, 1 = DAD.
    pub kind: i32,
}

/// What a fresh database is filled with besides the constants of spec model §4.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// Public base URL; plugin bundles are served below it.
    pub base_url: String,
    /// The welcome world and its objects, parents first; a nil parent stands for the node.
    pub welcome: Vec<NewObjectRow>,
}

/// What seeding found or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeded {
    /// The node.
    pub node: Umid,
    /// Whether this call created it.
    pub fresh: bool,
}

/// A migration this program knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}
