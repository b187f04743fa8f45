/**
 * `npm run bench:sampling`: what a new skull costs, with the bundled generator (64^3 voxels) on this machine.
 *
 *   evaluation, batch N    one evaluation of the network for N skulls, ours and PyTorch's, interleaved, per skull
 *   SOLVER STEPS           a latent (noise, solver, guidance); peer: as many evaluations in PyTorch, alone, in turns with ours
 *   decoder                from a latent to a mask
 *   against DDPM-T         the whole skull at OTFM's chosen evaluations against DDPM's whole chain of T, the same network
 *   memory                 resident memory after 50 bones of a set and after all of it
 *
 * Which evaluations are of equal quality is the study's to say (docs/results/compare); `--chosen` takes the answer. Time
 * does not depend on what the weights learnt, so the bundle's serve DDPM too.
 * Flags: `--rounds 5`, `--chosen 8` (evaluations of OTFM), `--bones 1000` (of the memory test), `--quick`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../src/random/stream.ts';
import { Session, value } from '../src/runtime/session.ts';
import { generateSet } from '../src/sampling/generateSet.ts';
import { Generator, type GeneratorWeights } from '../src/sampling/generator.ts';
import type { SampleSettings } from '../src/sampling/latentSampler.ts';
import { velocityModel } from '../src/sampling/network.ts';
import { readGenerator } from '../src/sampling/readGenerator.ts';
import { evaluations } from '../src/sampling/solverNames.ts';
import { line } from './line.ts';
import { Peer } from './peer.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    chosen: { type: 'string', default: '8' },
    bones: { type: 'string', default: '1000' },
    quick: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const threads = availableParallelism();
const source = readGenerator(new URL('../assets/phantom-small', import.meta.url).pathname);
const { latentShape, config } = source.meta;

const print = (name: string, ours: number, peer: number | undefined, unit: string) =>
  console.log(line({ name, ours, peer, unit }));

/** Threads of either side spin for a moment after their work; until they rest, they would slow the other down. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 60));

const time = async (work: () => Promise<unknown>): Promise<number> => {
  await rest();
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** Ours and the peer's (Infinity without a peer) milliseconds, the best of the rounds, taken in turns after a warm-up of each. */
async function turns(ours: () => Promise<unknown>, theirs: string, count = rounds) {
  const best = { ours: Infinity, peer: Infinity };
  for (let i = 0; i <= count; i++) {
    const mine = await time(ours);
    await rest();
    const peers = hello === undefined ? Infinity : (await peer.ask(theirs)).ms;
    if (i === 0) continue; // warm-up
    best.ours = Math.min(best.ours, mine);
    best.peer = Math.min(best.peer, peers);
  }
  return best;
}

/** Reports milliseconds of one evaluation a skull, by batch. */
async function evaluationTimes(): Promise<void> {
  for (const batch of batches) {
    const session = await Session.create(velocityModel(source, batch), { threads });
    const shape = [batch, ...latentShape];
    const x = new RandomStream(1, 'bench/x').fillNormal(new Float32Array(shape.reduce((a, b) => a * b)));
    const feeds = {
      x: value(x, shape),
      t: value(new Float32Array(batch).fill(0.5), [batch]),
      label: value(new Int32Array(batch), [batch]),
    };
    const { ours, peer } = await turns(() => session.run(feeds, { velocity: null }), `sample ${batch} 1`);
    await session.release();
    print(`evaluation, batch ${batch}`, ours / batch, peer / batch, 'ms a skull');
  }
}

/** Seconds of a whole skull, the best of some. */
async function seconds(generator: Generator, settings: SampleSettings, tries: number): Promise<number> {
  let best = Infinity;
  for (let index = 0; index < tries; index++)
    best = Math.min(best, await time(() => generator.sample({ ...settings, seed: 1, index, quality: 6 })));
  return best / 1000;
}

const batches = flags.quick ? [1, 2] : [1, 2, 4, 8];
const peer = new Peer({ size: [batches.at(-1)!, ...latentShape], threads, network: config });
const hello = await peer.answer();
if (hello === undefined)
  console.error('python3-torch is not installed: no peer; install python3-torch and libopenblas0');
else console.error(`peer: PyTorch ${hello.version}, ${hello.parameters} parameters, ${threads} threads`);
await evaluationTimes();

const otfm = await Generator.create(source, { threads });
const solvers: [SampleSettings['solver'], number][] = [
  ['euler', 1],
  ['euler', 4],
  ['euler', 16],
  ['euler', 64],
  ['heun', 2],
  ['heun', 8],
  ['heun', 16],
  ['midpoint', 8],
  ['rk4', 4],
  ['dopri5', 8],
];
for (const guidance of [1, 1.5])
  for (const [solver, steps] of flags.quick ? solvers.slice(0, 3) : solvers) {
    const nfe = evaluations(solver, steps);
    const latent = () => otfm.sampleLatent({ solver, steps, guidance, seed: 1, index: 0, quality: 6 });
    const name = `${solver} ${steps}, guidance ${guidance}`;
    if (nfe === null) {
      let best = Infinity;
      for (let i = 0; i < 3; i++) best = Math.min(best, await time(latent));
      print(name, best / 1000, undefined, 's a latent, NFE adaptive');
      continue;
    }
    const best = await turns(latent, `sample ${guidance === 1 ? 1 : 2} ${nfe}`, Math.min(rounds, 3));
    print(name, best.ours / 1000, best.peer / 1000, `s a latent, NFE ${nfe}`);
  }
peer.end();

// The chain of DDPM on the same network: its time does not depend on what was learnt.
const chosen = Number(flags.chosen);
const latent = await otfm.sampleLatent({ solver: 'euler', steps: 1, guidance: 1, seed: 1, index: 0 });
let decoding = Infinity;
for (let i = 0; i < rounds; i++) decoding = Math.min(decoding, await time(() => otfm.decode(latent)));
print('decoder', decoding / 1000, undefined, 's a skull');
const ours = await seconds(otfm, { solver: 'euler', steps: chosen, guidance: 1 }, 3);
await otfm.release();
for (const steps of flags.quick ? [300] : [300, 1000]) {
  const chain: GeneratorWeights = {
    ...source,
    meta: {
      ...source.meta,
      objective: 'ddpm',
      diffusion: { steps, schedule: 'cosine', prediction: 'epsilon', reach: 5 },
    },
  };
  const ddpm = await Generator.create(chain, { threads });
  // Networks are compiled when they are first asked: not part of a skull.
  await ddpm.sample({ solver: 'ddim', steps: 1, guidance: 1, seed: 1, index: 0, quality: 6 });
  const whole = await seconds(ddpm, { solver: 'ancestral', steps, guidance: 1 }, 2);
  await ddpm.release();
  print(`OTFM, ${chosen} evaluations, against DDPM-${steps}`, ours, whole, 's a skull');
}

const bones = flags.quick ? 60 : Number(flags.bones);
const folder = mkdtempSync(join(tmpdir(), 'cranioflow-bench-'));
try {
  const memory: number[] = [];
  const started = performance.now();
  await generateSet({
    generator: source,
    out: join(folder, 'set'),
    count: bones,
    seed: 1,
    solver: 'euler',
    steps: 1,
    guidance: 1,
    quality: 6,
    formats: [],
    onProgress: (done) => {
      if (done === 50 || done === bones) memory.push(process.memoryUsage().rss / 1e9);
    },
  });
  console.error(`${bones} bones in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  print(`memory after ${bones} bones (peer: after 50)`, memory[1], memory[0], 'GB');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
