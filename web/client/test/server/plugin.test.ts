/**
 * The plugin Video in Chromium, loaded from the server as a client of module federation does. The
 * client around it, with its state of objects, is a stand-in.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { DEADLINE, startChromium } from '../support/chromium.js';
import { startPages, startServer, type Running } from '../support/server.js';

/** Value of the state of the object that a video is on. */
type State = Record<string, string>;

/** What the plugin gives the client. */
interface Plugin {
  objectView: { title: string; content: unknown };
  objectConfig: {
    content: unknown;
    isModified: boolean;
    isValid: boolean;
    saveChanges(): Promise<void>;
    discardChanges(): void;
  };
}

interface Container {
  init(scope: object): void;
  get(name: string): Promise<() => { default: (properties: object) => Plugin }>;
}

/** The part of React that the stand-in needs. */
interface React {
  version: string;
  createElement(what: unknown, properties: object | null, ...children: unknown[]): unknown;
  useState<T>(first: T): [T, (next: T) => void];
}

declare const window: Window & {
  React: React;
  ReactDOM: { createRoot(element: Element): { render(what: unknown): void } };
  plugin_video: Container;
  plugin?: Plugin;
  state?: State;
};

let server: Running;
let pages: Running;
let browser: Browser;

before(async () => {
  server = await startServer();
  pages = await startPages();
  browser = await startChromium();
});

after(async () => {
  await browser.close();
  await pages.stop();
  await server.stop();
});

/** A page that shows the plugin on an object with this state; the plugin as it renders. */
async function open(first: State): Promise<Page> {
  const page = await browser.newPage();
  await page.route('https://**', (route) => route.fulfill({ body: '' }));
  await page.goto(`${pages.url}/test/page.html`);
  for (const path of [
    'react/umd/react.production.min.js',
    'react-dom/umd/react-dom.production.min.js',
  ])
    await page.addScriptTag({ url: `${pages.url}/node_modules/${path}` });
  const script = await page.evaluate(async (url) => {
    // What ships with the program is in its place once an unknown name is answered.
    await fetch(`${url}/api/v4/media/render/get/nobodyhasthisname`);
    const plugins = (await (await fetch(`${url}/api/v4/plugin`)).json()) as {
      meta: { scopeName?: string; scriptUrl?: string };
    }[];
    const video = plugins.find(({ meta }) => meta.scopeName === 'plugin_video');
    return `${url}/api/v4/media/render/plugin/${video?.meta.scriptUrl}/remoteEntry.js`;
  }, server.url);
  await page.addScriptTag({ url: script });
  await page.evaluate(async (first) => {
    const { React, ReactDOM, plugin_video: container } = window;
    container.init({ react: { [React.version]: { get: async () => () => React } } });
    const usePlugin = (await container.get('./Plugin'))().default;
    function Client(): unknown {
      const [state, setState] = React.useState(first);
      window.state = state;
      const pluginApi = {
        useStateItem: (key: string) => state[key],
        setStateItem: async (key: string, value: string) => setState({ ...state, [key]: value }),
      };
      const plugin = usePlugin({ objectId: 'an object', pluginApi });
      window.plugin = plugin;
      return React.createElement(
        'main',
        null,
        plugin.objectView.content,
        plugin.objectConfig.content,
      );
    }
    ReactDOM.createRoot(document.body).render(React.createElement(Client, null));
  }, first);
  await page.waitForSelector('main input');
  return page;
}

test('the plugin Video shows the video of an object', DEADLINE, async () => {
  const hash = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9';
  const cases: [string, string | null, string | null][] = [
    [
      'https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=4',
      'iframe',
      'https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ',
    ],
    [
      'https://youtu.be/dQw4w9WgXcQ',
      'iframe',
      'https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ',
    ],
    ['https://vimeo.com/76979871', 'iframe', 'https://player.vimeo.com/video/76979871'],
    ['https://a.example/film.webm', 'video', 'https://a.example/film.webm'],
    [hash, 'video', `${server.url}/api/v4/media/render/video/${hash}`],
    ['javascript:alert(1)', null, null],
    ['https://youtube.com/watch?v="><script>', null, null],
  ];
  for (const [value, element, source] of cases) {
    const page = await open({ video_url: value });
    const shown = await page.evaluate(() => {
      const found = document.querySelector<HTMLVideoElement>('main > iframe, main > video');
      return found === null ? [null, null] : [found.localName, found.src];
    });
    assert.deepEqual(shown, [element, source], value);
    await page.close();
  }
});

test('an editor types an address and saves it, or not', DEADLINE, async () => {
  const page = await open({});
  const config = () =>
    page.evaluate(() => {
      const { isModified, isValid } = window.plugin?.objectConfig ?? {};
      return { isModified, isValid, state: window.state };
    });
  assert.deepEqual(await config(), { isModified: false, isValid: true, state: {} });
  await page.fill('main input', 'no address');
  assert.deepEqual(await config(), { isModified: true, isValid: false, state: {} });
  await page.evaluate(() => window.plugin?.objectConfig.saveChanges());
  assert.deepEqual((await config()).state, {}, 'nothing wrong is saved');
  await page.evaluate(() => window.plugin?.objectConfig.discardChanges());
  await page.waitForSelector('main [aria-invalid="false"]');
  assert.equal(await page.inputValue('main input'), '');

  await page.fill('main input', 'https://vimeo.com/76979871');
  assert.equal((await config()).isModified, true);
  await page.evaluate(() => window.plugin?.objectConfig.saveChanges());
  await page.waitForSelector('main > iframe');
  assert.deepEqual(await config(), {
    isModified: false,
    isValid: true,
    state: { video_url: 'https://vimeo.com/76979871' },
  });
});
