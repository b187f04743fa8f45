/**
 * The exported page's service worker: threads by it, the page without a network, newer exports and those beside it, and a
 * browser or a server that leaves it out.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { inChromium } from './chromium.ts';
import { BASE, exportedSite, generate, kept, made, ready } from './siteHarness.ts';

inChromium('the service worker of the exported page', () => {
  const { at, copied, exported, isolating, plain, served, site, visitor } = exportedSite('tiny');
  beforeAll(async () => void (await exported('newer', 3)));

  test('without a network after the first visit', async () => {
    const elsewhere = await served('site');
    const page = await visitor();
    await page.goto(`${elsewhere.origin}${BASE}`);
    await kept(page);
    await elsewhere.close();
    await page.goto(`${elsewhere.origin}${BASE}#steps=1&seed=3`);
    await page.reload();
    await ready(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await generate(page);
    await made(page);
  });

  test('a newer export takes the place of the older', async () => {
    const moving = await served('site');
    const page = await visitor();
    await page.goto(`${moving.origin}${BASE}`);
    await ready(page);
    expect(await page.getByLabel('Class').inputValue()).toBe('6');
    await kept(page);
    moving.root = at('newer');
    await page.goto(`${moving.origin}${BASE}`);
    await page.reload();
    await ready(page);
    expect(await page.getByLabel('Class').inputValue()).toBe('3');
    await kept(page);
    const version = /"version":"(\w+)"/.exec(readFileSync(at('newer', 'sw.js'), 'utf8'))![1];
    const names = () =>
      page.evaluate(async () => (await caches.keys()).map((name) => name.split(' ').at(-1)));
    await expect.poll(names, { timeout: 60_000 }).toEqual([version]);
    // What was kept and did not change was not fetched again.
    expect(moving.asked.filter((path) => path.endsWith('/model.safetensors'))).toHaveLength(1);
    await moving.close();
    await page.reload();
    await ready(page);
    expect(await page.getByLabel('Class').inputValue()).toBe('3');
  });

  test('two exports of one address keep to themselves', async () => {
    const both = await served('.', { base: '/' });
    const page = await visitor();
    for (const folder of ['site', 'newer']) {
      await page.goto(`${both.origin}/${folder}/`);
      await kept(page);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      // Each has asked for the generator of its own folder.
      expect(both.asked).toContain(`/${folder}/${site().record.model.folder}/model.safetensors`);
    }
    const keptBy = await page.evaluate(async () =>
      Promise.all(
        (await caches.keys()).map(async (name) => ({
          scope: name.split(' ')[1],
          files: (await (await caches.open(name)).keys()).map(({ url }) => url),
        })),
      ),
    );
    expect(keptBy.map(({ scope }) => scope).sort()).toEqual(
      ['newer', 'site'].map((folder) => `${both.origin}/${folder}/`),
    );
    for (const { scope, files } of keptBy) {
      expect(files.length).toBe(site().record.files.length);
      expect(files.filter((file) => !file.startsWith(scope))).toEqual([]);
    }
    await both.close();
    for (const [folder, quality] of [
      ['site', '6'],
      ['newer', '3'],
    ]) {
      await page.goto(`${both.origin}/${folder}/`);
      await ready(page);
      expect(await page.getByLabel('Class').inputValue()).toBe(quality);
    }
  });

  test('an address below the page that is itself an address leads nowhere else', async () => {
    const page = await visitor();
    await page.goto(plain());
    await ready(page);
    await kept(page);
    const asked = ['data:text/html,<p>x', 'https://example.invalid/', '//example.invalid/x', '%2e%2e%2fx'];
    const statuses = await page.evaluate(
      (paths) => Promise.all(paths.map(async (path) => (await fetch(`${location.pathname}${path}`)).status)),
      asked,
    );
    expect(statuses).toEqual([404, 404, 404, 404]);
  });

  test('what an older export kept is taken over only where it is whole', async () => {
    const page = await visitor();
    await page.goto(plain('licences.md'));
    const model = `${site().record.model.folder}/model.safetensors`;
    await page.evaluate(async (file) => {
      const scope = new URL('.', location.href).href;
      const older = await caches.open(`cranioflow ${scope} of before`);
      await older.put(new URL(file, scope).href, new Response('damaged'));
    }, model);
    await page.goto(plain());
    await ready(page);
    await kept(page);
  });

  test('Shift and Reload, past the service worker: it comes back with threads, by one more load', async () => {
    const page = await visitor();
    const loads: string[] = [];
    await page.exposeFunction('noteLoad', (by: string) => loads.push(by));
    await page.addInitScript(() => {
      const { noteLoad } = globalThis as never as { noteLoad: (by: string) => void };
      noteLoad(navigator.serviceWorker.controller ? 'worker' : 'server');
    });
    await withoutPatience(page);
    await page.goto(plain());
    await kept(page);
    expect(loads).toEqual(['server', 'worker']);
    const devtools = await page.context().newCDPSession(page);
    // Of an address that was just made, a reload would be taken for the page's own.
    await expect.poll(() => page.evaluate(() => performance.now())).toBeGreaterThan(5500);
    await devtools.send('Page.reload', { ignoreCache: true });
    await expect.poll(() => loads.slice(2), { timeout: 30_000 }).toEqual(['server', 'worker']);
    await page.getByText(/Ready, on the processor, \d+ threads/).waitFor({ timeout: 60_000 });
    await kept(page);
    expect(loads).toHaveLength(4);
  });

  test('a browser that isolates no page: one more load, one thread, and that is said', async () => {
    const page = await visitor();
    const loads: string[] = [];
    page.on('domcontentloaded', () => loads.push(page.url()));
    await page.addInitScript(() =>
      Object.defineProperty(globalThis, 'crossOriginIsolated', { value: false }),
    );
    await page.goto(plain());
    await page.getByText(/not isolated from others, so one thread alone is used/).waitFor();
    await page.getByText('Ready, on the processor, 1 thread.').waitFor({ timeout: 60_000 });
    expect(loads).toHaveLength(2);
  });

  test('a service worker that cannot be installed is told, and nothing waits for it', async () => {
    const torn = copied('torn');
    const script = site().record.files.find((file) => /bone\.worker/.test(file))!;
    writeFileSync(join(torn, script), '');
    const page = await visitor();
    await withoutPatience(page);
    await page.goto(`${(await served('torn')).origin}${BASE}`);
    await page.getByText(/service worker of this page did not start: one thread alone/).waitFor();
    await page.getByText('Ready, on the processor, 1 thread.').waitFor({ timeout: 60_000 });
  });

  test('without a service worker: one thread on a plain server, which is said; all where the server isolates', async () => {
    const page = await visitor({ serviceWorkers: 'block' });
    await page.goto(plain());
    await page.getByText(/one thread alone/).waitFor();
    await page.getByText('Ready, on the processor, 1 thread.').waitFor({ timeout: 60_000 });
    await page.goto(isolating());
    await page.getByText(/Ready, on the processor, \d+ threads/).waitFor({ timeout: 60_000 });
  });
});

/** A page whose long waits never end: what it waits for must come by itself. */
async function withoutPatience(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const later = globalThis.setTimeout;
    const short = (run: () => void, ms?: number) => (ms !== undefined && ms >= 20_000 ? 0 : later(run, ms));
    globalThis.setTimeout = short as typeof setTimeout;
  });
}
