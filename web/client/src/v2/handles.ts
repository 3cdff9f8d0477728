/** Handles of users: small integers that stand for them (docs/protocol.md, Handles). */

import { id, list, struct, uint32, uint64, type Of } from '../wire/codec.js';

export const userHandles = struct({ tick: uint64, users: list(struct({ handle: uint32, id })) });
export type UserHandles = Of<typeof userHandles>;
