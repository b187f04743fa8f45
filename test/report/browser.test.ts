/**
 * Every kind of page in Chromium: accessible in light and dark, alone in its file, no wider than a tablet, whole on paper, its
 * data and drawings there to be saved, and whatever names hold shown as text.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serious, violations } from '../web/axe.ts';
import { complaints, inChromium, launch } from '../web/chromium.ts';
import { COMMAND, EVIL, KINDS, type Kind, pageOf } from './pages.ts';

const TABLET = { width: 820, height: 1180 };
/** A4 between its margins. */
const PAPER = { width: 688, height: 1000 };

inChromium('pages in Chromium', () => {
  const root = mkdtempSync(join(tmpdir(), 'cranioflow-pages-'));
  let browser: Browser;
  beforeAll(async () => {
    for (const kind of KINDS) {
      mkdirSync(join(root, kind));
      writeFileSync(join(root, `${kind}.html`), await pageOf(kind, join(root, kind)));
    }
    browser = await launch();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** Opens a page, hands it to `look`, and tells what it complained of. */
  async function visit(
    kind: Kind,
    look: (page: Page) => Promise<void>,
    { colorScheme = 'light' as 'light' | 'dark', viewport = TABLET } = {},
  ): Promise<string[]> {
    const page = await browser.newPage({ viewport, colorScheme });
    try {
      const found = complaints(page, 'file://');
      page.on('dialog', (dialog) => {
        found.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      await page.goto(pathToFileURL(join(root, `${kind}.html`)).href);
      await look(page);
      return found;
    } finally {
      await page.close();
    }
  }
  /** An expression of each element that fits a selector, called e in it. */
  const texts = (page: Page, selector: string, expression: string) =>
    page.evaluate<string[]>(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.${expression})`,
    );
  const sideways = (page: Page) =>
    page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  test.each(KINDS)('%s: no serious fault of accessibility, by day and night', async (kind) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const complained = await visit(
        kind,
        async (page) => {
          // What is folded away is looked at too.
          await page.evaluate(`document.querySelectorAll('details').forEach((d) => { d.open = true })`);
          // By night nothing but colours is another.
          const found = await violations(page, colorScheme === 'light' ? undefined : ['color-contrast']);
          expect(serious(found)).toEqual([]);
          expect(found.filter(({ id }) => id === 'heading-order')).toEqual([]);
        },
        { colorScheme },
      );
      expect(complained).toEqual([]);
    }
  });

  test.each(KINDS)(
    '%s: fits a tablet, shows names as text, has data and a command for every figure',
    async (kind) => {
      const complained = await visit(kind, async (page) => {
        expect(await sideways(page)).toBe(0);
        expect(await page.locator('script, [onerror], iframe, link, base, form').count()).toBe(0);
        expect(await page.locator('body').textContent()).toContain(EVIL.slice(0, 40));
        expect(await page.locator('footer pre').textContent()).toBe(COMMAND);
        const links = await texts(page, 'a', 'getAttribute("href")');
        const ids = await texts(page, '[id]', 'id');
        expect(new Set(ids).size).toBe(ids.length);
        expect(links.filter((l) => !/^(#|data:(text\/csv|image\/svg\+xml);base64,)/.test(l))).toEqual([]);
        expect(links.filter((l) => l.startsWith('#') && !ids.includes(l.slice(1)))).toEqual([]);
        // Pictures on the card of a case have the page's command below: they would have a dozen links a card.
        for (const [what, link] of [
          ['.scroll', 'a[download$=".csv"]'],
          ['figure.chart:has(svg)', 'a[download$=".csv"]'],
          ['figure.chart:has(svg)', 'a[download$=".svg"]'],
          ['.scroll', 'a:not([download])[href$="command"]'],
          ['main figure:not(article figure)', 'a[href$="command"]'],
        ])
          expect(await page.locator(`${what}:not(:has(${link}))`).count(), `${what} ${link}`).toBe(0);
        for (const label of await texts(page, 'figure.chart svg[role="img"]', 'getAttribute("aria-label")'))
          expect(label).toMatch(/^Chart: ./);
        expect(await page.locator('figure.chart svg:not([role="img"])').count()).toBe(0);
      });
      expect(complained).toEqual([]);
    },
  );

  test.each(KINDS)('%s: on paper everything is there and nothing beyond its edge', async (kind) => {
    await visit(
      kind,
      async (page) => {
        await page.emulateMedia({ media: 'print' });
        expect(await sideways(page)).toBe(0);
        const seen = await texts(
          page,
          'body *:not(details *)',
          'checkVisibility() + " " + e.matches(".tools, .tools *, nav, nav *, .filter, .filter *, .filter + .notice, .filter + .notice *, .drop, .drop *, .row, .phantom strong")',
        );
        expect(seen.filter((text) => text === 'false false')).toEqual([]);
        const gone = await texts(page, '.tools, nav, .filter, .drop', 'checkVisibility()');
        expect(new Set(gone.map(String))).toEqual(new Set(['false']));
      },
      { viewport: PAPER },
    );
  });

  test('a click saves the very data and drawing that the page holds', async () => {
    await visit('task-study', async (page) => {
      for (const [kind, begins] of [
        ['csv', 'series,synthetic cases,'],
        ['svg', '<svg xmlns="http://www.w3.org/2000/svg"'],
      ]) {
        const link = page.locator(`figure.chart a[download$=".${kind}"]`).first();
        const [saved] = await Promise.all([page.waitForEvent('download'), link.click()]);
        expect(saved.suggestedFilename()).toBe(`alignment-chart-1.${kind}`);
        const text = readFileSync(await saved.path(), 'utf8');
        expect(text.startsWith(begins), text.slice(0, 80)).toBe(true);
        const held = (await link.getAttribute('href')) ?? '';
        expect(text).toBe(Buffer.from(held.split(',')[1], 'base64').toString());
        if (kind !== 'svg') continue;
        // The drawing is one by itself too: it is a picture of its size, without a variable of the page left in it.
        expect(text).not.toMatch(/var\(|currentColor/);
        const drawn = await page.evaluate<number[]>(
          `new Promise((done) => { const i = new Image(); i.onload = () => done([i.naturalWidth, i.naturalHeight]); i.onerror = () => done([]); i.src = ${JSON.stringify(held)} })`,
        );
        expect(drawn[0]).toBe(520);
      }
    });
  });

  test('no script runs and nothing is fetched, whatever should get into a page', async () => {
    const failed: string[] = [];
    const complained = await visit('report', async (page) => {
      page.on('requestfailed', (request) => failed.push(request.failure()?.errorText ?? ''));
      await page.evaluate(`
        const script = document.createElement('script'); script.textContent = 'window.ran = 1'; document.body.append(script);
        const image = document.createElement('img'); image.src = 'https://example.org/x.png'; image.alt = ''; document.body.append(image);
      `);
      expect(await page.evaluate('window.ran')).toBeUndefined();
      await expect.poll(() => failed).toEqual(['csp']);
    });
    const said = complained.filter((c) => c.startsWith('console: '));
    expect(said).toHaveLength(2);
    for (const words of said) expect(words).toContain('Content Security Policy');
  });

  test('what is focused is seen', async () => {
    await visit('evaluation', async (page) => {
      for (let i = 0; i < 3; i++) {
        await page.keyboard.press('Tab');
        const outline = `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth })()`;
        expect(await page.evaluate(outline)).toBe('solid2px');
      }
    });
  });

  test('the cases are chosen and listed without a script', async () => {
    await visit('cases', async (page) => {
      const shown = async (): Promise<string[]> => {
        const cards = await page.locator('article.case:visible').all();
        return Promise.all(cards.map(async (card) => (await card.getAttribute('id'))?.slice(5) ?? ''));
      };
      expect((await shown()).sort()).toEqual(['S001', 'S002', 'S003']);
      for (const [choice, ids] of [
        ['show-refused', ['S003']],
        ['show-accepted', ['S001', 'S002']],
        ['show-warned', ['S002']],
        ['show-kept', ['S002']],
        ['show-marked', []],
        ['show-all', ['S001', 'S002', 'S003']],
        ['quality-4', ['S001']],
        ['quality-2', []],
        ['quality-any', ['S001', 'S002', 'S003']],
      ] as const) {
        await page.locator(`#${choice}`).check();
        expect((await shown()).sort(), choice).toEqual(ids);
      }
      await page.locator('#case-S002 .drop input').check();
      await page.locator('#show-marked').check();
      expect(await shown()).toEqual(['S002']);
      await page.locator('#show-list').check();
      expect((await page.locator('.row:visible').allTextContents()).join('\n')).toBe(
        'case,quality\nS002,drop',
      );
    });
  });
});
