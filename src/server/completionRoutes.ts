/** Routes of completed bones: the facts, and the surfaces they name. */
import { Hono } from 'hono';
import type { Shop } from './app.ts';
import { completionDetail } from './completion.ts';
import { notThere } from './errors.ts';
import { fileOf, streamOf } from './files.ts';

export function completionRoutes({ project }: Shop): Hono {
  const routes = new Hono();
  routes.get('/:id', (c) => c.json(completionDetail(project.find(c.req.param('id'), 'completion'))));

  routes.get('/:id/meshes/:name', (c) => {
    const found = project.find(c.req.param('id'), 'completion');
    const mesh = completionDetail(found).meshes.find((m) => m.name === c.req.param('name'));
    const path = mesh && fileOf(found, mesh.name);
    if (path === undefined) throw notThere(c.req.param('name'));
    const { body, bytes } = streamOf(path);
    c.header('Content-Type', 'model/stl');
    c.header('Content-Length', String(bytes));
    return c.body(body);
  });
  return routes;
}
