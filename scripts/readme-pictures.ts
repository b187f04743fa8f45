/// <reference lib="dom" />
/**
 * The README's pictures, taken from the viewer and the page of generation as they are: makes a project of phantoms, opens both
 * pages in a headless Chromium, and writes docs/pictures/*.jpg.
 *
 *   npm run build && npx tsx scripts/readme-pictures.ts [PROJECT]
 *
 * Needs Chromium (Debian: apt-get install chromium). PROJECT, default a temporary folder, is kept and used again where given.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { serveFolder } from '../test/web/staticServer.ts';

const OUT = 'docs/pictures';
const CLI = resolve('dist/cli/main.js');
const given = process.argv[2];
const project = given === undefined ? mkdtempSync(join(tmpdir(), 'cranioflow-pictures-')) : resolve(given);
const at = (name: string): string => join(project, name);

/** Beside the project, so that the viewer does not list it. */
const SITE = `${project}-site`;

const cranioflow = (...words: string[]): void =>
  void execFileSync(process.execPath, [CLI, ...words, '--quiet'], { stdio: 'inherit' });

const TRAINING = ['--data', at('phantoms-32'), '--preset', 'tiny', '--threads', '1', '--no-report'];

function makeProject(): void {
  if (existsSync(SITE)) return;
  cranioflow('phantom', '--out', at('phantoms'), '--count', '24', '--grid', '64', '--seed', '1');
  cranioflow('generate', '--count', '12', '--seed', '7', '--out', at('generated'));
  cranioflow('phantom', '--out', at('phantoms-32'), '--count', '40', '--grid', '32', '--seed', '2');
  cranioflow('train', 'autoencoder', ...TRAINING, '--out', at('runs/autoencoder'), '--set', 'steps=60');
  cranioflow('export', 'web', '--out', SITE);
}

/** The address that `cranioflow view` prints. */
async function view(): Promise<{ url: string; server: ChildProcess }> {
  const server = spawn(process.execPath, [CLI, 'view', project, '--no-open'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((done) => server.stdout.once('data', (d) => done(String(d).trim())));
  return { url, server };
}

async function take(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(OUT, `${name}.jpg`), type: 'jpeg', quality: 84 });
  process.stderr.write(`${join(OUT, `${name}.jpg`)}\n`);
}

const visit = (page: Page, name: string): Promise<void> =>
  page.getByRole('navigation').getByRole('link', { name, exact: true }).click();

/** Every picture of the page has come. */
const pictures = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0));

async function viewer(page: Page): Promise<void> {
  const { url, server } = await view();
  const words = ['train', 'generator', ...TRAINING, '--autoencoder', at('runs/autoencoder')];
  const out = at('runs/generator');
  rmSync(out, { recursive: true, force: true });
  const training = spawn(process.execPath, [CLI, ...words, '--objective', 'otfm', '--out', out, '--quiet']);
  try {
    await page.goto(url);
    await visit(page, 'phantoms');
    await pictures(page);
    await take(page, 'gallery');
    await page.goto(url.replace(/\/\?.*/, '/#/compare'));
    await page.getByLabel('First: dataset').selectOption({ label: 'generated' });
    await page.getByLabel('Second: dataset').selectOption({ label: 'phantoms' });
    await page.getByText(/mean \d/).waitFor({ timeout: 120_000 });
    await take(page, 'compare');
    await page.getByRole('button', { name: 'Look again' }).click();
    await page
      .getByRole('navigation')
      .getByRole('link', { name: /running/ })
      .click();
    await page.waitForFunction(() => /step \d{3} of/.test(document.body.textContent ?? ''), undefined, {
      timeout: 300_000,
    });
    await take(page, 'training');
  } finally {
    training.kill('SIGINT');
    server.kill('SIGINT');
    await new Promise((done) => training.once('exit', done));
    rmSync(out, { recursive: true, force: true });
  }
}

async function site(page: Page): Promise<void> {
  const { origin, close } = await serveFolder(SITE, { isolated: true });
  await page.goto(`${origin}/`);
  await page.getByRole('button', { name: 'Generate' }).click({ timeout: 120_000 });
  await page.getByText(/Made in/).waitFor({ timeout: 300_000 });
  await take(page, 'browser');
  await close();
}

makeProject();
mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
await viewer(page);
await site(page);
await browser.close();
if (given === undefined)
  for (const folder of [project, SITE]) rmSync(folder, { recursive: true, force: true });
