/** The example page, twice, in Chromium and on the real server. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { DEADLINE, startChromium } from '../support/chromium.js';
import { startPages, startPath, startServer, type Path, type Running } from '../support/server.js';

/** State of the page that the tests read. */
interface Shown {
  client: {
    users: Map<string, { transform: { position: { x: number } } }>;
    version?: number;
    sample(id: string): unknown;
  };
  me: { position: { x: number } };
  guest: { id: string };
  log: string[];
}

declare const window: { odyssey?: Shown };

let server: Running;
let path: Path;
let pages: Running;
let browser: Browser;

before(async () => {
  server = await startServer();
  path = await startPath(server.url);
  pages = await startPages();
  browser = await startChromium();
});

after(async () => {
  await browser.close();
  await pages.stop();
  await path.stop();
  await server.stop();
});

/** The example in a page of its own, once it is in the world. */
async function open(
  url: string,
  version: number,
  transport: string,
): Promise<{ page: Page; id: string }> {
  const context = await browser.newContext({ viewport: { width: 640, height: 480 } });
  const page = await context.newPage();
  const query = new URLSearchParams({ server: url, version: String(version), transport });
  await page.goto(`${pages.url}/example/index.html?${query}`);
  await page.waitForFunction(() => window.odyssey?.client.users.has(window.odyssey.guest.id));
  const [id, spoken] = await page.evaluate(
    () => [window.odyssey?.guest.id ?? '', window.odyssey?.client.version] as const,
  );
  assert.equal(spoken, version);
  return { page, id };
}

/** Holds an arrow key until the other page sees the move, and both agree on where it ended. */
async function walk(walker: { page: Page; id: string }, watcher: Page): Promise<void> {
  const start = await walker.page.evaluate(() => window.odyssey?.me.position.x ?? 0);
  await walker.page.bringToFront();
  await walker.page.keyboard.down('ArrowRight');
  await walker.page.waitForFunction(
    (from) => (window.odyssey?.me.position.x ?? 0) > from + 2,
    start,
  );
  await walker.page.keyboard.up('ArrowRight');
  const end = await walker.page.evaluate(
    () =>
      new Promise<number>((resolve) =>
        requestAnimationFrame(() => resolve(window.odyssey?.me.position.x ?? 0)),
      ),
  );
  await watcher.waitForFunction(
    ([id, x]) => {
      const seen = window.odyssey?.client.users.get(id)?.transform.position.x;
      return seen !== undefined && Math.abs(seen - x) < 0.02;
    },
    [walker.id, end] as const,
    { polling: 50 },
  );
}

for (const version of [1, 2]) {
  test(
    `version ${version} over WebSocket: two pages see each other move, one drops and resumes`,
    DEADLINE,
    async () => {
      const ada = await open(server.url, version, 'websocket');
      const bob = await open(path.url, version, 'websocket');
      await walk(ada, bob.page);
      await walk(bob, ada.page);
      const before = await bob.page.evaluate(() => window.odyssey?.log.length ?? 0);
      path.cut();
      await bob.page.waitForFunction(
        (seen) =>
          window.odyssey?.log.slice(seen).some((line) => line.startsWith('in ')) &&
          window.odyssey.client.users.size >= 2,
        before,
      );
      const log = await bob.page.evaluate((seen) => window.odyssey?.log.slice(seen) ?? [], before);
      assert.ok(log[0]?.startsWith('disconnected'), log.join('; '));
      assert.equal(log.includes('connected, version 2, resumed'), version === 2, log.join('; '));
      await walk(bob, ada.page);
      for (const { page } of [ada, bob]) {
        assert.deepEqual(
          await page.evaluate(() => window.odyssey?.log.filter((line) => line.startsWith('error'))),
          [],
        );
        await page.context().close();
      }
    },
  );
}

test('version 2 over WebTransport: two pages see each other move', DEADLINE, async () => {
  const ada = await open(server.url, 2, 'webtransport');
  const bob = await open(server.url, 2, 'webtransport');
  await walk(ada, bob.page);
  await walk(bob, ada.page);
  for (const { page } of [ada, bob]) {
    assert.deepEqual(
      await page.evaluate(() => window.odyssey?.log.filter((line) => line.startsWith('error'))),
      [],
    );
    await page.context().close();
  }
});
