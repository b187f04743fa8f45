/**
 * `npm run bench:engine`: a training step and a sampling step of the 3D U-Net, ours (one ONNX graph) and PyTorch's, the same
 * network on the same shapes, interleaved in one run. Without Debian's python3-torch the peer is a matrix product instead: the
 * ratio is then the share of the measured GEMM peak that the step's own arithmetic reaches.
 * Flags: `--quick` (a small volume, to see that it works), `--steps N` (rounds measured, after one of warm-up).
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { gradients } from '../src/graph/autodiff.ts';
import { emit } from '../src/graph/emit.ts';
import { elements, Graph } from '../src/graph/graph.ts';
import { multiply, subtract } from '../src/graph/ops/binary.ts';
import { matmul } from '../src/graph/ops/matmul.ts';
import { mean } from '../src/graph/ops/reduce.ts';
import { type UNetConfig, unet } from '../src/models/unet.ts';
import { Scope } from '../src/nn/scope.ts';
import { RandomStream } from '../src/random/stream.ts';
import { Session, value } from '../src/runtime/session.ts';
import { StepRunner } from '../src/runtime/stepRunner.ts';
import { ADAM_DEFAULTS, adam, adamSchedule } from '../src/training/optimiser.ts';
import { line } from './line.ts';
import { Peer } from './peer.ts';

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, steps: { type: 'string', default: '3' } },
});
const size = flags.quick ? [2, 8, 16, 16, 16] : [2, 8, 48, 40, 56];
const network: UNetConfig = {
  width: 32,
  multipliers: [1, 2, 4],
  blocks: 2,
  groups: 8,
  attention: [2],
  headChannels: 32,
  classes: 5,
};
const threads = availableParallelism();

const normals = (n: number, purpose: string) => new RandomStream(1, purpose).fillNormal(new Float32Array(n));

function build(): { graph: Graph; velocity: ReturnType<typeof unet> } {
  const graph = new Graph();
  const x = graph.input('x', size);
  const velocity = unet(
    new Scope(graph, 'unet'),
    x,
    graph.input('t', [size[0]]),
    graph.input('label', [size[0]], 'int32'),
    network,
  );
  return { graph, velocity };
}

const inputs = {
  x: value(normals(elements(size), 'bench/x'), size),
  t: value(new Float32Array(size[0]).fill(0.4), [size[0]]),
  label: value(new Int32Array(size[0]), [size[0]]),
};
const target = value(normals(elements(size), 'bench/target'), size);

// Values, so that the time below is the graph's alone.
const count = build().graph.parameterCount;
const weights = normals(count, 'bench/weights').map((w) => w * 0.02);
const zeros = new Float32Array(count);

const started = performance.now();
const { graph, velocity } = build();
const error = subtract(velocity, graph.input('target', size));
const loss = mean(multiply(error, error));
const step = adam(graph, gradients(loss, graph.parameterTensors), ADAM_DEFAULTS);
const { after } = step;
const trainer = await StepRunner.create({
  graph,
  state: [
    { input: 'parameters', output: after.parameters, initial: weights },
    { input: 'moment1', output: after.moment1, initial: zeros },
    { input: 'moment2', output: after.moment2, initial: zeros },
    { input: 'ema', output: after.ema, initial: weights },
  ],
  results: { loss },
});
const createSeconds = (performance.now() - started) / 1000;
console.error(
  `${graph.parameterCount} parameters, ${trainer.nodeCount} ONNX nodes, built and compiled in ${createSeconds.toFixed(2)} s`,
);

let steps = 0;
async function oursTrain(): Promise<number> {
  const start = performance.now();
  await trainer.run({ ...inputs, target, schedule: value(adamSchedule(++steps, 1e-4, ADAM_DEFAULTS), [4]) });
  return performance.now() - start;
}

/** Multiplications and additions of the convolutions and products of a graph, in the direct form. */
function arithmetic(g: Graph): number {
  let total = 0;
  for (const { op, inputs, outputs, attributes } of g.nodes) {
    const out = outputs[0].shape;
    if (op.type === 'conv3d') total += 2 * elements(out) * elements(inputs[1].shape.slice(1));
    if (op.type === 'conv3dWeightGradient') total += 2 * elements(inputs[1].shape) * elements(out.slice(1));
    if (op.type === 'matmul') {
      const { transposeA } = attributes as { transposeA: boolean };
      const a = inputs[0].shape;
      total += 2 * elements(out) * (transposeA ? a[a.length - 2] : a[a.length - 1]);
    }
  }
  return total;
}

/** GFLOP/s of one large matrix product, the best of ten. */
async function gemmPeak(): Promise<number> {
  const n = 2048;
  const g = new Graph();
  const product = matmul(g.input('a', [n, n]), g.input('b', [n, n]));
  const session = await Session.create(emit(g, { outputs: { product } }).model);
  const a = value(normals(n * n, 'bench/a'), [n, n]);
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 10; i++) {
    const start = performance.now();
    await session.run({ a, b: a }, { product: null });
    fastest = Math.min(fastest, performance.now() - start);
  }
  await session.release();
  return (2 * n ** 3) / fastest / 1e6;
}

const peer = new Peer({ size, threads, network });
const hello = await peer.answer();
if (hello === undefined)
  console.error(
    'python3-torch is not installed: no peer; install python3-torch and libopenblas0 for the ratio',
  );
else console.error(`peer: PyTorch ${hello.version}, ${hello.parameters} parameters, ${threads} threads`);

const best = { oursTrain: Infinity, oursSample: Infinity, peerTrain: Infinity, peerSample: Infinity };
const note = (key: keyof typeof best, ms: number) => {
  best[key] = Math.min(best[key], ms);
  console.error(`${key.padEnd(12)} ${ms.toFixed(0)} ms`);
};
const rounds = Number(flags.steps) + 1;
let peerPeak = 0;
for (let i = 0; i < rounds; i++) {
  note('oursTrain', await oursTrain());
  if (hello === undefined) continue;
  const reply = await peer.ask('train');
  note('peerTrain', reply.ms);
  peerPeak = reply.peakGb;
}
const oursPeak = process.resourceUsage().maxRSS / 1e6;
await trainer.release();

const baked = new Map(
  graph.parameters.map((p) => [p.name, weights.slice(p.offset, p.offset + elements(p.shape))]),
);
const sampling = build();
const sampler = await Session.create(
  emit(sampling.graph, { outputs: { velocity: sampling.velocity }, weights: baked, layout: 'folded' }).model,
);
for (let i = 0; i < rounds; i++) {
  const start = performance.now();
  await sampler.run(inputs, { velocity: null });
  note('oursSample', performance.now() - start);
  if (hello !== undefined) note('peerSample', (await peer.ask('sample')).ms);
}
peer.end();

const print = (name: string, ours: number, peer: number, unit: string, more = false) =>
  console.log(line({ name, ours, peer, unit, more }));
if (hello === undefined) {
  const peak = await gemmPeak();
  const unit = 'GFLOP/s of the direct form (peer: GEMM peak)';
  print('training step', arithmetic(graph) / best.oursTrain / 1e6, peak, unit, true);
  print('sampling step', arithmetic(sampling.graph) / best.oursSample / 1e6, peak, unit, true);
  print('peak memory, training', oursPeak, 20, 'GB (peer: the limit)');
} else {
  print('training step', best.oursTrain / 1000, best.peerTrain / 1000, 's');
  print('sampling step', best.oursSample / 1000, best.peerSample / 1000, 's');
  print('peak memory, training', oursPeak, peerPeak, 'GB');
}
print('graph build and session creation', createSeconds, 3, 's (peer: the limit)');
