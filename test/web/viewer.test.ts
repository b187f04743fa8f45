/** The viewer in a real browser, on real output: every page, its keys, a training watched, and a server that goes away. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { holderOf } from '../../src/files/lock.ts';
import { type Served, serveViewer } from '../../src/server/serve.ts';
import { putDataset, putRun } from '../server/helpers.ts';
import { builtPage } from './build.ts';
import { complaints, inChromium, launch } from './chromium.ts';
import { makeProject, putBalls, trainWords } from './viewedProject.ts';

/** Where the pictures of the pages go, to be looked at. */
const PICTURES = process.env.VIEWER_PICTURES;

const root = mkdtempSync(join(tmpdir(), 'cranioflow-viewed-'));
let browser: Browser;
let served: Served;
let context: BrowserContext;

const CLI = [process.execPath, '--import', 'tsx', resolve('src/cli/main.ts')];

inChromium('the viewer', () => {
  beforeAll(async () => {
    const pages = await builtPage('viewer');
    await makeProject(root);
    served = await serveViewer({ path: root, cli: CLI, pages });
    browser = await launch(['--use-angle=swiftshader', '--enable-unsafe-swiftshader']);
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
    const first = await context.newPage();
    await first.goto(served.url);
    await first.close();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    rmSync(root, { recursive: true, force: true });
  });

  const origin = (): string => `http://127.0.0.1:${served.port}`;

  /** Opens a place of the viewer; the list on the left is there when it returns. */
  async function open(hash = ''): Promise<{ page: Page; wrong: string[] }> {
    const page = await context.newPage();
    const wrong = complaints(page, origin());
    await page.goto(`${origin()}/${hash}`);
    await page.getByRole('navigation').getByRole('link').first().waitFor();
    return { page, wrong };
  }

  /** The place that a name in the list on the left leads to. */
  async function visit(page: Page, name: string | RegExp): Promise<void> {
    await page
      .getByRole('navigation')
      .getByRole('link', { name, exact: typeof name === 'string' })
      .click();
  }

  /** Checks a page as it stands: nothing on the console, no fault shown, no serious fault of accessibility, nothing cut off. */
  async function check(page: Page, wrong: string[], name: string, faults = 0): Promise<void> {
    expect(await page.locator('.fault').count(), (await page.locator('main').textContent()) ?? '').toBe(
      faults,
    );
    for (const theme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: theme as 'light' });
      await axe(page, name);
      if (PICTURES) await picture(page, `${name}-${theme}`);
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

  async function axe(page: Page, name: string): Promise<void> {
    const source = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
    const found = await page.evaluate(async (code) => {
      const w = window as unknown as { axe?: { run(): Promise<{ violations: Violation[] }> } };
      if (!w.axe) new Function(code)();
      return (await w.axe!.run()).violations;
    }, source);
    const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map((v) => `${name}: ${v.id} ${v.nodes.map((n) => n.html).join(' | ')}`)).toEqual([]);
  }

  /** How many pixels of the picture are not its ground. */
  async function drawn(page: Page): Promise<number> {
    return page
      .locator('.skull-view canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => {
        const copy = document.createElement('canvas');
        [copy.width, copy.height] = [canvas.width, canvas.height];
        const pen = copy.getContext('2d')!;
        pen.drawImage(canvas, 0, 0);
        const { data } = pen.getImageData(0, 0, copy.width, copy.height);
        let count = 0;
        for (let p = 3; p < data.length; p += 4) if (data[p] > 0) count++;
        return count / (copy.width * copy.height);
      });
  }

  /** Waits until what was changed is drawn. */
  async function frame(page: Page): Promise<void> {
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
  }

  /** Waits until a bone is in the picture. */
  async function bone(page: Page): Promise<void> {
    await expect.poll(() => drawn(page), { timeout: 30_000 }).toBeGreaterThan(0.02);
  }

  test('overview: everything in the folder, with pictures', async () => {
    const { page, wrong } = await open();
    for (const name of ['data', 'phantoms', 'skulls', 'made', 'runs/ae', 'runs/gen', 'implant', 'taught'])
      await page.getByRole('main').getByText(name, { exact: true }).first().waitFor();
    await page.locator('main img').first().waitFor();
    // Pictures have no ground of their own: dark pages stay dark.
    const alphas = page
      .locator('main .card', { hasText: 'phantoms' })
      .locator('img')
      .evaluate(async (img: HTMLImageElement) => {
        await img.decode();
        const copy = document.createElement('canvas');
        [copy.width, copy.height] = [img.naturalWidth, img.naturalHeight];
        const pen = copy.getContext('2d')!;
        pen.drawImage(img, 0, 0);
        const at = (x: number, y: number) => pen.getImageData(x, y, 1, 1).data[3];
        return [at(1, 1), at(copy.width - 2, copy.height - 2), at(copy.width / 2, copy.height / 2)];
      });
    expect(await alphas).toEqual([0, 0, 255]);
    await check(page, wrong, 'overview');
    await page.close();
  });

  test('a place that is gone back to is as far down as it was left', async () => {
    const { page, wrong } = await open();
    await page.setViewportSize({ width: 820, height: 300 });
    await page.evaluate(() => window.scrollTo(0, 200));
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(200);
    await page
      .locator('main .card')
      .last()
      .evaluate((card: HTMLElement) => card.click());
    await expect.poll(() => page.evaluate(() => location.hash)).not.toBe('');
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(0);
    await page.goBack();
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(200);
    expect(wrong).toEqual([]);
    await page.close();
  });

  test('dataset: filters, one case, decisions by key, the next by arrow', async () => {
    const { page, wrong } = await open();
    await visit(page, 'data');
    await page.getByText('10 of 10').waitFor();
    await check(page, wrong, 'dataset');
    await page.getByLabel('Split').selectOption('test');
    const left = await page.locator('main .card').count();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(10);
    await page.locator('main .card').first().click();
    await page.getByText(`1 of ${left}`).waitFor();
    await page.getByRole('link', { name: 'data', exact: true }).last().click();
    expect(await page.getByLabel('Split').inputValue()).toBe('test');
    await page.getByLabel('Split').selectOption('');
    await page.locator('main .card').first().click();
    await bone(page);
    await page.keyboard.press('d');
    await page.getByText('to be dropped').waitFor();
    expect(readFileSync(join(root, 'data/decisions.csv'), 'utf8')).toContain('phantom-00000,drop');
    await page.keyboard.press('u');
    await page.getByText('Not decided').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'phantom-00001' }).waitFor();
    await check(page, wrong, 'case');
    await page.close();
  });

  test('one skull: sides, a cut, a distance in mm, slices, files', async () => {
    const { page, wrong } = await open();
    await visit(page, 'phantoms');
    await page.locator('main .card').first().click();
    await bone(page);
    const whole = await drawn(page);
    await page.getByRole('button', { name: 'Front' }).click();
    await page.getByRole('combobox', { name: /Cut/ }).selectOption('0');
    await expect.poll(() => drawn(page)).toBeLessThan(0.8 * whole);
    await page.getByRole('combobox', { name: /Cut/ }).selectOption('none');
    await page.getByRole('button', { name: 'Measure' }).click();
    const box = (await page.locator('.skull-view canvas').boundingBox())!;
    await page.mouse.click(box.x + 0.5 * box.width, box.y + 0.35 * box.height);
    await page.mouse.click(box.x + 0.5 * box.width, box.y + 0.55 * box.height);
    await expect.poll(() => page.locator('.length').textContent()).toMatch(/^\d+\.\d mm$/);
    // By keys: the middle of the picture, turned a little, is another point.
    await page.keyboard.press('Escape');
    await page.locator('.skull-view canvas').focus();
    for (const key of ['Escape', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'Enter', 'ArrowLeft', 'Enter'])
      await page.keyboard.press(key);
    await expect.poll(() => page.locator('.length').textContent()).toMatch(/^\d+\.\d mm$/);
    for (const [name, head] of [
      ['STL', ''],
      ['GLB', 'glTF'],
      ['NRRD', 'NRRD0004'],
    ]) {
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name: `Download ${name}` }).click();
      const file = readFileSync(await (await coming).path());
      expect(file.length).toBeGreaterThan(1000);
      expect(file.subarray(0, head.length).toString('latin1')).toBe(head);
    }
    await page.getByRole('button', { name: 'Slices' }).click();
    const axial = page.getByRole('slider', { name: 'axial slice' });
    await axial.focus();
    await page.keyboard.press('PageUp');
    expect(await axial.getAttribute('aria-valuenow')).toBe('34');
    await check(page, wrong, 'slices');
    // Four voxels of 3.75 mm, by keys; on another slice it is no length any more.
    await page.getByRole('button', { name: 'Measure' }).click();
    await axial.focus();
    for (const key of ['Enter', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'Enter'])
      await page.keyboard.press(key);
    await page.getByText('15.0 mm').waitFor();
    await page.keyboard.press('PageUp');
    await page.getByText('15.0 mm').waitFor({ state: 'detached' });
    // A window that is low shows them whole, not squeezed.
    await page.setViewportSize({ width: 1280, height: 400 });
    const { width, height } = (await axial.boundingBox())!;
    expect(Math.abs(width / height - 1)).toBeLessThan(0.02);
    await page.close();
  });

  test('compare: two bones under one camera, with distances in mm', async () => {
    const { page, wrong } = await open();
    await visit(page, 'Compare two');
    await page.getByLabel('First: dataset').selectOption({ label: 'phantoms' });
    await page.getByLabel('Second: dataset').selectOption({ label: 'skulls' });
    await bone(page);
    await page.getByText(/mean \d+\.\d\d mm/).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Left' }).first().click();
    await check(page, wrong, 'compare');
    // The second view, whose camera came from the first, knows where its own bone lies.
    await page.getByRole('button', { name: 'Front' }).first().click();
    await frame(page);
    const byFirst = await drawn(page);
    await page.getByRole('button', { name: 'Front' }).last().click();
    await frame(page);
    expect(Math.abs((await drawn(page)) / byFirst - 1)).toBeLessThan(0.15);
    // A bone compared with itself is nowhere away from itself.
    await page.getByLabel('Second: dataset').selectOption({ label: 'phantoms' });
    await page.getByText('mean 0.00 mm').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Slices over' }).click();
    await page.getByRole('slider').first().waitFor();
    await page.close();
  });

  test('nearest: the training cases most like a generated bone', async () => {
    const { page, wrong } = await open();
    await visit(page, 'skulls');
    await page.locator('main .card').first().click();
    await page.getByRole('link', { name: 'Nearest cases in phantoms' }).click();
    await page
      .getByText(/Dice 0\.\d{3}/)
      .first()
      .waitFor({ timeout: 30_000 });
    expect(await page.locator('main .card').count()).toBe(6);
    await check(page, wrong, 'nearest');
    await page.close();
  });

  test('from noise to bone: a run of the folder sampled in the page, the way gone back', async () => {
    const { page, wrong } = await open();
    await visit(page, 'From noise to bone');
    await page.getByLabel('Steps').fill('3');
    await page.getByRole('button', { name: 'Generate' }).click();
    await page.getByText(/Made in/).waitFor({ timeout: 60_000 });
    const way = page.getByRole('slider', { name: /noise to bone/i });
    await way.focus();
    await page.keyboard.press('Home');
    await page.getByText('t = 0.00').waitFor();
    await check(page, wrong, 'trajectory');
    await page.close();
  });

  test('results and implant', async () => {
    const { page, wrong } = await open();
    await visit(page, 'evaluation');
    await page.frameLocator('iframe').getByRole('heading').first().waitFor();
    await check(page, wrong, 'evaluation');
    await visit(page, 'audit');
    await page.frameLocator('iframe').getByText('not enough evidence').first().waitFor();
    await check(page, wrong, 'audit');
    await visit(page, 'implant');
    await page.getByLabel('implant').first().waitFor();
    await bone(page);
    const both = await drawn(page);
    await page.getByRole('checkbox').first().uncheck();
    await expect.poll(() => drawn(page)).toBeLessThan(0.5 * both);
    // The mirror learnt nothing, and of its input nobody knows.
    await page.getByText('the input does not say').waitFor();
    expect(await page.locator('main .stamp').count()).toBe(0);
    await check(page, wrong, 'implant');
    await visit(page, 'taught');
    await bone(page);
    await page.getByRole('main').getByText('PHANTOM', { exact: true }).waitFor();
    await check(page, wrong, 'implant of phantoms');
    await page.close();
  });

  test('a length on the face of a cut is that of the bone, seen straight and aside', async () => {
    const radius = 40;
    putBalls(join(root, 'balls'), radius);
    const { page, wrong } = await open();
    await visit(page, 'balls');
    await page.locator('main .card').first().click();
    await bone(page);
    await page.getByRole('combobox', { name: /Cut/ }).selectOption('0');
    await page.getByRole('button', { name: 'Measure' }).click();
    const canvas = page.locator('.skull-view canvas');
    /** Where the face ends on the left, in the row of its middle, CSS pixels of the canvas. */
    const end = () =>
      canvas.evaluate((canvas: HTMLCanvasElement) => {
        const copy = document.createElement('canvas');
        [copy.width, copy.height] = [canvas.width, canvas.height];
        const pen = copy.getContext('2d')!;
        pen.drawImage(canvas, 0, 0);
        const { data } = pen.getImageData(0, Math.round(copy.height / 2), copy.width, 1);
        // The colour of a face, in scene.ts: unlit.
        const face = [0xb9, 0x78, 0x5a];
        for (let x = 0; x < copy.width; x++)
          if (face.every((v, c) => Math.abs(data[4 * x + c] - v) < 4)) return x;
        return -1;
      });
    const length = page.locator('.skull-view .length');
    for (const [side, turns] of [
      ['Left', []],
      ['Left', ['ArrowUp', 'ArrowUp', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft']],
      ['Right', []],
      ['Right', ['ArrowDown', 'ArrowRight', 'ArrowRight']],
    ] as const) {
      if (side === 'Right' && turns.length === 0)
        await page.getByRole('button', { name: 'Other side' }).click();
      await page.getByRole('button', { name: side }).click();
      await canvas.focus();
      for (const key of turns) await page.keyboard.press(key);
      await frame(page);
      const box = (await canvas.boundingBox())!;
      const [left, middle] = [await end(), box.y + box.height / 2];
      expect(left).toBeGreaterThan(0);
      await page.mouse.click(box.x + box.width / 2, middle);
      await length.getByText('and the second point').waitFor();
      await page.mouse.click(box.x + left + 2, middle);
      await length.getByText(/^\d+\.\d mm$/).waitFor();
      const mm = Number.parseFloat((await length.textContent())!);
      expect(Math.abs(mm - radius), `${side} ${turns}: ${mm}`).toBeLessThan(1.5);
    }
    expect(wrong).toEqual([]);
    await page.close();
  });

  test('the next case is as large in the picture as the one before, whatever its size', async () => {
    const { page, wrong } = await open();
    await visit(page, 'balls');
    await page.locator('main .card').first().click();
    await bone(page);
    const before = await drawn(page);
    await page.getByRole('main').focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'two' }).waitFor();
    await expect.poll(() => drawn(page)).toBeGreaterThan(0.9 * before);
    expect(await drawn(page)).toBeLessThan(1.1 * before);
    expect(wrong).toEqual([]);
    await page.close();
  });

  test('an address that names what is not there shows nothing else in its place, and offers the choice', async () => {
    const { page } = await open('#/compare?a=zzz');
    const said = page.getByText('the address names zzz');
    const fetched: string[] = [];
    page.on('request', (request) => fetched.push(request.url()));
    await said.waitFor();
    expect(await page.locator('.skull-view').count()).toBe(0);
    await page.getByLabel('First: dataset').selectOption({ label: 'phantoms' });
    await bone(page);
    expect(await said.count()).toBe(0);
    // One side that is not there does not take the other with it.
    const { hash } = new URL(page.url());
    const [a] = /a=[^&]*/.exec(hash)!;
    await page.goto(`${origin()}/#/compare?${a}&b=yyy`);
    await page.getByText('the address names yyy').waitFor();
    expect(await page.getByLabel('First: dataset').locator(':checked').textContent()).toBe('phantoms');
    await page.getByLabel('First: case').selectOption('phantom-00002');
    await page.getByText('the address names yyy').waitFor();
    expect(new URL(page.url()).hash).toContain('phantom-00002&b=yyy');
    // A case that its dataset does not have.
    await page.goto(`${origin()}/#/compare?${a.replace(/phantom-\d+/, 'nobody')}`);
    await page.getByText('the case nobody is not there').first().waitFor();
    expect(await page.getByLabel('First: case').locator(':checked').textContent()).toBe('nobody: not there');
    for (const [query, words] of [
      [`of=zzz`, 'the address names zzz'],
      [`${a.replace('a=', 'of=')}&in=xxx`, 'the address names xxx'],
    ]) {
      fetched.length = 0;
      await page.goto(`${origin()}/#/nearest?${query}`);
      await page.getByText(words).waitFor();
      expect(fetched.filter((url) => url.includes('/nearest?'))).toEqual([]);
    }
    await page.getByLabel('Dataset', { exact: true }).selectOption({ label: 'phantoms' });
    await page
      .getByText(/Dice \d\.\d{3}/)
      .first()
      .waitFor({ timeout: 30_000 });
    await page.goto(`${origin()}/#/trajectory/zzz`);
    await page.getByText('the address names zzz').waitFor();
    expect(await page.getByRole('button', { name: 'Generate' }).count()).toBe(0);
    await page.getByLabel('Generator').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Generate' }).waitFor();
    for (const place of ['#/dataset/zzz', '#/training/zzz', '#/completion/zzz', '#/zzz']) {
      await page.goto(`${origin()}/${place}`);
      await page.getByText('nothing of that address is in the folder').waitFor();
    }
    await page.close();
  });

  test('the next case: no other bone under its name, camera and cut as they were; a key held down decides once', async () => {
    const { page, wrong } = await open();
    const held: (() => void)[] = [];
    await page.route('**/cases/phantom-00001/bits', async (route) => {
      await new Promise<void>((go) => held.push(go));
      await route.continue();
    });
    const asked: string[] = [];
    await page.route('**/decisions', async (route) => {
      const { decision } = route.request().postDataJSON();
      asked.push(decision);
      if (decision === 'drop') await new Promise<void>((go) => held.push(go));
      await route.continue();
    });
    await visit(page, 'data');
    await page.locator('main .card').first().click();
    await bone(page);
    await page.getByRole('combobox', { name: /Cut/ }).selectOption('2');
    await page.getByRole('button', { name: 'Top' }).click();
    // Keys are for the page again.
    await page.getByRole('main').focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'phantom-00001' }).waitFor();
    await frame(page);
    expect(await drawn(page)).toBe(0);
    await expect.poll(() => held.length).toBe(1);
    held.pop()!();
    await bone(page);
    expect(await page.getByRole('combobox', { name: /Cut/ }).inputValue()).toBe('2');
    for (const down of [1, 2, 3]) {
      await page.keyboard.down('d');
      await expect.poll(() => asked.length, { message: String(down) }).toBe(1);
    }
    await page.keyboard.up('d');
    // What was decided last is sent when what was before it is noted.
    await page.keyboard.press('A');
    await frame(page);
    expect(asked).toEqual(['drop']);
    held.pop()!();
    await page.getByText('accepted').waitFor();
    expect(asked).toEqual(['drop', 'accept']);
    expect(readFileSync(join(root, 'data/decisions.csv'), 'utf8')).not.toContain('phantom-00001,drop');
    await page.keyboard.press('u');
    await page.getByText('Not decided').waitFor();
    // The cross of the slices stays where it was, too.
    await page.getByRole('button', { name: 'Slices' }).click();
    const axial = page.getByRole('slider', { name: 'axial slice' });
    await axial.press('PageUp');
    expect(await axial.getAttribute('aria-valuenow')).toBe('10');
    await page.getByRole('main').focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'phantom-00002' }).waitFor();
    await page.locator('.slices').waitFor();
    await expect.poll(() => page.locator('.awaited').count()).toBe(0);
    expect(await axial.getAttribute('aria-valuenow')).toBe('10');
    expect(wrong).toEqual([]);
    await page.close();
  });

  test('a log that goes past the end of its settings is told as it is', async () => {
    putRun(join(root, 'runs/lowered'), 34, 'steps: 30\ncommitment: 1\n');
    const { page, wrong } = await open();
    await visit(page, 'runs/lowered');
    await page.getByText('Finished: step 34; its settings now end at step 30').waitFor();
    await page.locator('.chart svg').first().waitFor();
    await check(page, wrong, 'training past its end');
    await page.close();
  });

  test('a training is watched as it runs, stopped and resumed', async () => {
    const { page, wrong } = await open();
    const words = [...CLI.slice(1), ...trainWords(root, 'watched', 1_000_000), '--quiet'];
    const training = spawn(CLI[0], words, { stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => training.once('exit', resolve));
    // The one that is resumed is a process of its own.
    onTestFinished(() => {
      const pid = holderOf(join(root, 'runs/watched/run.lock'))?.pid;
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    });
    await expect
      .poll(
        async () => {
          await page.getByRole('button', { name: 'Look again' }).click();
          return page
            .getByRole('navigation')
            .getByRole('link', { name: /watched/ })
            .count();
        },
        { timeout: 60_000 },
      )
      .toBe(1);
    await visit(page, /watched/);
    const step = async (): Promise<number> =>
      Number(/step (\d+)/.exec((await page.getByRole('status').textContent()) ?? '')?.[1] ?? 0);
    await expect.poll(step, { timeout: 30_000 }).toBeGreaterThan(5);
    const seen = await step();
    await expect.poll(step, { timeout: 30_000 }).toBeGreaterThan(seen);
    await page.locator('.chart svg').first().waitFor();
    await check(page, wrong, 'training');
    await page.getByRole('button', { name: 'Stop' }).click();
    expect(await ended).toBe(130);
    await page.getByRole('button', { name: 'Resume' }).click({ timeout: 30_000 });
    const stopped = await step();
    await expect.poll(step, { timeout: 60_000 }).toBeGreaterThan(stopped);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped: step').waitFor({ timeout: 30_000 });
    await page.getByText(/^Samples/).click();
    await page.getByLabel('Steps', { exact: true }).fill('2');
    await page.getByRole('button', { name: 'Generate' }).click();
    await page.getByText(/Made in/).waitFor({ timeout: 60_000 });
    await page.close();
  }, 400_000);

  test('two thousand cases, and names with markup in them: a screenful at a time, as text', async () => {
    const name = '<img src=x onerror=alert(1)> & "bones"';
    putDataset(join(root, name), 2000);
    const { page, wrong } = await open();
    await visit(page, name);
    await page.getByText('2000 of 2000').waitFor();
    const cards = page.locator('main .card');
    await cards.first().waitFor();
    expect(await cards.count()).toBeLessThan(500);
    const first = await cards.count();
    await cards.last().scrollIntoViewIfNeeded();
    await expect.poll(() => cards.count()).toBeGreaterThan(first);
    // A case far down opens at its top, and who came by key is in it.
    await cards.nth(first - 1).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /^case-/ }).waitFor();
    expect(await page.evaluate(() => [scrollY, document.activeElement?.id])).toEqual([0, 'main']);
    await page.goBack();
    await page.getByLabel('Name or subject').fill('case-1999');
    await page.getByText('1 of 2000').waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(wrong).toEqual([]);
    await page.close();
  });

  test('a gallery that is all in sight rests', async () => {
    const { page, wrong } = await open();
    await page.evaluate(() => {
      const Before = IntersectionObserver;
      Object.assign(window, { watches: 0 });
      window.IntersectionObserver = class extends Before {
        constructor(...args: ConstructorParameters<typeof Before>) {
          super(...args);
          (window as unknown as { watches: number }).watches++;
        }
      };
    });
    await visit(page, 'phantoms');
    await page.getByText('5 of 5').waitFor();
    await page.waitForTimeout(1000);
    expect(await page.evaluate(() => (window as unknown as { watches: number }).watches)).toBeLessThan(3);
    expect(wrong).toEqual([]);
    await page.close();
  });

  test('a damaged volume is told of where it lies, and the rest goes on', async () => {
    truncateSync(join(root, 'phantoms/volumes/phantom-00004.bits.gz'), 40);
    const { page } = await open();
    await visit(page, 'phantoms');
    await page.getByText('phantom-00004').click();
    await page.getByText(/phantom-00004.*(cannot be read|does not have)/).waitFor();
    await page.getByRole('button', { name: 'Case before' }).click();
    await bone(page);
    await page.close();
  });

  test('a server that went is told of, and so is one that was started anew', async () => {
    const pages = await builtPage('viewer');
    const other = await serveViewer({ path: root, cli: CLI, pages });
    const page = await (await browser.newContext()).newPage();
    await page.goto(other.url);
    await page.getByRole('navigation').getByRole('link').first().waitFor();
    const { port } = other;
    await other.close();
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('the server does not answer').waitFor();
    const again = await serveViewer({ path: root, port, cli: CLI, pages });
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('started anew').waitFor();
    await page.goto(again.url);
    await page.getByText('entries in this folder').waitFor();
    await again.close();
    await page.close();
  });
});

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string }[];
}
