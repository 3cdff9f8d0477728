//! The link between a world and one session: a latest-wins pose in, bounded frames out.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bevy_ecs::prelude::Component;
use bytes::Bytes;
use components::{TransformNoScale, Umid};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::DisconnectCause;

/// Limits of what may wait for one slow reader; above them its session is closed.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// Reliable frames. Default 8,192: about a minute of a very busy world.
    pub frames: usize,
    /// Bytes of reliable frames. Default 4 MiB. The snapshot on entry does not count: it is shared
    /// by all joiners, and its size depends on the world, not on the reader.
    pub bytes: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            frames: 8_192,
            bytes: 4 << 20,
        }
    }
}

/// Encoding of movement for a session; all else is the same for everybody (docs/protocol.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Version 1: ids and floats.
    #[default]
    V1,
    /// Version 2: handles and quantised poses, in order and without loss.
    V2,
    /// Version 2 over a transport with datagrams: poses that are outdated soon may be lost.
    V2Datagrams,
}

/// Frames that a writer takes from a link at once. Reused, so that the steady state allocates
/// nothing.
#[derive(Debug, Default)]
pub struct Batch {
    /// Frames to be sent reliably, in this order.
    pub frames: Vec<Bytes>,
    /// Frames to be sent as datagrams of at most 1,200 bytes; empty but for
    /// [`Dialect::V2Datagrams`].
    pub datagrams: Vec<Bytes>,
}

impl Batch {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.datagrams.is_empty()
    }

    /// Removes all frames.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.datagrams.clear();
    }
}

/// Component of users with a session: its link.
#[derive(Component, Clone)]
pub struct Link(pub Arc<SessionLink>);

/// Shared by the socket tasks of a session and its world. Neither side waits for the other.
pub struct SessionLink {
    /// `pose` may hold a pose that no tick has taken; read in every tick, so not under a lock.
    moved: AtomicBool,
    /// The writer has sent everything and waits. Written under the lock of `out`; beside `moved`,
    /// so that a tick finds both in one cache line.
    writer_idle: AtomicBool,
    /// The newest pose, and the world it was meant for, until that world takes it.
    pose: Mutex<Option<(Umid, TransformNoScale)>>,
    out: Mutex<Out>,
    wake: Notify,
    overflow: Notify,
    limits: QueueLimits,
    dialect: Dialect,
}

#[derive(Default)]
struct Out {
    /// The world that the session is in, or was in last.
    world: Umid,
    reliable: VecDeque<Queued>,
    counted_frames: usize,
    counted_bytes: usize,
    /// Movement of others: newer movement replaces it, it is never queued.
    poses: Batch,
    /// Number of entries of `reliable` that precede `poses`: no user moves after having left.
    ahead_of_poses: usize,
    closing: Option<DisconnectCause>,
}

/// Entry of the reliable queue.
enum Queued {
    /// A frame, which counts towards the limits.
    Frame(Bytes),
    /// Frames of a snapshot from `next` on. Shared, so that a rush of joiners needs one entry each.
    Snapshot { frames: Arc<[Bytes]>, next: usize },
}

impl SessionLink {
    /// A link whose writer has not started yet.
    pub fn new(limits: QueueLimits, dialect: Dialect) -> Arc<Self> {
        Arc::new(Self {
            moved: AtomicBool::new(false),
            writer_idle: AtomicBool::new(false),
            pose: Mutex::default(),
            out: Mutex::default(),
            wake: Notify::new(),
            overflow: Notify::new(),
            limits,
            dialect,
        })
    }

    /// Encoding of movement for the session.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Sets the newest pose of the session in a world; replaces one that no tick has taken.
    pub fn offer_pose(&self, world: Umid, pose: TransformNoScale) {
        let mut newest = self.pose.lock();
        *newest = Some((world, pose));
        self.moved.store(true, Ordering::Release);
    }

    /// Attaches the session to a world. The world it came from may be in the middle of a tick; its
    /// frames are dropped from now on, as they would appear in the new world.
    pub(crate) fn attach(&self, world: Umid) {
        let mut out = self.out.lock();
        if out.world != world {
            out.world = world;
            out.poses.clear();
        }
    }

    /// Takes the newest pose in this world since the last call. A pose for another world stays: a
    /// session that changes worlds is in two of them for a moment.
    pub(crate) fn take_pose(&self, world: Umid) -> Option<TransformNoScale> {
        // A plain load first: most sessions did not move.
        if !self.moved.load(Ordering::Acquire) {
            return None;
        }
        let mut newest = self.pose.lock();
        let (_, pose) = newest.take_if(|(of, _)| *of == world)?;
        self.moved.store(false, Ordering::Release);
        Some(pose)
    }

    /// Queues one frame and wakes the writer.
    pub fn send(&self, frame: Bytes) {
        let mut out = self.out.lock();
        self.push(&mut out, frame);
        drop(out);
        self.wake.notify_one();
    }

    /// Asks the writer to end the session after what is queued. The first cause stays.
    pub fn close(&self, cause: DisconnectCause) {
        let mut out = self.out.lock();
        out.closing.get_or_insert(cause);
        self.writer_idle.store(false, Ordering::Release);
        drop(out);
        self.wake.notify_one();
    }

    /// Whether the session is about to end.
    pub fn is_closing(&self) -> bool {
        self.out.lock().closing.is_some()
    }

    /// Whether the writer waits for frames. It may be busy a moment later: [`Self::deliver`]
    /// decides.
    pub(crate) fn is_idle(&self) -> bool {
        self.writer_idle.load(Ordering::Acquire)
    }

    /// Queues the frames of one tick of `world`: `snapshot` first, then `frames`, then, if the
    /// writer is idle, the movement that `poses` copies. Returns whether `poses` was called.
    pub(crate) fn deliver<'a>(
        &self,
        world: Umid,
        snapshot: &[Arc<[Bytes]>],
        frames: impl Iterator<Item = &'a Bytes>,
        poses: impl FnOnce(&mut Batch),
    ) -> bool {
        let mut out = self.out.lock();
        if out.closing.is_some() || out.world != world {
            return false;
        }
        let queued = out.reliable.len();
        out.reliable
            .extend(snapshot.iter().map(|frames| Queued::Snapshot {
                frames: Arc::clone(frames),
                next: 0,
            }));
        for frame in frames {
            self.push(&mut out, frame.clone());
        }
        // Poses go only to an idle writer: a slow reader gets fewer, never late ones.
        let idle = self.is_idle();
        if idle {
            poses(&mut out.poses);
            out.ahead_of_poses = out.reliable.len();
        }
        let wake = out.reliable.len() > queued || !out.poses.is_empty() || out.closing.is_some();
        if wake {
            self.writer_idle.store(false, Ordering::Release);
        }
        drop(out);
        if wake {
            self.wake.notify_one();
        }
        idle
    }

    fn push(&self, out: &mut Out, frame: Bytes) {
        if out.closing.is_some() {
            return;
        }
        out.counted_frames += 1;
        out.counted_bytes += frame.len();
        if out.counted_frames > self.limits.frames || out.counted_bytes > self.limits.bytes {
            out.closing = Some(DisconnectCause::SlowReader);
            self.writer_idle.store(false, Ordering::Release);
            self.overflow.notify_one();
            out.reliable.clear();
            out.poses.clear();
            out.ahead_of_poses = 0;
            return;
        }
        out.reliable.push_back(Queued::Frame(frame));
    }

    /// Bytes of reliable messages that wait for the writer, snapshots not counted.
    pub fn queued_bytes(&self) -> usize {
        self.out.lock().counted_bytes
    }

    /// Returns when the reliable queue has overflowed, so that a stuck writer can stop early.
    pub async fn overflowed(&self) {
        self.overflow.notified().await;
    }

    /// Waits for frames and adds up to about `budget` bytes of them to `batch`. Returns the cause
    /// for which the session is to be closed, after all frames that were queued before it. Cancel
    /// safe.
    pub async fn next(&self, batch: &mut Batch, budget: usize) -> Option<DisconnectCause> {
        loop {
            let notified = self.wake.notified();
            {
                let mut out = self.out.lock();
                self.writer_idle.store(false, Ordering::Release);
                out.take(batch, budget);
                if !batch.is_empty() {
                    return None;
                }
                if out.closing.is_some() {
                    return out.closing;
                }
                self.writer_idle.store(true, Ordering::Release);
            }
            notified.await;
        }
    }
}

impl Out {
    fn take(&mut self, batch: &mut Batch, budget: usize) {
        let mut taken = 0;
        while taken < budget {
            if self.ahead_of_poses == 0 {
                batch.frames.append(&mut self.poses.frames);
                batch.datagrams.append(&mut self.poses.datagrams);
            }
            let Some(queued) = self.reliable.front_mut() else {
                return;
            };
            let frame = match queued {
                Queued::Frame(frame) => {
                    self.counted_frames -= 1;
                    self.counted_bytes -= frame.len();
                    let frame = std::mem::take(frame);
                    self.pop();
                    frame
                }
                Queued::Snapshot { frames, next } => {
                    let Some(frame) = frames.get(*next).cloned() else {
                        self.pop();
                        continue;
                    };
                    *next += 1;
                    frame
                }
            };
            taken += frame.len();
            batch.frames.push(frame);
        }
    }

    fn pop(&mut self) {
        self.reliable.pop_front();
        self.ahead_of_poses = self.ahead_of_poses.saturating_sub(1);
    }
}
