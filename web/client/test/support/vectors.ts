/** Recorded frames that server and client both have to reproduce. */

import { readFileSync } from 'node:fs';

export interface Vector {
  name: string;
  message: string;
  frame: Uint8Array;
  json: unknown;
}

interface Record {
  case?: string;
  name?: string;
  message: string;
  hex: string;
  json: unknown;
}

/** All vectors of a version. */
export function vectors(version: 1 | 2): Vector[] {
  const file = new URL(
    `../../../../../posbus/tests/fixtures/posbus-v${version}.json`,
    import.meta.url,
  );
  const parsed = JSON.parse(readFileSync(file, 'utf8')) as Record[] | { vectors: Record[] };
  const records = Array.isArray(parsed) ? parsed : parsed.vectors;
  return records.map(({ case: label, name, message, hex, json }) => ({
    name: label ?? name ?? '',
    message,
    frame: new Uint8Array(Buffer.from(hex, 'hex')),
    json,
  }));
}
