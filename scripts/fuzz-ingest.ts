/**
 * The nightly fuzz: many seeded mutations of every format, each of which must end in a sound volume or a tagged error,
 * within 30 s and 2 GB. A child does the work and says which mutation it begins; the parent ends it when it is silent
 * for too long, so that a hang is found too, by its number.
 *
 *     npx tsx scripts/fuzz-ingest.ts [count = 2000] [seed = 1] [from = 0]
 */
import { fork } from 'node:child_process';
import { fuzzCases, fuzzOne } from '../test/volume/scan/fuzz.ts';

const [count, seed, from] = [2000, 1, 0].map((otherwise, i) => Number(process.argv[2 + i] ?? otherwise));
const MAX_MS = 30_000;
const MAX_BYTES = 2 * 2 ** 30;

interface Report {
  n: number;
  rss: number;
  outcome?: string;
  name?: string;
  fault?: string;
}

async function work(): Promise<void> {
  const cases = fuzzCases();
  const tell = (report: Omit<Report, 'rss'>) => process.send!({ ...report, rss: process.memoryUsage().rss });
  for (let n = from; n < from + count; n++) {
    tell({ n });
    try {
      tell({ n, ...(await fuzzOne(cases, seed, n)) });
    } catch (error) {
      tell({ n, fault: (error as Error).message });
    }
  }
  process.disconnect();
}

function watch(): void {
  const child = fork(import.meta.filename, process.argv.slice(2), { execArgv: process.execArgv });
  const outcomes: Record<string, number> = {};
  const faults: string[] = [];
  let at = from;
  let began = performance.now();
  let slowest = 0;
  let most = 0;
  let done = 0;
  const timer = setInterval(() => {
    if (performance.now() - began < MAX_MS) return;
    faults.push(`mutation ${at} (seed ${seed}) takes longer than ${MAX_MS / 1000} s`);
    child.kill('SIGKILL');
  }, 500);
  child.on('message', ({ n, rss, outcome, name, fault }: Report) => {
    at = n;
    most = Math.max(most, rss);
    if (rss > MAX_BYTES)
      faults.push(`mutation ${n} (seed ${seed}) left ${Math.round(rss / 2 ** 20)} MB in use`);
    if (fault !== undefined) faults.push(fault);
    if (outcome !== undefined) {
      const key = `${name}: ${outcome}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
    }
    if (fault === undefined && outcome === undefined) began = performance.now();
    else {
      slowest = Math.max(slowest, performance.now() - began);
      done++;
    }
  });
  child.on('exit', (code, signal) => {
    clearInterval(timer);
    if (code !== 0 && signal !== 'SIGKILL')
      faults.push(`the process ended with ${code ?? signal} at mutation ${at}`);
    for (const key of Object.keys(outcomes).sort()) console.log(`${key.padEnd(40)} ${outcomes[key]}`);
    const figures = `slowest ${Math.round(slowest)} ms, most memory ${Math.round(most / 2 ** 20)} MB`;
    console.log(`${done} of ${count} mutations, ${figures}, ${faults.length} faults`);
    for (const fault of faults) console.error(fault);
    process.exitCode = faults.length > 0 || done < count ? 1 : 0;
  });
}

if (process.send) await work();
else watch();
