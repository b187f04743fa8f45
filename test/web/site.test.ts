/**
 * The exported page in Chromium, as a visitor has it: below a sub-folder of a file server that knows nothing of isolation. It
 * gets its threads, makes Node's bone, gives it away in three formats, works without a network and gives way to a newer export.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeIO } from '@gltf-transform/core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

inChromium('the exported page', () => {
  let root: string;
  let site: ExportedWeb;
  let server: StaticServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let bad: string[];
  const generator = readGenerator('assets/phantom-small');

  const exported = async (out: string, quality?: number) =>
    exportWeb({ generator, page: await builtPage('site'), out: join(root, out), quality });
  const ready = (on: Page) => on.getByRole('button', { name: 'Generate' }).waitFor({ timeout: 60_000 });
  const made = (on: Page) => on.getByText(/^Made in/).waitFor({ timeout: 60_000 });
  const visit = async (on: Page, hash = '', to = server.origin) => {
    await on.goto(`${to}${BASE}${hash}`);
    await ready(on);
  };
  const download = async (format: string): Promise<string> => {
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: `Download ${format}` }).click();
    const file = await coming;
    const path = join(root, file.suggestedFilename());
    await file.saveAs(path);
    return path;
  };

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'cranioflow-site-'));
    site = await exported('site', 6);
    server = await serveFolder(join(root, 'site'), { base: BASE });
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
    page = await context.newPage();
    bad = complaints(page, server.origin);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('its size', () => {
    const sizes = site.files.map(({ path }) => statSync(join(root, 'site', path)).size);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(site.bytes);
    expect(site.bytes).toBeLessThanOrEqual(MOST_BYTES);
  });

  test('threads on any file server, and the bone of Node in three formats', async () => {
    await visit(page, '#seed=7&index=2&steps=2&solver=heun&guidance=1.5&class=6');
    expect(
      await page.evaluate(() => [crossOriginIsolated, navigator.serviceWorker.controller !== null]),
    ).toEqual([true, true]);
    await page.getByText(/Ready, on the processor, \d+ threads/).waitFor();
    expect(await page.getByText('PHANTOM', { exact: true }).count()).toBe(1);
    expect(await page.getByText('Research use only. Not a medical device.').count()).toBe(1);
    await page.getByRole('button', { name: 'Generate' }).click();
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
    const nrrd = await readVolume(await download('NRRD'));
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
    const mesh = readMesh(await download('STL'));
    const volume = voxels * mask.spacing[0] ** 3;
    expect(Math.abs(meshVolume(mesh) / volume - 1)).toBeLessThan(0.05);
    const glb = await new NodeIO().read(await download('GLB'));
    const triangles = glb.getRoot().listMeshes()[0].listPrimitives()[0].getIndices()!.getCount() / 3;
    expect(triangles).toBe(mesh.indices.length / 3);
    expect(bad).toEqual([]);
  });

  test('the way from noise is kept, and what is shown is what is downloaded', async () => {
    const slider = page.getByRole('slider', { name: /Noise to bone/ });
    expect(await slider.getAttribute('max')).toBe('2');
    await slider.focus();
    await page.keyboard.press('Home');
    await page.getByText('step 0, t = 0.00').waitFor();
    const noise = await readVolume(await download('NRRD'));
    await page.keyboard.press('Tab');
    await slider.focus();
    await page.keyboard.press('End');
    await page.getByText('step 2, t = 1.00').waitFor();
    const bone = await readVolume(join(root, 'skull-s7-00002.nrrd'));
    expect(noise.data.some((v, i) => v !== bone.data[i])).toBe(true);
  });

  test('settings are in the address; those of a link that cannot be are told', async () => {
    await visit(page, '#index=2&steps=2');
    await page.getByLabel('Seed', { exact: true }).fill('12');
    await page.getByLabel('Solver').selectOption('euler');
    expect(page.url()).toContain('#seed=12&index=2&class=6&steps=2&solver=euler&guidance=1.5');
    await page.goto(`${server.origin}${BASE}#seed=x&class=9&steps=3&unknown=1`);
    await page.getByText(/This link asks for/).waitFor();
    expect(await page.getByText(/This link asks for/).textContent()).toMatch(/seed x, class 9, unknown/);
    expect(await page.getByLabel('Steps').inputValue()).toBe('3');
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('1');
  });

  test('by keys alone: Enter generates, Escape cancels, and it goes on', async () => {
    await visit(page, '#seed=5&steps=1000&show=none');
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

  test.each(['light', 'dark'] as const)('no serious fault of accessibility, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
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
    await page.getByText('Card of the generator').click();
  });

  test('without a network after the first visit', async () => {
    const elsewhere = await serveFolder(join(root, 'site'), { base: BASE });
    const visitor = await browser.newContext();
    const tab = await visitor.newPage();
    await visit(tab, '', elsewhere.origin);
    await tab.getByText('Kept on this device: works without a network.').waitFor({ timeout: 60_000 });
    await elsewhere.close();
    await tab.goto(`${elsewhere.origin}${BASE}#steps=1&seed=3`);
    await tab.reload();
    await ready(tab);
    expect(await tab.evaluate(() => crossOriginIsolated)).toBe(true);
    await tab.getByRole('button', { name: 'Generate' }).click();
    await made(tab);
    await visitor.close();
  });

  test('a newer export takes the place of the older', async () => {
    const moving = await serveFolder(join(root, 'site'), { base: BASE });
    const visitor = await browser.newContext();
    const tab = await visitor.newPage();
    await visit(tab, '', moving.origin);
    expect(await tab.getByLabel('Class').inputValue()).toBe('6');
    await tab.getByText('Kept on this device').waitFor({ timeout: 60_000 });
    moving.root = (await exported('newer', 3)) && join(root, 'newer');
    await tab.goto(`${moving.origin}${BASE}`);
    await tab.reload();
    await ready(tab);
    expect(await tab.getByLabel('Class').inputValue()).toBe('3');
    await tab.getByText('Kept on this device').waitFor({ timeout: 60_000 });
    const version = /"version":"(\w+)"/.exec(readFileSync(join(root, 'newer', 'sw.js'), 'utf8'))![1];
    const names = () => tab.evaluate(async () => (await caches.keys()).map((name) => name.split(' ').at(-1)));
    await expect.poll(names, { timeout: 60_000 }).toEqual([version]);
    // What was kept and did not change was not fetched again.
    expect(moving.asked.filter((path) => path.endsWith('/model.safetensors'))).toHaveLength(1);
    await moving.close();
    await tab.reload();
    await ready(tab);
    expect(await tab.getByLabel('Class').inputValue()).toBe('3');
    await visitor.close();
  });

  test('damaged and missing weights are refused in words', async () => {
    const broken = join(root, 'broken');
    cpSync(join(root, 'site'), broken, { recursive: true });
    const weights = join(broken, site.record.model.folder, 'autoencoder.safetensors');
    const bytes = readFileSync(weights);
    bytes[bytes.length - 7] ^= 1;
    writeFileSync(weights, bytes);
    const serving = await serveFolder(broken, { base: BASE });
    const visitor = await browser.newContext();
    const tab = await visitor.newPage();
    await tab.goto(`${serving.origin}${BASE}`);
    await tab.getByRole('alert').waitFor({ timeout: 60_000 });
    expect(await tab.getByRole('alert').textContent()).toMatch(
      /autoencoder\.safetensors is not the autoencoder that model\.safetensors was trained with/,
    );
    expect(await tab.getByRole('button', { name: 'Generate' }).count()).toBe(0);
    await visitor.close();
    rmSync(weights);
    const another = await browser.newContext();
    const second = await another.newPage();
    await second.goto(`${serving.origin}${BASE}`);
    await second.getByText(/autoencoder\.safetensors cannot be fetched/).waitFor({ timeout: 60_000 });
    await another.close();
    await serving.close();
  });

  test('without a service worker: one thread on a plain server, which is said; all where the server isolates', async () => {
    const isolated = await serveFolder(join(root, 'site'), { base: BASE, isolated: true });
    const visitor = await browser.newContext({ serviceWorkers: 'block' });
    const tab = await visitor.newPage();
    await visit(tab);
    await tab.getByText(/one thread alone/).waitFor();
    await tab.getByText('Ready, on the processor, 1 thread.').waitFor();
    await visit(tab, '', isolated.origin);
    await tab.getByText(/Ready, on the processor, \d+ threads/).waitFor();
    await isolated.close();
    await visitor.close();
  });
});
