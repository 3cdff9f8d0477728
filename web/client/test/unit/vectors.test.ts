/** Every golden frame decodes to its JSON and comes back byte for byte. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { decode, encode, toSteps, toUnits, type Message } from '@odyssey/client';
import { vectors, type Vector } from '../support/vectors.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Floats of messages have 32 bits; those of dynamic values in the vectors have no more, either. */
function narrow(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? value + 0 : Math.fround(value);
  if (Array.isArray(value)) return value.map(narrow);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, narrow(entry)]));
  }
  return value;
}

/** The reference prints empty lists and maps as null; this library has them as they are. */
function expected({ name, json }: Vector): unknown {
  const fields = Object.entries(json as object).map(([key, value]) => {
    if (value !== null || !name.endsWith('_empty')) return [key, value];
    return [key, key === 'Data' ? '' : key === 'entries' ? {} : []];
  });
  return Object.fromEntries(fields);
}

/** The decoded message, with the quantised values beside the metres as the vectors have them. */
function shown({ type, body }: Message): unknown {
  if (type !== 'poses') return body;
  const entries = body.entries.map(({ handle, transform }) => ({
    handle,
    pose: {
      x: toUnits(transform.position.x),
      y: toUnits(transform.position.y),
      z: toUnits(transform.position.z),
      pitch: toSteps(transform.rotation.x),
      yaw: toSteps(transform.rotation.y),
      roll: toSteps(transform.rotation.z),
    },
    transform,
  }));
  return { tick: body.tick, entries };
}

for (const version of [1, 2] as const) {
  test(`version ${version}: there are vectors`, () => {
    assert.ok(vectors(version).length >= (version === 1 ? 69 : 30));
  });

  for (const vector of vectors(version)) {
    test(`version ${version}: ${vector.name}`, () => {
      const message = decode(vector.frame);
      assert.equal(message.type, vector.message);
      assert.deepEqual(narrow(shown(message)), narrow(expected(vector)));
      const again = encode(message.type, message.body as never);
      // The encoder may group entries otherwise; their values are fixed.
      if (message.type === 'poses') assert.deepEqual(decode(again), message);
      else assert.equal(hex(again), hex(vector.frame));
    });
  }
}
