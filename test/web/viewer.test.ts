/** The viewer's pages over real output of every kind, each seen in light and dark, on a tablet and on a phone. */
import { expect, test } from 'vitest';
import { inChromium } from './chromium.ts';
import { drawn, frame } from './drawn.ts';
import { makeProject } from './viewedProject.ts';
import { bone, check, viewer, visit } from './viewerHarness.ts';

inChromium('the pages of the viewer', () => {
  const { open } = viewer(makeProject);

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
  });
});
