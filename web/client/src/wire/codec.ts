/**
 * Descriptions of bodies that can be read and written (docs/spec/posbus.md §3). A struct is its
 * fields in order, nothing else.
 */

import type { Id } from './id.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** Reader and writer of a type. */
export interface Codec<T> {
  /** Fewest bytes any value takes: what bounds a count before anything is allocated. */
  readonly minimum: number;
  read(reader: Reader): T;
  write(writer: Writer, value: T): void;
}

/** The type that a codec reads and writes. */
export type Of<C> = C extends Codec<infer T> ? T : never;

export const bool: Codec<boolean> = {
  minimum: 1,
  read: (r) => r.bool(),
  write: (w, v) => w.bool(v),
};
/** One signed byte. */
export const int8: Codec<number> = {
  minimum: 1,
  read: (r) => (r.byte() << 24) >> 24,
  write: (w, v) => w.byte(v & 0xff),
};
export const uint32: Codec<number> = {
  minimum: 1,
  read: (r) => r.u32(),
  write: (w, v) => w.u32(v),
};
/** 64 bits on the wire, exact up to 2^53. */
export const uint64: Codec<number> = {
  minimum: 1,
  read: (r) => r.u53(),
  write: (w, v) => w.u53(v),
};
/** 64 bits on the wire, exact up to ±2^52. */
export const int64: Codec<number> = { minimum: 1, read: (r) => r.i53(), write: (w, v) => w.i53(v) };
/** Byte-swapped, as in version 1. */
export const float32: Codec<number> = {
  minimum: 1,
  read: (r) => r.f32(),
  write: (w, v) => w.f32(v),
};
/** Four raw bytes, as in version 2. */
export const rawFloat32: Codec<number> = {
  minimum: 4,
  read: (r) => r.f32Raw(),
  write: (w, v) => w.f32Raw(v),
};
export const rawUint32: Codec<number> = {
  minimum: 4,
  read: (r) => r.u32Raw(),
  write: (w, v) => w.u32Raw(v),
};
export const text: Codec<string> = {
  minimum: 1,
  read: (r) => r.text(),
  write: (w, v) => w.text(v),
};
export const id: Codec<Id> = { minimum: 16, read: (r) => r.id(), write: (w, v) => w.id(v) };

/** An svarint count, then the elements. */
export function list<T>(element: Codec<T>): Codec<T[]> {
  return {
    minimum: 1,
    read(reader) {
      const count = reader.length(element.minimum);
      return Array.from({ length: count }, () => element.read(reader));
    },
    write(writer, values) {
      writer.i53(values.length);
      for (const value of values) element.write(writer, value);
    },
  };
}

/** Elements up to the end of the body. */
export function rest<T>(element: Codec<T>): Codec<T[]> {
  return {
    minimum: 0,
    read(reader) {
      const values: T[] = [];
      while (reader.remaining > 0) values.push(element.read(reader));
      return values;
    },
    write(writer, values) {
      for (const value of values) element.write(writer, value);
    },
  };
}

/** An svarint count, then keys and values in any order. */
export function dictionary<T>(value: Codec<T>): Codec<Record<string, T>> {
  return {
    minimum: 1,
    read(reader) {
      const count = reader.length(text.minimum + value.minimum);
      return Object.fromEntries(
        Array.from({ length: count }, () => [reader.text(), value.read(reader)]),
      );
    },
    write(writer, values) {
      const entries = Object.entries(values);
      writer.i53(entries.length);
      for (const [key, entry] of entries) {
        writer.text(key);
        value.write(writer, entry);
      }
    },
  };
}

/** A presence byte, then the value unless it is null. */
export function optional<T>(value: Codec<T>): Codec<T | null> {
  return {
    minimum: 1,
    read: (reader) => (reader.present() ? value.read(reader) : null),
    write(writer, present) {
      writer.bool(present !== null);
      if (present !== null) value.write(writer, present);
    },
  };
}

type Fields = Record<string, Codec<unknown>>;
// `any` lets a codec of a narrower type stand for a field.
type AnyFields = Record<string, Codec<any>>;

/** Fields in the order they are listed. */
export function struct<F extends AnyFields>(fields: F): Codec<{ [K in keyof F]: Of<F[K]> }> {
  type Struct = { [K in keyof F]: Of<F[K]> };
  const entries = Object.entries(fields as Fields);
  return {
    minimum: entries.reduce((sum, [, field]) => sum + field.minimum, 0),
    read(reader) {
      const value: Record<string, unknown> = {};
      for (const [name, field] of entries) value[name] = field.read(reader);
      return value as Struct;
    },
    write(writer, value) {
      for (const [name, field] of entries) field.write(writer, value[name]);
    },
  };
}
