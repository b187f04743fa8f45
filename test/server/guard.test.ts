/** Who may ask: the browser with the token, on the server's own page, under its own name. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HOST, ORIGIN, putDataset, refusal, serve, temporaryFolder } from './helpers.ts';

function viewer() {
  const root = temporaryFolder();
  putDataset(join(root, 'data'), 2);
  return serve(root);
}

test('the right token is exchanged for a cookie, which opens the rest', async () => {
  const { app, access } = viewer();
  const url = new URL(access.url);
  expect([url.hostname, url.pathname, url.searchParams.get('token')]).toEqual([
    '127.0.0.1',
    '/',
    access.token,
  ]);
  expect(access.token.length).toBeGreaterThanOrEqual(43);
  const entered = await app.request(url.pathname + url.search, { headers: { host: HOST } });
  expect([entered.status, entered.headers.get('location')]).toEqual([303, '/']);
  const cookie = entered.headers.get('set-cookie')!;
  expect(cookie).toMatch(/^cranioflow-4321=[\w-]+; Path=\/; HttpOnly; SameSite=Strict$/);
  const page = await app.request('/', { headers: { host: HOST, cookie: cookie.split(';')[0] } });
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('viewer')]);
});

test('without the cookie, or with another, nothing is told, and why in plain words', async () => {
  const { app, access } = viewer();
  for (const cookie of [
    undefined,
    'cranioflow-4321=wrong',
    `cranioflow-4322=${access.token}`,
    'cranioflow-4321',
    ';;=',
  ]) {
    const headers = { host: HOST, ...(cookie && { cookie }) };
    const [status, found] = await refusal(await app.request('/api/project', { headers }));
    expect([status, found]).toEqual([403, expect.stringContaining('token')]);
    const page = await app.request('/', { headers });
    expect([page.status, page.headers.get('content-type')]).toEqual([
      403,
      expect.stringContaining('text/plain'),
    ]);
    expect(await page.text()).toContain('cranioflow view');
  }
  const wrong = await app.request('/?token=wrong', { headers: { host: HOST } });
  expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([403, null]);
  // The token opens the door only where the door is.
  const elsewhere = await app.request(`/api/project?token=${access.token}`, { headers: { host: HOST } });
  expect(elsewhere.status).toBe(403);
});

test('a ticket opens the page once', async () => {
  const { app, access } = viewer();
  const { search } = new URL(access.ticket());
  expect(search).not.toContain(access.token);
  const enter = () => app.request(`/${search}`, { headers: { host: HOST } });
  expect((await enter()).status).toBe(303);
  expect((await enter()).status).toBe(403);
});

test('another name that leads here is refused', async () => {
  const { ask } = viewer();
  expect((await ask('/api/project', { headers: { host: 'localhost:4321' } })).status).toBe(200);
  for (const host of [
    'evil.example:4321',
    '127.0.0.1',
    '127.0.0.1:80',
    'localhost.evil.example:4321',
    '[::1]:4321',
  ])
    expect((await ask('/api/project', { headers: { host } })).status, host).toBe(403);
});

test('requests from another site are refused, whatever their cookie', async () => {
  const { ask } = viewer();
  const from = async (headers: Record<string, string>, method = 'GET') =>
    (await ask('/api/project', { method, headers })).status;
  expect(await from({ 'sec-fetch-site': 'same-origin' })).toBe(200);
  expect(await from({ 'sec-fetch-site': 'none' })).toBe(200);
  expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  // Another server of this machine is the same site, and not the same page.
  expect(await from({ 'sec-fetch-site': 'same-site' })).toBe(403);
  expect(await from({ origin: 'https://evil.example' })).toBe(403);
  expect(await from({ origin: 'http://127.0.0.1:9999' })).toBe(403);
  expect(await from({ origin: 'null' })).toBe(403);
  expect(await from({}, 'DELETE')).toBe(405);
});

test('a POST must come from the page itself', async () => {
  const { ask, items } = viewer();
  const [{ id }] = await items('dataset');
  const decide = async (headers: Record<string, string>) =>
    (
      await ask(`/api/datasets/${id}/decisions`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ case: 'case-0', decision: 'drop' }),
      })
    ).status;
  expect(await decide({})).toBe(403);
  expect(await decide({ origin: 'http://localhost:4321' })).toBe(403);
  expect(await decide({ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' })).toBe(403);
  expect(await decide({ origin: ORIGIN, 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await decide({ origin: ORIGIN })).toBe(200);
});

test('every answer keeps others out and is not kept, refusals too', async () => {
  const { ask, app } = viewer();
  const answers = [
    await ask('/'),
    await ask('/api/project'),
    await ask('/api/nothing'),
    await app.request('/', { headers: { host: HOST } }),
  ];
  for (const { headers } of answers) {
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toMatch(/no-store|no-cache/);
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'self'");
    expect(policy).not.toMatch(/https?:|\*|'unsafe-eval'/);
  }
});
