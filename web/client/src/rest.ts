/**
 * The few HTTP calls that a client starts with and builds with (docs/spec/rest.md §4;
 * docs/protocol.md, Certificate).
 */

import { NIL_ID, type Id } from './wire/id.js';

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

/** An object to make. */
export interface NewObject {
  parent: Id;
  name: string;
  /** A model: that of an upload, or one of the twelve shapes. */
  model?: Id;
  /** Default: an ordinary object. */
  type?: Id;
}

/** The server refuses a request, and says why. */
export class ApiError extends Error {
  constructor(
    readonly path: string,
    readonly status: number,
    /** The code that programs look at; empty if the answer has none. */
    readonly reason: string,
    message: string,
  ) {
    super(`${path}: ${status} ${reason}${message && `: ${message}`}`);
    this.name = 'ApiError';
  }
}

/** The type of ordinary objects. */
const CUSTOM_OBJECT: Id = '4ed3a5bb-53f8-4511-941b-07902982c31c';
/** The plugin of core attributes. */
const CORE: Id = 'f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0';

/** Makes a guest. `url`: base address of the server. */
export function guestToken(url: string): Promise<Guest> {
  return call(url, '/api/v4/auth/guest-token', { method: 'POST' });
}

/** Gets the address of WebTransport. Rejects if the server has none. */
export function quicInfo(url: string, signal?: AbortSignal): Promise<QuicInfo> {
  return call(url, '/api/v4/quic', { signal });
}

/** Makes an object; its id. Only for those who may build there. */
export async function createObject(url: string, token: string, object: NewObject): Promise<Id> {
  const json = {
    parent_id: object.parent,
    object_name: object.name,
    object_type_id: object.type ?? CUSTOM_OBJECT,
    ...(object.model !== undefined && object.model !== NIL_ID && { asset_3d_id: object.model }),
  };
  const made = await call<{ object_id: Id }>(url, '/api/v4/objects', {
    method: 'POST',
    token,
    json,
  });
  return made.object_id;
}

/**
 * Writes an attribute of an object: `texture` with `{ render_hash }` is the picture on it. Only for
 * those who may. `plugin`: default, core attributes.
 */
export async function setAttribute(
  url: string,
  token: string,
  object: Id,
  name: string,
  value: Record<string, unknown>,
  plugin: Id = CORE,
): Promise<void> {
  const json = { plugin_id: plugin, attribute_name: name, attribute_value: value };
  await call(url, `/api/v4/objects/${object}/attributes`, { method: 'POST', token, json });
}

/** An address of the server. */
export function endpoint(url: string, path: string): string {
  return url.replace(/\/+$/, '') + path;
}

/** A request. */
interface Call {
  method?: string;
  token?: string;
  body?: FormData;
  /** A body of JSON. */
  json?: unknown;
  signal?: AbortSignal | undefined;
}

export async function call<T>(url: string, path: string, request: Call): Promise<T> {
  const headers = new Headers();
  if (request.token !== undefined) headers.set('authorization', `Bearer ${request.token}`);
  if (request.json !== undefined) headers.set('content-type', 'application/json');
  const response = await fetch(endpoint(url, path), {
    method: request.method ?? 'GET',
    headers,
    body: request.json === undefined ? (request.body ?? null) : JSON.stringify(request.json),
    signal: request.signal ?? null,
  });
  // Answers without a body, and those of a proxy in between, are no JSON.
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const { error } = (answer ?? {}) as { error?: { reason?: string; message?: string } };
  throw new ApiError(path, response.status, error?.reason ?? '', error?.message ?? '');
}
