/** `cranioflow view` on a real port: what it prints, raw requests, and its end. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { serveViewer } from '../../src/server/serve.ts';
import { run, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const [data, pages] = [folder.path('data'), folder.path('pages')];

// The page of the tests takes the place of the built one, which may not be there.
const where = vi.hoisted(() => ({ pages: '' }));
where.pages = pages;
vi.mock('../../src/server/pages.ts', async (original) => {
  const own = await original<typeof import('../../src/server/pages.ts')>();
  return { ...own, openPages: (path = where.pages) => own.openPages(path) };
});

beforeAll(async () => {
  await run(['phantom', '--out', data, '--count', '4', '--grid', '16', '--quiet']);
  mkdirSync(pages);
  writeFileSync(join(pages, 'index.html'), '<!doctype html><title>viewer</title>');
});

async function viewer() {
  const served = await serveViewer({ path: folder.path(), cli: ['false'], pages });
  onTestFinished(() => served.close());
  const { port } = served;
  const token = new URL(served.url).searchParams.get('token')!;
  const cookie = `cranioflow-${port}=${token}`;
  /** A request whose path is sent as it is. */
  const raw = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }>(
      (resolve, reject) => {
        const asked = request(
          { host: '127.0.0.1', port, path, method, headers: { cookie, ...headers } },
          (answer) => {
            let text = '';
            answer.on('data', (part) => (text += part));
            answer.on('end', () => resolve({ status: answer.statusCode!, text, headers: answer.headers }));
          },
        );
        asked.on('error', reject);
        asked.end();
      },
    );
  return { ...served, raw, cookie };
}

test('the address that it prints opens the page; paths that climb find nothing', async () => {
  const { url, port, raw } = await viewer();
  expect(url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/\\?token=[\\w-]{43}$`));
  const { pathname, search } = new URL(url);
  const entered = await raw(pathname + search, { cookie: '' });
  expect([entered.status, entered.headers.location]).toEqual([303, '/']);
  const [cookie] = entered.headers['set-cookie'] as string[];
  const page = await raw('/', { cookie: cookie.split(';')[0] });
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('viewer')]);
  expect((await raw('/', { cookie: '' })).status).toBe(403);
  expect((await raw('/', { host: `evil.example:${port}` })).status).toBe(403);
  for (const path of [
    '/../../../etc/passwd',
    '/..%2f..%2fetc/passwd',
    '/%2e%2e/%2e%2e/package.json',
    '//evil.example/',
    '/a/%zz',
  ])
    expect((await raw(path)).status, path).toBe(404);
  const { items } = JSON.parse((await raw('/api/project')).text);
  expect(items).toMatchObject([{ kind: 'dataset', path: 'data', cases: 4 }]);
  const picture = await raw(`/api/datasets/${items[0].id}/cases/${items[0].first}/picture.png?size=64`);
  expect([picture.status, picture.headers['content-type']]).toEqual([200, 'image/png']);
});

test('it listens on this machine alone, and not for what is no request', async () => {
  const { port, raw } = await viewer();
  // Another address of the same machine.
  const elsewhere = await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.2');
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    socket.on('connect', () => resolve('connected'));
  });
  expect(elsewhere).not.toBe('connected');
  const heard = await new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('rubbish\r\n\r\n'));
    let text = '';
    socket.on('data', (part) => (text += part));
    socket.on('close', () => resolve(text));
  });
  expect(heard).toMatch(/^HTTP\/1\.1 400 /);
  expect((await raw('/api/project')).status).toBe(200);
});

test('a browser that goes away in the middle does no harm; the end closes open streams', async () => {
  const { port, raw, cookie, close } = await viewer();
  mkdirSync(folder.path('run'));
  onTestFinished(() => rmSync(folder.path('run'), { recursive: true }));
  writeFileSync(folder.path('run', 'config.yaml'), 'steps: 3\n');
  writeFileSync(folder.path('run', 'metrics.jsonl'), '{"step":1,"loss":1}\n');
  const { items } = JSON.parse((await raw('/api/project')).text);
  const [set, one] = ['dataset', 'run'].map((kind) => items.find((i: { kind: string }) => i.kind === kind));
  const open = (path: string, then: (socket: ReturnType<typeof connect>) => void) =>
    new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\n\r\n`),
      );
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
      then(socket);
    });
  // Before the picture is there.
  await open(`/api/datasets/${set.id}/cases/${set.first}/picture.png?size=640`, (s) =>
    setTimeout(() => s.destroy(), 20),
  );
  await open(`/api/runs/${one.id}/events`, (s) => s.once('data', () => s.destroy()));
  expect((await raw('/api/project')).status).toBe(200);
  const streaming = open(`/api/runs/${one.id}/events`, (s) => s.once('data', () => void close()));
  await streaming;
  await expect(raw('/')).rejects.toThrow(/ECONNREFUSED/);
});

const aborted = (): AbortSignal => AbortSignal.abort();

test('the command prints the address alone on stdout, and its end is no failure', async () => {
  const plain = await run(['view', folder.path(), '--no-open'], aborted());
  expect([plain.code, plain.out]).toEqual([
    0,
    expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\?token=\S+\n$/),
  ]);
  expect(plain.err).toContain('Ctrl-C');
  const json = await run(['view', data, '--no-open', '--json', '--quiet'], aborted());
  const { url, port } = JSON.parse(json.out);
  expect([json.code, json.err, Object.keys(JSON.parse(json.out))]).toEqual([0, '', ['url', 'port']]);
  expect(new URL(url).port).toBe(String(port));
});

test('what cannot be viewed ends in words and 1, wrong words in 2', async () => {
  const nothing = folder.path('nothing');
  mkdirSync(nothing);
  for (const [path, words] of [
    [folder.path('absent'), 'absent cannot be viewed (ENOENT)'],
    [nothing, 'holds nothing to be seen'],
  ]) {
    const { code, out, err } = await run(['view', path, '--no-open'], aborted());
    expect([code, out, err]).toEqual([1, '', expect.stringContaining(words)]);
  }
  expect((await run(['view'])).code).toBe(2);
  expect((await run(['view', data, '--port', '80'], aborted())).code).toBe(2);
});

test('a port that is in use, a page that is not built', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  await expect(serveViewer({ path: data, port, cli: [], pages })).rejects.toThrow(`port ${port} is in use`);
  await expect(serveViewer({ path: data, cli: [], pages: folder.path('nowhere') })).rejects.toThrow(
    /npm run build/,
  );
});

test('its help explains it with an example', async () => {
  const { code, out } = await run(['view', '--help']);
  expect(code).toBe(0);
  for (const words of [
    '--port <n>',
    '--no-open',
    'leaves running trainings running',
    'cranioflow view demo-output',
  ])
    expect(out.replace(/\s+/g, ' ')).toContain(words);
});
