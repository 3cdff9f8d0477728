/** Reads a body from front to back and never leaves it (docs/spec/posbus.md §3.1). */

import { FrameError } from './error.js';
import { formatId, type Id } from './id.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const scratch = new DataView(new ArrayBuffer(8));

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  /** Reads `bytes` from `start` up to `end`. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new FrameError('unexpected_end', 'the body ends inside a value');
    this.#at += 1;
    return byte;
  }

  /** A view of the next `length` bytes; it shares memory with the frame. */
  bytes(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A uvarint of 32 bits: at most five bytes. */
  u32(): number {
    return this.#uvarint(5, 0x0f);
  }

  /** A uvarint of 64 bits that fits a number exactly: ticks, milliseconds. */
  u53(): number {
    const value = this.#uvarint(10, 0x01);
    if (value > Number.MAX_SAFE_INTEGER) throw new FrameError('varint', 'an integer is above 2^53');
    return value;
  }

  /** A zig-zag varint of 32 bits. */
  i32(): number {
    const value = this.u32();
    return (value >>> 1) ^ -(value & 1);
  }

  /** A zig-zag varint of 64 bits that fits a number exactly. */
  i53(): number {
    const value = this.u53();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /**
   * A length or count whose elements take at least `minimum` bytes each: bounded before anything is
   * allocated.
   */
  length(minimum: number): number {
    const length = this.i53();
    if (length < 0 || length > this.remaining / minimum) {
      throw new FrameError('length', 'a length promises more than the body holds');
    }
    return length;
  }

  /** Four raw bytes, little endian. */
  u32Raw(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** Four raw bytes of a float, little endian. */
  f32Raw(): number {
    return finite(this.#view.getFloat32(this.#skip(4), true));
  }

  /** A float as version 1 has it: the bytes of its bits reversed, then a uvarint. */
  f32(): number {
    scratch.setUint32(0, this.u32(), true);
    return finite(scratch.getFloat32(0, false));
  }

  bool(): boolean {
    const byte = this.byte();
    if (byte > 1) throw new FrameError('bool', `a bool is ${byte}`);
    return byte === 1;
  }

  /** The presence byte before an optional value. */
  present(): boolean {
    const byte = this.byte();
    if (byte > 1) throw new FrameError('presence', `a presence byte is ${byte}`);
    return byte === 1;
  }

  text(): string {
    return decodeText(this.bytes(this.length(1)));
  }

  id(): Id {
    return formatId(this.bytes(16));
  }

  /** Moves on by `length` bytes and says where they started. */
  #skip(length: number): number {
    if (length > this.remaining)
      throw new FrameError('unexpected_end', 'the body ends inside a value');
    const start = this.#at;
    this.#at += length;
    return start;
  }

  /** Exact up to 2^53; what is above comes out rounded, above 2^53 at any rate. */
  #uvarint(maxBytes: number, lastMax: number): number {
    let value = 0;
    let scale = 1;
    for (let index = 1; index <= maxBytes; index += 1) {
      const byte = this.byte();
      if (index === maxBytes && byte > lastMax) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new FrameError('varint', 'a varint is too long');
  }
}

/** UTF-8 to text. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new FrameError('utf8', 'a text is not UTF-8');
  }
}

/** The number itself, unless no JSON could hold it. */
export function finite(value: number): number {
  if (!Number.isFinite(value)) throw new FrameError('not_finite', 'a number is not finite');
  return value;
}
