/**
 * Registered messages that nobody sends (docs/spec/posbus.md §4.1); here so that every recorded
 * frame can be read.
 */

import { dictionary, id, int64, list, struct, text, uint32, type Codec } from '../wire/codec.js';
import { readU64, writeU64 } from '../wire/gotiny.js';

/** Bytes as base64, which is how JSON has them (docs/spec/posbus.md §3.4). */
const base64: Codec<string> = {
  minimum: 1,
  read(reader) {
    return btoa(
      Array.from(reader.bytes(reader.length(1)), (byte) => String.fromCharCode(byte)).join(''),
    );
  },
  write(writer, value) {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    writer.i53(bytes.length);
    writer.bytes(bytes);
  },
};

const ethereumAddress: Codec<number[]> = {
  minimum: 20,
  read: (reader) => [...reader.bytes(20)],
  write: (writer, value) =>
    writer.bytes(Uint8Array.from({ length: 20 }, (_, index) => value[index] ?? 0)),
};

/** Four limbs of 64 bits, the lowest first. */
const uint256: Codec<bigint[]> = {
  minimum: 4,
  read: (reader) => Array.from({ length: 4 }, () => readU64(reader)),
  write(writer, value) {
    for (let limb = 0; limb < 4; limb += 1) writeU64(writer, value[limb] ?? 0n);
  },
};

/** The body is the map itself. */
export const eventStart = dictionary(text);
export const genericMessage = struct({ Topic: text, Data: base64 });
export const userAction = struct({ value: uint32 });
export const triggerVisualEffects = struct({ effects: list(struct({ name: text })) });
export const addPendingStake = struct({
  transaction_id: id,
  odyssey_id: id,
  wallet: ethereumAddress,
  amount: uint256,
  comment: text,
  kind: int64,
});
