/**
 * `npm run bench:browser`: what a new skull costs in a browser, headless Chromium on WebAssembly, beside the same on Node, with
 * the bundled generator (64^3 voxels), in turns on this machine.
 *
 *   SOLVER STEPS, guidance G, N threads   a whole skull, decoded; the best of the rounds
 *   ready                                 from the files' bytes to the first evaluation: weights checked, networks compiled
 *   latent                                largest difference between the two latents, whose deviation is 1 (no peer)
 *
 * Flags: `--rounds 3`, `--quick` (fewer steps).
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Generator } from '../src/sampling/generator.ts';
import type { SampleSettings } from '../src/sampling/latentSampler.ts';
import { readGenerator } from '../src/sampling/readGenerator.ts';
import { builtPage } from '../test/web/build.ts';
import { launch } from '../test/web/chromium.ts';
import { serveFolder } from '../test/web/staticServer.ts';
import { line } from './line.ts';

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, quick: { type: 'boolean', default: false } },
});
const rounds = Number(flags.rounds);
const MODEL = new URL('../assets/phantom-small', import.meta.url).pathname;

const print = (name: string, ours: number, peer: number | undefined, unit: string) =>
  console.log(line({ name, ours, peer, unit }));

/** Threads of either side spin for a moment after their work. */
const rest = () => new Promise((resolve) => setTimeout(resolve, 100));

const folder = mkdtempSync(join(tmpdir(), 'cranioflow-bench-'));
const page = await builtPage('site');
cpSync(page, folder, { recursive: true });
cpSync(MODEL, join(folder, 'model'), { recursive: true });
writeFileSync(join(folder, 'blank.html'), '<link rel="icon" href="data:,">');
const asset = (pattern: RegExp) => `assets/${readdirSync(join(page, 'assets')).find((f) => pattern.test(f))}`;
const files = {
  worker: asset(/^sampler\.worker/),
  script: asset(/^ort-wasm-simd-threaded-[^.]*\.js$/),
  wasm: asset(/^ort-wasm-simd-threaded-[^.]*\.bin$/),
};
const server = await serveFolder(folder, { isolated: true });
const browser = await launch();

/** In the page: a worker that answers one request after the other. */
const SET_UP = `
  globalThis.start = async ({ worker, script, wasm }, threads) => {
    const thread = new Worker(worker, { type: 'module' });
    let id = 0;
    globalThis.ask = (kind, ask) => new Promise((resolve, reject) => {
      const mine = ++id;
      thread.onmessage = ({ data }) => {
        if (data.id !== mine || data.kind === 'doing' || data.kind === 'progress') return;
        if (data.kind === 'failed') reject(new Error(data.error.found));
        else resolve(data.loaded ?? data.sampled);
      };
      thread.postMessage({ id: mine, kind, ask });
    });
    const read = async (name) => ({ name, bytes: await (await fetch('model/' + name)).arrayBuffer() });
    const weights = { model: await read('model.safetensors'), autoencoder: await read('autoencoder.safetensors') };
    const build = { script: new URL(script, location.href).href, wasm: new URL(wasm, location.href).href };
    return (await ask('load', { weights, builds: { cpu: build, gpu: build }, device: 'cpu', threads })).seconds;
  };
  globalThis.sample = async (request) => {
    const { seconds, latent } = await ask('sample', { ...request, showEvery: 0 });
    return { seconds, latent: [...latent] };
  };
`;

interface Side {
  name: string;
  sample(settings: SampleSettings): Promise<{ seconds: number; latent: ArrayLike<number> }>;
}

const of = { seed: 1, index: 0, quality: 6 };

async function chromiumSide(threads: number): Promise<Side & { ready: number; close(): Promise<void> }> {
  const tab = await browser.newPage();
  await tab.goto(`${server.origin}/blank.html`);
  await tab.evaluate(SET_UP);
  const ready = await tab.evaluate<number>(`start(${JSON.stringify(files)}, ${threads})`);
  const sample: Side['sample'] = (settings) =>
    tab.evaluate(`sample(${JSON.stringify({ ...settings, ...of })})`);
  return { name: `Chromium ${browser.version()}`, ready, sample, close: () => tab.close() };
}

async function nodeSide(threads: number): Promise<Side & { ready: number; close(): Promise<void> }> {
  const begun = performance.now();
  const generator = await Generator.create(readGenerator(MODEL), { threads });
  const ready = (performance.now() - begun) / 1000;
  const sample: Side['sample'] = async (settings) => {
    const start = performance.now();
    const latent = await generator.sampleLatent({ ...settings, ...of });
    await generator.decode(latent);
    return { seconds: (performance.now() - start) / 1000, latent };
  };
  return { name: `Node ${process.version}`, ready, sample, close: () => generator.release() };
}

const cases: SampleSettings[] = flags.quick
  ? [{ solver: 'heun', steps: 4, guidance: 1.5 }]
  : [
      { solver: 'euler', steps: 8, guidance: 1 },
      { solver: 'heun', steps: 8, guidance: 1.5 },
      { solver: 'heun', steps: 16, guidance: 1.5 },
    ];

try {
  for (const threads of [2, 1]) {
    const [ours, peer] = [await chromiumSide(threads), await nodeSide(threads)];
    if (threads === 2) console.error(`${ours.name} beside ${peer.name}`);
    print(`ready, ${threads} threads`, ours.ready, peer.ready, 's');
    let difference = 0;
    for (const settings of cases) {
      const best = { ours: Infinity, peer: Infinity };
      // The first is a warm-up: networks are compiled when they are first asked.
      for (let round = 0; round <= rounds; round++) {
        await rest();
        const here = await ours.sample(settings);
        await rest();
        const there = await peer.sample(settings);
        for (let i = 0; i < here.latent.length; i++)
          difference = Math.max(difference, Math.abs(here.latent[i] - there.latent[i]));
        if (round === 0) continue;
        best.ours = Math.min(best.ours, here.seconds);
        best.peer = Math.min(best.peer, there.seconds);
      }
      const { solver, steps, guidance } = settings;
      print(
        `${solver} ${steps}, guidance ${guidance}, ${threads} threads`,
        best.ours,
        best.peer,
        's a skull',
      );
    }
    print(`latent, ${threads} threads`, difference, undefined, 'largest difference');
    await ours.close();
    await peer.close();
  }
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
