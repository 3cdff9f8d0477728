/**
 * Pictures, models, sound and video over HTTP: uploaded, and the addresses where they are served
 * (docs/media.md).
 */

import { call, endpoint } from './rest.js';
import type { Id } from './wire/id.js';

/** Kinds of contents that have an upload of their own; models go into a library. */
export type MediaKind = 'image' | 'audio' | 'video';

/** An entry of a user's library of models. */
export interface ModelEntry {
  /** Id of the model: what `asset_3d_id` of an object takes. */
  id: Id;
  name: string;
  is_private: boolean;
}

export interface ModelOptions {
  /** Default: the name of the file without its extension. */
  name?: string;
  /** Hash of a picture of it. */
  previewHash?: string;
  /** Whether only its owner finds it in lists. Objects that show it are seen by everybody. */
  isPrivate?: boolean;
  signal?: AbortSignal;
}

/**
 * Uploads a content and resolves to its hash, by which attributes refer to it. Rejects with an
 * {@link ApiError}: `unsupported_type`, `invalid_media`, `too_large`, `quota_exceeded`, …
 */
export async function uploadMedia(
  url: string,
  token: string,
  kind: MediaKind,
  file: Blob,
  signal?: AbortSignal,
): Promise<string> {
  const form = new FormData();
  form.append('file', file);
  const path = `/api/v4/media/upload/${kind}`;
  const { hash } = await call<{ hash: string }>(url, path, {
    method: 'POST',
    token,
    body: form,
    signal,
  });
  return hash;
}

/** Uploads a model, binary glTF, into the library of the user. Rejects as {@link uploadMedia}. */
export function uploadModel(
  url: string,
  token: string,
  file: Blob,
  options: ModelOptions = {},
): Promise<ModelEntry> {
  const form = new FormData();
  form.append('asset', file, file instanceof File ? file.name : 'model.glb');
  form.append('name', options.name ?? '');
  if (options.previewHash !== undefined) form.append('preview_hash', options.previewHash);
  form.append('is_private', String(options.isPrivate ?? false));
  const path = '/api/v4/assets-3d/upload';
  const { signal } = options;
  return call(url, path, { method: 'POST', token, body: form, signal });
}

/** A bound for the pixels of a picture, from 1,024 (`s0`) to 14,745,600 (`s9`); docs/media.md. */
export type PictureSize = `s${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`;

/**
 * Address of a picture; without a size, of the picture as it is stored. The server chooses the
 * smallest encoding that the browser takes.
 */
export function pictureUrl(url: string, hash: string, size?: PictureSize): string {
  const path = size === undefined ? `get/${hash}` : `texture/${size}/${hash}`;
  return endpoint(url, `/api/v4/media/render/${path}`);
}

/** Address of a model, by the id that objects have as `asset_type`. */
export function modelUrl(url: string, id: Id): string {
  return endpoint(url, `/api/v4/media/render/asset/${id.replaceAll('-', '')}`);
}

/** Address of sound. */
export function audioUrl(url: string, hash: string): string {
  return endpoint(url, `/api/v4/media/render/track/${hash}`);
}

/** Address of a video. */
export function videoUrl(url: string, hash: string): string {
  return endpoint(url, `/api/v4/media/render/video/${hash}`);
}
