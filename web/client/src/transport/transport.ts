/** Carrier of messages: a WebSocket, WebTransport, or the fake of a test. */

/** End of a transport. */
export interface Closed {
  /**
   * Close code of the server (the same numbers on both transports), 1006 if the connection broke.
   */
  code: number;
  reason: string;
}

/** The code of a connection that ended without a word. */
export const BROKEN = 1006;

/**
 * Most bytes that may wait to be sent. Clients say a few kilobytes a second; with this much waiting
 * the connection is stuck, and what is not sent is reported rather than queued for ever.
 */
export const MAX_BUFFERED = 256 * 1024;

/** An open connection. */
export interface Transport {
  /** Sends one message reliably, in order; false if it is closed or too much is waiting. */
  send(frame: Uint8Array): boolean;
  /** Sends one message that may be lost or overtaken, if the transport can. */
  sendDatagram?(frame: Uint8Array): boolean;
  /** Closes the session: the user leaves at once. */
  close(): void;
  /** A message came. Set it before giving up control after the transport was opened. */
  onframe: (frame: Uint8Array) => void;
  /** The connection ended; comes once, also after {@link close}. */
  onclose: (closed: Closed) => void;
}

/** Opens a transport; rejects if it cannot be opened, or if `signal` says so. */
export type Dial = (signal: AbortSignal) => Promise<Transport>;
