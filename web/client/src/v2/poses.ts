/**
 * Poses of users (docs/protocol.md, Poses): groups of up to 64, each readable on its own.
 *
 * A client only reads them. The encoder is here for tests and tools: it keeps the order of the
 * entries and begins a group where the last one is full or handles stop rising.
 */

import type { Pose } from '../messages/space.js';
import type { Codec } from '../wire/codec.js';
import { FrameError } from '../wire/error.js';
import type { Reader } from '../wire/reader.js';
import type { Writer } from '../wire/writer.js';
import { BitReader, BitWriter } from './bits.js';
import { toRadians, toSteps, toUnits, UNITS_PER_METRE } from './quantise.js';

/** One user. */
export interface PoseEntry {
  handle: number;
  transform: Pose;
}

export interface Poses {
  /** The moment that all entries show. */
  tick: number;
  entries: PoseEntry[];
}

/**
 * Most entries that are read from one message. People at the very same spot take an eighth of a
 * byte each, so the length of a message alone is a weak bound; this is more than three times the
 * capacity of a world.
 */
export const MAX_ENTRIES = 65_536;

/** Units in an origin step of x and z (64 m) and of y (1 m). */
const ORIGIN = { x: 64 * UNITS_PER_METRE, y: UNITS_PER_METRE, z: 64 * UNITS_PER_METRE };

const GROUP = 64;
const YAW = 0;
const NONE = 1;
const FULL = 2;
const STRIDE = 1 << 28;
const RESERVED = 0xe000_0000;

export const poses: Codec<Poses> = {
  minimum: 2,
  read(reader) {
    const tick = reader.u53();
    const entries: PoseEntry[] = [];
    do {
      readGroup(reader, (entry) => {
        if (entries.length >= MAX_ENTRIES)
          throw new FrameError('too_many', 'a message has too many poses');
        entries.push(entry);
      });
    } while (reader.remaining > 0);
    return { tick, entries };
  },
  write(writer, message) {
    if (message.entries.length === 0) throw new FrameError('group', 'there is at least one group');
    writer.u53(message.tick);
    let group: PoseEntry[] = [];
    for (const entry of message.entries) {
      const last = group.at(-1);
      if (group.length === GROUP || (last !== undefined && entry.handle <= last.handle)) {
        writeGroup(writer, group);
        group = [];
      }
      group.push(entry);
    }
    writeGroup(writer, group);
  },
};

function readGroup(reader: Reader, found: (entry: PoseEntry) => void): void {
  const header = reader.u32Raw();
  const mode = (header >>> 6) & 3;
  if (mode > FULL || (header & RESERVED) !== 0)
    throw new FrameError('group', 'reserved bits of a group are set');
  const width = (shift: number) => (header >>> shift) & 31;
  const [gapWidth, xWidth, yWidth, zWidth] = [width(8), width(13), width(18), width(23)];
  let handle = reader.u32();
  const stride = (header & STRIDE) === 0 ? 1 : reader.u32();
  if ((header & STRIDE) !== 0 && stride < 2) throw new FrameError('group', 'a stride is below 2');
  const [ox, oz, oy] = [reader.i32(), reader.i32(), reader.i32()];
  const bits = new BitReader(reader);
  for (let left = header & 63, first = true; ; left -= 1, first = false) {
    if (!first) handle += (bits.take(gapWidth) + 1) * stride;
    if (handle > 0xffff_ffff) throw new FrameError('group', 'a handle is above 32 bits');
    const x = (ox * ORIGIN.x + bits.take(xWidth)) / UNITS_PER_METRE;
    const y = (oy * ORIGIN.y + bits.take(yWidth)) / UNITS_PER_METRE;
    const z = (oz * ORIGIN.z + bits.take(zWidth)) / UNITS_PER_METRE;
    const rotation = { x: 0, y: 0, z: 0 };
    if (mode === FULL) rotation.x = toRadians(bits.take(9));
    if (mode !== NONE) rotation.y = toRadians(bits.take(9));
    if (mode === FULL) rotation.z = toRadians(bits.take(9));
    found({ handle, transform: { position: { x, y, z }, rotation } });
    if (left === 0) break;
  }
  bits.finish();
}

function writeGroup(writer: Writer, entries: PoseEntry[]): void {
  const quantised = entries.map(({ handle, transform: { position, rotation } }) => ({
    handle,
    x: toUnits(position.x),
    y: toUnits(position.y),
    z: toUnits(position.z),
    angles: [toSteps(rotation.x), toSteps(rotation.y), toSteps(rotation.z)] as const,
  }));
  const first = quantised[0]?.handle ?? 0;
  const steps = quantised
    .slice(1)
    .map((entry, index) => entry.handle - (quantised[index]?.handle ?? 0));
  const stride = steps.reduce(divisor, 0);
  const gaps = steps.map((step) => step / Math.max(stride, 1) - 1);
  const axis = (name: 'x' | 'y' | 'z') => {
    const lowest = Math.min(...quantised.map((entry) => entry[name]));
    const origin = Math.floor(lowest / ORIGIN[name]);
    const offsets = quantised.map((entry) => entry[name] - origin * ORIGIN[name]);
    return { origin, offsets, width: bitWidth(Math.max(...offsets)) };
  };
  const [x, y, z] = [axis('x'), axis('y'), axis('z')];
  const gapWidth = bitWidth(Math.max(0, ...gaps));
  const tilted = quantised.some(({ angles }) => angles[0] !== 0 || angles[2] !== 0);
  const turned = quantised.some(({ angles }) => angles[1] !== 0);
  const mode = tilted ? FULL : turned ? YAW : NONE;
  const widths = (gapWidth << 8) | (x.width << 13) | (y.width << 18) | (z.width << 23);
  writer.u32Raw((entries.length - 1) | (mode << 6) | widths | (stride > 1 ? STRIDE : 0));
  writer.u32(first);
  if (stride > 1) writer.u32(stride);
  for (const { origin } of [x, z, y]) writer.i32(origin);
  const bits = new BitWriter(writer);
  for (const [index, { angles }] of quantised.entries()) {
    if (index > 0) bits.put(gaps[index - 1] ?? 0, gapWidth);
    for (const { offsets, width } of [x, y, z]) bits.put(offsets[index] ?? 0, width);
    if (mode === FULL) bits.put(angles[0], 9);
    if (mode !== NONE) bits.put(angles[1], 9);
    if (mode === FULL) bits.put(angles[2], 9);
  }
  bits.finish();
}

/** Greatest common divisor. */
function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** Bits that the value takes. */
function bitWidth(value: number): number {
  const width = value === 0 ? 0 : Math.floor(Math.log2(value)) + 1;
  if (width > 31) throw new FrameError('group', 'entries are too far apart for one group');
  return width;
}
