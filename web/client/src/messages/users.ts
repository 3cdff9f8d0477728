/** Messages about the users of a world (docs/spec/posbus.md §4.2). */

import { bool, id, list, struct, text, type Of } from '../wire/codec.js';
import { pose } from './space.js';

export const userData = struct({
  id,
  name: text,
  /** Media hash, an absolute URL, or empty. */
  avatar: text,
  transform: pose,
  is_guest: bool,
});
export type UserData = Of<typeof userData>;

export const addUsers = struct({ users: list(userData) });
export const removeUsers = struct({ users: list(id) });

export const userTransform = struct({ id, transform: pose });
export type UserTransform = Of<typeof userTransform>;

export const usersTransformList = struct({ value: list(userTransform) });
