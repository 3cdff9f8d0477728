/**
 * A client of PosBus: enters worlds, emits events of what happens there, and reconnects by itself
 * when its connection breaks.
 */

import { systemClock, type Clock } from './clock.js';
import { CloseCode } from './close-codes.js';
import { Crowd, USUAL_TICK_RATE } from './crowd.js';
import { Emitter } from './emitter.js';
import { decode, encode } from './messages/frame.js';
import type {
  AttributeValueChanged,
  LockObjectResponse,
  ObjectData,
  ObjectDefinition,
} from './messages/objects.js';
import type { Body, Message, MessageType } from './messages/registry.js';
import { SignalType, type SetWorld } from './messages/session.js';
import type { ActivityUpdate, FlyToMe, HighFive, Notification } from './messages/social.js';
import type { Pose, Transform } from './messages/space.js';
import type { UserData, UserTransform } from './messages/users.js';
import { PoseSender } from './pose-sender.js';
import { quicInfo } from './rest.js';
import { Connection, DEFAULT_BACKOFF, type BackoffOptions } from './connection.js';
import type { Closed, Dial, Transport } from './transport/transport.js';
import { dialWebSocket, type WebSocketConstructor } from './transport/websocket.js';
import { dialWebTransport, hasWebTransport } from './transport/webtransport.js';
import type { Welcome } from './v2/welcome.js';
import { newId, NIL_ID, type Id } from './wire/id.js';

/** Server and user of a connection. */
export interface ConnectOptions {
  /** Base address of the server, such as `https://worlds.example`. */
  url: string;
  userId: Id;
  /** JWT, or a function that gets a fresh one before each attempt. */
  token: string | (() => Promise<string>);
  /**
   * Highest version of the protocol to speak. Default 2; version 1 is used with a server that knows
   * no other.
   */
  version?: 1 | 2;
  /**
   * Transport of the messages. Default `websocket`. `auto` is WebTransport where page and server
   * have it and it can be opened, else WebSocket. WebTransport needs version 2.
   */
  transport?: 'websocket' | 'webtransport' | 'auto' | Dial;
  /** The WebSocket class, where there is no global one (nodejs before 22). */
  webSocket?: WebSocketConstructor;
}

/** Options that an application rarely sets; every default carries its reason. */
export interface ClientOptions {
  backoff?: Partial<BackoffOptions>;
  /**
   * Own poses per second at most. Default 10: others see two ticks into the past, so more would not
   * look better.
   */
  moveRate?: number;
  /**
   * Time in milliseconds within which a server has to answer a request for version 2; after it the
   * client speaks version 1. Default 3,000.
   */
  welcomeTimeout?: number;
  clock?: Clock;
  /** From 0 to below 1, as `Math.random`. */
  random?: () => number;
}

/** Events of a client. */
export interface ClientEvents {
  /** Version 2: properties of the server and of the session. */
  welcome: Welcome;
  /** The connection is usable. `resumed`: as the same session as before. */
  connected: { version: 1 | 2; resumed: boolean };
  /** The connection ended. `retryIn`: milliseconds until it is tried again, null if it is not. */
  disconnected: Closed & { retryIn: number | null };
  /** The client is in a world; earlier state of users and objects is void. */
  world: SetWorld;
  /** The server sets the own pose. */
  placed: Pose;
  /** Users who came, oneself included, or who changed. */
  users: UserData[];
  usersLeft: Id[];
  moved: UserTransform[];
  objects: ObjectDefinition[];
  objectData: ObjectData;
  objectsMoved: { id: Id; transform: Transform }[];
  objectsRemoved: Id[];
  attribute: AttributeValueChanged;
  lock: LockObjectResponse;
  highFive: HighFive;
  notification: Notification;
  flyToMe: FlyToMe;
  activity: ActivityUpdate;
  /** One of {@link SignalType}. */
  signal: number;
  /** Every message, also those with an event of their own. */
  message: Message;
  /** A frame is invalid. It is ignored, the connection goes on. */
  error: Error;
}

export class PosBusClient extends Emitter<ClientEvents> {
  readonly #clock: Clock;
  readonly #options: ClientOptions;
  readonly #crowd = new Crowd();
  readonly #poses: PoseSender;
  #session: Session | undefined;

  constructor(options: ClientOptions = {}) {
    super();
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#poses = new PoseSender(
      (pose) => this.#sendPose(pose),
      this.#clock,
      options.moveRate ?? 10,
    );
  }

  /** Users in the world by id, including the client's own. */
  get users(): ReadonlyMap<Id, Readonly<UserData>> {
    return this.#crowd.users;
  }

  /** The version spoken, undefined while there is no connection. */
  get version(): 1 | 2 | undefined {
    return this.#session?.version;
  }

  /**
   * Connects, and stays connected until {@link close} or until the server ends the session for
   * good. Resolves when connected for the first time; rejects if the server refuses the token.
   * While the server cannot be reached, the client tries again.
   */
  connect(options: ConnectOptions): Promise<void> {
    this.close();
    return new Promise((resolve, reject) => {
      const session: Session = {
        options,
        connection: new Connection(
          (signal) => this.#dial(session, signal),
          {
            opened: (transport) => this.#opened(session, transport),
            closed: (closed, retryIn) => this.#closed(session, closed, retryIn),
          },
          this.#clock,
          this.#options.random ?? Math.random,
          { ...DEFAULT_BACKOFF, ...this.#options.backoff },
        ),
        token: '',
        sessionId: newId(),
        resumeToken: undefined,
        version: undefined,
        sequence: 0,
        world: undefined,
        accepted: { resolve, reject },
        cancelWelcomeTimeout: () => {},
      };
      this.#session = session;
      session.connection.start();
    });
  }

  /** Closes the session: the user leaves at once. */
  close(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.cancelWelcomeTimeout();
    session?.connection.stop();
    session?.accepted.reject(new Error('closed'));
    this.#crowd.clear();
    this.#poses.clear();
  }

  /** Tries again at once, if it is waiting to: for instance when the network is back. */
  retryNow(): void {
    this.#session?.connection.start();
  }

  /**
   * Enters a world, and enters it again after a reconnect. False if there is no connection: then
   * nothing is sent.
   */
  teleport(world: Id): boolean {
    return this.send('teleport_request', { target: world });
  }

  /** Leaves the world and stays connected. */
  leaveWorld(): boolean {
    if (!this.send('signal', { value: SignalType.LeaveWorld })) return false;
    if (this.#session !== undefined) this.#session.world = undefined;
    this.#crowd.clear();
    return true;
  }

  /**
   * Moves the own user. An application may call it for every picture: the newest pose is sent at a
   * steady rate, also after a reconnect.
   */
  move(pose: Pose): void {
    this.#poses.offer(pose);
  }

  /** Requests the lock of an object in order to move it; the answer is a `lock` event. */
  lock(object: Id): boolean {
    return this.send('lock_object', { id: object });
  }

  unlock(object: Id): boolean {
    return this.send('unlock_object', { id: object });
  }

  /** Moves an object that the own user has locked. */
  moveObject(object: Id, transform: Transform): boolean {
    return this.send('object_transform', { id: object, object_transform: transform });
  }

  highFive(receiver: Id, message = ''): boolean {
    const sender = this.#session?.options.userId ?? NIL_ID;
    return this.send('high_five', { sender_id: sender, receiver_id: receiver, message });
  }

  /**
   * Sends any message; false if there is no connection or too much is waiting. Nothing is queued
   * for a later one.
   */
  send<T extends MessageType>(type: T, body: Body<T>): boolean {
    const session = this.#session;
    if (session?.version === undefined) return false;
    return session.connection.transport?.send(encode(type, body)) ?? false;
  }

  /** Pose at which to show a user now: smooth, and a little in the past. */
  sample(user: Id): Pose | undefined {
    return this.#crowd.sample(user, this.#clock.now());
  }

  async #dial(session: Session, signal: AbortSignal): Promise<Transport> {
    const { url, token, transport = 'websocket', webSocket } = session.options;
    session.token = typeof token === 'string' ? token : await token();
    if (typeof transport === 'function') return transport(signal);
    if (
      transport === 'webtransport' ||
      (transport === 'auto' && hasWebTransport() && requestedVersion(session) === 2)
    ) {
      try {
        return await dialWebTransport(await quicInfo(url, signal), signal);
      } catch (error) {
        if (transport === 'webtransport' || signal.aborted) throw error;
      }
    }
    return dialWebSocket(url, signal, webSocket);
  }

  #opened(session: Session, transport: Transport): void {
    transport.onframe = (frame) => {
      if (session === this.#session) this.#receive(session, frame);
    };
    const protocol = requestedVersion(session);
    session.sequence = 0;
    const hello = {
      handshake_version: 1,
      protocol_version: protocol,
      token: session.token,
      user_id: session.options.userId,
      session_id: session.resumeToken ?? session.sessionId,
    };
    try {
      transport.send(encode('hand_shake', hello));
    } catch (error) {
      session.accepted.reject(error as Error);
      this.close();
      return;
    }
    if (protocol === 1) this.#accepted(session, 1, false, undefined);
    else {
      session.cancelWelcomeTimeout = this.#clock.after(
        this.#options.welcomeTimeout ?? 3_000,
        () => {
          if (session === this.#session) this.#accepted(session, 1, false, undefined);
        },
      );
    }
  }

  /** Handles an accepted handshake: enters the last world again, unless the server resumed it. */
  #accepted(
    session: Session,
    version: 1 | 2,
    resumed: boolean,
    welcome: Welcome | undefined,
  ): void {
    session.cancelWelcomeTimeout();
    session.version = version;
    this.#crowd.clear(welcome?.tick_rate ?? USUAL_TICK_RATE, welcome?.slowest_ms);
    if (session.world !== undefined && !(resumed && welcome?.world !== NIL_ID))
      this.teleport(session.world);
    session.accepted.resolve();
    this.emit('connected', { version, resumed });
  }

  #closed(session: Session, closed: Closed, retryIn: number | null): void {
    if (session !== this.#session) return;
    session.cancelWelcomeTimeout();
    session.version = undefined;
    if (retryIn === null) {
      this.#session = undefined;
      session.accepted.reject(new Error(`refused: ${closed.code} ${closed.reason}`));
    }
    this.emit('disconnected', { ...closed, retryIn });
  }

  /** Decodes and handles a frame. Frames from a server never make it throw. */
  #receive(session: Session, frame: Uint8Array): void {
    let message: Message;
    try {
      message = decode(frame);
    } catch (error) {
      this.emit('error', error instanceof Error ? error : new Error(String(error)));
      return;
    }
    // A server whose first message is another one knows version 1 only.
    if (session.version === undefined && message.type !== 'welcome' && message.type !== 'signal') {
      this.#accepted(session, 1, false, undefined);
    }
    this.emit('message', message);
    this.#act(session, message);
  }

  #act(session: Session, message: Message): void {
    const now = this.#clock.now();
    switch (message.type) {
      case 'welcome':
        session.sessionId = message.body.session_id;
        session.resumeToken = message.body.resume_token;
        this.emit('welcome', message.body);
        return this.#accepted(session, 2, message.body.resumed, message.body);
      case 'set_world':
        session.world = message.body.id;
        this.#crowd.clear();
        return this.emit('world', message.body);
      case 'my_transform':
        return this.emit('placed', message.body);
      case 'add_users':
        this.#crowd.add(message.body.users);
        return this.emit('users', message.body.users);
      case 'user_handles':
        return this.#crowd.bind(message.body, now);
      case 'remove_users':
        this.#crowd.remove(message.body.users);
        return this.emit('usersLeft', message.body.users);
      case 'users_transform_list':
        return this.#moved(this.#crowd.moveById(message.body.value, now));
      case 'poses':
        return this.#moved(this.#crowd.moveByHandle(message.body, now));
      case 'add_objects':
        return this.emit('objects', message.body.objects);
      case 'object_data':
        return this.emit('objectData', message.body);
      case 'object_transform':
        return this.emit('objectsMoved', [
          { id: message.body.id, transform: message.body.object_transform },
        ]);
      case 'object_poses':
        return this.emit('objectsMoved', message.body.objects);
      case 'remove_objects':
        return this.emit('objectsRemoved', message.body.objects);
      case 'attribute_value_changed':
        return this.emit('attribute', message.body);
      case 'lock_object_response':
        return this.emit('lock', message.body);
      case 'high_five':
        return this.emit('highFive', message.body);
      case 'notification':
        return this.emit('notification', message.body);
      case 'fly_to_me':
        return this.emit('flyToMe', message.body);
      case 'activity_update':
        return this.emit('activity', message.body);
      case 'signal':
        return this.#signal(session, message.body.value);
      default:
      // Other messages have no event of their own.
    }
  }

  #moved(news: UserTransform[]): void {
    if (news.length > 0) this.emit('moved', news);
  }

  /**
   * Handles a signal. Two signals end the session: a reconnect would be refused, or would replace
   * the newer connection.
   */
  #signal(session: Session, value: number): void {
    this.emit('signal', value);
    const code = {
      [SignalType.DualConnection]: CloseCode.DualConnection,
      [SignalType.InvalidToken]: CloseCode.HandshakeRefused,
    }[value];
    if (code !== undefined) session.connection.lost({ code, reason: 'signal' });
  }

  #sendPose(pose: Pose): boolean {
    const session = this.#session;
    const transport = session?.connection.transport;
    if (session?.version === undefined || transport === undefined) return false;
    if (session.version === 1) return transport.send(encode('my_transform', pose));
    session.sequence += 1;
    const frame = encode('my_pose', { sequence: session.sequence, ...pose });
    return transport.sendDatagram?.(frame) ?? transport.send(frame);
  }
}

/** State that lasts over reconnects. */
interface Session {
  options: ConnectOptions;
  connection: Connection;
  token: string;
  sessionId: Id;
  /** Version 2: the token that resumes the session. */
  resumeToken: Id | undefined;
  /** Undefined until the handshake is accepted. */
  version: 1 | 2 | undefined;
  /** Sequence number of the last own pose in this connection. */
  sequence: number;
  /** World to enter after a reconnect. */
  world: Id | undefined;
  accepted: { resolve: () => void; reject: (error: Error) => void };
  cancelWelcomeTimeout: () => void;
}

function requestedVersion(session: Session): 1 | 2 {
  return session.options.version ?? 2;
}
