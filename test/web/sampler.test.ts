/**
 * The sampler's worker in Chromium, asked as a page asks it: the same latents and bones as on Node, cancels, refusals, and the
 * GPU where Chromium has one (its emulation serves).
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unpackBits } from '../../src/dataset/pack.ts';
import { exportRelease } from '../../src/sampling/generateExport.ts';
import { Generator, type GeneratorWeights } from '../../src/sampling/generator.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import type { DeviceWish, Reply, RuntimeBuilds, SampleRequest } from '../../web/sampler/messages.ts';
import { lively, type TinyGenerator, trainTinyGenerator } from '../sampling/tinyGenerator.ts';
import { builtPage } from './build.ts';
import { complaints, inChromium, launch } from './chromium.ts';
import { type StaticServer, serveFolder } from './staticServer.ts';

/** Largest difference of a normalised latent (deviation 1) between Node and the browser's WebAssembly. */
const LATENT = 1e-4;
const DICE = 0.99;

type Sampled = Extract<Reply, { kind: 'sampled' }>['sampled'];
type Loaded = Extract<Reply, { kind: 'loaded' }>['loaded'];

/** What the page has: a worker, and the replies to each request. */
declare global {
  var ask: (kind: 'load' | 'sample', ask: unknown, cancelAfter?: number) => Promise<Reply[]>;
}

/** What a page would do, in the page. */
function setUp(worker: string): void {
  const thread = new Worker(worker, { type: 'module' });
  let count = 0;
  globalThis.ask = (kind, ask, cancelAfter) => {
    const id = ++count;
    const replies: Reply[] = [];
    let steps = 0;
    return new Promise((resolve) => {
      thread.onmessage = ({ data }: MessageEvent<Reply>) => {
        replies.push(data);
        if (data.kind === 'progress' && ++steps === cancelAfter) thread.postMessage({ id, kind: 'cancel' });
        if (data.kind !== 'doing' && data.kind !== 'progress') resolve(replies);
      };
      thread.postMessage({ id, kind, ask });
    });
  };
}

inChromium('the sampler in Chromium', () => {
  let folder: string;
  let server: StaticServer;
  let browser: Browser;
  let tiny: TinyGenerator;
  let files: { worker: string; builds: RuntimeBuilds };
  let bad: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cranioflow-sampler-'));
    const page = await builtPage('site');
    cpSync(page, folder, { recursive: true });
    writeFileSync(join(folder, 'blank.html'), '<link rel="icon" href="data:,">');
    writeFileSync(join(folder, 'torn.bin'), gzipSync(Buffer.from('a WebAssembly')).subarray(0, 15));
    writeFileSync(join(folder, 'broken.wasm'), '\0asm\x01\0\0\0 and nothing that it should hold');
    cpSync('assets/phantom-small', join(folder, 'phantom-small'), { recursive: true });
    tiny = await trainTinyGenerator();
    exportRelease(lively(tiny), join(folder, 'tiny'));
    exportRelease(asDiffusion(lively(tiny)), join(folder, 'ddpm'));
    const asset = (pattern: RegExp) =>
      `/assets/${readdirSync(join(page, 'assets')).find((f) => pattern.test(f))}`;
    const build = (name: string) => ({
      script: asset(new RegExp(`^${name}-[^.]*\\.js$`)),
      wasm: asset(new RegExp(`^${name}-[^.]*\\.bin$`)),
    });
    files = {
      worker: asset(/^sampler\.worker/),
      builds: { cpu: build('ort-wasm-simd-threaded'), gpu: build('ort-wasm-simd-threaded\\.asyncify') },
    };
    server = await serveFolder(folder, { isolated: true });
    browser = await launch(['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    tiny?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A page with a worker that was asked to load a generator. */
  async function loaded(
    name: string,
    {
      device = 'cpu',
      threads = 2,
      damage,
      sha256,
      gpuWasm = files.builds.gpu.wasm,
    }: { device?: DeviceWish; threads?: number; damage?: number; sha256?: string; gpuWasm?: string } = {},
  ): Promise<{ page: Page; last: Reply }> {
    const page = await browser.newPage();
    bad = complaints(page, server.origin);
    // The page of the site would begin to load a model.
    await page.goto(`${server.origin}/blank.html`);
    await page.evaluate(setUp, files.worker);
    const replies = await page.evaluate(
      async ({ name, builds, device, threads, damage, sha256 }) => {
        const read = async (file: string) => ({
          name: file,
          bytes: await (await fetch(`/${name}/${file}`)).arrayBuffer(),
        });
        const weights = {
          model: { ...(await read('model.safetensors')), sha256 },
          autoencoder: await read('autoencoder.safetensors'),
        };
        if (damage !== undefined) new Uint8Array(weights.model.bytes)[damage] ^= 1;
        const at = (build: { script: string; wasm: string }) => ({
          script: new URL(build.script, location.href).href,
          wasm: new URL(build.wasm, location.href).href,
        });
        return ask('load', {
          weights,
          builds: { cpu: at(builds.cpu), gpu: at(builds.gpu) },
          device,
          threads,
        });
      },
      {
        name,
        builds: { ...files.builds, gpu: { ...files.builds.gpu, wasm: gpuWasm } },
        device,
        threads,
        damage,
        sha256,
      },
    );
    return { page, last: replies.at(-1)! };
  }

  const sample = (page: Page, request: SampleRequest, cancelAfter?: number) =>
    page.evaluate(
      async ({ request, cancelAfter }) =>
        // Typed arrays do not travel to the test as such.
        (await ask('sample', request, cancelAfter)).map((reply) =>
          reply.kind !== 'sampled'
            ? reply
            : {
                ...reply,
                sampled: {
                  ...reply.sampled,
                  latent: [...reply.sampled.latent],
                  mask: { ...reply.sampled.mask, bits: [...reply.sampled.mask.bits] },
                },
              },
        ),
      { request, cancelAfter },
    ) as Promise<Reply[]>;

  const sampledOf = (replies: Reply[]): Sampled => {
    const last = replies.at(-1)!;
    if (last.kind !== 'sampled') throw new Error(`not sampled: ${JSON.stringify(last)}`);
    return last.sampled;
  };
  const loadedOf = (reply: Reply): Loaded => {
    if (reply.kind !== 'loaded') throw new Error(`not loaded: ${JSON.stringify(reply)}`);
    return reply.loaded;
  };

  /** How far the browser's bone is from Node's. */
  async function compare(generator: GeneratorWeights, request: SampleRequest, found: Sampled) {
    const { showEvery: _, ...settings } = request;
    const node = await Generator.create(generator, { threads: 2 });
    const latent = await node.sampleLatent(settings);
    const mask = (await node.decode(latent)).data;
    await node.release();
    const theirs = unpackBits(Uint8Array.from(found.mask.bits), mask.length);
    let [both, all, voxels] = [0, 0, 0];
    for (let i = 0; i < mask.length; i++) {
      both += mask[i] & theirs[i];
      all += mask[i] + theirs[i];
      voxels += mask[i];
    }
    const difference = latent.reduce((worst, v, i) => Math.max(worst, Math.abs(v - found.latent[i])), 0);
    return { dice: (2 * both) / all, difference, voxels };
  }

  test('the bundled generator: the bone of Node, whatever the threads', async () => {
    const generator = readGenerator('assets/phantom-small');
    const request: SampleRequest = {
      seed: 7,
      index: 3,
      steps: 3,
      solver: 'heun',
      guidance: 1.5,
      quality: 6,
      showEvery: 2,
    };
    const { page, last } = await loaded('phantom-small');
    const { meta, hash, device, threads, solvers, defaults } = loadedOf(last);
    expect({ hash, device, threads, bone: meta.bone, phantom: meta.phantom }).toEqual({
      hash: generator.hash,
      device: 'cpu',
      threads: 2,
      bone: 'skull',
      phantom: true,
    });
    expect(solvers).toEqual(['heun', 'euler', 'midpoint', 'rk4', 'dopri5']);
    expect(defaults).toEqual({ steps: 16, solver: 'heun', guidance: 1.5 });
    const replies = await sample(page, request);
    const steps = replies.flatMap((r) => (r.kind === 'progress' ? [r.progress] : []));
    expect(steps.map((s) => [s.done, s.total, Number(s.t.toFixed(3)), s.shown !== undefined])).toEqual([
      [0, 3, 0, true],
      [1, 3, 0.333, false],
      [2, 3, 0.667, true],
      [3, 3, 1, false],
    ]);
    const found = sampledOf(replies);
    expect(found).toMatchObject({ quality: 6, empty: false, evaluations: 6 });
    expect(found.mask.size).toEqual([64, 64, 64]);
    expect(found.mask.spacing).toBe(3.75);
    const { dice, difference, voxels } = await compare(generator, request, found);
    expect(voxels).toBeGreaterThan(1000);
    expect(dice).toBeGreaterThanOrEqual(DICE);
    expect(difference).toBeLessThan(LATENT);
    expect(bad).toEqual([]);
    await page.close();
    const single = await loaded('phantom-small', { threads: 1 });
    const alone = sampledOf(await sample(single.page, { ...request, showEvery: 0 }));
    expect((await compare(generator, request, alone)).dice).toBeGreaterThanOrEqual(DICE);
    expect(alone.showing).toBe(0);
    await single.page.close();
  });

  test('a cancel ends between two evaluations, and the worker goes on', async () => {
    const { page } = await loaded('tiny');
    const request: SampleRequest = {
      seed: 1,
      index: 0,
      steps: 900,
      solver: 'heun',
      guidance: 1.5,
      quality: 6,
      showEvery: 0,
    };
    const replies = await sample(page, request, 5);
    expect(replies.at(-1)!.kind).toBe('cancelled');
    expect(replies.length).toBeLessThan(100);
    expect(sampledOf(await sample(page, { ...request, steps: 2 })).evaluations).toBe(4);
    await page.close();
  });

  test.each(['ancestral', 'ddim'] as const)('a diffusion model by %s: the bone of Node', async (solver) => {
    const { page, last } = await loaded('ddpm');
    expect(loadedOf(last).stepsMost).toBe(40);
    const eta = solver === 'ddim' ? { eta: 0.5 } : {};
    const request = { seed: 3, index: 1, steps: 6, solver, guidance: 1, quality: 6, showEvery: 0, ...eta };
    const found = sampledOf(await sample(page, request));
    const { dice, difference, voxels } = await compare(readGenerator(join(folder, 'ddpm')), request, found);
    expect(voxels).toBeGreaterThan(10);
    expect(dice).toBeGreaterThanOrEqual(DICE);
    expect(difference).toBeLessThan(LATENT);
    await page.close();
  });

  test('settings out of range are refused in words', async () => {
    const { page } = await loaded('tiny');
    const request = { seed: 1, index: 0, steps: 2, solver: 'ddim', guidance: 1, showEvery: 0 } as const;
    const last = (await sample(page, request)).at(-1)!;
    expect(last).toMatchObject({
      kind: 'failed',
      error: { found: 'the solver ddim for a generator that learnt otfm' },
    });
    await page.close();
  });

  test('one altered byte of the weights is refused', async () => {
    const bytes = readFileSync(join(folder, 'tiny', 'model.safetensors'));
    const { page, last } = await loaded('tiny', { damage: bytes.length - 20 });
    expect(last).toMatchObject({ kind: 'failed' });
    const { error } = last as Extract<Reply, { kind: 'failed' }>;
    expect(error.found).toMatch(/model\.safetensors holds other weights than it says/);
    await page.close();
  });

  test('a file of another checksum than the page knows is refused in words for a visitor', async () => {
    const { page, last } = await loaded('tiny', { sha256: '0'.repeat(64) });
    const { error, ofGpuBuild } = last as Extract<Reply, { kind: 'failed' }>;
    expect(error.found).toMatch(/^model\.safetensors is damaged: SHA-256 [0-9a-f]{12}\.\.\.$/);
    expect(error.expected).toContain('SHA-256 000000000000...');
    expect(error.todo).toMatch(/reload the page; if it stays, tell whoever runs it/);
    expect(ofGpuBuild).toBe(false);
    await page.close();
  });

  test.for<[string, RegExp]>([
    ['/missing.bin', /missing\.bin cannot be fetched \(404\)/],
    ['/blank.html', /blank\.html is damaged/],
    ['/torn.bin', /torn\.bin is damaged/],
    ['/broken.wasm', /ONNX Runtime cannot open this model/],
  ])('a GPU build that cannot start, %s: a fault of that build', async ([gpuWasm, found], context) => {
    const { page, last } = await loaded('tiny', { device: 'gpu', gpuWasm });
    if (last.kind === 'loaded' && last.loaded.notes.some((note) => /finds no GPU|has no WebGPU/.test(note)))
      return context.skip('this Chromium has no WebGPU');
    expect(last).toMatchObject({ kind: 'failed', ofGpuBuild: true });
    const { error } = last as Extract<Reply, { kind: 'failed' }>;
    expect(error.found).toMatch(/^the GPU cannot be used: /);
    expect(error.found).toMatch(found);
    expect(error.todo).toBe('use the processor');
    await page.close();
  });

  test('the GPU is used where it agrees with the processor', async (context) => {
    const { page, last } = await loaded('tiny', { device: 'gpu' });
    const { device, notes, agreement } = loadedOf(last);
    if (notes.some((note) => /finds no GPU|has no WebGPU/.test(note)))
      return context.skip('this Chromium has no WebGPU');
    expect(notes).toEqual([]);
    expect(device).toBe('gpu');
    expect(agreement).toBeLessThan(1e-3);
    const request = {
      seed: 2,
      index: 0,
      steps: 2,
      solver: 'euler',
      guidance: 1.5,
      quality: 6,
      showEvery: 0,
    } as const;
    const found = sampledOf(await sample(page, request));
    const { dice, voxels } = await compare(readGenerator(join(folder, 'tiny')), request, found);
    expect(voxels).toBeGreaterThan(10);
    expect(dice).toBeGreaterThanOrEqual(DICE);
    await page.close();
  });

  test('an emulated GPU is not taken unasked, and that is said', async () => {
    const { page, last } = await loaded('tiny', { device: 'auto' });
    const { device, notes } = loadedOf(last);
    expect(device).toBe('cpu');
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/^The processor is used: /);
    await page.close();
  });
});

/** The same network as a model of a diffusion chain: what it learnt does not matter here. */
function asDiffusion(generator: GeneratorWeights): GeneratorWeights {
  const diffusion = { steps: 40, schedule: 'cosine', prediction: 'v', reach: 4 } as const;
  return { ...generator, meta: { ...generator.meta, objective: 'ddpm', diffusion } };
}
