/**
 * The exported page with the bundled generator, as it is given away: its size, its threads on any file server, the bone of
 * Node in three formats, and a phone.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { NodeIO } from '@gltf-transform/core';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { meshVolume } from '../../src/mesh/mesh.ts';
import { readMesh } from '../../src/mesh/readMesh.ts';
import { Generator } from '../../src/sampling/generator.ts';
import { readVolume } from '../../src/volume/io/index.ts';
import { complaints, inChromium } from './chromium.ts';
import { exportedSite, generate, made, ready } from './siteHarness.ts';

/** The whole site, with the bundled generator. */
const MOST_BYTES = 40e6;
/** Where pictures of the page go, to be looked at. */
const PICTURES = process.env.SITE_PICTURES;

inChromium('the exported page with the bundled generator', () => {
  const { at, download, generator, plain, plainVisitor, site, visitor } = exportedSite('bundled');

  test('its size', () => {
    const { files, bytes } = site();
    const sizes = files.map(({ path }) => statSync(at('site', path)).size);
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(bytes);
    expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
  });

  test('threads on any file server, and the bone of Node in three formats', async () => {
    const page = await visitor();
    const bad = complaints(page, new URL(plain()).origin);
    await page.goto(plain('#seed=7&index=2&steps=2&solver=heun&guidance=1.5&class=6'));
    await ready(page);
    expect(
      await page.evaluate(() => [crossOriginIsolated, navigator.serviceWorker.controller !== null]),
    ).toEqual([true, true]);
    await page.getByText(/Ready, on the processor, \d+ threads/).waitFor();
    expect(await page.getByText('PHANTOM', { exact: true }).count()).toBe(1);
    expect(await page.getByText('Research use only. Not a medical device.').count()).toBe(1);
    await generate(page);
    await made(page);
    const node = await Generator.create(generator(), { threads: 2 });
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
});

/** Pictures of the page, light and dark, to be looked at. */
async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  for (const colorScheme of PICTURES ? (['dark', 'light'] as const) : []) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(PICTURES!, `${name}-${colorScheme}.png`), fullPage });
  }
}
