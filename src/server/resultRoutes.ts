/**
 * Pages of results as they were written. Any file may call itself report.html, so a page is shown in a sandbox: it runs no
 * script and asks for nothing. Ours have none.
 */
import { Hono } from 'hono';
import type { Shop } from './app.ts';
import { notThere } from './errors.ts';
import { fileOf, streamOf } from './files.ts';
import { RESULT_POLICY } from './headers.ts';

export function resultRoutes({ project }: Shop): Hono {
  const routes = new Hono();
  routes.get('/:id', (c) => {
    const found = project.find(c.req.param('id'), 'page');
    const path = found.file && fileOf(found, found.file);
    if (!path) throw notThere(found.item.path);
    const { body, bytes } = streamOf(path);
    c.header('Content-Type', 'text/html; charset=utf-8');
    c.header('Content-Length', String(bytes));
    c.header('Content-Security-Policy', RESULT_POLICY);
    return c.body(body);
  });
  return routes;
}
