/** Keeps a connection: dials, and dials again with back-off when it was lost. Knows nothing of what is said on it. */

import type { Clock } from './clock.js';
import { isFinal } from './close-codes.js';
import { BROKEN, type Closed, type Dial, type Transport } from './transport/transport.js';

/** When to try again; every default carries its reason. */
export interface BackoffOptions {
  /** Longest first pause in milliseconds. Default 500: most drops are over at once. */
  first: number;
  /** What the pause grows by. Default 2. */
  factor: number;
  /** Longest pause in milliseconds. Default 5,000: a session is held for some 15 s, so two or three attempts fall into it. */
  longest: number;
  /** How long a connection must have lasted, in milliseconds, for the pauses to start over. Default 5,000. */
  steady: number;
  /** How long opening may take, in milliseconds. Default 10,000. */
  dialTimeout: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = { first: 500, factor: 2, longest: 5_000, steady: 5_000, dialTimeout: 10_000 };

/** What the keeper of a connection tells. */
export interface ConnectionEvents {
  /** A transport is open; say hello on it. */
  opened(transport: Transport): void;
  /** The connection ended. `retryIn`: milliseconds until the next attempt, null if there will be none. */
  closed(closed: Closed, retryIn: number | null): void;
}

type State =
  | { is: 'idle' }
  | { is: 'dialling'; abort: AbortController }
  | { is: 'open'; transport: Transport; since: number }
  | { is: 'waiting'; cancel: () => void };

export class Connection {
  readonly #dial: Dial;
  readonly #events: ConnectionEvents;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backoff: BackoffOptions;
  #state: State = { is: 'idle' };
  #failures = 0;

  constructor(dial: Dial, events: ConnectionEvents, clock: Clock, random: () => number, backoff: BackoffOptions) {
    this.#dial = dial;
    this.#events = events;
    this.#clock = clock;
    this.#random = random;
    this.#backoff = backoff;
  }

  /** The open transport, if there is one. */
  get transport(): Transport | undefined {
    return this.#state.is === 'open' ? this.#state.transport : undefined;
  }

  /** Dials now, unless a connection is open or being opened. */
  start(): void {
    if (this.#state.is === 'waiting') this.#state.cancel();
    else if (this.#state.is !== 'idle') return;
    void this.#open();
  }

  /** Says goodbye and does not come back. */
  stop(): void {
    const state = this.#state;
    this.#state = { is: 'idle' };
    this.#failures = 0;
    if (state.is === 'dialling') state.abort.abort();
    if (state.is === 'waiting') state.cancel();
    if (state.is === 'open') {
      state.transport.onclose = () => {};
      state.transport.close();
    }
  }

  /** Gives the present connection up for lost: an attempt follows as if it had broken. */
  lost(closed: Closed): void {
    if (this.#state.is !== 'open') return;
    this.#state.transport.onclose = () => {};
    this.#state.transport.close();
    this.#ended(this.#state.since, closed);
  }

  async #open(): Promise<void> {
    const abort = new AbortController();
    const state: State = { is: 'dialling', abort };
    this.#state = state;
    const cancel = this.#clock.after(this.#backoff.dialTimeout, () => abort.abort());
    try {
      const transport = await orAbort(this.#dial(abort.signal), abort.signal);
      if (this.#state !== state) return transport.close();
      const since = this.#clock.now();
      this.#state = { is: 'open', transport, since };
      transport.onclose = (closed) => {
        if (this.transport === transport) this.#ended(since, closed);
      };
      this.#events.opened(transport);
    } catch (error) {
      if (this.#state === state) this.#failed({ code: BROKEN, reason: String(error) });
    } finally {
      cancel();
    }
  }

  #ended(since: number, closed: Closed): void {
    if (this.#clock.now() - since >= this.#backoff.steady) this.#failures = 0;
    this.#failed(closed);
  }

  #failed(closed: Closed): void {
    if (isFinal(closed.code)) {
      this.#state = { is: 'idle' };
      this.#failures = 0;
      this.#events.closed(closed, null);
      return;
    }
    const longest = Math.min(this.#backoff.longest, this.#backoff.first * this.#backoff.factor ** this.#failures);
    this.#failures += 1;
    // The whole pause is random: when a server comes back, its clients do not come all at once.
    const pause = longest * this.#random();
    this.#state = { is: 'waiting', cancel: this.#clock.after(pause, () => void this.#open()) };
    this.#events.closed(closed, pause);
  }
}

/** Rejects at the abort, even if what is waited for does not care; a transport that opens after all is closed. */
function orAbort(opening: Promise<Transport>, signal: AbortSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(new Error('gave up opening the connection'));
      opening.then((transport) => transport.close(), () => {});
    };
    signal.addEventListener('abort', abort, { once: true });
    opening.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
