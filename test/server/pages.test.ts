/** The page's own files: those of the list, with their types, and nothing beside them. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileError } from '../../src/errors.ts';
import { openPages } from '../../src/server/pages.ts';
import { putDataset, serve, temporaryFolder } from './helpers.ts';

function viewer() {
  const root = temporaryFolder();
  putDataset(join(root, 'data'), 2);
  return serve(root);
}

test('files come with their types; what bears a hash may be kept', async () => {
  const { ask } = viewer();
  const script = await ask('/assets/index-a1b2c3d4.js');
  expect([script.status, await script.text()]).toEqual([200, 'export {};']);
  expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
  expect(script.headers.get('cache-control')).toContain('immutable');
  expect(script.headers.get('content-length')).toBe('10');
  const wasm = await ask('/plain.wasm');
  expect(wasm.headers.get('content-type')).toBe('application/wasm');
  expect(wasm.headers.get('cache-control')).toBe('no-cache');
  expect((await ask('/', { method: 'HEAD' })).status).toBe(200);
});

test.each([
  '/../package.json',
  '/assets/../../package.json',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/assets/..%2f..%2f..%2fetc%2fpasswd',
  '/..%5c..%5cetc',
  '//etc/passwd',
  '/assets',
  '/assets/',
  '/index.html%00.js',
  '/%',
  '/data/dataset.json',
])('%s is not there', async (path) => {
  const { ask } = viewer();
  const answer = await ask(path);
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  expect(await answer.text()).toMatch(/is not there\nto mend: {2}open http:\/\/127/);
});

test('a page that was not built is told at the start', () => {
  expect(() => openPages(temporaryFolder())).toThrow(FileError);
  expect(() => openPages('/nowhere')).toThrow(/npm run build/);
});
