/** The server's first message in version 2 (docs/protocol.md, Negotiation). */

import { bool, id, int64, struct, uint32, uint64, type Of } from '../wire/codec.js';

export const welcome = struct({
  protocol_version: int64,
  /** Ticks per second of every world. */
  tick_rate: uint32,
  /** Tick of the world that the session is back in, 0 if it is in none. */
  tick: uint64,
  /** Longest message in bytes that a client may send. */
  max_frame: uint32,
  /** Above this, sustained, a client is slowed down; 0: no limit. */
  messages_per_second: uint32,
  /** Radius in metres within which users are sent in every tick in which they move. */
  near_metres: uint32,
  /** Time in milliseconds within which every movement reaches everybody. */
  slowest_ms: uint32,
  /** Grace of a detached session, in milliseconds. */
  hold_ms: uint32,
  session_id: id,
  /** Secret: as `session_id` of the next handshake it brings this session back. */
  resume_token: id,
  /** True if the session was detached and has resumed. */
  resumed: bool,
  /** The world it is back in, nil if in none. */
  world: id,
});
export type Welcome = Of<typeof welcome>;
