/**
 * Transforms of dragged objects (docs/protocol.md, ObjectPoses): entries of 52 bytes, full floats.
 */

import { id, rawFloat32, rest, struct, uint64, type Of } from '../wire/codec.js';

export const rawVec3 = struct({ x: rawFloat32, y: rawFloat32, z: rawFloat32 });

const entry = struct({
  id,
  transform: struct({ position: rawVec3, rotation: rawVec3, scale: rawVec3 }),
});

export const objectPoses = struct({ tick: uint64, objects: rest(entry) });
export type ObjectPoses = Of<typeof objectPoses>;
