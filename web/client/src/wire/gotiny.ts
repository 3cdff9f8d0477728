/**
 * The second encoding inside PosBus: blobs of dynamic values (docs/spec/posbus.md §3.3).
 *
 * Booleans and presence flags are bits. They share bytes that are appended when a bit is needed and
 * none is left, so later bits are patched into earlier bytes; the state spans one blob with all its
 * nesting.
 */

import { FrameError } from './error.js';
import { decodeText, finite, type Reader } from './reader.js';
import { encodeText, type Writer } from './writer.js';

/** Types of a dynamic value. */
export type AnyValue = null | boolean | number | string | AnyValue[] | AnyMap;

/** A JSON object. */
export interface AnyMap {
  [key: string]: AnyValue;
}

/** Deepest nesting of maps and lists that is read. */
const MAX_DEPTH = 32;

/**
 * A null takes one bit, so the length of a frame alone does not bound the number of values. A blob
 * may unfold to this many plus one per two bytes; every other value, and every entry of a map,
 * takes two bytes at least.
 */
const SPARE_VALUES = 256;

const MAX_U64 = 0xffff_ffff_ffff_ffffn;

const LIST = '[]interface {}';
const MAP = 'map[string]interface {}';

const scratch = new DataView(new ArrayBuffer(8));

/** Reads one blob. A nil map reads as an empty one. */
export function readAnyMap(reader: Reader): AnyMap {
  return new BlobReader(reader).map(0) ?? {};
}

/** Appends one blob. */
export function writeAnyMap(writer: Writer, map: AnyMap): void {
  new BlobWriter(writer).map(map, 0);
}

/** A u64: at most nine bytes, the ninth whole. */
export function readU64(reader: Reader): bigint {
  let value = 0n;
  for (let index = 0n; index < 8n; index += 1n) {
    const byte = reader.byte();
    value |= BigInt(byte & 0x7f) << (7n * index);
    if (byte < 0x80) return value;
  }
  return value | (BigInt(reader.byte()) << 56n);
}

/** Like the reference it takes one byte more than needed for 2^(7k)-1. */
export function writeU64(writer: Writer, value: bigint): void {
  if (value < 0n || value > MAX_U64)
    throw new FrameError('varint', `${value} is not an unsigned integer of 64 bits`);
  let bytes = 1;
  while (bytes < 9 && value >= (1n << BigInt(7 * bytes)) - 1n) bytes += 1;
  for (let rest = value, index = 1; ; index += 1, rest >>= 7n) {
    if (index === bytes) {
      writer.byte(Number(rest));
      return;
    }
    writer.byte(Number(rest & 0x7fn) | 0x80);
  }
}

class BlobReader {
  readonly #reader: Reader;
  /** The current flag byte, shifted so that the next bit is the lowest. */
  #flags = 0;
  /** Bits left in it. */
  #left = 0;
  /** Number of values that may still come. */
  #valuesLeft: number;

  constructor(reader: Reader) {
    this.#reader = reader;
    this.#valuesLeft = SPARE_VALUES + reader.remaining / 2;
  }

  map(depth: number): AnyMap | null {
    if (!this.#bit()) return null;
    const count = this.#count();
    // A key is at least the byte of its length.
    if (count > this.#reader.remaining)
      throw new FrameError('length', 'a map has more entries than bytes');
    const entries: [string, AnyValue][] = [];
    for (let index = 0; index < count; index += 1) entries.push([this.#text(), this.#any(depth)]);
    // Defines each key as its own, `__proto__` included.
    return Object.fromEntries(entries);
  }

  #list(depth: number): AnyValue[] | null {
    if (!this.#bit()) return null;
    const count = this.#count();
    if (count > this.#reader.remaining * 8 + this.#left)
      throw new FrameError('length', 'a list has more elements than bits');
    // Grows as values come in, as the count may promise eight per byte.
    const elements: AnyValue[] = [];
    for (let index = 0; index < count; index += 1) elements.push(this.#any(depth));
    return elements;
  }

  /** A value inside a container at `depth`. */
  #any(depth: number): AnyValue {
    this.#valuesLeft -= 1;
    if (this.#valuesLeft < 0)
      throw new FrameError('too_many', 'a dynamic value has too many elements');
    if (!this.#bit()) return null;
    const type = this.#text();
    switch (type) {
      case 'bool':
        return this.#bit();
      case 'float64':
        return this.#float();
      case 'int':
        return this.#integer();
      case 'string':
        return this.#text();
      case '*int':
        return this.#bit() ? this.#integer() : null;
      case '*string':
        return this.#bit() ? this.#text() : null;
      case LIST:
      case MAP:
        if (depth + 1 >= MAX_DEPTH)
          throw new FrameError('too_deep', 'a dynamic value is nested too deep');
        return type === LIST ? this.#list(depth + 1) : this.map(depth + 1);
      default:
        throw new FrameError('type_name', 'a dynamic value has an unknown type');
    }
  }

  #bit(): boolean {
    if (this.#left === 0) {
      this.#flags = this.#reader.byte();
      this.#left = 8;
    }
    const bit = (this.#flags & 1) === 1;
    this.#flags >>= 1;
    this.#left -= 1;
    return bit;
  }

  #count(): number {
    let value = 0;
    for (let index = 0; index < 4; index += 1) {
      const byte = this.#reader.byte();
      value += (byte & 0x7f) * 0x80 ** index;
      if (byte < 0x80) return value;
    }
    value += this.#reader.byte() * 0x80 ** 4;
    if (value > 0xffff_ffff) throw new FrameError('varint', 'a count is above 2^32');
    return value;
  }

  #text(): string {
    return decodeText(this.#reader.bytes(this.#count()));
  }

  /** Rounded above 2^53, as JSON numbers are. */
  #integer(): number {
    const value = readU64(this.#reader);
    return Number((value >> 1n) ^ -(value & 1n));
  }

  #float(): number {
    scratch.setBigUint64(0, readU64(this.#reader), true);
    return finite(scratch.getFloat64(0, false));
  }
}

class BlobWriter {
  readonly #writer: Writer;
  /** Index of the current flag byte. */
  #flags = 0;
  /** Bits of it that are taken; 8 also before the first. */
  #used = 8;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  map(map: AnyMap, depth: number): void {
    const entries = Object.entries(map);
    this.#bit(true);
    this.#count(entries.length);
    for (const [key, value] of entries) {
      this.#text(key);
      // The recordings of the reference have whole numbers as `int` here and as `float64` in lists.
      this.#any(
        value,
        depth,
        Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int' : 'float64',
      );
    }
  }

  #any(value: AnyValue, depth: number, number: 'int' | 'float64'): void {
    if (value !== null && typeof value === 'object' && depth + 1 >= MAX_DEPTH) {
      throw new FrameError('too_deep', 'a dynamic value is nested too deep');
    }
    this.#bit(value !== null);
    if (value === null) return;
    if (typeof value === 'boolean') {
      this.#text('bool');
      this.#bit(value);
    } else if (typeof value === 'string') {
      this.#text('string');
      this.#text(value);
    } else if (typeof value === 'number') {
      this.#text(number);
      writeU64(this.#writer, number === 'int' ? zigzag(value) : floatBits(value));
    } else if (Array.isArray(value)) {
      this.#text(LIST);
      this.#bit(true);
      this.#count(value.length);
      for (const element of value) this.#any(element, depth + 1, 'float64');
    } else {
      this.#text(MAP);
      this.map(value, depth + 1);
    }
  }

  #bit(bit: boolean): void {
    if (this.#used === 8) {
      this.#flags = this.#writer.length;
      this.#used = 0;
      this.#writer.byte(0);
    }
    if (bit) this.#writer.patch(this.#flags, 1 << this.#used);
    this.#used += 1;
  }

  #count(count: number): void {
    writeU64(this.#writer, BigInt(count));
  }

  #text(text: string): void {
    const bytes = encodeText(text);
    this.#count(bytes.length);
    this.#writer.bytes(bytes);
  }
}

function zigzag(value: number): bigint {
  return value >= 0 ? BigInt(value) * 2n : -BigInt(value) * 2n - 1n;
}

function floatBits(value: number): bigint {
  scratch.setFloat64(0, finite(value), false);
  return scratch.getBigUint64(0, true);
}
