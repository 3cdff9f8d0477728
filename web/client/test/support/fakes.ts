/** Time that stands still until it is moved, and a server at the other end of nothing. */

import type { Clock, Closed, Dial, Transport } from '@odyssey/client';
import { decode, encode, type Body, type Message, type MessageType } from '@odyssey/client';

export class FakeClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets time pass, with all that is due in it. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = due.at;
      due.callback();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets promises that are ready go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** One connection as the server sees it. */
export class FakeTransport implements Transport {
  onframe: (frame: Uint8Array) => void = () => {};
  onclose: (closed: Closed) => void = () => {};
  readonly received: Message[] = [];
  saidGoodbye = false;

  send(frame: Uint8Array): boolean {
    this.received.push(decode(frame));
    return true;
  }

  close(): void {
    this.saidGoodbye = true;
  }

  /** The server says something. */
  say<T extends MessageType>(type: T, body: Body<T>): void {
    this.onframe(encode(type, body));
  }

  /** Messages of a type that the client sent. */
  sent<T extends MessageType>(type: T): Body<T>[] {
    return this.received
      .filter((message) => message.type === type)
      .map(({ body }) => body as Body<T>);
  }
}

/** A server that can be away. */
export class FakeServer {
  readonly connections: FakeTransport[] = [];
  away = false;
  attempts = 0;

  readonly dial: Dial = () => {
    this.attempts += 1;
    if (this.away) return Promise.reject(new Error('away'));
    const transport = new FakeTransport();
    this.connections.push(transport);
    return Promise.resolve(transport);
  };

  /** The newest connection. */
  get last(): FakeTransport {
    const last = this.connections.at(-1);
    if (last === undefined) throw new Error('nobody connected');
    return last;
  }
}
