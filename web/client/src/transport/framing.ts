/**
 * Messages on a stream: each after its length in bytes as u32 LE (docs/protocol.md, Transports).
 */

import { MAX_SERVER_FRAME } from '../messages/frame.js';
import { FrameError } from '../wire/error.js';

const PREFIX = 4;

/** The message with its length before it. */
export function withLength(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PREFIX + frame.length);
  new DataView(bytes.buffer).setUint32(0, frame.length, true);
  bytes.set(frame, PREFIX);
  return bytes;
}

/** Cuts a stream into messages. Keeps one unfinished message at most. */
export class Deframer {
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * Returns the messages that `chunk` completes. Throws {@link FrameError} at a length that no
   * message has.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    const view = new DataView(bytes.buffer);
    const frames: Uint8Array[] = [];
    let at = 0;
    while (bytes.length - at >= PREFIX) {
      const length = view.getUint32(at, true);
      if (length > MAX_SERVER_FRAME)
        throw new FrameError('too_long', `a message of ${length} bytes`);
      if (bytes.length - at - PREFIX < length) break;
      frames.push(bytes.subarray(at + PREFIX, at + PREFIX + length));
      at += PREFIX + length;
    }
    this.#rest = bytes.slice(at);
    return frames;
  }
}
