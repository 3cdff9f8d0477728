//! Messages and bytes by type, in one direction.

use metrics::Counter;
use posbus::{Direction, MessageType, v2};

/// Counters of one type.
struct Counted {
    messages: Counter,
    bytes: Counter,
}

/// Counts messages by the type in their first four bytes. All handles are kept: looking one up by a
/// label costs an allocation each time.
pub(crate) struct Traffic {
    /// Ordered by type.
    known: Vec<(u32, Counted)>,
    /// Frames of no type that belongs in this direction.
    other: Counted,
}

impl Traffic {
    /// Frames from clients.
    pub(crate) fn received() -> Self {
        Self::new(
            "odyssey_frames_received_total",
            "odyssey_bytes_received_total",
            Direction::from_client,
        )
    }

    /// Frames to clients.
    pub(crate) fn sent() -> Self {
        Self::new(
            "odyssey_frames_sent_total",
            "odyssey_bytes_sent_total",
            Direction::from_server,
        )
    }

    fn new(messages: &'static str, bytes: &'static str, belongs: fn(Direction) -> bool) -> Self {
        let counted = |name: &'static str| Counted {
            messages: metrics::counter!(messages, "type" => name),
            bytes: metrics::counter!(bytes, "type" => name),
        };
        let version_1 = MessageType::ALL.map(|kind| (kind.direction(), kind.id(), kind.name()));
        let version_2 = v2::MessageType::ALL.map(|kind| (kind.direction(), kind.id(), kind.name()));
        let mut known: Vec<_> = version_1
            .into_iter()
            .chain(version_2)
            .filter(|(direction, ..)| belongs(*direction))
            .map(|(_, id, name)| (id, counted(name)))
            .collect();
        known.sort_unstable_by_key(|(id, _)| *id);
        Self {
            known,
            other: counted("other"),
        }
    }

    /// Counts one message.
    pub(crate) fn count(&self, message: &[u8]) {
        let kind = message.first_chunk().map(|id| u32::from_le_bytes(*id));
        let found = kind
            .and_then(|kind| self.known.binary_search_by_key(&kind, |(id, _)| *id).ok())
            .and_then(|index| self.known.get(index));
        let counted = found.map_or(&self.other, |(_, counted)| counted);
        counted.messages.increment(1);
        counted.bytes.increment(message.len() as u64);
    }
}
