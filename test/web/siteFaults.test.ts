/** What the exported page says, in a visitor's words, of a generator that is damaged, a worker that is deaf, a GPU that is none. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { inChromium, launch } from './chromium.ts';
import { BASE, exportedSite, generate, kept, made, ready } from './siteHarness.ts';

inChromium('faults of the exported page', () => {
  const { copied, isolating, served, site, visitor } = exportedSite('tiny');

  const alert = async (page: Page): Promise<string> => {
    await page.getByRole('alert').waitFor({ timeout: 60_000 });
    return (await page.getByRole('alert').textContent())!;
  };

  test('a worker that heeds no cancel is dropped; that the networks are compiled anew is told', async () => {
    const page = await visitor({ serviceWorkers: 'block' });
    await page.addInitScript(() => {
      const post = Worker.prototype.postMessage as (this: Worker, message: { kind?: string }) => void;
      Worker.prototype.postMessage = function (this: Worker, message: { kind?: string }) {
        if (message.kind !== 'cancel') post.call(this, message);
      };
    });
    await page.goto(isolating('#steps=1000&show=none'));
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

  test('a damaged generator: which file, in words for a visitor; once it is mended, a reload is enough', async () => {
    const broken = copied('broken');
    const path = join(broken, site().record.model.folder, 'autoencoder.safetensors');
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
    [
      'cut short',
      (path: string) => truncateSync(path, statSync(path).size >> 1),
      /model\.safetensors is damaged/,
    ],
    ['missing', (path: string) => rmSync(path), /model\.safetensors cannot be fetched \(404\)/],
  ])('a generator that is %s', async (what, harm, expected) => {
    harm(join(copied(what), site().record.model.folder, 'model.safetensors'));
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
    await page.goto(isolating('#device=gpu&seed=11&steps=1'));
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
});
