/** Routes of runs: what they are, how they go on, stop and resume, and their weights. */
import { statSync } from 'node:fs';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { RunDetail, WeightsList } from './api.ts';
import type { Shop } from './app.ts';
import { explanationOf, notThere } from './errors.ts';
import { fileOf, type Place, streamOf } from './files.ts';
import { stopRun } from './resume.ts';
import { describeRun, MODEL, modelOf } from './run.ts';
import { tellRun } from './runEvents.ts';

/** As sampling/autoencoder.ts calls it, which is not loaded for a name: it brings ONNX Runtime. */
export const AUTOENCODER = 'autoencoder.safetensors';

/** Weights that a page may read, by name. */
function weightsOf(place: Place): Map<string, string> {
  const model = modelOf(place);
  const autoencoder = fileOf(place, AUTOENCODER);
  return new Map([
    ...(model === undefined ? [] : ([[MODEL, model]] as const)),
    ...(autoencoder === undefined ? [] : ([[AUTOENCODER, autoencoder]] as const)),
  ]);
}

export function runRoutes({ project, resumes, closing }: Shop): Hono {
  const routes = new Hono();
  const find = (id: string) => project.find(id, 'run');

  routes.get('/:id', (c) => {
    const found = find(c.req.param('id'));
    const detail: RunDetail = { ...describeRun(found, found.item), state: resumes.state(found) };
    return c.json(detail);
  });

  routes.get('/:id/events', (c) => {
    const found = find(c.req.param('id'));
    return streamSSE(
      c,
      async (stream) => {
        const gone = new AbortController();
        stream.onAbort(() => gone.abort());
        const send = (event: string) => (data: object) =>
          stream.writeSSE({ event, data: JSON.stringify(data) });
        const told = { metrics: send('metrics'), state: send('state') };
        await tellRun(found, resumes, told, AbortSignal.any([gone.signal, closing]));
      },
      async (error, stream) => {
        // The page closes the stream then: asked again it would fail again.
        await stream.writeSSE({ event: 'fault', data: JSON.stringify(explanationOf(error)) });
      },
    );
  });

  routes.post('/:id/stop', (c) => {
    const found = find(c.req.param('id'));
    stopRun(found);
    return c.json(resumes.state(found));
  });

  routes.post('/:id/resume', async (c) => {
    const found = find(c.req.param('id'));
    await resumes.resume(found);
    return c.json(resumes.state(found));
  });

  routes.get('/:id/weights', (c) => {
    const files = [...weightsOf(find(c.req.param('id')))];
    const list: WeightsList = { files: files.map(([name, path]) => ({ name, bytes: statSync(path).size })) };
    return c.json(list);
  });

  routes.get('/:id/weights/:name', (c) => {
    const path = weightsOf(find(c.req.param('id'))).get(c.req.param('name'));
    if (path === undefined) throw notThere(c.req.param('name'));
    const { body, bytes } = streamOf(path);
    c.header('Content-Type', 'application/octet-stream');
    c.header('Content-Length', String(bytes));
    return c.body(body);
  });
  return routes;
}
