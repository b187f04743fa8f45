/** The viewer where something is not as it should be: addresses of nothing, markup in names, a damaged file, a server that went. */
import { truncateSync } from 'node:fs';
import { expect, test } from 'vitest';
import { putDataset } from '../server/helpers.ts';
import { inChromium } from './chromium.ts';
import { putPhantoms, trainNetworks } from './viewedProject.ts';
import { bone, viewer, visit } from './viewerHarness.ts';

inChromium('faults in the viewer', () => {
  const { address, at, open, serve, stranger } = viewer(async (root) => {
    await putPhantoms(root);
    await trainNetworks(root);
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
    await page.goto(address(`#/compare?${a}&b=yyy`));
    await page.getByText('the address names yyy').waitFor();
    expect(await page.getByLabel('First: dataset').locator(':checked').textContent()).toBe('phantoms');
    await page.getByLabel('First: case').selectOption('phantom-00002');
    await page.getByText('the address names yyy').waitFor();
    expect(new URL(page.url()).hash).toContain('phantom-00002&b=yyy');
    // A case that its dataset does not have.
    await page.goto(address(`#/compare?${a.replace(/phantom-\d+/, 'nobody')}`));
    await page.getByText('the case nobody is not there').first().waitFor();
    expect(await page.getByLabel('First: case').locator(':checked').textContent()).toBe('nobody: not there');
    for (const [query, words] of [
      [`of=zzz`, 'the address names zzz'],
      [`${a.replace('a=', 'of=')}&in=xxx`, 'the address names xxx'],
    ]) {
      fetched.length = 0;
      await page.goto(address(`#/nearest?${query}`));
      await page.getByText(words).waitFor();
      expect(fetched.filter((url) => url.includes('/nearest?'))).toEqual([]);
    }
    await page.getByLabel('Dataset', { exact: true }).selectOption({ label: 'phantoms' });
    await page
      .getByText(/Dice \d\.\d{3}/)
      .first()
      .waitFor({ timeout: 30_000 });
    await page.goto(address(`#/trajectory/zzz`));
    await page.getByText('the address names zzz').waitFor();
    expect(await page.getByRole('button', { name: 'Generate' }).count()).toBe(0);
    await page.getByLabel('Generator').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Generate' }).waitFor();
    for (const place of ['#/dataset/zzz', '#/training/zzz', '#/completion/zzz', '#/zzz']) {
      await page.goto(address(place));
      await page.getByText('nothing of that address is in the folder').waitFor();
    }
  });

  test('two thousand cases, and names with markup in them: a screenful at a time, as text', async () => {
    const name = '<img src=x onerror=alert(1)> & "bones"';
    putDataset(at(name), 2000);
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
  });

  test('a damaged volume is told of where it lies, and the rest goes on', async () => {
    truncateSync(at('phantoms/volumes/phantom-00004.bits.gz'), 40);
    const { page } = await open();
    await visit(page, 'phantoms');
    await page.getByText('phantom-00004').click();
    await page.getByText(/phantom-00004.*(cannot be read|does not have)/).waitFor();
    await page.getByRole('button', { name: 'Case before' }).click();
    await bone(page);
  });

  test('a server that went is told of, and so is one that was started anew', async () => {
    const other = await serve();
    const page = await stranger();
    await page.goto(other.url);
    await page.getByRole('navigation').getByRole('link').first().waitFor();
    const { port } = other;
    await other.close();
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('the server does not answer').waitFor();
    const again = await serve(port);
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByText('started anew').waitFor();
    await page.goto(again.url);
    await page.getByText('entries in this folder').waitFor();
    await again.close();
  });
});
