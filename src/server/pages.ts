/** The files of the viewer's own page, as `npm run build` leaves them: looked up in a list that is made at the start. */
import { readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'hono';
import { FileError } from '../errors.ts';
import { streamOf } from './files.ts';

/** From src/server and from dist/server alike. */
const BUILT = fileURLToPath(new URL('../../dist/web/viewer', import.meta.url));

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
};

/** Vite's names: one with a hash never changes what it holds. */
const HASHED = /^\/assets\/.*-[\w-]{8,}\.\w+$/;

/** Answers requests for files of the page, undefined where there is no such file. */
export type Pages = (c: Context) => Response | undefined;

/** Lists the files in `folder`. Throws `FileError` where the page was not built. */
export function openPages(folder = BUILT): Pages {
  let names: string[] = [];
  try {
    names = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile())
      .map((e) => relative(folder, join(e.parentPath, e.name)).split(sep).join('/'));
  } catch {
    // Told below.
  }
  const files = new Map(names.map((name) => [`/${name}`, join(folder, name)]));
  const index = files.get('/index.html');
  if (index === undefined)
    throw new FileError({
      found: `${folder} holds no page of the viewer`,
      expected: 'index.html, as the build leaves it',
      todo: 'run `npm run build`',
    });
  files.set('/', index);
  return (c) => {
    const path = files.get(c.req.path);
    if (path === undefined) return undefined;
    const { body, bytes } = streamOf(path);
    c.header('Content-Type', TYPES[extname(path)] ?? 'application/octet-stream');
    c.header('Content-Length', String(bytes));
    c.header('Cache-Control', HASHED.test(c.req.path) ? 'private, max-age=31536000, immutable' : 'no-cache');
    return c.body(body);
  };
}
