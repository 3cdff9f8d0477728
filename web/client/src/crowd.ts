/** Users in the world and their poses, as the messages about users build them up. */

import { PoseTrack, TickClock } from './interpolation.js';
import type { Pose } from './messages/space.js';
import type { UserData, UserTransform } from './messages/users.js';
import type { UserHandles } from './v2/handles.js';
import type { Poses } from './v2/poses.js';
import type { Id } from './wire/id.js';

/** Ticks per second assumed for a server that sends no rate. */
export const USUAL_TICK_RATE = 20;

/** Delay of the displayed time in ticks: one until the next tick, one for the network. */
const DELAY = 2;

/** Somebody in the world. `transform` is the newest one known. */
export type User = UserData;

export class Crowd {
  readonly users = new Map<Id, User>();
  readonly #tracks = new Map<Id, PoseTrack>();
  readonly #handles = new Map<number, Id>();
  #tickRate = USUAL_TICK_RATE;
  #longest = USUAL_TICK_RATE;
  #clock = new TickClock(USUAL_TICK_RATE);

  /**
   * Removes all users, on entry of a world. `slowestMs`: longest time between two poses of a mover.
   */
  clear(tickRate = this.#tickRate, slowestMs?: number): void {
    this.users.clear();
    this.#tracks.clear();
    this.#handles.clear();
    this.#tickRate = tickRate;
    if (slowestMs !== undefined) this.#longest = Math.max(1, (slowestMs * tickRate) / 1000);
    this.#clock = new TickClock(tickRate);
  }

  add(users: UserData[]): void {
    for (const user of users) {
      this.users.set(user.id, user);
      const track = new PoseTrack(this.#longest);
      track.push(0, user.transform);
      this.#tracks.set(user.id, track);
    }
  }

  remove(users: Id[]): void {
    const gone = new Set(users);
    for (const id of gone) {
      this.users.delete(id);
      this.#tracks.delete(id);
    }
    for (const [handle, id] of this.#handles) if (gone.has(id)) this.#handles.delete(handle);
  }

  bind({ tick, users }: UserHandles, now: number): void {
    for (const { handle, id } of users) this.#handles.set(handle, id);
    this.#clock.arrived(tick, now);
  }

  /**
   * Applies poses of version 2 and returns those that are new. Poses of unbound handles and late
   * poses are ignored.
   */
  moveByHandle({ tick, entries }: Poses, now: number): UserTransform[] {
    this.#clock.arrived(tick, now);
    const news: UserTransform[] = [];
    for (const { handle, transform } of entries) {
      const id = this.#handles.get(handle);
      if (id !== undefined && this.#move(id, tick, transform)) news.push({ id, transform });
    }
    return news;
  }

  /** Applies poses of version 1, which say no tick: the time of arrival stands in for it. */
  moveById(moved: UserTransform[], now: number): UserTransform[] {
    const tick = (now * this.#tickRate) / 1000;
    this.#clock.arrived(tick, now);
    return moved.filter(({ id, transform }) => this.#move(id, tick, transform));
  }

  /**
   * Pose at which to show a user at `now`: a little in the past, interpolated between received
   * poses.
   */
  sample(id: Id, now: number): Pose | undefined {
    const track = this.#tracks.get(id);
    const tick = this.#clock.tick(now);
    return tick === undefined ? track?.latest : track?.sample(tick - DELAY);
  }

  #move(id: Id, tick: number, transform: Pose): boolean {
    const user = this.users.get(id);
    if (user === undefined || this.#tracks.get(id)?.push(tick, transform) !== true) return false;
    user.transform = transform;
    return true;
  }
}
