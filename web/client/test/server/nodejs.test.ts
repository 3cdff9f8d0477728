/**
 * Two clients in nodejs and the real server: they see each other move, and one resumes after its
 * connection broke.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { guestToken, PosBusClient, type WebSocketConstructor } from '@odyssey/client';
import { WebSocket } from 'ws';
import { startPath, startServer, type Path, type Running } from '../support/server.js';

const WORLD = '00000000-0000-8000-8000-000000000001';
const DEADLINE = { timeout: 60_000 };

let server: Running;
let path: Path;

before(async () => {
  server = await startServer();
  path = await startPath(server.url);
});

after(async () => {
  await path.stop();
  await server.stop();
});

/** A guest in the welcome world. */
async function enter(url: string, version: 1 | 2) {
  const guest = await guestToken(server.url);
  const client = new PosBusClient();
  const errors: Error[] = [];
  client.on('error', (error) => errors.push(error));
  await client.connect({
    url,
    userId: guest.id,
    token: guest.token,
    version,
    webSocket: WebSocket as unknown as WebSocketConstructor,
  });
  assert.equal(client.version, version);
  const came = until(client, 'users', () => client.users.has(guest.id));
  assert.equal(client.teleport(WORLD), true);
  await came;
  return { client, id: guest.id, errors };
}

/** Resolves once an event leaves the condition true. */
function until(
  client: PosBusClient,
  event: 'users' | 'moved' | 'world',
  condition: () => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    if (condition()) return resolve();
    const off = client.on(event, () => {
      if (!condition()) return;
      off();
      resolve();
    });
  });
}

for (const version of [1, 2] as const) {
  test(`version ${version}: two see each other move, one drops and resumes`, DEADLINE, async () => {
    const ada = await enter(server.url, version);
    const bob = await enter(path.url, version);
    await Promise.all([
      until(ada.client, 'users', () => ada.client.users.has(bob.id)),
      until(bob.client, 'users', () => bob.client.users.has(ada.id)),
    ]);
    const left: string[] = [];
    ada.client.on('usersLeft', (users) => left.push(...users));

    const near = (client: PosBusClient, id: string, x: number) =>
      until(
        client,
        'moved',
        () => Math.abs((client.users.get(id)?.transform.position.x ?? 0) - x) < 0.01,
      );
    const go = (client: PosBusClient, x: number) =>
      client.move({ position: { x, y: 1, z: -4 }, rotation: { x: 0, y: 1, z: 0 } });

    go(ada.client, 12.5);
    await near(bob.client, ada.id, 12.5);
    go(bob.client, 33.25);
    await near(ada.client, bob.id, 33.25);

    const gone = bob.client.once('disconnected');
    const back = bob.client.once('connected');
    path.cut();
    assert.notEqual((await gone).retryIn, null);
    assert.equal((await back).resumed, version === 2);
    await until(
      bob.client,
      'users',
      () => bob.client.users.has(ada.id) && bob.client.users.has(bob.id),
    );
    go(bob.client, 40);
    await near(ada.client, bob.id, 40);
    assert.deepEqual(left, [], 'nobody saw it blink');

    const goodbye = ada.client.once('usersLeft');
    bob.client.close();
    assert.deepEqual(await goodbye, [bob.id]);
    ada.client.close();
    assert.deepEqual([...ada.errors, ...bob.errors], []);
  });
}

test('a token that is not valid is refused for good', DEADLINE, async () => {
  const guest = await guestToken(server.url);
  const client = new PosBusClient();
  const connecting = client.connect({
    url: server.url,
    userId: guest.id,
    token: 'not.a.token',
    webSocket: WebSocket as unknown as WebSocketConstructor,
  });
  await assert.rejects(connecting, /4001/);
});
