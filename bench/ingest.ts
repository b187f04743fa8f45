/**
 * `npm run bench:ingest`: one large head on its way from the file to the aligned grid, where the time goes, and the same
 * steps in SciPy, NumPy and nibabel where they have them.
 *
 * The volume is the Visible Human's CT of ../shared/data, resampled to 512x512x452 voxels of 0.489x0.489x0.5 mm (its
 * window of 250 mm around the head) as .nii.gz in a temporary folder, which is removed at the end. Three processes, so that
 * each peak of memory is its own, and only one of them works at a time:
 *
 *   way      a case by the maker and the writer of `ingest`, once, cold: what a user waits for
 *   kernels  single steps, interleaved with
 *   peer     the same arithmetic on the same arrays (ingest_peer.py); both count the voxels they leave
 *
 * Ends with JSON lines {name, ours, peer, ratio, unit}; ratio above 1: ours is better; peer null where there is none.
 * Flags: `--quick` (the original 512x512x245 voxels of 1 mm), `--rounds N` (of the single steps, the best counts; 2).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { CaseInput } from '../src/dataset/inputs.ts';
import { CaseMaker } from '../src/dataset/makeCase.ts';
import { DatasetWriter } from '../src/dataset/writer.ts';
import { cropToBone } from '../src/skull/orient.ts';
import { fillSmallHoles, LARGEST_HOLE } from '../src/skull/segment/holes.ts';
import { voxelVolume } from '../src/skull/segment/step.ts';
import { apply3, indexMap } from '../src/volume/geometry.ts';
import { readVolume, writeVolume } from '../src/volume/io/index.ts';
import { close } from '../src/volume/morphology.ts';
import { cut, resample, resampleByMap } from '../src/volume/resample.ts';
import { labelRuns, overlapOfRuns, paintRuns } from '../src/volume/runs.ts';
import { findScans, readScan } from '../src/volume/scan/index.ts';
import {
  centredGrid,
  type Grid,
  IDENTITY,
  type Mask,
  type Mat3,
  type Vec3,
  type Volume,
} from '../src/volume/volume.ts';
import { line } from './line.ts';

const STUDY = join(
  import.meta.dirname,
  '../../shared/data/vhm_head_dicom_NLM-public/vhm_head_ct_245_dicom.zip',
);
/** LPS mm in the scan's space: the window ends at the crown's last slice, and its middle is that of the bone above the jaw. */
const LARGE: Grid = {
  size: [512, 512, 452],
  spacing: [0.489, 0.489, 0.5],
  origin: [128.6, 129.8, 1019],
  direction: IDENTITY,
};
/** The reference's grid: across, front to back, up. */
const GRID: Vec3 = [148, 192, 216];
const SPACING = 1.213;
/** mm of the ball of the closing. */
const RADIUS = 2;
/** The limits. */
const LIMIT = { seconds: 60, gb: 4 };

/** What the way leaves for the single steps. */
interface Shared {
  scan: string;
  /** Bytes of the segmented bone, and its grid. */
  mask: string;
  size: Vec3;
  spacing: Vec3;
  /** HU. */
  high: number;
  low: number;
  /** Voxels of the largest hole that is filled. */
  hole: number;
  radius: number;
  grid: Vec3;
  /** Voxels of the grid to voxels of the mask, 3x4. */
  map: number[];
}

interface WayResult {
  /** Wall and processor seconds until the first step. */
  startup: [number, number];
  /** Wall and processor seconds. */
  steps: [name: string, wall: number, cpu: number][];
  peakGb: number;
  note: string;
  shared: Shared;
}

interface Answer {
  seconds: number;
  /** Voxels that the step leaves. */
  voxels: number;
  peakGb: number;
}

const STEPS = {
  read: 'read .nii.gz',
  hysteresis: 'threshold with hysteresis',
  largest: 'largest component',
  holes: 'fill small holes',
  closing: `closing by a ball of ${RADIUS} mm`,
  resample: 'resample the mask, linear',
} as const;
type Step = keyof typeof STEPS;

const seconds = (): number => performance.now() / 1000;
const cpu = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
const peakGb = (): number => process.resourceUsage().maxRSS / 1e6;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string', default: '2' } },
});
const [role, argument] = positionals;
/** The volume to measure. */
async function make(path: string): Promise<void> {
  const [source] = await findScans([STUDY]);
  const { volume } = await readScan(source);
  if (flags.quick) return writeVolume(path, volume);
  const soft = resample(volume, LARGE, { outside: -1024 });
  // A loop: `from` with a function would gather all values in a list first.
  const data = new Int16Array(soft.data.length);
  for (let p = 0; p < data.length; p++) data[p] = Math.round(soft.data[p]);
  await writeVolume(path, { ...soft, data });
}

/** The way of one case: that of `ingest`, by its own maker and writer, with a clock at the end of each step. */
async function way(folder: string): Promise<void> {
  const path = join(folder, 'scan.nii.gz');
  const times = new Map<string, [wall: number, cpu: number]>();
  const startup: WayResult['startup'] = [seconds(), cpu()];
  let last = startup;
  let bone: Mask | undefined;
  const lap = (step: string, mask?: Mask): void => {
    const now: typeof last = [seconds(), cpu()];
    const name = step === 'head CT' ? 'read; is it a head CT?' : step;
    const [wall, busy] = times.get(name) ?? [0, 0];
    times.set(name, [wall + now[0] - last[0], busy + now[1] - last[1]]);
    last = now;
    bone = mask ?? bone;
  };
  const out = join(folder, 'dataset');
  const header = { name: 'bench', bone: 'skull', phantom: false, spacing: SPACING, frame: 'Frankfort' };
  const writer = new DatasetWriter(out, { ...header, size: [...GRID] });
  // A bone that the grid does not hold is no matter here.
  const maker = await CaseMaker.create({ out, grid: GRID, spacing: SPACING, maxCut: 1 }, lap);
  const input: CaseInput = { kind: 'volume', file: { path, id: 'case' } };
  const made = await maker.make(input, { id: 'case', label: 'the case' });
  if ('refused' in made) throw new Error(made.refused.found);
  const row = { id: 'case', subject: 'case', source: 'ct', attribution: 'NLM', licence: 'public' };
  writer.add({ ...row, quality: made.quality, provenance: made.provenance }, made.mask);
  lap('pack and write');
  const peak = peakGb();

  // After the clock: what the single steps start from.
  const { threshold, qualityReasons, alignment, cutShare, transform: m } = made.provenance;
  const mask = cropToBone(bone!, 8);
  const maskPath = join(folder, 'mask.bin');
  writeFileSync(maskPath, mask.data);
  const centred = centredGrid(GRID, [SPACING, SPACING, SPACING]);
  const result: WayResult = {
    startup,
    steps: [...times].map(([name, [wall, busy]]) => [name, wall, busy]),
    peakGb: peak,
    note: `quality ${made.quality} (${qualityReasons.join('; ')}), score ${alignment!.score.toFixed(2)}, bone from ${threshold!.toFixed(0)} HU; ${(100 * cutShare).toPrecision(2)} % of the bone beyond the grid`,
    shared: {
      scan: path,
      mask: maskPath,
      size: mask.size,
      spacing: mask.spacing,
      high: Math.round(threshold!),
      low: Math.round(0.6 * threshold!),
      hole: Math.max(1, LARGEST_HOLE / voxelVolume(mask)),
      radius: RADIUS,
      grid: GRID,
      map: [...indexMap(movedBack(centred, m), mask)],
    },
  };
  console.log(JSON.stringify(result));
}

/** The grid of the dataset in the space of the scan: the rigid 4x4 `m` leads from there. */
function movedBack(grid: Grid, m: readonly number[]): Grid {
  const direction: Mat3 = [m[0], m[4], m[8], m[1], m[5], m[9], m[2], m[6], m[10]];
  const origin = apply3(direction, grid.origin.map((x, r) => x - m[4 * r + 3]) as unknown as Vec3);
  return { ...grid, origin: origin as Vec3, direction };
}

/** Single steps, each when a line asks for it. */
async function kernels(shared: Shared): Promise<void> {
  const { spacing, high, low } = shared;
  let scan: Volume | undefined;
  const above = (hu: number): Uint8Array => {
    const { data } = scan!;
    const out = new Uint8Array(data.length);
    for (let p = 0; p < out.length; p++) out[p] = data[p] >= hu ? 1 : 0;
    return out;
  };
  const data = new Uint8Array(readFileSync(shared.mask));
  const mask: Mask = { ...centredGrid(shared.size, spacing), data };
  const work: Record<Step, () => Uint8Array | Promise<undefined>> = {
    read: async () => {
      scan = undefined;
      scan = await readVolume(shared.scan);
      return undefined;
    },
    hysteresis: () => {
      const runs = labelRuns(above(low), scan!.size);
      return paintRuns(runs, overlapOfRuns(runs, above(high)));
    },
    largest: () => paintRuns(labelRuns(above(high), scan!.size), [1]),
    holes: () => fillSmallHoles(mask).mask.data,
    closing: () => close(mask.data, mask.size, spacing, shared.radius),
    resample: () =>
      cut(
        resampleByMap(mask.data, mask.size, Float64Array.from(shared.map), shared.grid, { antialias: false }),
        0.5,
      ),
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const { step } = JSON.parse(line) as { step: Step };
    const start = seconds();
    const out = await work[step]();
    const answer: Answer = { seconds: seconds() - start, voxels: 0, peakGb: 0 };
    for (const v of out ?? above(high)) answer.voxels += v;
    answer.peakGb = peakGb();
    console.log(JSON.stringify(answer));
  }
}

/** A process that answers a line with a line. */
class Server {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.on('error', () => undefined);
    this.#child.stdin!.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async answer<T>(): Promise<T | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : JSON.parse(value);
  }

  ask(step: Step): Promise<Answer | undefined> {
    this.#child.stdin!.write(`${JSON.stringify({ step })}\n`);
    return this.answer();
  }

  end(): void {
    this.#child.stdin!.end();
  }
}

/** This file in a process of its own. */
function ours(part: string, argument: string): Server {
  const own = [...process.execArgv, import.meta.filename, part, argument];
  return new Server(process.execPath, flags.quick ? [...own, '--quick'] : own);
}

async function main(): Promise<void> {
  if (!existsSync(STUDY)) {
    console.error(`left out: ${STUDY} is not there`);
    process.exitCode = 1;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'cranioflow-bench-'));
  // Ctrl-C too leaves nothing behind.
  process.once('SIGINT', () => process.exit(130));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const load = (): string =>
    `load ${loadavg()
      .map((x) => x.toFixed(1))
      .join(', ')} on ${availableParallelism()} cores`;
  console.error(load());
  await ours('make', join(folder, 'scan.nii.gz')).answer();
  if (!existsSync(join(folder, 'scan.nii.gz'))) throw new Error('the volume could not be made');
  const started = seconds();
  const result = await ours('way', folder).answer<WayResult>();
  if (result === undefined) throw new Error('the way ended without a result');
  const { startup, steps, note, shared } = result;
  const rows: WayResult['steps'] = [['start of the process', ...startup], ...steps];
  const [total, busy] = [1, 2].map((c) => rows.reduce((sum, row) => sum + Number(row[c]), 0));
  const heading = flags.quick
    ? '512x512x245, 1 mm'
    : `${LARGE.size.join('x')}, ${LARGE.spacing.join('x')} mm`;
  console.log(`\n${heading}, to ${GRID.join('x')} voxels of ${SPACING} mm: ${note}\n`);
  console.log('| step | wall, s | processor, s | share |\n| --- | --- | --- | --- |');
  for (const [name, s, c] of rows)
    console.log(`| ${name} | ${s.toFixed(2)} | ${c.toFixed(2)} | ${((100 * s) / total).toFixed(0)} % |`);
  console.log(
    `| **all** | **${total.toFixed(2)}** | **${busy.toFixed(2)}** | peak memory ${result.peakGb.toFixed(2)} GB |\n`,
  );
  console.error(`seen from outside ${(seconds() - started).toFixed(2)} s; ${load()}`);
  await compare(shared);
  for (const [name, s] of rows) print(`way: ${name}`, s, undefined, 's');
  const drawn = rows.filter(([name]) => /^(pictures|slices)/.test(name));
  const pictures = drawn.reduce((sum, [, s]) => sum + s, 0);
  print('file to grid, without pictures', total - pictures, LIMIT.seconds, 's (peer: the limit)');
  print('file to grid, with pictures and record', total, LIMIT.seconds, 's (peer: the limit)');
  print('file to grid, peak memory', result.peakGb, LIMIT.gb, 'GB (peer: the limit)');
  console.error(load());
}

/** The single steps beside the peer's. */
async function compare(shared: Shared): Promise<void> {
  const mine = ours('kernels', JSON.stringify(shared));
  const peer = new Server('/usr/bin/python3', [
    join(import.meta.dirname, 'ingest_peer.py'),
    JSON.stringify(shared),
  ]);
  const hello = await peer.answer<{ version: string }>();
  console.error(
    hello?.version ?? 'no peer: /usr/bin/python3 with python3-scipy and python3-nibabel is needed',
  );
  const best = new Map<Step, { ours: number; peer?: number }>();
  let peaks = { ours: 0, peer: undefined as number | undefined };
  for (let round = 0; round < Number(flags.rounds); round++)
    for (const step of Object.keys(STEPS) as Step[]) {
      const a = await mine.ask(step);
      if (a === undefined) throw new Error(`the process of single steps ended at ${step}`);
      const b = hello && (await peer.ask(step));
      const before = best.get(step);
      best.set(step, {
        ours: Math.min(a.seconds, before?.ours ?? Infinity),
        peer: b && Math.min(b.seconds, before?.peer ?? Infinity),
      });
      peaks = { ours: a.peakGb, peer: b?.peakGb };
      const theirs = b && `, peer ${b.seconds.toFixed(2)} s; voxels ${a.voxels} and ${b.voxels}`;
      console.error(`${step.padEnd(10)} ${a.seconds.toFixed(2)} s${theirs ?? ''}`);
      // Linear interpolation may round a voxel on the cut either way.
      if (b !== undefined && Math.abs(a.voxels - b.voxels) > 1e-4 * a.voxels)
        throw new Error(`${step}: the two did not do the same`);
    }
  mine.end();
  peer.end();
  for (const [step, s] of best) print(STEPS[step], s.ours, s.peer, 's');
  print('single steps, peak memory', peaks.ours, peaks.peer, 'GB');
}

const print = (name: string, ours: number, peer: number | undefined, unit: string): void =>
  console.log(line({ name, ours, peer, unit }));

if (role === 'make') await make(argument);
else if (role === 'way') await way(argument);
else if (role === 'kernels') await kernels(JSON.parse(argument));
else await main();
