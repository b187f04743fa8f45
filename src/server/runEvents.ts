/**
 * A run as it goes on: at first all that is logged, then what is new, looked for once a second. The state comes with each
 * change and at least every three seconds, so that page and server notice when the other is gone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricsEvent, RunState } from './api.ts';
import { notThere } from './errors.ts';
import { fileOf, type Place } from './files.ts';
import { MetricsTail, thinned } from './metricsLog.ts';
import type { Resumes } from './resume.ts';
import { METRICS } from './run.ts';

const LOOK_MS = 1000;
const STATE_MS = 3000;
/** The rate is that of the last minute. */
const RATE_MS = 60_000;

export interface Told {
  metrics(event: MetricsEvent): Promise<void>;
  state(state: RunState): Promise<void>;
}

/** Tells of a run until `signal` is aborted. Throws where settings or log are damaged, or the run is gone. */
export async function tellRun(
  place: Place,
  resumes: Resumes,
  told: Told,
  signal: AbortSignal,
): Promise<void> {
  const tail = new MetricsTail(join(place.dir, METRICS));
  const rate = new Rate();
  let last = '';
  let lastAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    if (!existsSync(place.dir)) throw notThere('the run');
    // A link that leads out of the folder that is viewed is no log.
    const { first, lines } = fileOf(place, METRICS) === undefined ? tail.none() : tail.next();
    if (first || lines.length > 0) await told.metrics({ first, lines: first ? thinned(lines) : lines });
    const now = performance.now();
    const state = resumes.state(place);
    rate.saw(state.step, now, first || !state.running);
    const text = JSON.stringify(state);
    if (text !== last || now - lastAt >= STATE_MS) {
      await told.state({ ...state, rate: state.running ? rate.value : null });
      last = text;
      lastAt = now;
    }
    await rest(LOOK_MS, signal);
  }
}

/** Steps a second between the first and the last look of the latest minute. */
class Rate {
  #seen: { step: number; at: number }[] = [];

  saw(step: number, at: number, anew: boolean): void {
    if (anew || step < (this.#seen.at(-1)?.step ?? 0)) this.#seen = [];
    this.#seen.push({ step, at });
    while (this.#seen.length > 2 && at - this.#seen[0].at > RATE_MS) this.#seen.shift();
  }

  get value(): number | null {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (first === undefined || last === undefined || last.step === first.step) return null;
    return (1000 * (last.step - first.step)) / (last.at - first.at);
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
