/** The viewer in a real browser for a test file: one server over one folder, and what its tests do with a page of it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { type Served, serveViewer } from '../../src/server/serve.ts';
import { seriousFaults } from './axe.ts';
import { builtPage } from './build.ts';
import { complaints, launch } from './chromium.ts';
import { drawn } from './drawn.ts';

/** Where the pictures of the pages go, to be looked at. */
const PICTURES = process.env.VIEWER_PICTURES;

/** The words that start cranioflow. */
export const CLI = [process.execPath, '--import', 'tsx', resolve('src/cli/main.ts')];

/** Serves a folder, which `fill` fills, while the tests of the file run. */
export function viewer(fill: (root: string) => void | Promise<void>) {
  let root: string;
  let browser: Browser;
  let served: Served;
  let context: BrowserContext;

  const serve = async (port?: number): Promise<Served> =>
    serveViewer({ path: root, port, cli: CLI, pages: await builtPage('viewer') });

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'cranioflow-viewed-'));
    await fill(root);
    served = await serve();
    browser = await launch(['--use-angle=swiftshader', '--enable-unsafe-swiftshader']);
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
    const first = await context.newPage();
    await first.goto(served.url);
    await first.close();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    if (root) rmSync(root, { recursive: true, force: true });
  });

  return {
    serve,
    /** A path in the folder. */
    at: (...names: string[]): string => join(root, ...names),
    /** The address of a place. */
    address: (hash = ''): string => `http://127.0.0.1:${served.port}/${hash}`,

    /** Opens a place of the viewer until the test is over; the list on the left is there when it returns. */
    async open(hash = ''): Promise<{ page: Page; wrong: string[] }> {
      const page = await context.newPage();
      onTestFinished(() => page.close());
      const wrong = complaints(page, `http://127.0.0.1:${served.port}`);
      await page.goto(`http://127.0.0.1:${served.port}/${hash}`);
      await page.getByRole('navigation').getByRole('link').first().waitFor();
      return { page, wrong };
    },

    /** A page of a browser that was never here, until the test is over. */
    async stranger(): Promise<Page> {
      const other = await browser.newContext();
      onTestFinished(() => other.close());
      return other.newPage();
    },
  };
}

/** The place that a name in the list on the left leads to. */
export async function visit(page: Page, name: string | RegExp): Promise<void> {
  await page
    .getByRole('navigation')
    .getByRole('link', { name, exact: typeof name === 'string' })
    .click();
}

/** Checks a page as it stands: nothing on the console, no fault shown, no serious fault of accessibility, nothing cut off. */
export async function check(page: Page, wrong: string[], name: string): Promise<void> {
  expect(await page.locator('.fault').count(), (await page.locator('main').textContent()) ?? '').toBe(0);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFaults(page), name).toEqual([]);
    if (PICTURES) await picture(page, `${name}-${colorScheme}`);
  }
  for (const [device, width, height] of [
    ['tablet', 820, 1180],
    ['phone', 390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    if (PICTURES) await picture(page, `${name}-${device}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, `${name} is wider than a ${device}`).toBeLessThanOrEqual(width);
    await reachable(page, name, width);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  expect(wrong).toEqual([]);
}

/** Every link of the navigation can be brought into sight, and pictures are there, whole, and large enough to see a bone. */
async function reachable(page: Page, name: string, width: number): Promise<void> {
  for (const box of await page.evaluate(() =>
    [...document.querySelectorAll('nav a, .skull-view canvas, .film, main .card img')].map((element) => {
      element.scrollIntoView({ block: 'center' });
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const what = element.closest('nav, .skull-view, .slices, .card')!.className;
      return { what, left, right, top, bottom, inSight: top < innerHeight && bottom > 0 };
    }),
  )) {
    const where = `${name}, ${width} wide: ${JSON.stringify(box)}`;
    expect(box.inSight, where).toBe(true);
    expect([box.left >= 0, box.right <= width + 0.5], where).toEqual([true, true]);
    if (box.what === 'skull-view') expect(box.right - box.left, where).toBeGreaterThan(0.4 * width);
    expect(box.bottom - box.top, where).toBeGreaterThan(20);
  }
  await page.evaluate(() => window.scrollTo(0, 0));
}

async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES!, { recursive: true });
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(PICTURES!, `${name}.png`) });
}

/** Waits until a bone is in the picture. */
export async function bone(page: Page): Promise<void> {
  await expect.poll(() => drawn(page), { timeout: 30_000 }).toBeGreaterThan(0.02);
}
