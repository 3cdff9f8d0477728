//! Messages and bytes by type, in one direction.

use metrics::Counter;
use posbus::{MessageType, Usage, v2};

/// What is counted of one type.
struct Counted {
    messages: Counter,
    bytes: Counter,
}

/// Counts messages by the type in their first four bytes. All handles are kept: looking one up by a label costs an
/// allocation each time.
pub(crate) struct Traffic {
    /// Ordered by type.
    known: Vec<(u32, Counted)>,
    /// What is of no type that belongs in this direction.
    other: Counted,
}

impl Traffic {
    /// What clients send.
    pub(crate) fn received() -> Self {
        Self::new(
            "odyssey_frames_received_total",
            "odyssey_bytes_received_total",
            |usage| usage.from_client(),
            v2::MessageType::from_client,
        )
    }

    /// What is sent to clients.
    pub(crate) fn sent() -> Self {
        Self::new(
            "odyssey_frames_sent_total",
            "odyssey_bytes_sent_total",
            |usage| matches!(usage, Usage::Server | Usage::Both),
            |kind| !kind.from_client(),
        )
    }

    fn new(
        messages: &'static str,
        bytes: &'static str,
        belongs: fn(Usage) -> bool,
        belongs_v2: fn(v2::MessageType) -> bool,
    ) -> Self {
        let counted = |name: &'static str| Counted {
            messages: metrics::counter!(messages, "type" => name),
            bytes: metrics::counter!(bytes, "type" => name),
        };
        let v1 = MessageType::ALL.into_iter();
        let v1 = v1.filter(|kind| belongs(kind.usage()));
        let v2 = v2::MessageType::ALL.into_iter();
        let v2 = v2.filter(|kind| belongs_v2(*kind));
        let mut known: Vec<_> = v1
            .map(|kind| (kind.id(), counted(kind.name())))
            .chain(v2.map(|kind| (kind.id(), counted(kind.name()))))
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
