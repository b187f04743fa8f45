/**
 * `npm run bench:evaluation`: what proof costs. Ours and the peer (numpy with OpenBLAS, scipy, scikit-learn) take turns on
 * the same data with as many threads as this machine has cores; each run is a process of its own, so peaks are its own.
 * Making and reading the data is not counted, starting our threads is. The best of the rounds counts.
 *
 *   KID, PRDC, P-PR       10,000 x 10,000 features of 1,000, standard normal, KID with 100 subsets of 1,000. Two peers: numpy
 *                         in float32, every matrix product shared by all metrics; scikit-learn metric by metric, as published.
 *                         PRDC with k = 5: its authors print .4772 .4705 1.0555 .9735 for a draw of these sizes
 *   1-NNA by Chamfer      500 + 500 skulls of 2,048 points, all pairs; peer: cKDTree on a sample of the pairs, scaled up
 *   HD95                  two shells that fill 512^3 voxels; peer: scipy's distance transform in the same box
 *
 * Flags: `--rounds 2`, `--only features,chamfer,hd95`, `--quick` (smaller sizes, one round).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chamferTables } from '../src/evaluation/chamferTables.ts';
import { distributionNumbers } from '../src/evaluation/distributionNumbers.ts';
import type { Features } from '../src/evaluation/featureSet.ts';
import { nearestNeighbourAccuracy } from '../src/evaluation/setMetrics.ts';
import { hd95Pooled, surfaceDistances } from '../src/evaluation/surfaceDistance.ts';
import { surfaceSample } from '../src/evaluation/surfaceSample.ts';
import { RandomStream } from '../src/random/stream.ts';
import { makePhantom, phantomGrid } from '../src/skull/phantom/phantom.ts';
import { centredGrid } from '../src/volume/volume.ts';
import { line } from './line.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string' },
    only: { type: 'string', default: 'features,chamfer,hd95' },
    quick: { type: 'boolean', default: false },
    ours: { type: 'string' }, // set by this program for the processes it starts
  },
});
const threads = availableParallelism();
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 2));
const SPACING = 0.47;

interface Job {
  task: string;
  [key: string]: string | number;
}

interface Measured {
  seconds: number;
  peakGb: number;
  cpuSeconds: number;
  // biome-ignore lint/suspicious/noExplicitAny: numbers of any task
  numbers: any;
}

const floats = (file: string): Float32Array => {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  return new Float32Array(buffer, byteOffset, byteLength / 4);
};

/** Ours, in a process of its own. */
async function ours(job: Job): Promise<Measured> {
  const work = ready(job);
  const before = process.cpuUsage();
  const start = performance.now();
  const numbers = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  return { seconds, cpuSeconds, peakGb: process.resourceUsage().maxRSS / 1e6, numbers };
}

/** Reads the data of a job; what it returns is the work measured. */
function ready(job: Job): () => unknown {
  if (job.task === 'features') {
    const dim = Number(job.dim);
    const [real, fake] = [job.real, job.fake].map((file): Features => {
      const values = floats(String(file));
      return { values, count: values.length / dim, dim };
    });
    return () =>
      distributionNumbers(real, fake, { threads, subsets: Number(job.subsets), precisionNeighbours: 5 });
  }
  if (job.task === 'chamfer') {
    const all = floats(String(job.clouds));
    const size = 3 * Number(job.points);
    const clouds = Array.from({ length: all.length / size }, (_, c) =>
      all.subarray(c * size, (c + 1) * size),
    );
    const half = clouds.length / 2;
    return async () => {
      const t = await chamferTables(clouds.slice(0, half), clouds.slice(half), { threads });
      const at = ([a, b]: [number, number]): number => {
        if (a >= half === b >= half)
          return (a < half ? t.realReal : t.fakeFake).values[(a % half) * half + (b % half)];
        return t.realFake.values[Math.min(a, b) * half + (Math.max(a, b) - half)];
      };
      const oneNna = nearestNeighbourAccuracy(t.realReal, t.realFake, t.fakeFake);
      const pairs = JSON.parse(String(job.pairs)) as [number, number][];
      return { oneNna, values: pairs.map(at) };
    };
  }
  const n = Number(job.size);
  const grid = centredGrid([n, n, n], [SPACING, SPACING, SPACING]);
  const [a, b] = [job.a, job.b].map((file) => ({
    ...grid,
    data: new Uint8Array(readFileSync(String(file))),
  }));
  return () => ({ hd95Pooled: hd95Pooled(surfaceDistances(a, b)) });
}

if (flags.ours !== undefined) {
  console.log(JSON.stringify(await ours(JSON.parse(flags.ours) as Job)));
  process.exit(0);
}

const run = (command: string, args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, OPENBLAS_NUM_THREADS: String(threads), OMP_NUM_THREADS: String(threads) },
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr?.slice(-2000)}`);
  return stdout;
};
const runOurs = (job: Job): Measured =>
  JSON.parse(
    run(process.execPath, [
      ...process.execArgv,
      fileURLToPath(import.meta.url),
      '--ours',
      JSON.stringify(job),
    ]),
  ) as Measured;
const peerScript = new URL('evaluation_peer.py', import.meta.url).pathname;

/** The peer; undefined where it is not there or the comparison would be void. */
function runPeer(job: Job): Measured | undefined {
  try {
    const answer = JSON.parse(run('/usr/bin/python3', [peerScript, JSON.stringify(job)]));
    if (answer.void === undefined) return answer as Measured;
    console.error(`no peer: ${answer.void}`);
  } catch (cause) {
    console.error(`no peer '${job.task}': ${cause instanceof Error ? cause.message : cause}`);
  }
  return undefined;
}

const lines: string[] = [];
function note(name: string, ours: number, peer: number | undefined, unit: string): void {
  lines.push(line({ name, ours, peer, unit }));
  console.error(lines.at(-1));
}

/** Takes turns; the best of the rounds of each. */
function compare(name: string, own: Job, peers: Record<string, Job>): void {
  const best = (all: (Measured | undefined)[]): Measured | undefined =>
    all.filter((m) => m !== undefined).sort((a, b) => a.seconds - b.seconds)[0];
  const mine: Measured[] = [];
  const theirs: Record<string, (Measured | undefined)[]> = {};
  for (let r = 0; r < rounds; r++) {
    mine.push(runOurs(own));
    for (const [peer, job] of Object.entries(peers)) {
      theirs[peer] ??= [];
      theirs[peer].push(runPeer(job));
    }
  }
  const ownBest = best(mine)!;
  console.error(name, 'ours', JSON.stringify(ownBest));
  for (const [peer, all] of Object.entries(theirs)) {
    const found = best(all);
    console.error(name, peer, JSON.stringify(found));
    note(`${name}; peer: ${peer}`, ownBest.seconds, found?.seconds, 's');
    note(`${name}, CPU time; peer: ${peer}`, ownBest.cpuSeconds, found?.cpuSeconds, 's');
    note(`${name}, peak memory; peer: ${peer}`, ownBest.peakGb, found?.peakGb, 'GB');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'cranioflow-bench-'));
const file = (name: string, data: Float32Array | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, data);
  return path;
};

function benchFeatures(): void {
  const [count, dim, subsets] = flags.quick ? [2000, 1000, 20] : [10000, 1000, 100];
  const normals = (index: number) =>
    new RandomStream(1, 'bench/evaluation', index).fillNormal(new Float32Array(count * dim));
  const job = { real: file('real', normals(0)), fake: file('fake', normals(1)), dim, subsets };
  compare(
    `KID, PRDC, P-PR of ${count} x ${count} features of ${dim}`,
    { ...job, task: 'features' },
    {
      'numpy float32, products shared': { ...job, task: 'shared' },
      'scikit-learn, metric by metric': { ...job, task: 'separate' },
    },
  );
}

function benchChamfer(): void {
  const [shapes, points, sample] = flags.quick ? [80, 2048, 40] : [1000, 2048, 300];
  // Forty phantoms, each grown or shrunk by up to 4 %, other points each time.
  const masks = Array.from(
    { length: 40 },
    (_, index) => makePhantom({ seed: 1, index, grid: phantomGrid(64) }).mask,
  );
  const random = new RandomStream(1, 'bench/shapes');
  const clouds = new Float32Array(shapes * points * 3);
  for (let s = 0; s < shapes; s++) {
    const all = surfaceSample(masks[s % 40], 3 * points);
    const scale = random.between(0.96, 1.04);
    const first = 3 * random.integer(all.length / 3 - points + 1);
    for (let k = 0; k < 3 * points; k++) clouds[3 * points * s + k] = scale * all[first + k];
  }
  const job = { clouds: file('clouds', clouds), points, sample, threads };
  const name = `1-NNA by Chamfer, ${shapes / 2} + ${shapes / 2} shapes of ${points} points`;
  // Pairs whose distances are shown by both.
  const first = runPeer({ ...job, task: 'chamfer', sample: 20 });
  const pairs = JSON.stringify(first?.numbers.pairs ?? []);
  compare(name, { ...job, task: 'chamfer', pairs }, { 'scipy cKDTree': { ...job, task: 'chamfer' } });
}

function benchHd95(): void {
  const n = flags.quick ? 160 : 512;
  const shell = (radius: number, centre: number): Uint8Array => {
    const data = new Uint8Array(n ** 3);
    for (let z = 0, at = 0; z < n; z++)
      for (let y = 0; y < n; y++)
        for (let x = 0; x < n; x++, at++) {
          const d = Math.hypot(x - centre, y - centre, z - centre);
          data[at] = d < radius && d > radius - 8 ? 1 : 0;
        }
    return data;
  };
  const job = {
    task: 'hd95',
    a: file('a', shell(n / 2 - 1, (n - 1) / 2)),
    b: file('b', shell(0.48 * n, 0.51 * n)),
    size: n,
    spacing: SPACING,
  };
  compare(`HD95 of a ${n}^3 pair`, job, { 'scipy distance_transform_edt': job });
}

try {
  console.error(`${threads} threads; ${rounds} rounds`);
  for (const [name, bench] of [
    ['features', benchFeatures],
    ['chamfer', benchChamfer],
    ['hd95', benchHd95],
  ] as const)
    if (flags.only.split(',').includes(name)) bench();
  for (const text of lines) console.log(text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
