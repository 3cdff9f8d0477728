//! Messages on a stream: the length in bytes as u32 LE, then the message (docs/protocol.md,
//! Transports).

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Size of the length before each message.
const LENGTH: usize = size_of::<u32>();

/// Cuts what arrives on a stream into messages. Keeps no more than the piece last pushed and one
/// unfinished message.
#[derive(Default)]
pub(super) struct Cutter {
    /// Bytes that have arrived and not been looked at.
    arrived: Bytes,
    /// The beginning of a message that came in pieces, its length included.
    begun: Vec<u8>,
}

/// A message claims to be longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Cutter {
    /// Adds what arrived next, once [`Cutter::next`] has given out all that came before.
    pub(super) fn push(&mut self, piece: Bytes) {
        debug_assert!(self.arrived.is_empty(), "asked for more too early");
        self.arrived = piece;
    }

    /// The next message, if all of it is here. Its length is looked at before anything is done
    /// about it.
    pub(super) fn next(&mut self, limit: usize) -> Result<Option<Bytes>, TooLong> {
        if self.begun.is_empty()
            && let Some(length) = length_of(&self.arrived)
        {
            let whole = LENGTH + within(length, limit)?;
            if self.arrived.len() >= whole {
                let mut message = self.arrived.split_to(whole);
                message.advance(LENGTH);
                return Ok(Some(message));
            }
        }
        self.collect(LENGTH);
        let Some(length) = length_of(&self.begun) else {
            return Ok(None);
        };
        let whole = LENGTH + within(length, limit)?;
        self.collect(whole);
        if self.begun.len() < whole {
            return Ok(None);
        }
        let mut message = Bytes::from(std::mem::take(&mut self.begun));
        message.advance(LENGTH);
        Ok(Some(message))
    }

    /// Moves what arrived to the unfinished message until that has `size` bytes.
    fn collect(&mut self, size: usize) {
        let missing = size.saturating_sub(self.begun.len());
        let piece = self.arrived.split_to(missing.min(self.arrived.len()));
        self.begun.reserve_exact(missing);
        self.begun.extend_from_slice(&piece);
    }
}

fn length_of(bytes: &[u8]) -> Option<usize> {
    let length = bytes.first_chunk::<LENGTH>()?;
    usize::try_from(u32::from_le_bytes(*length)).ok()
}

fn within(length: usize, limit: usize) -> Result<usize, TooLong> {
    match length <= limit {
        true => Ok(length),
        false => Err(TooLong),
    }
}

/// Messages one after another, as they go on a stream.
pub(super) fn join(messages: &[Bytes]) -> Bytes {
    let size = messages.iter().map(|message| LENGTH + message.len()).sum();
    let mut joined = BytesMut::with_capacity(size);
    for message in messages {
        // Messages are far below 4 GiB.
        joined.put_u32_le(message.len() as u32);
        joined.put_slice(message);
    }
    joined.freeze()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Cutter, TooLong, join};

    fn messages() -> Vec<Bytes> {
        [0_usize, 1, 28, 3, 1024, 0, 700]
            .iter()
            .enumerate()
            .map(|(place, size)| vec![place as u8; *size].into())
            .collect()
    }

    #[test]
    fn however_a_stream_is_cut_the_messages_are_the_same() {
        let joined = join(&messages());
        for size in (1..40).chain([1_023, 1_024, 1_028, 1_400, joined.len()]) {
            let mut cutter = Cutter::default();
            let mut found = Vec::new();
            for piece in joined.chunks(size) {
                cutter.push(Bytes::copy_from_slice(piece));
                while let Some(message) = cutter.next(1024).expect("within the limit") {
                    found.push(message);
                }
            }
            assert_eq!(found, messages(), "in pieces of {size}");
        }
    }

    #[test]
    fn a_length_above_the_limit_is_refused_before_the_message_is_there() {
        for size in [1, 4] {
            let mut cutter = Cutter::default();
            let claim = 17_u32.to_le_bytes();
            let mut refused = false;
            for piece in claim.chunks(size) {
                cutter.push(Bytes::copy_from_slice(piece));
                refused = cutter.next(16) == Err(TooLong);
            }
            assert!(refused, "in pieces of {size}");
        }
        let mut cutter = Cutter::default();
        cutter.push(Bytes::copy_from_slice(&u32::MAX.to_le_bytes()));
        assert_eq!(cutter.next(16 * 1024), Err(TooLong));
    }
}
