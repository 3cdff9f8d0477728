/** Frames (docs/spec/posbus.md §2): `type u32 LE | body | ~type u32 LE`. */

import type { Codec } from '../wire/codec.js';
import { FrameError } from '../wire/error.js';
import { Reader } from '../wire/reader.js';
import { Writer } from '../wire/writer.js';
import { MESSAGE_IDS } from './ids.js';
import { CODECS, type Body, type Message, type MessageType } from './registry.js';

/** Longest message in bytes that a server may send (docs/spec/posbus.md §1.1). */
export const MAX_SERVER_FRAME = 32_768;

/** Header and footer in bytes; no body is empty. */
const OVERHEAD = 8;

const BY_ID = new Map<number, MessageType>(
  (Object.keys(CODECS) as MessageType[]).map((type) => [MESSAGE_IDS[type], type]),
);

/** The message as bytes. Throws {@link FrameError} if a value has no encoding. */
export function encode<T extends MessageType>(type: T, body: Body<T>): Uint8Array {
  const typeId = MESSAGE_IDS[type];
  const writer = new Writer();
  writer.u32Raw(typeId);
  (CODECS[type] as Codec<unknown>).write(writer, body);
  writer.u32Raw(~typeId);
  return writer.finish();
}

/**
 * Decodes one message. Throws {@link FrameError} for bytes that are not exactly one well-formed
 * message.
 */
export function decode(frame: Uint8Array): Message {
  if (frame.length <= OVERHEAD)
    throw new FrameError('too_short', `a frame of ${frame.length} bytes`);
  if (frame.length > MAX_SERVER_FRAME)
    throw new FrameError('too_long', `a frame of ${frame.length} bytes`);
  const typeId = new Reader(frame).u32Raw();
  const footer = new Reader(frame, frame.length - 4).u32Raw();
  if (footer !== ~typeId >>> 0)
    throw new FrameError('footer', 'the footer does not match the header');
  const type = BY_ID.get(typeId);
  if (type === undefined)
    throw new FrameError('unknown_type', `unknown type 0x${typeId.toString(16)}`);
  const reader = new Reader(frame, 4, frame.length - 4);
  const body: unknown = CODECS[type].read(reader);
  if (reader.remaining > 0)
    throw new FrameError('trailing_bytes', `${reader.remaining} bytes after the last field`);
  return { type, body } as Message;
}
