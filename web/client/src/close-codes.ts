/** Reasons for which servers close sessions, and those after which a client must not reconnect. */

/** Close codes of the server; the same numbers over WebSocket and WebTransport. */
export const CloseCode = {
  /** The session goes on somewhere else, or the client closed it. */
  Normal: 1000,
  Shutdown: 1001,
  Broken: 1006,
  Oversize: 1009,
  Unavailable: 1013,
  HandshakeTimeout: 4000,
  /** The token was refused. */
  HandshakeRefused: 4001,
  Malformed: 4002,
  Flood: 4003,
  SlowReader: 4004,
  WriteTimeout: 4005,
  PongTimeout: 4006,
  /** The same user entered from another connection. */
  DualConnection: 4007,
  /** A newer connection of the same user took this one's place. */
  Displaced: 4008,
} as const;

const FINAL = new Set<number>([
  CloseCode.Normal,
  CloseCode.HandshakeRefused,
  CloseCode.DualConnection,
  CloseCode.Displaced,
]);

/** True if a reconnect would be refused, or would replace another connection. */
export function isFinal(code: number): boolean {
  return FINAL.has(code);
}
