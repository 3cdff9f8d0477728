/**
 * Smooth movement from poses that come once a tick or less often (docs/protocol.md, Interpolation).
 */

import type { Pose, Vec3 } from './messages/space.js';

/** Poses kept of one user: more than a second at 20 ticks a second. */
const CAPACITY = 32;

/** The poses of one user, by tick. */
export class PoseTrack {
  readonly #samples: { tick: number; pose: Pose }[] = [];
  readonly #longest: number;

  /**
   * `longest`: most ticks between two poses of a mover; a user without a pose for longer stood
   * still.
   */
  constructor(longest = 20) {
    this.#longest = longest;
  }

  /** Tick of the newest pose, -1 if there is none. */
  get tick(): number {
    return this.#samples.at(-1)?.tick ?? -1;
  }

  /** The newest pose. */
  get latest(): Pose | undefined {
    return this.#samples.at(-1)?.pose;
  }

  /** Takes a pose in; false if its tick is not above the last one: it is late or doubled. */
  push(tick: number, pose: Pose): boolean {
    if (tick <= this.tick) return false;
    this.#samples.push({ tick, pose });
    if (this.#samples.length > CAPACITY) this.#samples.shift();
    return true;
  }

  /**
   * Pose of the user at `tick`, which may have a fraction: the first pose before it, the last pose
   * after it.
   */
  sample(tick: number): Pose | undefined {
    for (let index = this.#samples.length - 1; index >= 0; index -= 1) {
      const from = this.#samples[index];
      if (from === undefined || (from.tick > tick && index > 0)) continue;
      const to = this.#samples[index + 1];
      if (to === undefined || tick <= from.tick) return from.pose;
      const start = Math.max(from.tick, to.tick - this.#longest);
      return mix(from.pose, to.pose, Math.max(0, (tick - start) / (to.tick - start)));
    }
    return undefined;
  }
}

/** Pose between two poses; `part` from 0 to 1. */
export function mix(from: Pose, to: Pose, part: number): Pose {
  return {
    position: each(from.position, to.position, (a, b) => a + (b - a) * part),
    rotation: each(from.rotation, to.rotation, (a, b) => a + shortestArc(a, b) * part),
  };
}

/** The turn from one angle to another, in [−π, π). */
export function shortestArc(from: number, to: number): number {
  const turn = 2 * Math.PI;
  return ((((to - from + Math.PI) % turn) + turn) % turn) - Math.PI;
}

function each(a: Vec3, b: Vec3, f: (a: number, b: number) => number): Vec3 {
  return { x: f(a.x, b.x), y: f(a.y, b.y), z: f(a.z, b.z) };
}

/** Arrivals that are looked at: a few seconds. */
const WINDOW = 64;

/** Longest age of an arrival that is looked at, in milliseconds. */
const MAX_AGE = 5_000;

/**
 * Estimate of the server's current tick from the arrival times of ticks. A network only ever
 * delays, so the least delayed arrival of the last seconds counts. The estimate follows a server
 * that skips ticks under load as old arrivals leave the window.
 */
export class TickClock {
  readonly #tickMs: number;
  /** Local time at which tick 0 would have arrived, by each arrival. */
  readonly #arrivals: { at: number; zero: number }[] = [];

  /** `tickRate`: ticks per second. */
  constructor(tickRate: number) {
    this.#tickMs = 1000 / Math.max(1, tickRate);
  }

  /** Tick `tick` arrived at `now` milliseconds. */
  arrived(tick: number, now: number): void {
    this.#arrivals.push({ at: now, zero: now - tick * this.#tickMs });
    while (this.#arrivals.length > WINDOW || now - (this.#arrivals[0]?.at ?? now) > MAX_AGE)
      this.#arrivals.shift();
  }

  /** The tick at `now` milliseconds, with its fraction; undefined before the first arrival. */
  tick(now: number): number | undefined {
    if (this.#arrivals.length === 0) return undefined;
    return (now - Math.min(...this.#arrivals.map(({ zero }) => zero))) / this.#tickMs;
  }
}
