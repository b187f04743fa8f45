/** Bones in the viewer by mouse and by key: filters, decisions, cuts, lengths, slices, files, the next case. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inChromium } from './chromium.ts';
import { drawn, frame } from './drawn.ts';
import { putBalls, putPhantoms, putRuns } from './viewedProject.ts';
import { bone, check, viewer, visit } from './viewerHarness.ts';

/** Of the larger ball, mm. */
const RADIUS = 40;

inChromium('cases in the viewer', () => {
  const { at, open } = viewer(async (root) => {
    await putPhantoms(root);
    putRuns(root);
    putBalls(join(root, 'balls'), RADIUS);
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
    expect(readFileSync(at('data/decisions.csv'), 'utf8')).toContain('phantom-00000,drop');
    await page.keyboard.press('u');
    await page.getByText('Not decided').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { name: 'phantom-00001' }).waitFor();
    await check(page, wrong, 'case');
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
  });

  test('a length on the face of a cut is that of the bone, seen straight and aside', async () => {
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
      expect(Math.abs(mm - RADIUS), `${side} ${turns}: ${mm}`).toBeLessThan(1.5);
    }
    expect(wrong).toEqual([]);
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
    expect(readFileSync(at('data/decisions.csv'), 'utf8')).not.toContain('phantom-00001,drop');
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
  });
});
