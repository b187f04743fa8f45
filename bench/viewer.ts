/// <reference lib="dom" />
/**
 * `npm run bench:viewer`: how soon the viewer shows something, on a dataset of phantoms of 64^3; server and browser are new in
 * every round. Headless Chromium, WebGL in software.
 *
 *   address         from the command to the address on stdout (aim 2 s)
 *   first picture   from opening the address to the first bone of the list (aim 3 s)
 *   gallery         from a click on the dataset to every picture in sight
 *   one bone        from a click on a picture to its surface on the screen
 *
 * The middle of the rounds; no peer. Needs `npm run build`. Flags: `--rounds 5`, `--cases 200`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { launch } from '../test/web/chromium.ts';
import { drawn, frame } from '../test/web/drawn.ts';
import { line } from './line.ts';

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, cases: { type: 'string', default: '200' } },
});
const CLI = resolve('dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'cranioflow-bench-'));
const words = ['--out', join(folder, 'bones'), '--count', flags.cases, '--grid', '64', '--quiet'];
execFileSync(process.execPath, [CLI, 'phantom', ...words], { stdio: 'inherit' });

const since = (start: number): number => (performance.now() - start) / 1000;

/** Every picture in sight has come, and there is one. */
const pictures = (page: Page) =>
  page.waitForFunction(() => {
    const seen = [...document.querySelectorAll('main img')].filter(
      (image) => image.getBoundingClientRect().top < innerHeight,
    ) as HTMLImageElement[];
    return seen.length > 0 && seen.every((image) => image.complete && image.naturalWidth > 0);
  });

/** A bone is in the three-dimensional picture. */
async function surface(page: Page): Promise<void> {
  while ((await drawn(page)) < 0.02) await frame(page);
}

async function round(): Promise<Record<string, number>> {
  const begun = performance.now();
  const server = spawn(process.execPath, [CLI, 'view', folder, '--no-open'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((done) => server.once('exit', () => done()));
  const url = await Promise.race([
    new Promise<string>((done) => server.stdout.once('data', (d) => done(String(d).trim()))),
    ended.then(() => Promise.reject(new Error('the viewer ended before it gave its address'))),
  ]);
  const address = since(begun);
  const browser = await launch(['--use-angle=swiftshader', '--enable-unsafe-swiftshader']).catch((error) => {
    server.kill('SIGINT');
    throw error;
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    let start = performance.now();
    await page.goto(url);
    await pictures(page);
    const first = since(start);
    start = performance.now();
    await page.getByRole('navigation').getByRole('link', { name: 'bones', exact: true }).click();
    await page.locator('main .card').first().waitFor();
    await pictures(page);
    const gallery = since(start);
    start = performance.now();
    await page.locator('main .card img').first().click();
    await surface(page);
    return { address, 'first picture': first, gallery, 'one bone': since(start) };
  } finally {
    await browser.close();
    server.kill('SIGINT');
    await ended;
  }
}

try {
  const rounds: Record<string, number>[] = [];
  for (let r = 0; r < Number(flags.rounds); r++) rounds.push(await round());
  for (const name of Object.keys(rounds[0])) {
    const sorted = rounds.map((r) => r[name]).sort((a, b) => a - b);
    console.log(line({ name, ours: sorted[sorted.length >> 1], unit: 's' }));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
