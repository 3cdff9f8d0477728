/** The real program, what serves the example page, and a path to both that can be cut. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Folder of the client library. */
export const CLIENT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = process.env['ODYSSEY'] ?? join(CLIENT, '../../target/debug/odyssey');

/** No test depends on how full the disk is. */
const FOR_TESTS = { ODYSSEY_MEDIA__QUOTAS__FREE_PERCENT: '0' };

/** Something that runs until it is stopped. */
export interface Running {
  url: string;
  stop(): Promise<void>;
}

/** The real program. */
export interface Program extends Running {
  /** The token that makes its first owner. */
  claim: string;
}

/** Starts the program on a free port and an empty directory, with settings of its own. */
export async function startServer(settings: Record<string, string> = {}): Promise<Program> {
  if (!existsSync(PROGRAM))
    throw new Error(`${PROGRAM} is missing: run cargo build, or set ODYSSEY`);
  const data = await mkdtemp(join(tmpdir(), 'odyssey-'));
  const child = spawn(
    PROGRAM,
    ['serve', '--bind', '127.0.0.1:0', '--data', data, '--limits', 'off'],
    { cwd: data, env: { ...process.env, ...FOR_TESTS, ...settings } },
  );
  const ended = once(child, 'exit');
  child.stderr.resume();
  let url: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    url ??= /listening on (\S+)/.exec(line)?.[1];
    const claim = /claim this node: \S+#token=(\S+)/.exec(line)?.[1];
    if (url === undefined || claim === undefined) continue;
    child.stdout.resume();
    return {
      url,
      claim,
      async stop() {
        child.kill();
        await ended;
        await rm(data, { recursive: true });
      },
    };
  }
  throw new Error('the server did not start');
}

/** A way to the server whose connections can be cut without a word. */
export interface Path extends Running {
  cut(): void;
}

export async function startPath(url: string): Promise<Path> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const running = await listen(server);
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: running.url,
    cut,
    async stop() {
      cut();
      await running.stop();
    },
  };
}

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Serves the folder of the client, as any web server would. */
export function startPages(): Promise<Running> {
  const server = createHttpServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://here').pathname);
    readFile(join(CLIENT, path)).then(
      (bytes) =>
        response
          .writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
          .end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  return listen(server);
}

async function listen(server: Server): Promise<Running> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server)
          (server as unknown as { closeAllConnections(): void }).closeAllConnections();
      }),
  };
}
