/** A guest in Chromium uploads a picture and a model; somebody in a second browser sees both. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type * as Library from '@odyssey/client';
import { DEADLINE, startChromium } from '../support/chromium.js';
import { startPages, startServer, type Program, type Running } from '../support/server.js';

const WELCOME = '00000000-0000-8000-8000-000000000001';

/** State of the example page that the test reads. */
interface Shown {
  client: Library.PosBusClient;
  guest: Library.Guest;
}

declare const window: {
  odyssey?: Shown;
  /** Messages about an object, since the page listens. */
  seen?: { objects: Library.ObjectDefinition[]; data: Library.ObjectData[] };
};

let server: Program;
let pages: Running;
let browsers: Browser[];

before(async () => {
  server = await startServer();
  pages = await startPages();
  browsers = [await startChromium(), await startChromium()];
});

after(async () => {
  for (const browser of browsers) await browser.close();
  await pages.stop();
  await server.stop();
});

/** A browser of its own in the welcome world, as a guest. */
async function open(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 640, height: 480 } });
  const query = new URLSearchParams({ server: server.url });
  await page.goto(`${pages.url}/example/index.html?${query}`);
  await page.waitForFunction(() => window.odyssey?.client.users.has(window.odyssey.guest.id));
  return page;
}

/** A model of one triangle. */
function triangle(): number[] {
  const corners = new Uint8Array(new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]).buffer);
  const scene = JSON.stringify({
    asset: { version: '2.0', generator: 'test of the client library' },
    buffers: [{ byteLength: corners.length }],
    bufferViews: [{ buffer: 0, byteLength: corners.length }],
    accessors: [
      {
        bufferView: 0,
        componentType: 5126,
        count: 3,
        type: 'VEC3',
        min: [0, 0, 0],
        max: [1, 1, 0],
      },
    ],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
    nodes: [{ mesh: 0 }],
    scenes: [{ nodes: [0] }],
    scene: 0,
  });
  const text = Buffer.from(scene.padEnd(Math.ceil(scene.length / 4) * 4));
  const word = (...values: number[]) => new Uint8Array(new Uint32Array(values).buffer);
  const [glTF, json, bin] = [0x46546c67, 0x4e4f534a, 0x004e4942];
  return [
    ...word(glTF, 2, 12 + 8 + text.length + 8 + corners.length),
    ...word(text.length, json),
    ...text,
    ...word(corners.length, bin),
    ...corners,
  ];
}

test(
  'a picture and a model that a guest uploads are seen in a second browser',
  DEADLINE,
  async () => {
    const [ada, bob] = await Promise.all(browsers.map(open));
    assert.ok(ada && bob);
    await bob.evaluate(() => {
      const seen = { objects: [], data: [] } as NonNullable<typeof window.seen>;
      window.seen = seen;
      window.odyssey?.client.on('objects', (objects) => seen.objects.push(...objects));
      window.odyssey?.client.on('objectData', (data) => seen.data.push(data));
    });

    const glb = triangle();
    const made = await ada.evaluate(
      async ({ url, claim, world, glb }) => {
        const token = window.odyssey?.guest.token ?? '';
        const library = (await import(`${location.origin}/dist/index.js`)) as typeof Library;
        const claimed = await fetch(`${url}/api/v4/node/claim-owner`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ token: claim }),
        });
        if (!claimed.ok) throw new Error(await claimed.text());
        const canvas = new OffscreenCanvas(320, 160);
        const context = canvas.getContext('2d');
        if (context === null) throw new Error('no canvas');
        context.fillStyle = '#c03';
        context.fillRect(0, 0, 320, 160);
        const picture = await library.uploadMedia(
          url,
          token,
          'image',
          await canvas.convertToBlob(),
        );
        const file = new File([new Uint8Array(glb)], 'Sail.glb');
        const model = await library.uploadModel(url, token, file, { previewHash: picture });
        const object = await library.createObject(url, token, {
          parent: world,
          name: 'Sail',
          model: model.id,
        });
        await library.setAttribute(url, token, object, 'texture', { render_hash: picture });
        return { picture, model, object };
      },
      { url: server.url, claim: server.claim, world: WELCOME, glb },
    );
    assert.equal(made.model.name, 'Sail');

    await bob.waitForFunction(
      (id) => window.seen?.data.some((data) => data.id === id && data.entries['texture']),
      made.object,
    );
    const seen = await bob.evaluate(
      async ({ url, id }) => {
        const library = (await import(`${location.origin}/dist/index.js`)) as typeof Library;
        const object = window.seen?.objects.find((object) => object.id === id);
        const data = window.seen?.data.find((data) => data.id === id && data.entries['texture']);
        const hash = String(data?.entries['texture']?.['object_texture']);
        const sizes = [];
        for (const size of ['s3', undefined] as const) {
          const image = new Image();
          image.crossOrigin = 'anonymous';
          image.src = library.pictureUrl(url, hash, size);
          await image.decode();
          const canvas = new OffscreenCanvas(1, 1);
          const context = canvas.getContext('2d');
          context?.drawImage(image, 0, 0, 1, 1);
          const [red = 0, green = 0] = context?.getImageData(0, 0, 1, 1).data ?? [];
          sizes.push({ width: image.naturalWidth, isRed: red > 180 && green < 20 });
        }
        const model = await fetch(library.modelUrl(url, object?.asset_type ?? ''));
        return {
          hash,
          asset: object?.asset_type,
          sizes,
          glb: [...new Uint8Array(await model.arrayBuffer())],
        };
      },
      { url: server.url, id: made.object },
    );
    assert.equal(seen.hash, made.picture);
    assert.equal(seen.asset, made.model.id);
    assert.deepEqual(seen.sizes, [
      { width: 226, isRed: true },
      { width: 320, isRed: true },
    ]);
    assert.deepEqual(seen.glb, glb);
  },
);

test('a refused upload says why', DEADLINE, async () => {
  const [page] = await Promise.all(browsers.slice(0, 1).map(open));
  assert.ok(page);
  const refused = await page.evaluate(
    async ({ url }) => {
      const library = (await import(`${location.origin}/dist/index.js`)) as typeof Library;
      const token = window.odyssey?.guest.token ?? '';
      const file = new Blob(['no picture at all']);
      const error: unknown = await library.uploadMedia(url, token, 'image', file).then(
        () => null,
        (error: unknown) => error,
      );
      if (!(error instanceof library.ApiError)) return null;
      return { status: error.status, reason: error.reason };
    },
    { url: server.url },
  );
  assert.deepEqual(refused, { status: 415, reason: 'unsupported_type' });
});
