/** Trainings in the viewer: one watched as it runs, one past its end, and what was learnt sampled in the page. */
import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { holderOf } from '../../src/files/lock.ts';
import { putRun } from '../server/helpers.ts';
import { inChromium } from './chromium.ts';
import { putPhantoms, putRuns, trainNetworks, trainWords } from './viewedProject.ts';
import { CLI, check, viewer, visit } from './viewerHarness.ts';

inChromium('trainings in the viewer', () => {
  const { at, open } = viewer(async (root) => {
    await putPhantoms(root);
    putRuns(root);
    await trainNetworks(root);
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
  });

  test('a log that goes past the end of its settings is told as it is', async () => {
    putRun(at('runs/lowered'), 34, 'steps: 30\ncommitment: 1\n');
    const { page, wrong } = await open();
    await visit(page, 'runs/lowered');
    await page.getByText('Finished: step 34; its settings now end at step 30').waitFor();
    await page.locator('.chart svg').first().waitFor();
    await check(page, wrong, 'training past its end');
  });

  test('a training is watched as it runs, stopped and resumed', async () => {
    const { page, wrong } = await open();
    const words = [...CLI.slice(1), ...trainWords(at(), 'watched', 1_000_000), '--quiet'];
    const training = spawn(CLI[0], words, { stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => training.once('exit', resolve));
    // The one that is resumed is a process of its own.
    onTestFinished(() => {
      const pid = holderOf(at('runs/watched/run.lock'))?.pid;
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
  }, 400_000);
});
