/** The table of message types (docs/spec/posbus.md §4.1; docs/protocol.md, Negotiation). */

import { objectPoses } from '../v2/object-poses.js';
import { userHandles } from '../v2/handles.js';
import { myPose } from '../v2/my-pose.js';
import { poses } from '../v2/poses.js';
import { welcome } from '../v2/welcome.js';
import type { Codec, Of } from '../wire/codec.js';
import * as legacy from './legacy.js';
import * as objects from './objects.js';
import * as session from './session.js';
import * as social from './social.js';
import * as users from './users.js';

/** Type id and body of every message, by the name that JavaScript clients use. */
export const MESSAGES = {
  hand_shake: [0x7c41941a, session.handShake],
  teleport_request: [0x78da55d9, session.teleportRequest],
  signal: [0xadc1964d, session.signal],
  set_world: [0xccdf2e49, session.setWorld],
  my_transform: [0xf878c4bf, session.myTransform],
  add_users: [0xf51f2aff, users.addUsers],
  remove_users: [0xf5a14bb0, users.removeUsers],
  users_transform_list: [0x285954b8, users.usersTransformList],
  add_objects: [0x2452a9c1, objects.addObjects],
  remove_objects: [0x6bf88c24, objects.removeObjects],
  object_transform: [0xea6da4b4, objects.objectTransform],
  object_data: [0xcace197c, objects.objectData],
  lock_object: [0xa7de9f59, objects.lockObject],
  unlock_object: [0xa54edeb9, objects.lockObject],
  lock_object_response: [0x0924668c, objects.lockObjectResponse],
  attribute_value_changed: [0x10dacdb7, objects.attributeValueChanged],
  high_five: [0x3d501432, social.highFive],
  notification: [0xc1fb41d7, social.notification],
  fly_to_me: [0xa6eb70c6, social.flyToMe],
  activity_update: [0xca57695d, social.activityUpdate],
  user_staked_to_odyssey: [0x10dacabc, social.userStakedToOdyssey],
  event_start: [0xaa854d2c, legacy.eventStart],
  generic_message: [0xf508e4a3, legacy.genericMessage],
  user_action: [0xef1a2e75, legacy.userAction],
  trigger_visual_effects: [0xd96089c6, legacy.triggerVisualEffects],
  add_pending_stake: [0xf020d682, legacy.addPendingStake],
  object_definition: [0xd742b52e, objects.objectDefinition],
  user_data: [0xf702ef5f, users.userData],
  user_transform: [0x3bc97ebb, users.userTransform],
  welcome: [0x57e1c03e, welcome],
  user_handles: [0x4a9d1e55, userHandles],
  poses: [0x9053a2b7, poses],
  object_poses: [0x0b7e2c91, objectPoses],
  my_pose: [0x3f6a81d4, myPose],
} as const satisfies Record<string, readonly [number, Codec<any>]>;

/** The name of a message. */
export type MessageType = keyof typeof MESSAGES;

/** The body of a message; fields have the JSON names of docs/spec/posbus.md §4.2. */
export type Body<T extends MessageType> = Of<(typeof MESSAGES)[T][1]>;

/** A message: its name and its body. */
export type Message = { [T in MessageType]: { type: T; body: Body<T> } }[MessageType];
