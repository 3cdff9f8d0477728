/** Appends values to a buffer that grows (docs/spec/posbus.md §3.1). */

import { FrameError } from './error.js';
import { parseId, type Id } from './id.js';
import { finite } from './reader.js';

const utf8 = new TextEncoder();
const scratch = new DataView(new ArrayBuffer(8));

export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  /** `capacity`: bytes to start with. */
  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  byte(value: number): void {
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
  }

  /** Sets bits of a byte written before. */
  patch(at: number, bits: number): void {
    this.#bytes[at] = (this.#bytes[at] ?? 0) | bits;
  }

  /** A uvarint of 32 bits in its shortest form. */
  u32(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw new FrameError('varint', `${value} is not an unsigned integer of 32 bits`);
    }
    this.#uvarint(value);
  }

  /** A uvarint of 64 bits from a number that is exact. */
  u53(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new FrameError('varint', `${value} is not an unsigned integer`);
    this.#uvarint(value);
  }

  /** A zig-zag varint of 32 bits. */
  i32(value: number): void {
    if (value !== (value | 0))
      throw new FrameError('varint', `${value} is not an integer of 32 bits`);
    this.#uvarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A zig-zag varint of 64 bits from a number within ±2^52. */
  i53(value: number): void {
    this.u53(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** Four raw bytes, little endian. */
  u32Raw(value: number): void {
    scratch.setUint32(0, value >>> 0, true);
    this.#scratch(4);
  }

  /** Four raw bytes of a float, little endian. */
  f32Raw(value: number): void {
    scratch.setFloat32(0, finite(Math.fround(value)), true);
    this.#scratch(4);
  }

  /** Byte-swapped, as round numbers then vanish in the varint. */
  f32(value: number): void {
    scratch.setFloat32(0, finite(Math.fround(value)), false);
    this.#uvarint(scratch.getUint32(0, true));
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  text(value: string): void {
    const bytes = encodeText(value);
    this.i53(bytes.length);
    this.bytes(bytes);
  }

  id(value: Id): void {
    this.bytes(parseId(value));
  }

  #scratch(length: number): void {
    this.bytes(new Uint8Array(scratch.buffer, 0, length));
  }

  #uvarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** Makes room for `length` bytes and says where they start. */
  #grow(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return start;
  }
}

/** Text to UTF-8; lone surrogates become U+FFFD. */
export function encodeText(text: string): Uint8Array {
  return utf8.encode(text);
}
