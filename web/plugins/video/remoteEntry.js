/**
 * The plugin Video: a module-federation container `plugin_video` that exposes `./Plugin`.
 *
 * The default export of the module is a hook of React. A client calls it with its properties for
 * the object (`objectId`, `pluginApi`, perhaps `renderUrl`) and gets what to show where:
 * `objectView` for visitors, `objectConfig` for those who may edit, with `isModified`, `isValid`,
 * `saveChanges` and `discardChanges`. React comes from the scope that the page shares.
 *
 * The file is its own source: no build, no dependency.
 */
(() => {
  'use strict';

  /** Key of the state of an object: an address, or the hash of an uploaded video. */
  const KEY = 'video_url';
  const HASH = /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/;
  /** This script lies at `<render>/plugin/<hash>/remoteEntry.js`. */
  const SCRIPT = document.currentScript?.src ?? '';

  /** What to play: `{kind: 'frame' | 'file', src}`, or null for what is no video. */
  function source(text, renderUrl) {
    const value = String(text ?? '').trim();
    if (HASH.test(value)) return { kind: 'file', src: `${renderUrl}/video/${value}` };
    let url;
    try {
      url = new URL(value);
    } catch {
      return null;
    }
    // Nothing else may become the address of a frame: `javascript:` would run in the page.
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
    const host = url.hostname.replace(/^(?:www|m)\./, '');
    const names = url.pathname.split('/').filter((name) => name !== '');
    if (host === 'youtu.be' || host === 'youtube.com' || host === 'youtube-nocookie.com') {
      const known = ['embed', 'shorts', 'live'].includes(names[0]);
      const id = host === 'youtu.be' ? names[0] : known ? names[1] : url.searchParams.get('v');
      if (!/^[\w-]{6,20}$/.test(id ?? '')) return null;
      return { kind: 'frame', src: `https://www.youtube-nocookie.com/embed/${id}` };
    }
    if (host === 'vimeo.com' || host === 'player.vimeo.com') {
      const id = names.find((name) => /^\d+$/.test(name));
      return id ? { kind: 'frame', src: `https://player.vimeo.com/video/${id}` } : null;
    }
    return { kind: 'file', src: url.href };
  }

  function view(React, what) {
    const style = { width: '100%', height: '100%', minHeight: 240, border: 0, background: '#000' };
    if (what === null) return null;
    if (what.kind === 'file') {
      return React.createElement('video', {
        src: what.src,
        controls: true,
        playsInline: true,
        style,
      });
    }
    return React.createElement('iframe', {
      src: what.src,
      title: 'Video',
      style,
      allow: 'fullscreen; picture-in-picture; encrypted-media',
      allowFullScreen: true,
      referrerPolicy: 'strict-origin-when-cross-origin',
      sandbox: 'allow-scripts allow-same-origin allow-presentation allow-popups',
    });
  }

  function hook(React) {
    return function usePlugin({ pluginApi, renderUrl }) {
      const base = renderUrl ?? SCRIPT.replace(/\/plugin\/[^/]+\/[^/]*$/, '');
      const stored = pluginApi?.useStateItem?.(KEY) ?? '';
      // Null until somebody types: the field follows what is stored.
      const [typed, setTyped] = React.useState(null);
      const value = typed ?? stored;
      const what = source(value, base);
      const isModified = typed !== null && typed !== stored;
      const isValid = value === '' || what !== null;

      const discardChanges = () => setTyped(null);
      const saveChanges = async () => {
        if (!isModified || !isValid) return;
        await pluginApi.setStateItem(KEY, value.trim());
        setTyped(null);
      };
      const field = React.createElement(
        'label',
        { style: { display: 'block', padding: 8 } },
        'Address of a video, or hash of an uploaded one',
        React.createElement('input', {
          type: 'text',
          value,
          'aria-invalid': !isValid,
          onChange: (event) => setTyped(event.target.value),
          style: { display: 'block', width: '100%', boxSizing: 'border-box' },
        }),
        isValid ? null : React.createElement('span', { role: 'alert' }, 'This is no video.'),
      );
      const shown = view(React, source(stored, base));
      const config = { content: field, isModified, isValid, saveChanges, discardChanges };
      return {
        content: shown,
        objectView: { title: 'Video', content: shown },
        objectConfig: config,
        editObjectView: config,
      };
    };
  }

  let scope = {};

  /** React of the page, the newest version that it shares. */
  async function react() {
    const parts = (version) => version.split('.').map((part) => parseInt(part, 10) || 0);
    const older = (a, b) =>
      parts(a)
        .map((part, n) => part - parts(b)[n])
        .find((part) => part) ?? 0;
    const newest = Object.keys(scope.react ?? {})
      .sort(older)
      .pop();
    if (newest === undefined) throw new Error('plugin_video: the page shares no React');
    const factory = await scope.react[newest].get();
    return factory();
  }

  globalThis.plugin_video = {
    init(shared) {
      scope = shared ?? {};
    },
    async get(name) {
      if (name !== './Plugin') throw new Error(`plugin_video: there is no module ${name}`);
      const usePlugin = hook(await react());
      return () => ({ __esModule: true, default: usePlugin });
    },
  };
})();
