/** Messages between people, and about what happened (docs/spec/posbus.md §4.2, §5.8). */

import { id, int64, optional, struct, text, uint32, type Of } from '../wire/codec.js';
import { vec3 } from './space.js';

export const highFive = struct({ sender_id: id, receiver_id: id, message: text });
export type HighFive = Of<typeof highFive>;

export const notification = struct({
  /** 500 is plain text, the only one in use (docs/spec/posbus.md §4.3). */
  notify_type: uint32,
  value: text,
});
export type Notification = Of<typeof notification>;

export const flyToMe = struct({ pilot: id, pilot_name: text, object_id: id });
export type FlyToMe = Of<typeof flyToMe>;

const activityData = struct({
  position: optional(vec3),
  description: optional(text),
  hash: optional(text),
  token_symbol: optional(text),
  token_amount: optional(text),
  bc_tx_hash: optional(text),
  bc_log_index: optional(text),
});

export const activityUpdate = struct({
  activity_id: id,
  /** `new`, `changed` or `removed`. */
  change_type: text,
  /** `video`, `screenshot`, `world_created` or `stake`. */
  type: optional(text),
  data: optional(activityData),
  user_id: id,
  object_id: id,
});
export type ActivityUpdate = Of<typeof activityUpdate>;

export const userStakedToOdyssey = struct({
  /** `0x` and hex. */
  transaction_hash: text,
  /** `0x` and hex. */
  wallet: text,
  object_id: id,
  /** Decimal integer in the base unit of the token. */
  amount: text,
  comment: text,
  /** 0 MOM, 1 DAD. */
  kind: int64,
});
export type UserStakedToOdyssey = Of<typeof userStakedToOdyssey>;
