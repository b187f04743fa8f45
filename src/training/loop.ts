/**
 * The loop around a training step: learning-rate schedule, progress, metrics.jsonl, checkpoints, interruption and the
 * watch for numbers that are no longer finite. What one step does is the caller's.
 */
import { NumericsError } from '../errors.ts';
import type { CheckpointContent } from '../files/checkpoint.ts';
import { interruptedError, nextTurn } from '../files/interrupt.ts';
import { createProgress } from '../files/progress.ts';
import type { RunFolder } from '../files/runFolder.ts';

export interface RateConfig {
  learningRate: number;
  warmup: number;
  finalRate: number;
  steps: number;
}

/** `rate . min(1, t / warmup) . (final + (1 - final) (1 + cos(pi t / steps)) / 2)` for step t = 1, 2, .. */
export function learningRate(
  t: number,
  { learningRate: rate, warmup, finalRate, steps }: RateConfig,
): number {
  const rise = warmup > 0 ? Math.min(1, t / warmup) : 1;
  const fall = finalRate + ((1 - finalRate) * (1 + Math.cos((Math.PI * Math.min(t, steps)) / steps))) / 2;
  return rate * rise * fall;
}

export interface LoopOptions {
  title: string;
  run: RunFolder;
  /** Steps already done. */
  start: number;
  steps: number;
  checkpointEvery: number;
  evaluateEvery: number;
  signal?: AbortSignal;
  quiet?: boolean;
  /** Does step t (1 the first) and returns what to log. */
  step(t: number): Promise<Record<string, number>>;
  /** Measures on held-out cases. */
  evaluate?(t: number): Promise<Record<string, number>>;
  /** Asked after each step: ends the run before its last step. */
  finished?(): boolean;
  checkpoint(t: number): CheckpointContent;
}

/**
 * Runs steps start+1 .. steps. Throws `InterruptedError` after writing a checkpoint when the signal is aborted, and
 * `NumericsError` when a loss is no longer finite (the last checkpoint stays).
 */
export async function trainingLoop(options: LoopOptions): Promise<void> {
  const { run, start, steps, signal } = options;
  const progress = createProgress({
    title: options.title,
    total: steps,
    unit: 'steps',
    start,
    quiet: options.quiet,
  });
  let saved = start;
  let note: string | undefined;
  const save = (t: number) => {
    if (t === saved) return;
    run.writeCheckpoint(options.checkpoint(t));
    saved = t;
  };
  try {
    for (let t = start + 1; t <= steps; t++) {
      if (signal?.aborted) {
        save(t - 1);
        throw interruptedError(`${t - 1} of ${steps} steps are saved in ${run.path}`);
      }
      const results = await options.step(t);
      // A private step has no loss to show; its gradient says whether the numbers are still finite.
      if (!Number.isFinite(results.loss ?? results.gradientNorm)) throw diverged(t, saved, run.path);
      let last = t === steps;
      const measured = options.evaluate !== undefined && (last || t % options.evaluateEvery === 0);
      const held = measured ? await options.evaluate!(t) : {};
      run.appendMetrics({ step: t, ...rounded({ ...results, ...held }) });
      if (results.loss !== undefined) note = `loss ${results.loss.toPrecision(3)}`;
      else if (held.epsilon !== undefined) note = `epsilon ${held.epsilon.toPrecision(3)} spent`;
      progress.update(t, note);
      last ||= options.finished?.() === true;
      if (last || t % options.checkpointEvery === 0) save(t);
      // Runs block the event loop; give signals a chance to be heard.
      await nextTurn();
      if (last) break;
    }
    progress.finish();
  } catch (error) {
    progress.finish();
    throw error;
  }
}

/** The values as metrics.jsonl keeps them: six significant digits. */
export function rounded(values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([k, v]) => [k, Number(v.toPrecision(6))]));
}

function diverged(t: number, saved: number, path: string): NumericsError {
  return new NumericsError({
    found: `step ${t} gave a loss, or weights, that are no finite number`,
    expected: 'a training that stays finite',
    todo: `lower learningRate (--set learningRate=...) and start again in another --out${saved > 0 ? `; the checkpoint of step ${saved} is kept in ${path}` : ''}`,
  });
}
