/**
 * The exported page in Chromium for a test file, as a visitor has it: below a sub-folder of a file server that knows nothing of
 * isolation. Each visitor has a browser profile of its own; where the service worker is not what is tested it is left out, and
 * the page loads once.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { type ExportedWeb, exportWeb } from '../../src/sampling/exportWeb.ts';
import type { GeneratorWeights } from '../../src/sampling/generator.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { lively, trainTinyGenerator } from '../sampling/tinyGenerator.ts';
import { builtPage } from './build.ts';
import { launch } from './chromium.ts';
import { type StaticServer, serveFolder } from './staticServer.ts';

/** Where the page lies on its server. */
export const BASE = '/of/somebody/';

/**
 * A generator exported with class 6 into the folder `site`, while the tests of the file run: the bundled one, or, where what
 * it makes is not the point, one of 16^3 that loads sooner.
 */
export function exportedSite(of: 'bundled' | 'tiny') {
  let generator: GeneratorWeights;
  let root: string;
  let site: ExportedWeb;
  /** A plain one, and one that sends the headers of isolation. */
  let server: StaticServer;
  let isolated: StaticServer;
  let browser: Browser;

  /** A path in the folder of exports. */
  const at = (...names: string[]): string => join(root, ...names);
  const exported = async (out: string, quality?: number) =>
    exportWeb({ generator, page: await builtPage('site'), out: at(out), quality });

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'cranioflow-site-'));
    if (of === 'bundled') generator = readGenerator('assets/phantom-small');
    else {
      const tiny = await trainTinyGenerator();
      generator = lively(tiny);
      tiny.remove();
    }
    site = await exported('site', 6);
    server = await serveFolder(at('site'), { base: BASE });
    isolated = await serveFolder(at('site'), { base: BASE, isolated: true });
    browser = await launch();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await isolated?.close();
    if (root) rmSync(root, { recursive: true, force: true });
  });

  /** A page of a profile that is gone when the test is over. */
  async function visitor(options: BrowserContextOptions = {}, of: Browser = browser): Promise<Page> {
    const context = await of.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    onTestFinished(() => context.close());
    return context.newPage();
  }
  const isolating = (hash = ''): string => `${isolated.origin}${BASE}${hash}`;

  return {
    generator: (): GeneratorWeights => generator,
    at,
    exported,
    visitor,
    site: (): ExportedWeb => site,
    /** The page's address on the plain server, and on the one that isolates. */
    plain: (hash = ''): string => `${server.origin}${BASE}${hash}`,
    isolating,

    /** A visitor for whom the service worker has nothing to add. */
    async plainVisitor(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
      const page = await visitor({ serviceWorkers: 'block', ...options });
      await page.goto(isolating(hash));
      await ready(page);
      return page;
    },

    /** A folder of exports, served until the test is over. */
    async served(folder: string, options: { base?: string; isolated?: boolean } = {}) {
      const serving = await serveFolder(at(folder), { base: BASE, ...options });
      onTestFinished(() => serving.close());
      return serving;
    },

    /** A copy of the page, to be harmed; its folder. */
    copied(name: string): string {
      cpSync(at('site'), at(name), { recursive: true });
      return at(name);
    },

    /** The file that a button gives away. */
    async download(page: Page, format: string): Promise<string> {
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: `Download ${format}` }).click();
      const file = await coming;
      const path = at(file.suggestedFilename());
      await file.saveAs(path);
      return path;
    },
  };
}

/** Waits until a bone can be asked for. */
export const ready = (on: Page) => on.getByRole('button', { name: 'Generate' }).waitFor({ timeout: 60_000 });
export const generate = (on: Page) => on.getByRole('button', { name: 'Generate' }).click();
/** Waits until a bone is there. */
export const made = (on: Page) => on.getByText(/^Made in/).waitFor({ timeout: 60_000 });
/** Waits until the page works without a network. */
export const kept = (on: Page) => on.getByText('Kept on this device: works').waitFor({ timeout: 60_000 });
