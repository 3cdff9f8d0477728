/** Sends the own pose at a steady rate: of many in between the newest, and the last one always. */

import type { Clock } from './clock.js';
import type { Pose } from './messages/space.js';

export class PoseSender {
  readonly #send: (pose: Pose) => boolean;
  readonly #clock: Clock;
  readonly #interval: number;
  #next: Pose | undefined;
  #earliest = 0;
  #cancel: (() => void) | undefined;

  /** `rate`: poses per second. */
  constructor(send: (pose: Pose) => boolean, clock: Clock, rate: number) {
    this.#send = send;
    this.#clock = clock;
    this.#interval = 1000 / rate;
  }

  /** Takes a pose in: it is sent now or a little later, unless a newer one comes first. */
  offer(pose: Pose): void {
    this.#next = pose;
    if (this.#cancel === undefined) this.#flush();
  }

  /** Forgets what was not sent. */
  clear(): void {
    this.#next = undefined;
  }

  #flush(): void {
    this.#cancel = undefined;
    if (this.#next === undefined) return;
    const wait = this.#earliest - this.#clock.now();
    if (wait <= 0) {
      if (this.#send(this.#next)) this.#next = undefined;
      this.#earliest = this.#clock.now() + this.#interval;
      if (this.#next === undefined) return;
    }
    this.#cancel = this.#clock.after(Math.max(wait, this.#interval / 2), () => this.#flush());
  }
}
