/**
 * The exported page in use: the way from noise, settings in the address, keys, and what axe finds. By a small generator, for
 * what it makes is not the point.
 */
import { expect, test } from 'vitest';
import { readVolume } from '../../src/volume/io/index.ts';
import { seriousFaults } from './axe.ts';
import { complaints, inChromium } from './chromium.ts';
import { exportedSite, generate, made } from './siteHarness.ts';

inChromium('the exported page', () => {
  const { download, isolating, plainVisitor } = exportedSite('tiny');

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
    await page.goto(isolating('#seed=x&class=9&steps=3&unknown=1&index=0x10&device=quantum'));
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
    const bad = complaints(page, new URL(isolating()).origin);
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
    const page = await plainVisitor('#seed=x', { colorScheme });
    await page.getByText('Card of the generator').click();
    await page.getByText(/SHA-256 of the weights/).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  });
});
