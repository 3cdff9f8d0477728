/** Displayed poses lie between received ones. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Crowd, PoseTrack, shortestArc, TickClock, type Pose } from '@odyssey/client';

const at = (x: number, yaw = 0): Pose => ({
  position: { x, y: 0, z: 0 },
  rotation: { x: 0, y: yaw, z: 0 },
});
const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const user = { id: ID, name: 'Ada', avatar: '', transform: at(0), is_guest: true };

test('positions are linear between ticks, and end where they end', () => {
  const track = new PoseTrack();
  track.push(10, at(1));
  track.push(12, at(3));
  assert.equal(track.sample(5)?.position.x, 1);
  assert.equal(track.sample(11)?.position.x, 2);
  assert.equal(track.sample(11.5)?.position.x, 2.5);
  assert.equal(track.sample(99)?.position.x, 3);
});

test('late and doubled poses change nothing', () => {
  const track = new PoseTrack();
  assert.equal(track.push(10, at(1)), true);
  assert.equal(track.push(10, at(5)), false);
  assert.equal(track.push(9, at(5)), false);
  assert.equal(track.latest?.position.x, 1);
});

test('who stood still for long starts to move when they did', () => {
  const track = new PoseTrack(20);
  track.push(0, at(0));
  track.push(1000, at(10));
  assert.equal(track.sample(970)?.position.x, 0);
  assert.equal(track.sample(990)?.position.x, 5);
});

test('angles go the short way round', () => {
  assert.ok(Math.abs(shortestArc(3, -3) - (2 * Math.PI - 6)) < 1e-9);
  const track = new PoseTrack();
  track.push(0, at(0, 3));
  track.push(2, at(0, -3));
  assert.ok(Math.abs((track.sample(1)?.rotation.y ?? 0) - Math.PI) < 1e-9);
});

test('a track keeps a bounded number of poses', () => {
  const track = new PoseTrack();
  for (let tick = 0; tick < 1000; tick += 1) track.push(tick, at(tick));
  assert.equal(track.sample(0)?.position.x, 968);
});

test('the clock goes by the least delayed arrivals', () => {
  const clock = new TickClock(20);
  assert.equal(clock.tick(0), undefined);
  clock.arrived(100, 5_080);
  clock.arrived(101, 5_050);
  clock.arrived(102, 5_170);
  assert.equal(clock.tick(5_100), 102);
});

test('the clock follows a server that skips ticks', () => {
  const clock = new TickClock(20);
  for (let tick = 0; tick < 400; tick += 1)
    clock.arrived(tick, tick * 50 + (tick >= 100 ? 1000 : 0));
  assert.equal(clock.tick(399 * 50 + 1000), 399);
});

test('version 2: handles stand for users, and only news counts', () => {
  const crowd = new Crowd();
  crowd.clear(20, 1000);
  crowd.add([user]);
  crowd.bind({ tick: 100, users: [{ handle: 3, id: ID }] }, 5_000);
  const poses = (tick: number, handle: number, x: number) => ({
    tick,
    entries: [{ handle, transform: at(x) }],
  });
  assert.equal(crowd.moveByHandle(poses(101, 4, 1), 5_050).length, 0, 'not bound');
  assert.equal(crowd.moveByHandle(poses(101, 3, 1), 5_050).length, 1);
  assert.equal(crowd.moveByHandle(poses(101, 3, 1), 5_060).length, 0, 'doubled');
  assert.equal(crowd.moveByHandle(poses(102, 3, 2), 5_100).length, 1);
  assert.equal(crowd.sample(ID, 5_175)?.position.x, 1.5);
  crowd.remove([ID]);
  assert.equal(crowd.moveByHandle(poses(103, 3, 3), 5_150).length, 0, 'unbound');
});

test('version 1: times of arrival stand in for ticks', () => {
  const crowd = new Crowd();
  crowd.add([user]);
  crowd.moveById([{ id: ID, transform: at(2) }], 10_000);
  crowd.moveById([{ id: ID, transform: at(4) }], 10_100);
  assert.equal(crowd.sample(ID, 10_150)?.position.x, 3);
});
