/**
 * Keeps a connection: dials, and dials again with back-off when it was lost. It does not know the
 * protocol.
 */

import type { Clock } from './clock.js';
import { isFinal } from './close-codes.js';
import { BROKEN, type Closed, type Dial, type Transport } from './transport/transport.js';

/** Pauses between attempts; every default carries its reason. */
export interface BackoffOptions {
  /** Longest first pause in milliseconds. Default 500: most drops are over at once. */
  first: number;
  /** Factor by which the pause grows. Default 2. */
  factor: number;
  /**
   * Longest pause in milliseconds. Default 5,000: the grace of a session is some 15 s, so two or
   * three attempts fall into it.
   */
  longest: number;
  /** Lifetime of a connection in milliseconds after which the pauses start over. Default 5,000. */
  steady: number;
  /** Deadline for opening, in milliseconds. Default 10,000. */
  dialTimeout: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = {
  first: 500,
  factor: 2,
  longest: 5_000,
  steady: 5_000,
  dialTimeout: 10_000,
};

/** Events of a {@link Connection}. */
export interface ConnectionEvents {
  /** A transport is open; the handshake follows. */
  opened(transport: Transport): void;
  /**
   * The connection ended. `retryIn`: milliseconds until the next attempt, null if there will be
   * none.
   */
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

  constructor(
    dial: Dial,
    events: ConnectionEvents,
    clock: Clock,
    random: () => number,
    backoff: BackoffOptions,
  ) {
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

  /** Closes the connection for good. */
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

  /** Closes the present connection; an attempt follows as if it had broken. */
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
    const longest = Math.min(
      this.#backoff.longest,
      this.#backoff.first * this.#backoff.factor ** this.#failures,
    );
    this.#failures += 1;
    // The whole pause is random: clients do not reconnect all at once after a restart of the
    // server.
    const pause = longest * this.#random();
    this.#state = { is: 'waiting', cancel: this.#clock.after(pause, () => void this.#open()) };
    this.#events.closed(closed, pause);
  }
}

/** Rejects at the abort, even if `opening` ignores it; a transport that opens later is closed. */
function orAbort(opening: Promise<Transport>, signal: AbortSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(new Error('gave up opening the connection'));
      opening.then(
        (transport) => transport.close(),
        () => {},
      );
    };
    signal.addEventListener('abort', abort, { once: true });
    opening.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
