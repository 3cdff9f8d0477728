/** PosBus over WebSocket (docs/spec/posbus.md §1.1): one binary message each. */

import { BROKEN, MAX_BUFFERED, type Closed, type Transport } from './transport.js';

/** Part of the WebSocket interface in use; browsers and nodejs have it. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;

const OPEN = 1;

/** Opens `/posbus` of the server at `url` (`http://…` or `ws://…`). */
export function dialWebSocket(
  url: string,
  signal: AbortSignal,
  constructor?: WebSocketConstructor,
): Promise<Transport> {
  const Socket =
    constructor ?? (globalThis.WebSocket as unknown as WebSocketConstructor | undefined);
  if (Socket === undefined)
    return Promise.reject(new Error('there is no WebSocket here: pass one as webSocket'));
  return new Promise((resolve, reject) => {
    const socket = new Socket(posbusUrl(url));
    socket.binaryType = 'arraybuffer';
    const transport = new WebSocketTransport(socket);
    const abort = () => socket.close();
    signal.addEventListener('abort', abort, { once: true });
    socket.onopen = () => {
      signal.removeEventListener('abort', abort);
      resolve(transport);
    };
    // Until it is open nobody listens to the transport, and a failure to open is a closing.
    transport.onclose = ({ code, reason }) => {
      signal.removeEventListener('abort', abort);
      reject(new Error(`the connection was not opened (${code} ${reason})`));
    };
  });
}

/** `http` becomes `ws`, and the path of PosBus comes after what is there. */
export function posbusUrl(url: string): string {
  return `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/posbus`;
}

class WebSocketTransport implements Transport {
  onframe: (frame: Uint8Array) => void = () => {};
  onclose: (closed: Closed) => void = () => {};
  readonly #socket: WebSocketLike;

  constructor(socket: WebSocketLike) {
    this.#socket = socket;
    socket.onmessage = ({ data }: { data: unknown }) => {
      // Text is ignored, as other clients do.
      if (data instanceof ArrayBuffer) this.onframe(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }: { code?: number; reason?: string }) => {
      this.onclose({ code: code ?? BROKEN, reason: String(reason ?? '') });
    };
    // A closing follows.
    socket.onerror = () => {};
  }

  send(frame: Uint8Array): boolean {
    if (this.#socket.readyState !== OPEN || this.#socket.bufferedAmount > MAX_BUFFERED)
      return false;
    this.#socket.send(frame);
    return true;
  }

  close(): void {
    this.#socket.close(1000, 'user');
  }
}
