/** Codecs of all message types this library speaks; their ids are in `ids.ts`. */

import { objectPoses } from '../v2/object-poses.js';
import { userHandles } from '../v2/handles.js';
import { myPose } from '../v2/my-pose.js';
import { poses } from '../v2/poses.js';
import { welcome } from '../v2/welcome.js';
import type { Codec, Of } from '../wire/codec.js';
import type { MESSAGE_IDS } from './ids.js';
import * as legacy from './legacy.js';
import * as objects from './objects.js';
import * as session from './session.js';
import * as social from './social.js';
import * as users from './users.js';

/** Codec of each message's body, by the name that JavaScript clients use. */
export const CODECS = {
  hand_shake: session.handShake,
  teleport_request: session.teleportRequest,
  signal: session.signal,
  set_world: session.setWorld,
  my_transform: session.myTransform,
  add_users: users.addUsers,
  remove_users: users.removeUsers,
  users_transform_list: users.usersTransformList,
  add_objects: objects.addObjects,
  remove_objects: objects.removeObjects,
  object_transform: objects.objectTransform,
  object_data: objects.objectData,
  lock_object: objects.lockObject,
  unlock_object: objects.lockObject,
  lock_object_response: objects.lockObjectResponse,
  attribute_value_changed: objects.attributeValueChanged,
  high_five: social.highFive,
  notification: social.notification,
  fly_to_me: social.flyToMe,
  activity_update: social.activityUpdate,
  user_staked_to_odyssey: social.userStakedToOdyssey,
  event_start: legacy.eventStart,
  generic_message: legacy.genericMessage,
  user_action: legacy.userAction,
  trigger_visual_effects: legacy.triggerVisualEffects,
  add_pending_stake: legacy.addPendingStake,
  object_definition: objects.objectDefinition,
  user_data: users.userData,
  user_transform: users.userTransform,
  welcome: welcome,
  user_handles: userHandles,
  poses: poses,
  object_poses: objectPoses,
  my_pose: myPose,
} as const satisfies Partial<Record<keyof typeof MESSAGE_IDS, Codec<any>>>;

/** The name of a message. */
export type MessageType = keyof typeof CODECS;

/** The body of a message; its fields have their JSON names. */
export type Body<T extends MessageType> = Of<(typeof CODECS)[T]>;

/** A message: its name and its body. */
export type Message = { [T in MessageType]: { type: T; body: Body<T> } }[MessageType];
