/**
 * Ids: UUIDs, 16 raw bytes on the wire, lower-case text in JavaScript (docs/spec/posbus.md §3.2).
 */

import { FrameError } from './error.js';

/** A UUID in canonical text form, lower case. */
export type Id = string;

/** The id that means "none". */
export const NIL_ID: Id = '00000000-0000-0000-0000-000000000000';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const TEXT = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** 16 bytes to text. */
export function formatId(bytes: Uint8Array): Id {
  let text = '';
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += HEX[bytes[index] ?? 0];
  }
  return text;
}

/** Text to 16 bytes; takes upper case and missing dashes, too. */
export function parseId(text: Id): Uint8Array {
  if (!TEXT.test(text)) throw new FrameError('id', `not a UUID: ${text}`);
  const digits = text.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** A new UUIDv7: milliseconds since 1970, then random bits (RFC 9562 §5.7). */
export function newId(): Id {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const now = Date.now();
  for (let index = 0; index < 6; index += 1)
    bytes[index] = Math.floor(now / 2 ** (8 * (5 - index))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return formatId(bytes);
}
