/**
 * The local server as a function from request to answer: who may ask (guard.ts), the API of api.ts in groups of routes, and the
 * files of the page. Tests ask it without a port.
 */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { completionRoutes } from './completionRoutes.ts';
import { datasetRoutes } from './datasetRoutes.ts';
import { explanationOf, notThere, ServerError, statusOf } from './errors.ts';
import { type Access, guard } from './guard.ts';
import { headers } from './headers.ts';
import { openPages, type Pages } from './pages.ts';
import { Pool } from './pool.ts';
import type { Project } from './project.ts';
import { resultRoutes } from './resultRoutes.ts';
import { Resumes } from './resume.ts';
import { runRoutes } from './runRoutes.ts';

export interface AppOptions {
  project: Project;
  access: Access;
  /** The words that start cranioflow: node, its options, the script. A training that is resumed is started by them. */
  cli: readonly string[];
  /** Folder of the built page. */
  pages?: string;
  /** Threads that draw pictures. */
  threads?: number;
}

/** What the routes share. */
export interface Shop {
  project: Project;
  resumes: Resumes;
  /** Pictures, and what takes longer: neither waits for the other. */
  drawing: Pool;
  searching: Pool;
  /** Aborted when the server is being stopped. */
  closing: AbortSignal;
}

export interface App {
  fetch: Hono['fetch'];
  request: Hono['request'];
  /** Ends open streams and threads. */
  close(): Promise<void>;
}

/** The largest body of a POST. */
const BODY_BYTES = 64 * 1024;

const TOO_LONG = new ServerError(413, {
  found: `a body of more than ${BODY_BYTES} bytes`,
  expected: 'a decision on one case',
  todo: 'reload the page',
});

/** Throws `FileError` where the page was not built. */
export function createApp({ project, access, cli, pages: folder, threads = 2 }: AppOptions): App {
  const pages: Pages = openPages(folder);
  const closing = new AbortController();
  const shop: Shop = {
    project,
    resumes: new Resumes(cli),
    drawing: new Pool(threads),
    searching: new Pool(1),
    closing: closing.signal,
  };
  const app = new Hono();
  app.use(headers);
  app.use(guard(access));
  app.use('/api/*', bodyLimit({ maxSize: BODY_BYTES, onError: (c) => fault(c, TOO_LONG) }));
  app.get('/api/project', (c) => c.json(project.shown()));
  app.route('/api/datasets', datasetRoutes(shop));
  app.route('/api/runs', runRoutes(shop));
  app.route('/api/completions', completionRoutes(shop));
  app.route('/api/pages', resultRoutes(shop));
  app.get('*', (c, next) => pages(c) ?? next());
  app.notFound((c) => {
    if (c.req.path.startsWith('/api/')) return fault(c, notThere(c.req.path));
    return c.text(`${c.req.path} is not there\nto mend:  open http://${c.req.header('host')}/\n`, 404);
  });
  app.onError((error, c) => {
    // A browser that went away waits for no answer.
    if (c.req.raw.signal.aborted) return c.body(null, 408);
    return fault(c, error);
  });
  return {
    fetch: app.fetch,
    request: app.request,
    async close() {
      closing.abort();
      await Promise.all([shop.drawing.close(), shop.searching.close()]);
    },
  };
}

function fault(c: Context, error: unknown): Response {
  const status = statusOf(error);
  const explanation = explanationOf(error);
  if (explanation.found.startsWith('this is a bug'))
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return c.json({ error: explanation }, status);
}
