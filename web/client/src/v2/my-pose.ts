/** The client's own movement (docs/protocol.md, MyPose): 28 bytes. */

import { rawUint32, struct, type Of } from '../wire/codec.js';
import { rawVec3 } from './object-poses.js';

export const myPose = struct({
  /** Starts at 1 in each session; what is not above the last one is ignored. */
  sequence: rawUint32,
  position: rawVec3,
  rotation: rawVec3,
});
export type MyPose = Of<typeof myPose>;
