/**
 * Helia, an IPFS client, fetches contents from the server as from any trustless gateway; it takes
 * no block whose hash is not that of its name. It knows no other node.
 */

import './with-resolvers.js';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { trustlessGateway } from '@helia/block-brokers';
import { createHeliaHTTP } from '@helia/http';
import { httpGatewayRouting } from '@helia/routers';
import { unixfs } from '@helia/unixfs';
import { CID } from 'multiformats/cid';
import { startServer } from '../client/test/dist/support/server.js';

const DEADLINE = { timeout: 120_000 };
/** The profile in which contents are named (docs/spec/media.md §4): leaves are raw, of 1 MiB. */
const CHUNK = 1 << 20;

let server;
let helia;

before(async () => {
  server = await startServer();
  helia = await createHeliaHTTP({
    blockBrokers: [trustlessGateway({ allowInsecure: true, allowLocal: true })],
    routers: [httpGatewayRouting({ gateways: [server.url] })],
  });
});

after(async () => {
  await helia.stop();
  await server.stop();
});

/** A model of one triangle with `padding` bytes that nothing shows. */
function model(padding) {
  const corners = Buffer.from(new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]).buffer);
  const data = Buffer.concat([corners, randomBytes(padding)]);
  const scene = JSON.stringify({
    asset: { version: '2.0' },
    buffers: [{ byteLength: data.length }],
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
  const words = (...values) => Buffer.from(new Uint32Array(values).buffer);
  return Buffer.concat([
    words(0x46546c67, 2, 12 + 8 + text.length + 8 + data.length),
    words(text.length, 0x4e4f534a),
    text,
    words(data.length, 0x004e4942),
    data,
  ]);
}

/** Uploads a model as a guest; its name in IPFS as the server tells it. */
async function upload(bytes) {
  const call = async (path, options) => {
    const response = await fetch(server.url + path, options);
    assert.ok(response.ok, `${path}: ${response.status}`);
    return response.json();
  };
  const { token } = await call('/api/v4/auth/guest-token', { method: 'POST' });
  const form = new FormData();
  form.append('asset', new Blob([bytes]), 'model.glb');
  form.append('name', 'A model');
  const { id } = await call('/api/v4/assets-3d/upload', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  const { cid } = await call(`/api/v4/media/meta/${id.replaceAll('-', '')}`);
  return CID.parse(cid);
}

async function read(pieces) {
  const all = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

for (const [name, padding, blocks] of [
  ['of one block', 100_000, 1],
  ['of several blocks', 5 * CHUNK, 7],
]) {
  test(`a content ${name} is fetched and verified`, DEADLINE, async () => {
    const bytes = model(padding);
    const cid = await upload(bytes);
    const before = await blocksOf(helia);
    const found = await read(unixfs(helia).cat(cid));
    assert.ok(found.equals(bytes), 'the bytes are those of the upload');
    assert.equal((await blocksOf(helia)) - before, blocks);

    // The same tree as IPFS itself makes of the bytes.
    const own = await unixfs(helia).addBytes(bytes, {
      cidVersion: 1,
      rawLeaves: true,
      reduceSingleLeafToSelf: true,
      chunker: fixed(CHUNK),
    });
    assert.equal(String(own), String(cid));
  });
}

/** Number of blocks that a client holds. */
async function blocksOf(client) {
  let count = 0;
  for await (const _ of client.blockstore.getAll()) count += 1;
  return count;
}

/** Cuts into pieces of one size. */
function fixed(size) {
  return async function* chunks(source) {
    let rest = Buffer.alloc(0);
    for await (const piece of source) {
      rest = Buffer.concat([rest, piece]);
      while (rest.length >= size) {
        yield rest.subarray(0, size);
        rest = rest.subarray(size);
      }
    }
    if (rest.length > 0) yield rest;
  };
}
