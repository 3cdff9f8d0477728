//! WebSocket frames of a client. The library reads and writes the headers; it is not let near the
//! sockets, because its own reading costs a bot more than all the rest: buffers and wakers for
//! each, an allocation for each message.

use std::io::Cursor;

use posbus::MAX_SERVER_FRAME;
use tokio_tungstenite::tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use crate::swarm::bot::Loss;

/// Clients say so when they leave on purpose (docs/spec/posbus.md §1.2).
const LEAVING: &[u8] = b"user";
/// Close code of a normal end.
const NORMAL: u16 = 1000;
/// Code of a close frame without one.
const NO_CODE: u16 = 1005;

/// A frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A binary message.
    Message(&'a [u8]),
    /// To be answered with a pong that says the same.
    Ping(&'a [u8]),
    /// Nothing to do.
    Other,
}

/// Takes the next whole frame off the front of what was read; none if there is not a whole one.
///
/// # Errors
/// The end of the connection, if it closes or breaks a rule.
pub(crate) fn take<'a>(read: &mut &'a [u8]) -> Result<Option<Frame<'a>>, Loss> {
    let mut cursor = Cursor::new(*read);
    let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Loss::Malformed)?;
    let Some((header, length)) = parsed else {
        return Ok(None);
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MAX_SERVER_FRAME {
        return Err(Loss::Oversize);
    }
    let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
    let Some(rest) = read.get(start..) else {
        return Ok(None);
    };
    let Some((payload, rest)) = rest.split_at_checked(length) else {
        return Ok(None);
    };
    *read = rest;
    if header.mask.is_some() || !header.is_final {
        return Err(Loss::Malformed);
    }
    match header.opcode {
        OpCode::Data(Data::Binary) => Ok(Some(Frame::Message(payload))),
        OpCode::Control(Control::Ping) => Ok(Some(Frame::Ping(payload))),
        OpCode::Control(Control::Close) => Err(closed(payload)),
        OpCode::Data(Data::Continue) => Err(Loss::Malformed),
        _ => Ok(Some(Frame::Other)),
    }
}

fn closed(payload: &[u8]) -> Loss {
    match payload.split_first_chunk() {
        Some((code, reason)) => Loss::Closed(
            u16::from_be_bytes(*code),
            String::from_utf8_lossy(reason).into_owned(),
        ),
        None => Loss::Closed(NO_CODE, String::new()),
    }
}

/// Appends a binary message.
pub(crate) fn put_message(message: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    put(OpCode::Data(Data::Binary), message, mask, out);
}

/// Appends a pong.
pub(crate) fn put_pong(payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    put(OpCode::Control(Control::Pong), payload, mask, out);
}

/// Appends the end of a connection, on purpose.
pub(crate) fn put_goodbye(mask: [u8; 4], out: &mut Vec<u8>) {
    let payload = [&NORMAL.to_be_bytes(), LEAVING].concat();
    put(OpCode::Control(Control::Close), &payload, mask, out);
}

fn put(opcode: OpCode, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    let header = FrameHeader {
        opcode,
        mask: Some(mask),
        ..FrameHeader::default()
    };
    // A vector takes whatever is written.
    let _ = header.format(payload.len() as u64, out);
    let masked = payload.iter().zip(mask.iter().cycle());
    out.extend(masked.map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::{
        Message,
        protocol::{Role, WebSocket},
    };

    use super::{Frame, put_goodbye, put_message, put_pong, take};
    use crate::swarm::bot::Loss;

    /// Frames that the library sends as a server.
    fn sent(messages: &[Message]) -> Vec<u8> {
        let mut socket =
            WebSocket::from_raw_socket(std::io::Cursor::new(Vec::new()), Role::Server, None);
        for message in messages {
            socket.send(message.clone()).expect("into memory");
        }
        socket.get_ref().get_ref().clone()
    }

    #[test]
    fn frames_of_all_lengths_are_read_piece_by_piece() {
        let bodies = [vec![7], vec![1; 125], vec![2; 126], vec![3; 32_768]];
        let messages: Vec<_> = bodies.iter().cloned().map(Message::binary).collect();
        let wire = sent(&messages);
        let mut whole = wire.as_slice();
        for body in &bodies {
            assert_eq!(take(&mut whole), Ok(Some(Frame::Message(body))));
        }
        assert_eq!((take(&mut whole), whole.len()), (Ok(None), 0));
        for end in 0..2 + 1 {
            let mut part = &wire[..end];
            let found = take(&mut part).map(|frame| frame.is_some());
            assert_eq!(found, Ok(end == 3), "{end} bytes");
        }
    }

    #[test]
    fn bot_messages_decode_on_the_server() {
        let mut wire = Vec::new();
        put_message(&[1, 2, 3, 4, 5], [9, 8, 7, 6], &mut wire);
        put_pong(b"p", [1, 2, 3, 4], &mut wire);
        put_goodbye([4, 3, 2, 1], &mut wire);
        let mut socket = WebSocket::from_raw_socket(std::io::Cursor::new(wire), Role::Server, None);
        let mut heard = || socket.read().expect("a message");
        assert_eq!(heard(), Message::binary(vec![1, 2, 3, 4, 5]));
        assert_eq!(heard(), Message::Pong("p".into()));
        let Message::Close(Some(frame)) = heard() else {
            panic!("a goodbye");
        };
        assert_eq!(
            (u16::from(frame.code), frame.reason.as_str()),
            (1000, "user")
        );
    }

    #[test]
    fn an_end_says_why() {
        let end = |bytes: &[u8]| take(&mut &*bytes).expect_err("an end");
        let closed = sent(&[Message::Close(Some(
            tokio_tungstenite::tungstenite::protocol::CloseFrame {
                code: 4004.into(),
                reason: "slow_reader".into(),
            },
        ))]);
        assert_eq!(end(&closed), Loss::Closed(4004, "slow_reader".to_owned()));
        assert_eq!(end(&[0x88, 0]), Loss::Closed(1005, String::new()));
        assert_eq!(end(&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]), Loss::Oversize);
        assert_eq!(end(&[0x02, 1, 7]), Loss::Malformed, "in fragments");
        assert_eq!(end(&[0x82, 0x80, 0, 0, 0, 0]), Loss::Malformed, "masked");
    }
}
