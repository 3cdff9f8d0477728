/** The real Chromium. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PROGRAM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Time within which a test has to end, however busy the machine is. */
export const DEADLINE = { timeout: 120_000 };

export function startChromium(): Promise<Browser> {
  assert.ok(existsSync(PROGRAM), `${PROGRAM} is missing: install chromium, or set CHROMIUM`);
  // Playwright turns QUIC off, which would take WebTransport with it.
  return chromium.launch({
    executablePath: PROGRAM,
    args: QUIET,
    ignoreDefaultArgs: ['--disable-quic'],
  });
}
