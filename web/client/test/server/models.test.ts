/**
 * Models as people have them: those of controllers and hands that `@webxr-input-profiles/assets`
 * collects, made by a dozen programs over the years.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { guestToken, modelUrl, uploadModel } from '@odyssey/client';
import { DEADLINE } from '../support/chromium.js';
import { CLIENT, startServer, type Running } from '../support/server.js';

const PROFILES = join(CLIENT, 'node_modules/@webxr-input-profiles/assets/dist/profiles');

let server: Running;

before(async () => {
  server = await startServer({
    ODYSSEY_MEDIA__QUOTAS__GUEST: String(2 ** 30),
    ODYSSEY_MEDIA__QUOTAS__PER_MINUTE: '1000',
  });
});

after(() => server.stop());

/** The parts of glTF that are counted. */
interface Scene {
  scene?: number;
  scenes?: { nodes?: number[] }[];
  nodes?: { mesh?: number; children?: number[] }[];
  meshes?: {
    primitives: { mode?: number; indices?: number; attributes: { POSITION?: number } }[];
  }[];
  accessors?: { count: number }[];
}

/** Triangles of all meshes, each once. */
function triangles(glb: Buffer): number {
  const scene = JSON.parse(glb.toString('utf8', 20, 20 + glb.readUInt32LE(12))) as Scene;
  let count = 0;
  for (const { primitives } of scene.meshes ?? [])
    for (const { mode = 4, indices, attributes } of primitives) {
      const corners = scene.accessors?.[indices ?? attributes.POSITION ?? -1]?.count ?? 0;
      if (mode === 4) count += Math.floor(corners / 3);
      else if (mode > 4) count += Math.max(0, corners - 2);
    }
  return count;
}

test('models that people have are taken, counted and served', DEADLINE, async () => {
  const guest = await guestToken(server.url);
  const names = await readdir(PROFILES, { recursive: true });
  const models = names.filter((name) => name.endsWith('.glb'));
  assert.ok(models.length > 50);
  for (const name of models) {
    const glb = await readFile(join(PROFILES, name));
    const entry = await uploadModel(server.url, guest.token, new Blob([glb]), { name });
    const hash = createHash('sha256').update(glb).digest('hex');
    const meta = (await (await fetch(`${server.url}/api/v4/media/meta/${hash}`)).json()) as {
      triangles: number;
    };
    assert.equal(meta.triangles, triangles(glb), name);
    const served = await fetch(modelUrl(server.url, entry.id));
    assert.equal(served.headers.get('content-type'), 'model/gltf-binary');
    assert.ok(Buffer.from(await served.arrayBuffer()).equals(glb), name);
  }
});
