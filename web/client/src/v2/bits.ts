/**
 * Values of up to 31 bits without gaps, the first bit in the lowest free bit of the current byte
 * (docs/protocol.md, Poses).
 */

import { FrameError } from '../wire/error.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';

export class BitReader {
  readonly #reader: Reader;
  /** Bits of the current byte that were not taken, lowest first. */
  #rest = 0;
  #left = 0;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  take(width: number): number {
    let value = 0;
    for (let done = 0; done < width;) {
      if (this.#left === 0) {
        this.#rest = this.#reader.byte();
        this.#left = 8;
      }
      const count = Math.min(width - done, this.#left);
      value |= (this.#rest & ((1 << count) - 1)) << done;
      this.#rest >>>= count;
      this.#left -= count;
      done += count;
    }
    return value >>> 0;
  }

  /** Ends the run: what fills up the last byte is zeros. */
  finish(): void {
    if (this.#rest !== 0)
      throw new FrameError('group', 'the bits that fill up a group are not zero');
    this.#left = 0;
  }
}

export class BitWriter {
  readonly #writer: Writer;
  #byte = 0;
  #used = 0;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  put(value: number, width: number): void {
    for (let done = 0; done < width;) {
      const count = Math.min(width - done, 8 - this.#used);
      this.#byte |= ((value >>> done) & ((1 << count) - 1)) << this.#used;
      this.#used += count;
      done += count;
      if (this.#used === 8) this.#flush();
    }
  }

  finish(): void {
    if (this.#used > 0) this.#flush();
  }

  #flush(): void {
    this.#writer.byte(this.#byte);
    this.#byte = 0;
    this.#used = 0;
  }
}
