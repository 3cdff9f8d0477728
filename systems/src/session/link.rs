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

/// How much may wait for one slow reader before its session is closed.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// Reliable frames. Default 8,192: about a minute of a very busy world.
    pub frames: usize,
    /// Bytes of reliable frames. Default 4 MiB. The snapshot on entry does not count: it is shared by all joiners, and
    /// its size is the world's, not the reader's fault.
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

/// How a session is told of movement; all else is the same for everybody (docs/protocol.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Version 1: ids and floats.
    #[default]
    V1,
    /// Version 2: handles and quantised poses, in order and without loss.
    V2,
    /// Version 2 over a transport with datagrams: what is outdated soon may be lost.
    V2Datagrams,
}

/// What a writer takes from a link at once. Reused, so that it takes no memory in the long run.
#[derive(Debug, Default)]
pub struct Batch {
    /// To be sent in this order, reliably.
    pub frames: Vec<Bytes>,
    /// To be sent one a datagram, of at most 1,200 bytes each; empty but for [`Dialect::V2Datagrams`].
    pub datagrams: Vec<Bytes>,
}

impl Batch {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.datagrams.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.datagrams.clear();
    }
}

/// The user's end of a session, as a component.
#[derive(Component, Clone)]
pub struct Link(pub Arc<SessionLink>);

/// Shared by the socket tasks of a session and the world it is in. Nothing here waits for the other side.
pub struct SessionLink {
    /// There may be a pose that no tick has taken; read in every tick, so not under a lock.
    moved: AtomicBool,
    /// The writer has sent everything and waits. Written under the lock of `out`; beside `moved`, so
    /// that a tick finds both in one cache line.
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
    /// Where others are now: replaced by what is newer, never queued.
    poses: Batch,
    /// How many entries of `reliable` were there before them: nobody is to move after having left.
    ahead_of_poses: usize,
    closing: Option<DisconnectCause>,
}

/// What waits for the writer.
enum Queued {
    /// A frame, which counts towards the limits.
    Frame(Bytes),
    /// Frames of a snapshot from `next` on. Shared, so that a rush of joiners does not take a queue entry a frame each.
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

    /// How the session is told of movement.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The session moved in a world; overwrites a pose that no tick has seen yet.
    pub fn offer_pose(&self, world: Umid, pose: TransformNoScale) {
        let mut newest = self.pose.lock();
        *newest = Some((world, pose));
        self.moved.store(true, Ordering::Release);
    }

    /// The session is in this world from now on. The one it came from may be in the middle of a tick still, but what
    /// that one says is of no interest any more: it would appear in the new world.
    pub(crate) fn attach(&self, world: Umid) {
        let mut out = self.out.lock();
        if out.world != world {
            out.world = world;
            out.poses.clear();
        }
    }

    /// The newest pose in this world since the last call. One that is meant for another world is left to that: a session
    /// that moves on is in two worlds for a moment.
    pub(crate) fn take_pose(&self, world: Umid) -> Option<TransformNoScale> {
        // A plain load first: most sessions did not move.
        if !self.moved.load(Ordering::Acquire) {
            return None;
        }
        let mut newest = self.pose.lock();
        let (_, pose) = newest.take_if(|(meant_for, _)| *meant_for == world)?;
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

    /// Whether the writer waits for frames. It may be busy a moment later: [`Self::deliver`] decides.
    pub(crate) fn is_idle(&self) -> bool {
        self.writer_idle.load(Ordering::Acquire)
    }

    /// Queues the frames of one tick of `world`: `snapshot` first, then `frames`, then, if the writer
    /// is idle, the movement that `poses` copies. Returns whether `poses` was called.
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
        // Poses go only to a writer that can send them at once: a slow reader gets fewer, never late ones.
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

    /// Returns when the reliable queue has overflowed: a writer that is stuck then need not wait for its deadline.
    pub async fn overflowed(&self) {
        self.overflow.notified().await;
    }

    /// Waits for something to write and adds up to about `budget` bytes of frames to `batch`. Answers the cause once
    /// everything that was queued before it has been handed out: the session is to be closed. Cancel safe.
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
