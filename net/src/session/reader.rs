//! The reading half of a session: what the client says, and the world it is in.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use components::{Profile, TransformNoScale, Umid};
use node::{ConnectionGuard, NodeError, StakeClaim};
use posbus::{
    ClientState, MAX_CLIENT_FRAME, Message, Notification, NotificationType, Signal, SignalType,
    Vec3, v2,
};
use systems::{ClientAction, Dialect, DisconnectCause, Entrant, SessionLink, WorldHandle};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};
use tracing::{Instrument, Span};

use super::{
    Sessions,
    handshake::Greeting,
    rare::{Rare, Rarity},
    rate_limiter::RateLimiter,
    resume::{Resumable, ResumeToken},
    transport::{Features, Inbound, Incoming},
};

/// Number of malformed frames that are forgiven, and the rate: a client with a bug now and then
/// stays connected.
const MISTAKES: f64 = 16.0;
const MISTAKES_PER_SECOND: f64 = 0.25;

/// Number of attempts to enter a world that ends just then.
const ENTRY_ATTEMPTS: usize = 3;

/// Extra cost of entering a world, greeting somebody and announcing a stake, in messages. They
/// cost others more than a move does: a snapshot and an announcement to all, somebody's attention,
/// a look into the database. Twelve at once and six a second are still more than people do.
const SURCHARGE: f64 = 19.0;

fn surcharge(message: &v2::Message) -> f64 {
    match message {
        v2::Message::V1(
            Message::TeleportRequest(_) | Message::HighFive(_) | Message::UserStakedToOdyssey(_),
        ) => SURCHARGE,
        _ => 0.0,
    }
}

fn may_be_any(_: &v2::Message) -> bool {
    true
}

/// Whether a message may come as a datagram (docs/protocol.md, Datagrams).
fn is_pose(message: &v2::Message) -> bool {
    matches!(message, v2::Message::MyPose(_))
}

/// Time within which a world says whether a session is detached in it: many ticks, unless it is in
/// trouble.
const CLAIM: Duration = Duration::from_secs(2);

/// Pause between attempts to return to a world that ended.
const RETURN_PAUSE: Duration = Duration::from_secs(2);

/// One session as seen from its reader.
pub(super) struct Reader {
    sessions: Arc<Sessions>,
    profile: Profile,
    session_id: Umid,
    connection: u64,
    address: IpAddr,
    /// For what is logged. It is entered where that is likely, not for every move.
    span: Span,
    rare: Rare,
    link: Arc<SessionLink>,
    /// The session that a version 2 client resumes.
    resume_token: Option<ResumeToken>,
    /// Remains of an earlier connection of this session.
    resumable: Option<Resumable>,
    world: Option<WorldHandle>,
    /// The last pose sent, and in which world: newer than what the world has stored when coming
    /// straight back.
    last_pose: Option<(Umid, TransformNoScale)>,
    /// The newest `MyPose` so far.
    last_sequence: u32,
    /// A world that ended and could not be entered again so far.
    lost: Option<Umid>,
    limiter: RateLimiter,
    mistakes: RateLimiter,
}

/// Event that woke the reader.
enum Event {
    Inbound(Inbound),
    Rare(Rarity),
    WriterEnded(DisconnectCause),
}

impl Reader {
    pub(super) fn new(
        sessions: Arc<Sessions>,
        greeting: Greeting,
        (connection, address): (u64, IpAddr),
        link: Arc<SessionLink>,
        transport: Features,
        span: Span,
    ) -> Self {
        let limiter = RateLimiter::new(
            sessions.options.messages_per_second,
            sessions.options.message_burst,
        );
        // A transport that notices by itself that the peer is gone need not be listened to.
        let patience = (!transport.notices_silence).then_some(sessions.options.silence_timeout);
        Self {
            rare: Rare::new(&sessions.stop, patience),
            span,
            sessions,
            profile: greeting.profile,
            session_id: greeting.session_id,
            connection,
            address,
            link,
            resume_token: None,
            resumable: greeting.resumable,
            world: None,
            last_pose: None,
            last_sequence: 0,
            lost: None,
            limiter,
            mistakes: RateLimiter::new(MISTAKES_PER_SECOND, MISTAKES),
        }
    }

    /// Sends a version 2 client the parameters of its session, and brings a detached session back
    /// into its world (docs/protocol.md, Coming back).
    pub(super) async fn welcome(&mut self) {
        let resumed = self.claim().await;
        let (node, options) = (&self.sessions.node, &self.sessions.options);
        let world = &node.options().world;
        let resume = &self.sessions.resume;
        let token = resume.issue(self.profile.user, self.session_id);
        let welcome = v2::Welcome {
            protocol_version: 2,
            tick_rate: world.tick_rate,
            tick: resumed.map_or(0, |(_, tick)| tick),
            max_frame: MAX_CLIENT_FRAME as u32,
            messages_per_second: if options.rate_limited {
                options.messages_per_second as u32
            } else {
                0
            },
            near_metres: world.interest.near_metres() as u32,
            slowest_ms: milliseconds(world.interest.slowest_period),
            hold_ms: milliseconds(options.grace),
            session_id: self.session_id,
            resume_token: token.token(),
            resumed: resumed.is_some(),
            world: resumed.map(|(world, _)| world).unwrap_or_default(),
        };
        self.resume_token = Some(token);
        self.link.send(welcome.encode().into());
        if let Some((world, _)) = resumed {
            self.teleport(world).await;
        }
    }

    /// The world in which this session is detached, and its tick.
    async fn claim(&mut self) -> Option<(Umid, u64)> {
        let world = self.resumable?.world?;
        let claim = async {
            let handle = self.sessions.node.worlds().open(world).await.ok()?;
            handle.resume(self.profile.user, self.session_id).await
        };
        let tick = timeout(CLAIM, claim).await.ok()??;
        Some((world, tick))
    }

    /// Reads until the session ends. The user then leaves the world at once, unless the connection
    /// broke: then the session is detached.
    pub(super) async fn run(
        mut self,
        mut incoming: impl Incoming,
        mut writer: oneshot::Receiver<DisconnectCause>,
        connected: ConnectionGuard,
    ) -> DisconnectCause {
        let cause = loop {
            let cause = match self.next_event(&mut incoming, &mut writer).await {
                Event::Inbound(Inbound::Closed(cause)) => Some(cause),
                Event::Inbound(inbound) => {
                    self.rare.hear();
                    self.read(inbound, &mut writer).await
                }
                Event::Rare(Rarity::Silence) => Some(DisconnectCause::PongTimeout),
                Event::Rare(Rarity::WorldEnded) => {
                    let span = self.span.clone();
                    self.return_to_world().instrument(span).await;
                    None
                }
                Event::Rare(Rarity::Shutdown) => Some(DisconnectCause::Shutdown),
                Event::WriterEnded(cause) => Some(cause),
            };
            if let Some(cause) = cause {
                break cause;
            }
        };
        if cause.is_accident() {
            self.detach(connected).await;
        } else {
            self.leave().await;
        }
        cause
    }

    /// Keeps the user in the world for the grace period, in case the session comes back.
    async fn detach(mut self, connected: ConnectionGuard) {
        let token = self.resume_token.take();
        let detached = self.world.as_ref().and_then(|world| {
            let (user, session_id) = (self.profile.user, self.session_id);
            let resume = &self.sessions.resume;
            resume.detach(
                world,
                (user, session_id),
                self.connection,
                self.address,
                (connected, token),
            )
        });
        let (Some(world), Some(detached)) = (&self.world, detached) else {
            return self.leave().await;
        };
        let grace = self.sessions.options.grace;
        let detach = world.detach(self.profile.user, self.connection, grace);
        // A world that has ended has no users.
        if let Ok(period) = detach.await {
            tokio::spawn(async move {
                period.ended().await;
                drop(detached);
            });
        }
    }

    async fn next_event(
        &mut self,
        incoming: &mut impl Incoming,
        writer: &mut oneshot::Receiver<DisconnectCause>,
    ) -> Event {
        tokio::select! {
            // Frames are looked at first, as they are what comes nearly always. They cannot keep
            // the rest waiting: the runtime lets no task read for ever.
            biased;
            inbound = incoming.receive(MAX_CLIENT_FRAME) => Event::Inbound(inbound),
            rarity = self.rare.next() => Event::Rare(rarity),
            cause = writer => Event::WriterEnded(cause.unwrap_or(DisconnectCause::ConnectionLost)),
        }
    }

    /// Acts on what came in; answers why the session is to end, if it is.
    async fn read(
        &mut self,
        inbound: Inbound,
        writer: &mut oneshot::Receiver<DisconnectCause>,
    ) -> Option<DisconnectCause> {
        if let Some(cause) = self.keep_pace(writer).await {
            return Some(cause);
        }
        match inbound {
            Inbound::Frame(frame) => self.read_frame(&frame, may_be_any).await,
            Inbound::Datagram(frame) => self.read_frame(&frame, is_pose).await,
            Inbound::Closed(cause) => Some(cause),
            // A frame that is no message is ignored, as the reference does.
            Inbound::Alive | Inbound::Foreign => None,
        }
    }

    /// Lets a session that talks too fast wait: what it sends piles up at its own end.
    async fn keep_pace(
        &mut self,
        writer: &mut oneshot::Receiver<DisconnectCause>,
    ) -> Option<DisconnectCause> {
        let options = &self.sessions.options;
        if !options.rate_limited {
            return None;
        }
        let wait = self.limiter.take();
        if wait.is_zero() {
            return None;
        }
        if self.limiter.strained_for() > options.flood_timeout {
            return Some(DisconnectCause::Flood);
        }
        tokio::select! {
            cause = writer => Some(cause.unwrap_or(DisconnectCause::ConnectionLost)),
            () = self.sessions.stop.cancelled() => Some(DisconnectCause::Shutdown),
            () = sleep(wait) => None,
        }
    }

    /// Acts on a message of a kind that may come this way.
    async fn read_frame(
        &mut self,
        frame: &Bytes,
        may_come: fn(&v2::Message) -> bool,
    ) -> Option<DisconnectCause> {
        self.sessions.metrics.received.count(frame);
        let decoded = match self.link.dialect() {
            Dialect::V1 => {
                posbus::decode_from_client(frame, ClientState::Established).map(v2::Message::V1)
            }
            Dialect::V2 | Dialect::V2Datagrams => {
                v2::decode_from_client(frame, ClientState::Established)
            }
        };
        match decoded {
            Ok(message) if may_come(&message) => {
                self.limiter.charge(surcharge(&message));
                // A session on its way out has nothing more to say.
                if !self.link.is_closing() {
                    self.act(message).await;
                }
                None
            }
            refused => {
                self.sessions.metrics.malformed.increment(1);
                self.span.in_scope(|| match refused {
                    Ok(message) => tracing::debug!(message = message.name(), "datagram refused"),
                    Err(error) => tracing::debug!(%error, "frame refused"),
                });
                let forgiven =
                    self.mistakes.take().is_zero() || !self.sessions.options.rate_limited;
                (!forgiven).then_some(DisconnectCause::Malformed)
            }
        }
    }

    async fn act(&mut self, message: v2::Message) {
        match message {
            v2::Message::V1(Message::MyTransform(pose)) => {
                self.move_to(pose.position, pose.rotation);
            }
            v2::Message::V1(message) => {
                let span = self.span.clone();
                self.act_v1(message).instrument(span).await;
            }
            // One that was overtaken by a newer one is of no interest any more (docs/protocol.md,
            // MyPose).
            v2::Message::MyPose(pose) if pose.sequence > self.last_sequence => {
                self.last_sequence = pose.sequence;
                self.move_to(pose.position, pose.rotation);
            }
            _ => {}
        }
    }

    /// The user moved.
    fn move_to(&mut self, position: Vec3, rotation: Vec3) {
        if let Some(world) = &self.world {
            let pose = TransformNoScale { position, rotation };
            self.last_pose = Some((world.id(), pose));
            self.link.offer_pose(world.id(), pose);
        }
    }

    async fn act_v1(&mut self, message: Message) {
        match message {
            Message::TeleportRequest(request) => self.teleport(request.target).await,
            Message::Signal(signal) if signal.value == SignalType::LEAVE_WORLD => {
                self.leave().await
            }
            Message::LockObject(lock) => self.send(ClientAction::Lock(lock.id)).await,
            Message::UnlockObject(unlock) => self.send(ClientAction::Unlock(unlock.id)).await,
            Message::ObjectTransform(moved) => {
                self.send(ClientAction::MoveObject(moved.id, moved.object_transform))
                    .await
            }
            Message::HighFive(five) => {
                let (receiver, message) = (five.receiver_id, five.message);
                self.send(ClientAction::HighFive { receiver, message })
                    .await;
            }
            Message::UserStakedToOdyssey(stake) => self.announce_stake(stake).await,
            // Known types without a meaning here are ignored (docs/spec/posbus.md §4.1).
            _ => {}
        }
    }

    /// Passes an action on to the world; outside a world there is nobody to tell (W5).
    async fn send(&mut self, action: ClientAction) {
        if let Some(world) = &self.world {
            // If the world has ended, the reader hears of it next.
            let _ = world.act(self.profile.user, self.connection, action).await;
        }
    }

    /// Does as the client asks; an unknown world changes nothing (docs/spec/posbus.md §5.2).
    async fn teleport(&mut self, target: Umid) {
        if let Err(error) = self.enter(target).await {
            self.tell_refusal(target, &error);
        }
    }

    /// Enters a world, leaving the present one.
    async fn enter(&mut self, target: Umid) -> node::Result<()> {
        for _ in 0..ENTRY_ATTEMPTS {
            let world = self.sessions.node.worlds().open(target).await?;
            let entrant = self.entrant(target).await;
            self.leave().await;
            let (user, session_id) = (self.profile.user, self.session_id);
            let resume = &self.sessions.resume;
            resume.leave_elsewhere(user, session_id, target).await;
            self.sessions.node.enters(user, self.connection, target);
            if world.enter(entrant).await.is_ok() {
                self.sessions.metrics.joins.increment(1);
                self.rare.watch({
                    let world = world.clone();
                    async move { world.ended().await }
                });
                self.world = Some(world);
                if let Some(token) = &self.resume_token {
                    token.set_world(Some(target));
                }
                return Ok(());
            }
        }
        Err(NodeError::Unavailable)
    }

    async fn entrant(&mut self, world: Umid) -> Entrant {
        let user = self.profile.user;
        // Names change while people are connected (W28). If the database is away, the one known so
        // far will do.
        if let Ok(profile) = self.sessions.node.session_user(user).await {
            self.profile = profile;
        }
        let last_position = match self.last_pose {
            Some((last_world, pose)) if last_world == world => Some(pose),
            _ => self.sessions.node.last_position(world, user).await,
        };
        Entrant {
            profile: self.profile.clone(),
            session_id: self.session_id,
            connection: self.connection,
            link: Arc::clone(&self.link),
            last_position,
        }
    }

    /// The world ended under its users: it is loaded again, and they find themselves where they
    /// were. As long as that is not possible, it is tried again and again.
    async fn return_to_world(&mut self) {
        let first = self.lost.is_none();
        let lost = self.lost.take();
        let Some(world) = lost.or_else(|| self.world.take().map(|world| world.id())) else {
            return;
        };
        let Err(error) = self.enter(world).await else {
            return;
        };
        let gone = error.is_absence();
        if gone || first {
            self.tell_refusal(world, &error);
        }
        if !gone {
            self.lost = Some(world);
            self.rare.watch(sleep(RETURN_PAUSE));
        }
    }

    /// Says why a world was not entered.
    fn tell_refusal(&self, world: Umid, error: &NodeError) {
        if error.is_absence() {
            self.tell(Signal {
                value: SignalType::WORLD_DOES_NOT_EXIST,
            });
            return;
        }
        tracing::warn!(%error, %world, "world cannot be entered");
        self.tell(Notification {
            notify_type: NotificationType::TEXT_MESSAGE,
            value: "The world is not available right now".to_owned(),
        });
    }

    async fn leave(&mut self) {
        self.lost = None;
        self.rare.unwatch();
        if let Some(token) = &self.resume_token {
            token.set_world(None);
        }
        if let Some(world) = self.world.take() {
            // A world that has ended has nobody in it.
            let _ = world.leave(self.profile.user, self.connection).await;
        }
    }

    async fn announce_stake(&mut self, stake: posbus::UserStakedToOdyssey) {
        let claim = StakeClaim {
            transaction_hash: stake.transaction_hash,
            wallet: stake.wallet,
            world: stake.object_id,
            amount: stake.amount,
            comment: stake.comment,
            kind: stake.kind,
        };
        if let Err(error) = self
            .sessions
            .node
            .announce_stake(self.profile.user, &claim)
            .await
        {
            tracing::debug!(%error, "stake announcement refused");
        }
    }

    fn tell(&self, message: impl Into<Message>) {
        self.link.send(message.into().encode().into());
    }
}

/// A time in whole milliseconds.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
