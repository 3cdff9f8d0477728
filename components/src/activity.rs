//! Kinds of what happens in worlds.

/// Kind of an activity. Stored activities of other kinds (`unstake`) are never shown, because
/// clients refuse a list that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityKind {
    /// A user posted a video.
    Video,
    /// A user posted a picture of the world.
    Screenshot,
    /// A world was created.
    WorldCreated,
    /// Somebody staked in a world.
    Stake,
}

impl ActivityKind {
    /// All kinds, as the news feed shows them.
    pub const ALL: [Self; 4] = [
        Self::Video,
        Self::Screenshot,
        Self::WorldCreated,
        Self::Stake,
    ];

    /// Kinds that users post and timelines show.
    pub const POSTS: [Self; 2] = [Self::Video, Self::Screenshot];

    /// Name in the database and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Screenshot => "screenshot",
            Self::WorldCreated => "world_created",
            Self::Stake => "stake",
        }
    }

    /// Returns the kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether users post it themselves.
    pub fn is_post(self) -> bool {
        Self::POSTS.contains(&self)
    }
}
