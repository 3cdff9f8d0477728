/**
 * The few HTTP calls that a client starts with (docs/spec/rest.md §4.1; docs/protocol.md,
 * Certificate).
 */

import type { Id } from './wire/id.js';

/** A guest that was just made. */
export interface Guest {
  id: Id;
  name: string;
  token: string;
}

/** Address of WebTransport, and the certificates to trust there. */
export interface QuicInfo {
  url: string;
  /** SHA-256 in hex; empty if the certificate is one that browsers trust. */
  certificate_hashes: string[];
}

/** Makes a guest. `url`: base address of the server. */
export function guestToken(url: string): Promise<Guest> {
  return call(url, '/api/v4/auth/guest-token', { method: 'POST' });
}

/** Gets the address of WebTransport. Rejects if the server has none. */
export function quicInfo(url: string, signal?: AbortSignal): Promise<QuicInfo> {
  return call(url, '/api/v4/quic', signal === undefined ? {} : { signal });
}

async function call<T>(url: string, path: string, options: RequestInit): Promise<T> {
  const response = await fetch(url.replace(/\/+$/, '') + path, options);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return (await response.json()) as T;
}
