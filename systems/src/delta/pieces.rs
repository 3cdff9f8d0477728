//! Those who are told of in this tick, encoded once in each dialect that somebody understands.

use std::ops::Range;

use bevy_ecs::prelude::{Query, Res, ResMut, Resource};
use posbus::UserTransform;
use posbus::v2::{PoseEntry, QuantizedPose, encode_groups};

use crate::interest::Interest;
use crate::interest::select::Selection;
use crate::network::Dialect;
use crate::network::Received;
use crate::seats::Seats;

/// Encoded users: of one cell, or of the slice of the world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Piece {
    range: Range<usize>,
    /// How many users.
    pub(crate) users: usize,
}

/// Encoded users in one dialect, without the message around them.
#[derive(Default)]
pub(crate) struct Pieces {
    bytes: Vec<u8>,
    near: Vec<Piece>,
    middle: Vec<Piece>,
    slice: Piece,
    repeated: Piece,
}

/// What is told in this tick, in both dialects.
#[derive(Resource, Default)]
pub(crate) struct Encoded {
    pub(crate) v1: Pieces,
    pub(crate) v2: Pieces,
    entries: Vec<PoseEntry>,
}

impl Pieces {
    /// The bytes of a piece.
    pub(crate) fn bytes(&self, piece: &Piece) -> &[u8] {
        self.bytes.get(piece.range.clone()).unwrap_or(&[])
    }

    pub(crate) fn near(&self, cell: u32) -> Option<&Piece> {
        self.near.get(cell as usize)
    }

    pub(crate) fn middle(&self, cell: u32) -> Option<&Piece> {
        self.middle.get(cell as usize)
    }

    pub(crate) fn slice(&self) -> &Piece {
        &self.slice
    }

    /// What only those hear once more who are told by datagrams.
    pub(crate) fn repeated(&self) -> &Piece {
        &self.repeated
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.near.clear();
        self.middle.clear();
        self.slice = Piece::default();
        self.repeated = Piece::default();
    }

    fn fill(&mut self, interest: &Interest, mut encode: impl FnMut(&[u32], u32, &mut Vec<u8>)) {
        let bytes = &mut self.bytes;
        let mut piece = |handles: &[u32], stride: u32| {
            let start = bytes.len();
            if !handles.is_empty() {
                encode(handles, stride, bytes);
            }
            Piece {
                range: start..bytes.len(),
                users: handles.len(),
            }
        };
        let cells = 0..interest.grid.cells().len() as u32;
        let mut all = |pieces: &mut Vec<Piece>, selection: &Selection| {
            if !selection.is_empty() {
                pieces.extend(cells.clone().map(|cell| piece(selection.of(cell), 1)));
            }
        };
        all(&mut self.near, &interest.near);
        all(&mut self.middle, &interest.middle);
        self.slice = piece(&interest.slice, interest.slices as u32);
        self.repeated = piece(&interest.repeated, interest.slices as u32);
    }
}

/// Encodes what is told in this tick in the dialects of those who are here.
pub(crate) fn encode_poses(
    interest: Res<Interest>,
    seats: Res<Seats>,
    mut encoded: ResMut<Encoded>,
    sessions: Query<&Received>,
) {
    let Encoded { v1, v2, entries } = &mut *encoded;
    v1.clear();
    v2.clear();
    if interest.is_quiet() {
        return;
    }
    let (mut first, mut second) = (false, false);
    for received in &sessions {
        match received.dialect {
            Dialect::V1 => first = true,
            Dialect::V2 | Dialect::V2Datagrams => second = true,
        }
    }
    if first {
        v1.fill(&interest, |handles, _, out| {
            for handle in handles {
                entry(&seats, *handle).encode_body(out);
            }
        });
    }
    if second {
        v2.fill(&interest, |handles, stride, out| {
            entries.clear();
            entries.extend(handles.iter().map(|handle| quantized(&seats, *handle)));
            encode_groups(entries, stride, out);
        });
    }
}

/// A user in version 1.
pub(crate) fn entry(seats: &Seats, handle: u32) -> UserTransform {
    let seated = &seats.seated[handle as usize];
    UserTransform {
        id: seated.user,
        transform: seated.pose,
    }
}

/// A user in version 2.
pub(crate) fn quantized(seats: &Seats, handle: u32) -> PoseEntry {
    PoseEntry {
        handle,
        pose: QuantizedPose::new(&seats.seated[handle as usize].pose),
    }
}
