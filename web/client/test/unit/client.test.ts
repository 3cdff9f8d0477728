/** The client connects and reconnects, and stops where a reconnect would be refused. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { NIL_ID, PosBusClient, SignalType, type Welcome } from '@odyssey/client';
import { FakeClock, FakeServer, settle } from '../support/fakes.js';

const USER = '01890a5d-ac96-774b-bcce-b302099a8057';
const WORLD = '00000000-0000-8000-8000-000000000005';
const SESSION = '01890a5d-ac96-7ab2-80e2-000000000001';
const TOKENS = [
  '01890a5d-ac96-7ab2-80e2-00000000000a',
  '01890a5d-ac96-7ab2-80e2-00000000000b',
] as const;

const world = {
  id: WORLD,
  name: 'Welcome',
  avatar: NIL_ID,
  owner: NIL_ID,
  avatar_3d_asset_id: NIL_ID,
};
const still = { position: { x: 1, y: 2, z: 3 }, rotation: { x: 0, y: 0, z: 0 } };

function welcome(changes: Partial<Welcome> = {}): Welcome {
  const limits = {
    max_frame: 1024,
    messages_per_second: 100,
    near_metres: 64,
    slowest_ms: 1000,
    hold_ms: 15_000,
  };
  const session = { session_id: SESSION, resume_token: TOKENS[0], resumed: false, world: NIL_ID };
  return { protocol_version: 2, tick_rate: 20, tick: 0, ...limits, ...session, ...changes };
}

/** A connected client; `random` always gives the longest pause. */
async function connected(version: 1 | 2) {
  const [server, clock] = [new FakeServer(), new FakeClock()];
  const client = new PosBusClient({ clock, random: () => 1, moveRate: 10 });
  const pauses: (number | null)[] = [];
  client.on('disconnected', ({ retryIn }) => pauses.push(retryIn));
  const connecting = client.connect({
    url: '',
    userId: USER,
    token: 'a.b.c',
    version,
    transport: server.dial,
  });
  await settle();
  if (version === 2) server.last.say('welcome', welcome());
  await connecting;
  return { server, clock, client, pauses };
}

const broken = { code: 1006, reason: '' };

test('version 1: the same session comes back to its world', async () => {
  const { server, clock, client } = await connected(1);
  const [hello] = server.last.sent('hand_shake');
  assert.equal(hello?.protocol_version, 1);
  assert.equal(client.teleport(WORLD), true);
  server.last.say('set_world', world);
  server.last.onclose(broken);
  assert.equal(client.teleport(WORLD), false, 'not connected');
  await clock.advance(500);
  assert.equal(server.connections.length, 2);
  assert.equal(server.last.sent('hand_shake')[0]?.session_id, hello?.session_id);
  assert.deepEqual(server.last.sent('teleport_request'), [{ target: WORLD }]);
});

test('version 2: the resume token brings the session back, and no teleport is needed', async () => {
  const { server, clock, client } = await connected(2);
  server.last.say('set_world', world);
  server.last.onclose(broken);
  await clock.advance(500);
  assert.equal(server.last.sent('hand_shake')[0]?.session_id, TOKENS[0]);
  const back = client.once('connected');
  server.last.say('welcome', welcome({ resumed: true, world: WORLD, resume_token: TOKENS[1] }));
  assert.deepEqual(await back, { version: 2, resumed: true });
  assert.deepEqual(server.last.sent('teleport_request'), []);
  server.last.onclose(broken);
  await clock.advance(1000);
  assert.equal(server.last.sent('hand_shake')[0]?.session_id, TOKENS[1], 'a token works once');
});

test('version 2: a session that was not resumed enters anew', async () => {
  const { server, clock } = await connected(2);
  server.last.say('set_world', world);
  server.last.onclose(broken);
  await clock.advance(500);
  server.last.say('welcome', welcome());
  assert.deepEqual(server.last.sent('teleport_request'), [{ target: WORLD }]);
});

test('pauses grow up to a limit, and start over after a steady connection', async () => {
  const { server, clock, pauses } = await connected(2);
  server.away = true;
  await clock.advance(6_000);
  server.last.onclose(broken);
  await clock.advance(60_000);
  assert.deepEqual(pauses.slice(0, 7), [500, 1000, 2000, 4000, 5000, 5000, 5000]);
  server.away = false;
  await clock.advance(6_000);
  server.last.say('welcome', welcome());
  await clock.advance(6_000);
  server.last.onclose(broken);
  assert.equal(pauses.at(-1), 500);
});

test('a connection that breaks again at once does not start over', async () => {
  const { server, clock, pauses } = await connected(2);
  for (const pause of [500, 1000, 2000]) {
    server.last.onclose(broken);
    assert.equal(pauses.at(-1), pause);
    await clock.advance(pause);
    server.last.say('welcome', welcome());
  }
});

for (const code of [1000, 4001, 4007, 4008]) {
  test(`close code ${code} is the last word`, async () => {
    const { server, clock, pauses } = await connected(2);
    server.last.onclose({ code, reason: '' });
    await clock.advance(60_000);
    assert.deepEqual(pauses, [null]);
    assert.equal(server.attempts, 1);
  });
}

for (const value of [SignalType.DualConnection, SignalType.InvalidToken]) {
  test(`signal ${value} is the last word`, async () => {
    const { server, clock, pauses } = await connected(1);
    server.last.say('signal', { value });
    server.last.onclose(broken);
    await clock.advance(60_000);
    assert.deepEqual(pauses, [null]);
    assert.equal(server.attempts, 1);
  });
}

test('close codes of a busy or stopping server are tried again', async () => {
  for (const code of [1001, 1009, 1013, 4002, 4003, 4004, 4005, 4006]) {
    const { server, pauses } = await connected(2);
    server.last.onclose({ code, reason: '' });
    assert.deepEqual(pauses, [500]);
  }
});

test('a refused token rejects connect', async () => {
  const [server, clock] = [new FakeServer(), new FakeClock()];
  const client = new PosBusClient({ clock });
  const connecting = client.connect({ url: '', userId: USER, token: 'x', transport: server.dial });
  await settle();
  server.last.onclose({ code: 4001, reason: 'handshake_refused' });
  await assert.rejects(connecting, /4001/);
});

test('a server of version 1 is spoken to in version 1', async () => {
  const [server, clock] = [new FakeServer(), new FakeClock()];
  const client = new PosBusClient({ clock });
  const connecting = client.connect({ url: '', userId: USER, token: 'x', transport: server.dial });
  await clock.advance(3_000);
  await connecting;
  assert.equal(client.version, 1);
  client.move(still);
  assert.equal(server.last.sent('my_transform').length, 1);
});

test('close says goodbye and does not come back', async () => {
  const { server, clock, client } = await connected(2);
  client.close();
  await clock.advance(60_000);
  assert.equal(server.last.saidGoodbye, true);
  assert.equal(server.attempts, 1);
});

test('an attempt that hangs is given up', async () => {
  const clock = new FakeClock();
  const client = new PosBusClient({ clock, random: () => 1 });
  const ended = client.once('disconnected');
  void client
    .connect({ url: '', userId: USER, token: 'x', transport: () => new Promise(() => {}) })
    .catch(() => {});
  await clock.advance(10_000);
  assert.equal((await ended).retryIn, 500);
  client.close();
});

test('bad frames become events, and the connection goes on', async () => {
  const { server, client } = await connected(2);
  const errors: Error[] = [];
  client.on('error', (error) => errors.push(error));
  server.last.onframe(new Uint8Array(0));
  server.last.onframe(Uint8Array.from({ length: 40 }, (_, index) => index));
  server.last.onframe(new Uint8Array(40_000));
  assert.equal(errors.length, 3);
  const entered = client.once('world');
  server.last.say('set_world', world);
  assert.equal((await entered).name, 'Welcome');
});

test('poses go out at a steady rate, the last one always, numbered by connection', async () => {
  const { server, clock, client } = await connected(2);
  for (let x = 0; x < 50; x += 1) {
    client.move({ ...still, position: { x, y: 0, z: 0 } });
    await clock.advance(10);
  }
  await clock.advance(200);
  const sent = server.last.sent('my_pose');
  assert.ok(sent.length >= 4 && sent.length <= 7, `${sent.length} poses in half a second`);
  assert.equal(sent.at(-1)?.position.x, 49);
  assert.deepEqual(
    sent.map(({ sequence }) => sequence),
    sent.map((_, index) => index + 1),
  );
  server.last.onclose(broken);
  client.move(still);
  await clock.advance(500);
  server.last.say('welcome', welcome({ resumed: true, world: WORLD }));
  await clock.advance(200);
  assert.equal(server.last.sent('my_pose')[0]?.sequence, 1);
});
