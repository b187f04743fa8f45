/**
 * The exported page in Chromium, as a visitor has it: below a sub-folder of a file server that knows nothing of isolation. It
 * gets its threads, makes Node's bone, gives it away in three formats, works without a network, gives way to a newer export and
 * says in a visitor's words what is wrong. Each test is a visitor with a browser profile of its own; where the service worker is
 * not what is tested it is left out, and the page loads once.
 */

import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeIO } from '@gltf-transform/core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { meshVolume } from '../../src/mesh/mesh.ts';
import { readMesh } from '../../src/mesh/readMesh.ts';
import { type ExportedWeb, exportWeb } from '../../src/sampling/exportWeb.ts';
import { Generator } from '../../src/sampling/generator.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { readVolume } from '../../src/volume/io/index.ts';
import { builtPage } from './build.ts';
import { complaints, inChromium, launch } from './chromium.ts';
import { type StaticServer, serveFolder } from './staticServer.ts';

const BASE = '/of/somebody/';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** The whole site, with the bundled generator. */
const MOST_BYTES = 40e6;
/** Where pictures of the page go, to be looked at. */
const PICTURES = process.env.SITE_PICTURES;

inChromium('the exported page', () => {
  let root: string;
  let site: ExportedWeb;
  /** A plain one, and one that sends the headers of isolation. */
  let server: StaticServer;
  let isolated: StaticServer;
  let browser: Browser;
  const generator = readGenerator('assets/phantom-small');

  const exported = async (out: string, quality?: number) =>
    exportWeb({ generator, page: await builtPage('site'), out: join(root, out), quality });
  const ready = (on: Page) => on.getByRole('button', { name: 'Generate' }).waitFor({ timeout: 60_000 });
  const made = (on: Page) => on.getByText(/^Made in/).waitFor({ timeout: 60_000 });
  const kept = (on: Page) => on.getByText('Kept on this device: works').waitFor({ timeout: 60_000 });

  /** A page of a profile that is gone when the test is over. */
  async function visitor(options: BrowserContextOptions = {}, of: Browser = browser): Promise<Page> {
    const context = await of.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    onTestFinished(() => context.close());
    return context.newPage();
  }
  /** A visitor for whom the service worker has nothing to add. */
  async function plainVisitor(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await visitor({ serviceWorkers: 'block', ...options });
    await page.goto(`${isolated.origin}${BASE}${hash}`);
    await ready(page);
    return page;
  }
  async function served(folder: string, options: { base?: string; isolated?: boolean } = {}) {
    const serving = await serveFolder(join(root, folder), { base: BASE, ...options });
    onTestFinished(() => serving.close());
    return serving;
  }
  async function download(page: Page, format: string): Promise<string> {
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: `Download ${format}` }).click();
    const file = await coming;
    const path = join(root, file.suggestedFilename());
    await file.saveAs(path);
    return path;
  }
  const generate = (page: Page) => page.getByRole('button', { name: 'Generate' }).click();
  const alert = async (page: Page): Promise<string> => {
    await page.getByRole('alert').waitFor({ timeout: 60_000 });
    return (await page.getByRole('alert').textContent())!;
  };

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'cranioflow-site-'));
    site = await exported('site', 6);
    await exported('newer', 3);
    server = await serveFolder(join(root, 'site'), { base: BASE });
    isolated = await serveFolder(join(root, 'site'), { base: BASE, isolated: true });
    browser = await launch();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await isolated?.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('its size', () => {
    const sizes = site.files.map(({ path }) => statSync(join(root, 'site', path)).size);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(site.bytes);
    expect(site.bytes).toBeLessThanOrEqual(MOST_BYTES);
  });

  test('threads on any file server, and the bone of Node in three formats', async () => {
    const page = await visitor();
    const bad = complaints(page, server.origin);
    await page.goto(`${server.origin}${BASE}#seed=7&index=2&steps=2&solver=heun&guidance=1.5&class=6`);
    await ready(page);
    expect(
      await page.evaluate(() => [crossOriginIsolated, navigator.serviceWorker.controller !== null]),
    ).toEqual([true, true]);
    await page.getByText(/Ready, on the processor, \d+ threads/).waitFor();
    expect(await page.getByText('PHANTOM', { exact: true }).count()).toBe(1);
    expect(await page.getByText('Research use only. Not a medical device.').count()).toBe(1);
    await generate(page);
    await made(page);
    const node = await Generator.create(generator, { threads: 2 });
    const mask = await node.sample({
      seed: 7,
      index: 2,
      steps: 2,
      solver: 'heun',
      guidance: 1.5,
      quality: 6,
    });
    await node.release();
    const nrrd = await readVolume(await download(page, 'NRRD'));
    expect(nrrd.size).toEqual(mask.size);
    expect(nrrd.spacing).toEqual(mask.spacing);
    expect(nrrd.origin).toEqual(mask.origin);
    let [both, all, voxels] = [0, 0, 0];
    mask.data.forEach((v, i) => {
      both += v & nrrd.data[i];
      all += v + nrrd.data[i];
      voxels += v;
    });
    expect(voxels).toBeGreaterThan(1000);
    expect((2 * both) / all).toBeGreaterThanOrEqual(0.99);
    // Surfaces are made around the volume of the voxels.
    const mesh = readMesh(await download(page, 'STL'));
    const volume = voxels * mask.spacing[0] ** 3;
    expect(Math.abs(meshVolume(mesh) / volume - 1)).toBeLessThan(0.05);
    const glb = await new NodeIO().read(await download(page, 'GLB'));
    const triangles = glb.getRoot().listMeshes()[0].listPrimitives()[0].getIndices()!.getCount() / 3;
    expect(triangles).toBe(mesh.indices.length / 3);
    expect(bad).toEqual([]);
  });

  test('the way from noise is kept, and what is shown is what is downloaded', async () => {
    const page = await plainVisitor('#seed=7&index=4&steps=2');
    await generate(page);
    await made(page);
    const slider = page.getByRole('slider', { name: /Noise to bone/ });
    expect(await slider.getAttribute('max')).toBe('2');
    await slider.focus();
    await page.keyboard.press('Home');
    await page.getByText('step 0, t = 0.00').waitFor();
    const noise = await download(page, 'NRRD');
    expect(noise).toMatch(/skull-s7-00004-step000\.nrrd$/);
    await page.keyboard.press('Tab');
    await slider.focus();
    await page.keyboard.press('End');
    await page.getByText('step 2, t = 1.00').waitFor();
    const bone = await download(page, 'NRRD');
    expect(bone).toMatch(/skull-s7-00004\.nrrd$/);
    const [there, here] = [await readVolume(noise), await readVolume(bone)];
    expect(there.data.some((v, i) => v !== here.data[i])).toBe(true);
  });

  test('settings are in the address; those of a link that cannot be are told, and what was taken', async () => {
    const page = await plainVisitor('#index=2&steps=2');
    await page.getByLabel('Seed', { exact: true }).fill('12');
    await page.getByLabel('Solver').selectOption('euler');
    expect(page.url()).toContain('#seed=12&index=2&class=6&steps=2&solver=euler&guidance=1.5');
    await page.goto(`${isolated.origin}${BASE}#seed=x&class=9&steps=3&unknown=1&index=0x10&device=quantum`);
    await page.getByText(/This link asks for/).waitFor();
    expect(await page.getByRole('listitem').allTextContents()).toEqual([
      'seed=x (expected a whole number from 0 to 9007199254740991, in decimals): 1 was taken',
      'class=9 (expected one of any, 2, 3, 4, 5, 6): 6 was taken',
      expect.stringMatching(/^unknown=1 \(no such setting; expected one of seed, index, class, steps, /),
      'index=0x10 (expected a whole number from 0 to 1000000000, in decimals): 0 was taken',
      'device=quantum (expected one of auto, gpu, cpu): auto was taken',
    ]);
    expect(await page.getByLabel('Steps').inputValue()).toBe('3');
    expect(await page.getByLabel('Index').inputValue()).toBe('0');
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('1');
    expect(await page.getByLabel('Computed on').inputValue()).toBe('auto');
  });

  test('by keys alone: Enter generates, Escape cancels, and it goes on', async () => {
    const page = await plainVisitor('#seed=5&steps=1000&show=none');
    const bad = complaints(page, isolated.origin);
    await page.getByLabel('Seed', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText(/Step [1-9]\d* of 1000/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Stopped.').waitFor();
    await page.getByLabel('Steps').fill('1');
    await page.keyboard.press('Enter');
    await made(page);
    expect(bad).toEqual([]);
  });

  test('a worker that heeds no cancel is dropped; that the networks are compiled anew is told', async () => {
    const page = await visitor({ serviceWorkers: 'block' });
    await page.addInitScript(() => {
      const post = Worker.prototype.postMessage as (this: Worker, message: { kind?: string }) => void;
      Worker.prototype.postMessage = function (this: Worker, message: { kind?: string }) {
        if (message.kind !== 'cancel') post.call(this, message);
      };
    });
    await page.goto(`${isolated.origin}${BASE}#steps=1000&show=none`);
    await ready(page);
    await generate(page);
    await page.getByText(/Step [1-9]\d* of 1000/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Stopped.').waitFor();
    await page.getByLabel('Steps').fill('1');
    // Every word that the status says from here on.
    await page.evaluate(() => {
      const said: string[] = [];
      Object.assign(globalThis, { said });
      new MutationObserver(() => said.push(document.querySelector('.status')?.textContent ?? '')).observe(
        document.body,
        { subtree: true, childList: true, characterData: true },
      );
    });
    await generate(page);
    await made(page);
    const said = await page.evaluate(() => (globalThis as never as { said: string[] }).said);
    const compiling = said.indexOf('Compiling the networks …');
    expect(compiling).toBeGreaterThanOrEqual(0);
    expect(said.slice(0, compiling).filter((text) => /^Step/.test(text))).toEqual([]);
    expect(said.slice(compiling).some((text) => /^Step/.test(text))).toBe(true);
  });

  test.each(['light', 'dark'] as const)('no serious fault of accessibility, %s', async (colorScheme) => {
    const page = await plainVisitor('#seed=x', { colorScheme });
    await page.getByText('Card of the generator').click();
    await page.getByText(/SHA-256 of the weights/).waitFor();
    // Its own policy lets no other script into the page.
    await page.evaluate(readFileSync(AXE, 'utf8'));
    const faults = await page.evaluate(async () => {
      const { violations } = await (
        globalThis as never as { axe: { run(): Promise<{ violations: Violation[] }> } }
      ).axe.run();
      type Violation = { id: string; impact: string; nodes: { html: string }[] };
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
    });
    expect(faults).toEqual([]);
  });

  test('on a phone: nothing beside the screen, and the picture in sight', async () => {
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    const page = await plainVisitor('#seed=7&steps=2', phone);
    const beside = () =>
      page.evaluate(() => {
        const width = document.documentElement.clientWidth;
        return [...document.querySelectorAll('body *')]
          .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > width + 1)
          .map((e) => e.outerHTML.slice(0, 80));
      });
    await picture(page, 'phone-ready');
    expect(await beside()).toEqual([]);
    await page.getByRole('button', { name: 'Generate' }).tap();
    await made(page);
    // The picture and what stops it are in sight, and nothing lies over anything.
    const boxes = await page.evaluate(() =>
      ['.stage', '.go', '.status', '.way > span:first-child', '.way > input', '.way > .number'].map(
        (what) => {
          const { top, bottom, left, right } = document.querySelector(what)!.getBoundingClientRect();
          return { what, top, bottom, left, right };
        },
      ),
    );
    for (const { what, top, bottom } of boxes) {
      expect(top, what).toBeGreaterThan(-1);
      expect(bottom, what).toBeLessThan(845);
    }
    for (const a of boxes)
      for (const b of boxes)
        if (a !== b)
          expect(
            a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top,
            `${a.what} beside ${b.what}`,
          ).toBe(true);
    await picture(page, 'phone-sight', false);
    await picture(page, 'phone-made');
    expect(await beside()).toEqual([]);
    await page.getByRole('button', { name: 'Slices' }).tap();
    await page.getByRole('slider', { name: 'axial slice' }).waitFor();
    await picture(page, 'phone-slices');
    expect(await beside()).toEqual([]);
    await page.getByText('Card of the generator').tap();
    await page.getByText(/SHA-256 of the weights/).waitFor();
    expect(await beside()).toEqual([]);
  });

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
    moving.root = join(root, 'newer');
    await page.goto(`${moving.origin}${BASE}`);
    await page.reload();
    await ready(page);
    expect(await page.getByLabel('Class').inputValue()).toBe('3');
    await kept(page);
    const version = /"version":"(\w+)"/.exec(readFileSync(join(root, 'newer', 'sw.js'), 'utf8'))![1];
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
      expect(both.asked).toContain(`/${folder}/${site.record.model.folder}/model.safetensors`);
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
      expect(files.length).toBe(site.record.files.length);
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
    await page.goto(`${server.origin}${BASE}`);
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
    await page.goto(`${server.origin}${BASE}licences.md`);
    const model = `${site.record.model.folder}/model.safetensors`;
    await page.evaluate(async (file) => {
      const scope = new URL('.', location.href).href;
      const older = await caches.open(`cranioflow ${scope} of before`);
      await older.put(new URL(file, scope).href, new Response('damaged'));
    }, model);
    await page.goto(`${server.origin}${BASE}`);
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
    await page.goto(`${server.origin}${BASE}`);
    await kept(page);
    expect(loads).toEqual(['server', 'worker']);
    const devtools = await page.context().newCDPSession(page);
    // Of an address that was just made, a reload would be taken for the page's own.
    await page.waitForTimeout(5000);
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
    await page.goto(`${server.origin}${BASE}`);
    await page.getByText(/not isolated from others, so one thread alone is used/).waitFor();
    await page.getByText('Ready, on the processor, 1 thread.').waitFor({ timeout: 60_000 });
    expect(loads).toHaveLength(2);
  });

  test('a service worker that cannot be installed is told, and nothing waits for it', async () => {
    cpSync(join(root, 'site'), join(root, 'torn'), { recursive: true });
    const script = site.record.files.find((file) => /bone\.worker/.test(file))!;
    writeFileSync(join(root, 'torn', script), '');
    const page = await visitor();
    await withoutPatience(page);
    await page.goto(`${(await served('torn')).origin}${BASE}`);
    await page.getByText(/service worker of this page did not start: one thread alone/).waitFor();
    await page.getByText('Ready, on the processor, 1 thread.').waitFor({ timeout: 60_000 });
  });

  test('a damaged generator: which file, in words for a visitor; once it is mended, a reload is enough', async () => {
    const broken = join(root, 'broken');
    cpSync(join(root, 'site'), broken, { recursive: true });
    const path = join(broken, site.record.model.folder, 'autoencoder.safetensors');
    const whole = readFileSync(path);
    const altered = Buffer.from(whole);
    altered[altered.length - 7] ^= 1;
    writeFileSync(path, altered);
    const page = await visitor();
    await page.goto(`${(await served('broken')).origin}${BASE}`);
    const said = await alert(page);
    const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex').slice(0, 12);
    expect(said).toContain(`autoencoder.safetensors is damaged: SHA-256 ${sum(altered)}`);
    expect(said).toContain(`Expected: SHA-256 ${sum(whole)}`);
    expect(said).toMatch(/reload the page; if it stays, tell whoever runs it/);
    expect(await page.getByRole('button', { name: 'Generate' }).count()).toBe(0);
    writeFileSync(path, whole);
    await page.reload();
    await ready(page);
    await kept(page);
  });

  test.each([
    ['cut short', (path: string) => truncateSync(path, 1_000_000), /model\.safetensors is damaged/],
    ['missing', (path: string) => rmSync(path), /model\.safetensors cannot be fetched \(404\)/],
  ])('a generator that is %s', async (what, harm, expected) => {
    cpSync(join(root, 'site'), join(root, what), { recursive: true });
    harm(join(root, what, site.record.model.folder, 'model.safetensors'));
    const page = await visitor({ serviceWorkers: 'block' });
    await page.goto(`${(await served(what, { isolated: true })).origin}${BASE}`);
    const said = await alert(page);
    expect(said).toMatch(expected);
    expect(said).toMatch(/tell whoever runs/);
    expect(said).not.toMatch(/checkpoint/);
  });

  test('a GPU build that does not start: the fault, and the processor at a click', async (context) => {
    const withGpu = await launch(['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']);
    onTestFinished(() => withGpu.close());
    const page = await visitor({ serviceWorkers: 'block' }, withGpu);
    await page.route(/asyncify.*\.bin$/, (route) => route.fulfill({ status: 404 }));
    await page.goto(`${isolated.origin}${BASE}#device=gpu&seed=11&steps=1`);
    const either = page.getByRole('alert').or(page.getByRole('button', { name: 'Generate' }));
    await either.waitFor({ timeout: 60_000 });
    if ((await page.getByText(/finds no GPU|has no WebGPU/).count()) > 0)
      return context.skip('this Chromium has no WebGPU');
    expect(await alert(page)).toMatch(/the GPU cannot be used: .*asyncify.*\.bin cannot be fetched \(404\)/);
    expect(await page.getByRole('button', { name: 'Generate' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Use the processor' }).click();
    await page.getByText(/^Ready, on the processor/).waitFor({ timeout: 60_000 });
    expect(await page.getByRole('alert').count()).toBe(0);
    expect(await page.getByLabel('Computed on').inputValue()).toBe('cpu');
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('11');
    expect(new URL(page.url()).hash).toContain('device=cpu');
    await generate(page);
    await made(page);
  });

  test('without a service worker: one thread on a plain server, which is said; all where the server isolates', async () => {
    const page = await visitor({ serviceWorkers: 'block' });
    await page.goto(`${server.origin}${BASE}`);
    await page.getByText(/one thread alone/).waitFor();
    await page.getByText('Ready, on the processor, 1 thread.').waitFor({ timeout: 60_000 });
    await page.goto(`${isolated.origin}${BASE}`);
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

/** Pictures of the page, light and dark, to be looked at. */
async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  for (const colorScheme of PICTURES ? (['dark', 'light'] as const) : []) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(PICTURES!, `${name}-${colorScheme}.png`), fullPage });
  }
}
