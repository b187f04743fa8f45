/** A server without a port over folders that are made for a test. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { writeDataset } from '../../src/dataset/writer.ts';
import type { Explanation } from '../../src/errors.ts';
import type { Item, Project as Shown } from '../../src/server/api.ts';
import { createApp } from '../../src/server/app.ts';
import { Access } from '../../src/server/guard.ts';
import { Project } from '../../src/server/project.ts';
import { HEADER, newCase, randomMask, temporaryFolder } from '../dataset/helpers.ts';

export { temporaryFolder };

/** Writes a file, and its folder where there is none. */
export function put(path: string, content: string | Uint8Array = ''): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A dataset of random bone on the test grid. */
export const putDataset = (dir: string, count = 4) =>
  writeDataset(
    dir,
    HEADER,
    Array.from({ length: count }, (_, i) => ({ meta: newCase(i), mask: randomMask(i) })),
  );

/** A run that was begun and logged `steps` steps. */
export function putRun(dir: string, steps = 3, settings = 'steps: 10\ncommitment: 1\n'): void {
  put(join(dir, 'config.yaml'), settings);
  put(join(dir, 'metrics.jsonl'), logOf(steps));
}

/** Lines 1 .. steps of a log. */
export const logOf = (steps: number, from = 1): string =>
  Array.from({ length: steps }, (_, i) => `{"step":${from + i},"loss":${1 / (from + i)}}\n`).join('');

/** The built page, as small as it can be. */
export function putPages(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'cranioflow-pages-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  put(join(dir, 'index.html'), '<!doctype html><title>viewer</title>');
  put(join(dir, 'assets', 'index-a1b2c3d4.js'), 'export {};');
  put(join(dir, 'plain.wasm'), 'wasm');
  return dir;
}

const PORT = 4321;
export const HOST = `127.0.0.1:${PORT}`;
export const ORIGIN = `http://${HOST}`;

/** The members of a union that may be of a kind. */
type OfKind<I extends Item, K> = I extends unknown
  ? Extract<I['kind'], K> extends never
    ? never
    : I
  : never;

/** The server over a folder, asked as its own page asks. */
export function serve(
  root: string,
  { cli = ['false'] as readonly string[], names = undefined as number | undefined } = {},
) {
  const access = new Access();
  access.port = PORT;
  const project = new Project(root, names === undefined ? {} : { names });
  const app = createApp({ project, access, cli, pages: putPages() });
  onTestFinished(() => app.close());
  const own = { host: HOST, cookie: `cranioflow-${PORT}=${access.token}` };
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> =>
    app.request(path, { ...init, headers: { ...own, ...(init.headers as Record<string, string>) } });
  const post = (path: string, body: unknown = {}) =>
    ask(path, {
      method: 'POST',
      headers: { origin: ORIGIN, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const json = async <T>(path: string): Promise<T> => {
    const response = await ask(path);
    const found = await response.json();
    expect([response.status, found]).toEqual([200, expect.anything()]);
    return found as T;
  };
  /** The items of one kind. */
  const items = async <K extends Item['kind']>(kind: K) =>
    (await json<Shown>('/api/project')).items.filter((i) => i.kind === kind) as OfKind<Item, K>[];
  return { access, app, project, own, ask, post, json, items };
}

/** The refusal of an answer: its status and what it says was found. */
export async function refusal(response: Response): Promise<[status: number, found: string]> {
  const { error } = (await response.json()) as { error: Explanation };
  expect(Object.keys(error)).toEqual(['found', 'expected', 'todo']);
  return [response.status, error.found];
}
