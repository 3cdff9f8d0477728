/** Messages about the session itself and the world it is in (docs/spec/posbus.md §4.2). */

import { id, int64, struct, text, uint32, type Of } from '../wire/codec.js';
import { pose } from './space.js';

export const handShake = struct({
  handshake_version: int64,
  protocol_version: int64,
  /** JWT. */
  token: text,
  user_id: id,
  /** Kept over automatic reconnects; in version 2 the resume token when coming back. */
  session_id: id,
});
export type HandShake = Of<typeof handShake>;

export const teleportRequest = struct({ target: id });
export type TeleportRequest = Of<typeof teleportRequest>;

export const signal = struct({
  /** One of {@link SignalType}. */
  value: uint32,
});
export type Signal = Of<typeof signal>;

/** Values of a signal (docs/spec/posbus.md §4.3). */
export const SignalType = {
  None: 0,
  /** The same user entered this world from another connection. */
  DualConnection: 1,
  Ready: 2,
  InvalidToken: 3,
  Spawn: 4,
  /** From a client: leave the world, keep the connection. */
  LeaveWorld: 5,
  ConnectionFailed: 6,
  Connected: 7,
  ConnectionClosed: 8,
  WorldDoesNotExist: 9,
} as const;

export const setWorld = struct({ id, name: text, avatar: id, owner: id, avatar_3d_asset_id: id });
export type SetWorld = Of<typeof setWorld>;

/** Version 1's way to move; from the server: where one is after entering. */
export const myTransform = pose;
