//! The messages that version 2 adds (docs/protocol.md, *Negotiation*).

/// The type of a message of version 2; those of version 1 are [`crate::MessageType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum MessageType {
    /// [`Welcome`](super::Welcome)
    Welcome = 0x57E1_C03E,
    /// [`UserHandles`](super::UserHandles)
    UserHandles = 0x4A9D_1E55,
    /// [`Poses`](super::Poses)
    Poses = 0x9053_A2B7,
    /// [`ObjectPoses`](super::ObjectPoses)
    ObjectPoses = 0x0B7E_2C91,
    /// [`MyPose`](super::MyPose)
    MyPose = 0x3F6A_81D4,
}

impl MessageType {
    /// All five, in the order of the specification.
    pub const ALL: [Self; 5] = [
        Self::Welcome,
        Self::UserHandles,
        Self::Poses,
        Self::ObjectPoses,
        Self::MyPose,
    ];

    /// The type with this id.
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.id() == id)
    }

    /// The type with this JavaScript name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// The id in the frame header.
    pub const fn id(self) -> u32 {
        self as u32
    }

    /// The name JavaScript clients use, such as `my_pose`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::UserHandles => "user_handles",
            Self::Poses => "poses",
            Self::ObjectPoses => "object_poses",
            Self::MyPose => "my_pose",
        }
    }

    /// Whether clients send it; they and only they send [`MyPose`](super::MyPose).
    pub const fn from_client(self) -> bool {
        matches!(self, Self::MyPose)
    }

    /// Appends a frame of this type around what `body` appends.
    pub(super) fn frame(self, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
        out.extend_from_slice(&self.id().to_le_bytes());
        body(out);
        out.extend_from_slice(&(!self.id()).to_le_bytes());
    }
}
