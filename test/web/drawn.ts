/** What is drawn in the three-dimensional picture of a page. */
import type { Page } from 'playwright-core';

/** How much of the picture is not its ground. */
export async function drawn(page: Page): Promise<number> {
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
export async function frame(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}
