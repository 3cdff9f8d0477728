/** Messages about the objects of a world (docs/spec/posbus.md §4.2). */

import {
  bool,
  dictionary,
  id,
  int8,
  list,
  optional,
  struct,
  text,
  uint32,
  type Codec,
  type Of,
} from '../wire/codec.js';
import { readAnyMap, writeAnyMap, type AnyMap } from '../wire/gotiny.js';
import { transform } from './space.js';

const anyMap: Codec<AnyMap> = { minimum: 1, read: readAnyMap, write: writeAnyMap };

export const objectDefinition = struct({
  id,
  /** Nil if there is none; for the world object the node. */
  parent_id: id,
  /** The 3D asset, nil if there is none. */
  asset_type: id,
  /** 0 addressable (legacy), 1 glTF model, 2 basic shape. */
  asset_format: int8,
  name: text,
  transform,
  is_editable: bool,
  tethered_to_parent: bool,
  show_on_minimap: bool,
});
export type ObjectDefinition = Of<typeof objectDefinition>;

export const addObjects = struct({ objects: list(objectDefinition) });
export const removeObjects = struct({ objects: list(id) });

export const objectTransform = struct({ id, object_transform: transform });
export type ObjectTransform = Of<typeof objectTransform>;

export const objectData = struct({
  id,
  /** Slot type (`texture`, `string`, `number`, `audio`) to slot name to value. */
  entries: dictionary(optional(anyMap)),
});
export type ObjectData = Of<typeof objectData>;

export const lockObject = struct({ id });

export const lockObjectResponse = struct({
  id,
  /** 1: the request changed the lock; 0: it did not. */
  result: uint32,
  /** Holder of the lock after the operation, nil if unlocked. */
  lock_owner: id,
});
export type LockObjectResponse = Of<typeof lockObjectResponse>;

export const attributeValueChanged = struct({
  plugin_id: id,
  attribute_name: text,
  /** `attribute_changed` or `attribute_removed`. */
  change_type: text,
  /** Null when removed. */
  value: optional(anyMap),
  /** The object or user. */
  target_id: id,
});
export type AttributeValueChanged = Of<typeof attributeValueChanged>;
