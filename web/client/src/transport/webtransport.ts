/**
 * PosBus over WebTransport (docs/protocol.md, Transports): one stream for reliable messages,
 * datagrams for poses.
 */

import type { QuicInfo } from '../rest.js';
import { Deframer, withLength } from './framing.js';
import { BROKEN, MAX_BUFFERED, type Closed, type Transport } from './transport.js';

/** Largest datagram in bytes. */
const MAX_DATAGRAM = 1200;

/** True if this platform has WebTransport. */
export function hasWebTransport(): boolean {
  return typeof globalThis.WebTransport === 'function';
}

/** Opens the session that the server announces at `/api/v4/quic`. */
export async function dialWebTransport(info: QuicInfo, signal: AbortSignal): Promise<Transport> {
  const serverCertificateHashes = info.certificate_hashes.map((hash) => ({
    algorithm: 'sha-256',
    value: fromHex(hash),
  }));
  const options = serverCertificateHashes.length > 0 ? { serverCertificateHashes } : {};
  const session = new WebTransport(info.url, options);
  const abort = () => session.close();
  signal.addEventListener('abort', abort, { once: true });
  // Nobody else waits for it until the transport does.
  session.closed.catch(() => {});
  try {
    await session.ready;
    return new WebTransportTransport(session, await session.createBidirectionalStream());
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
}

class WebTransportTransport implements Transport {
  onframe: (frame: Uint8Array) => void = () => {};
  onclose: (closed: Closed) => void = () => {};
  readonly #session: WebTransport;
  readonly #stream: WritableStreamDefaultWriter<Uint8Array<ArrayBufferLike>>;
  readonly #datagrams: WritableStreamDefaultWriter<Uint8Array<ArrayBufferLike>>;
  /** Bytes given to the stream that it has not taken. */
  #waiting = 0;
  #datagramWaits = false;
  #open = true;

  constructor(session: WebTransport, stream: WebTransportBidirectionalStream) {
    this.#session = session;
    this.#stream = stream.writable.getWriter();
    this.#datagrams = session.datagrams.writable.getWriter();
    session.closed.then(
      ({ closeCode, reason }) => this.#end({ code: closeCode ?? BROKEN, reason: reason ?? '' }),
      (error: unknown) => this.#end({ code: BROKEN, reason: String(error) }),
    );
    void this.#read(stream.readable);
    void this.#readDatagrams(session.datagrams.readable);
  }

  send(frame: Uint8Array): boolean {
    if (!this.#open || this.#waiting > MAX_BUFFERED) return false;
    const bytes = withLength(frame);
    this.#waiting += bytes.length;
    this.#stream.write(bytes).then(
      () => {
        this.#waiting -= bytes.length;
      },
      () => {},
    );
    return true;
  }

  /** One at a time: the next pose is worth more than one that waits. */
  sendDatagram(frame: Uint8Array): boolean {
    if (!this.#open || this.#datagramWaits || frame.length > MAX_DATAGRAM) return false;
    this.#datagramWaits = true;
    const done = () => {
      this.#datagramWaits = false;
    };
    this.#datagrams.write(frame).then(done, done);
    return true;
  }

  close(): void {
    this.#session.close({ closeCode: 1000, reason: 'user' });
  }

  async #read(readable: ReadableStream<Uint8Array>): Promise<void> {
    const deframer = new Deframer();
    const reader = readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        for (const frame of deframer.push(value)) if (this.#open) this.onframe(frame);
      }
    } catch {
      // The end of the stream is the end of the session, whatever the reason.
    }
    // The cause, if the server gave one, arrives with the session's end; without one this is it.
    await Promise.race([
      this.#session.closed.catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, 500)),
    ]);
    if (this.#open) this.#session.close();
    this.#end({ code: BROKEN, reason: 'the stream ended' });
  }

  async #readDatagrams(readable: ReadableStream<Uint8Array>): Promise<void> {
    const reader = readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        if (this.#open) this.onframe(value);
      }
    } catch {
      // The session ended; its reader of the stream says so.
    }
  }

  #end(closed: Closed): void {
    if (!this.#open) return;
    this.#open = false;
    this.onclose(closed);
  }
}
