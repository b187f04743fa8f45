/** A plain file server on 127.0.0.1, as anybody may put a page on; with `isolated` it sends the headers that allow threads. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.md': 'text/markdown',
};
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

export interface StaticServer {
  /** `http://localhost:PORT`. */
  origin: string;
  /** Paths asked for, in order. */
  asked: string[];
  /** Serves another folder from now on. */
  root: string;
  close(): Promise<void>;
}

/** Serves `root` below `/base/`. */
export async function serveFolder(
  root: string,
  { isolated = false, base = '/' } = {},
): Promise<StaticServer> {
  const serving: StaticServer = { origin: '', asked: [], root, close: () => closed(server) };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://x').pathname);
    serving.asked.push(path);
    const inside = path.startsWith(base) ? normalize(path.slice(base.length) || 'index.html') : '..';
    const file = join(serving.root, inside.endsWith('/') ? `${inside}index.html` : inside);
    if (inside.startsWith('..') || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    // As most servers do: a browser may then keep what is old without asking again.
    const dated = { 'last-modified': 'Sat, 01 Jan 2022 00:00:00 GMT' };
    response.writeHead(200, { 'content-type': type, ...dated, ...(isolated && ISOLATED) });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  serving.origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return serving;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
