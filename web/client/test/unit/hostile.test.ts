/** Bytes that are no message are refused at once, whatever they claim. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { decode, Deframer, FrameError } from '@odyssey/client';
import { vectors } from '../support/vectors.js';

/** A small generator, so that a failure comes back. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Decodes or is refused; nothing else. */
function attempt(frame: Uint8Array): boolean {
  try {
    decode(frame);
    return true;
  } catch (error) {
    assert.ok(error instanceof FrameError, String(error));
    return false;
  }
}

const frames = [...vectors(1), ...vectors(2)].map(({ frame }) => frame);

test('no part of a frame is a frame', () => {
  for (const frame of frames) {
    for (let end = 0; end < frame.length; end += 1)
      assert.equal(attempt(frame.slice(0, end)), false);
  }
});

test('a body cut short is refused, unless its list may end there', () => {
  let refused = 0;
  for (const frame of frames) {
    for (let cut = 1; cut <= frame.length - 8; cut += 1) {
      const short = new Uint8Array(frame.length - cut);
      short.set(frame.slice(0, short.length - 4));
      short.set(frame.slice(-4), short.length - 4);
      if (!attempt(short)) refused += 1;
    }
  }
  assert.ok(refused > 1000);
});

test('mutations do no harm', () => {
  const next = random(7);
  const started = performance.now();
  for (let round = 0; round < 200; round += 1) {
    for (const frame of frames) {
      const mutated = frame.slice();
      for (let change = 0; change < 3; change += 1) {
        mutated[4 + Math.floor(next() * (mutated.length - 8))] = Math.floor(next() * 256);
      }
      attempt(mutated);
    }
  }
  assert.ok(performance.now() - started < 60_000, 'it ends');
});

test('a count is checked before anything is made of it', () => {
  // AddUsers with a count of 2^31 and no users.
  const frame = Buffer.from('ff2a1ff5' + 'feffffff1f' + '00d5e00a', 'hex');
  assert.throws(
    () => decode(new Uint8Array(frame)),
    (error) => error instanceof FrameError && error.fault === 'length',
  );
});

test('poses of people at one spot do not unfold without bound', () => {
  // 64 entries without a single bit, in nine bytes, as often as fits.
  const group = Buffer.from('7f000000' + '00' + '000000', 'hex');
  const body = Buffer.concat([
    Buffer.from('01', 'hex'),
    ...Array.from({ length: 4000 }, () => group),
  ]);
  const frame = Buffer.concat([
    Buffer.from('b7a25390', 'hex'),
    body,
    Buffer.from('485dac6f', 'hex'),
  ]);
  assert.throws(
    () => decode(new Uint8Array(frame)),
    (error) => error instanceof FrameError && error.fault === 'too_many',
  );
});

test('a stream is cut into messages however it arrives', () => {
  const stream = Buffer.concat(
    frames.map((frame) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(frame.length);
      return Buffer.concat([length, frame]);
    }),
  );
  const deframer = new Deframer();
  const found: Uint8Array[] = [];
  for (let at = 0; at < stream.length; at += 7)
    found.push(...deframer.push(new Uint8Array(stream.subarray(at, at + 7))));
  assert.deepEqual(
    found.map((frame) => frame.slice()),
    frames,
  );
});

test('a length that no message has ends the stream', () => {
  assert.throws(() => new Deframer().push(Uint8Array.of(1, 128, 0, 0)), FrameError);
});
