/**
 * Places in a world (docs/spec/posbus.md §3.2): metres, right-handed, y up; angles in radians, x
 * pitch, y yaw, z roll.
 */

import { float32, struct, type Codec, type Of } from '../wire/codec.js';

/** Three numbers: a position in metres, angles in radians, or factors. */
export interface Vec3 {
  x: number;
  y: number;
  z: number;
}

/** Position and rotation of a user. */
export interface Pose {
  position: Vec3;
  rotation: Vec3;
}

export const vec3: Codec<Vec3> = struct({ x: float32, y: float32, z: float32 });
export const pose: Codec<Pose> = struct({ position: vec3, rotation: vec3 });
export const transform = struct({ position: vec3, rotation: vec3, scale: vec3 });

/** Position and rotation of an object, and its scale as a factor per axis. */
export type Transform = Of<typeof transform>;
