//! One bot's socket: never waits, keeps what could not be sent and what was not read whole.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

use super::frame::{self, Frame};
use crate::swarm::{bot::Loss, sent::Stamp};

/// Buffer of a thread for reading: a frame of any size, and whatever else is there, in one
/// piece.
pub(crate) const READ_BUFFER: usize = 256 * 1024;

/// One bot's socket.
pub(crate) struct Line {
    stream: TcpStream,
    /// The beginning of a frame whose end was not there yet.
    rest: Vec<u8>,
    /// Bytes that the system did not take yet, and the time since then.
    unsent: Vec<u8>,
    stuck: Stamp,
    /// Masks differ from frame to frame, as they must (RFC 6455 §5.3); nothing here has to be
    /// unpredictable.
    mask: u32,
}

impl Line {
    pub(crate) fn new(stream: TcpStream, seed: u32) -> Self {
        Self {
            stream,
            rest: Vec::new(),
            unsent: Vec::new(),
            stuck: Stamp(0),
            mask: seed,
        }
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Sends a message, or keeps it for later.
    pub(crate) fn send(&mut self, message: &[u8], now: Stamp) -> Result<(), Loss> {
        let mask = self.next_mask();
        self.queue(now, |out| frame::put_message(message, mask, out))
    }

    /// Answers a ping.
    fn pong(&mut self, payload: &[u8], now: Stamp) -> Result<(), Loss> {
        let mask = self.next_mask();
        self.queue(now, |out| frame::put_pong(payload, mask, out))
    }

    /// Ends the connection on purpose.
    pub(crate) fn say_goodbye(&mut self, now: Stamp) {
        let mask = self.next_mask();
        // It may have ended already.
        let _ = self.queue(now, |out| frame::put_goodbye(mask, out));
    }

    /// Since when something waits to be sent.
    pub(crate) fn stuck(&self) -> Option<Stamp> {
        (!self.unsent.is_empty()).then_some(self.stuck)
    }

    /// Sends what waits, as far as possible.
    pub(crate) fn flush(&mut self) -> Result<(), Loss> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(0) => return Err(Loss::Broken),
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Loss::Broken),
            }
        }
        Ok(())
    }

    fn queue(&mut self, now: Stamp, put: impl FnOnce(&mut Vec<u8>)) -> Result<(), Loss> {
        if self.unsent.is_empty() {
            self.stuck = now;
        }
        put(&mut self.unsent);
        self.flush()
    }

    fn next_mask(&mut self) -> [u8; 4] {
        self.mask = self
            .mask
            .wrapping_mul(0x9e37_79b1)
            .wrapping_add(0x7f4a_7c15);
        self.mask.to_le_bytes()
    }

    /// Reads what is there and hands on each message.
    ///
    /// # Errors
    /// The end of the connection, or what `receive` fails with.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        now: Stamp,
        mut receive: impl FnMut(&[u8]) -> Result<(), Loss>,
    ) -> Result<(), Loss> {
        loop {
            let kept = self.rest.len();
            let (head, space) = buffer.split_at_mut_checked(kept).ok_or(Loss::Oversize)?;
            head.copy_from_slice(&self.rest);
            let space_left = space.len();
            let count = match self.stream.read(space) {
                Ok(0) => return Err(Loss::Broken),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(Loss::Broken),
            };
            let mut read = buffer.get(..kept + count).unwrap_or_default();
            while let Some(frame) = frame::take(&mut read)? {
                match frame {
                    Frame::Message(message) => receive(message)?,
                    Frame::Ping(payload) => self.pong(payload, now)?,
                    Frame::Other => {}
                }
            }
            self.rest.clear();
            self.rest.extend_from_slice(read);
            // Less than there was room for: nothing is left, and the system tells of what comes.
            if count < space_left {
                return Ok(());
            }
        }
    }
}
