/**
 * `npm run bench:reference`: one training step of each network at the sizes of the reference configuration, with time and
 * peak memory. The autoencoder is the preset's: it takes masks of 456x352x512, encodes them at 192x148x216 and its head `up`
 * writes the fine grid again; the U-Net trains on a batch of 8 latents of 8x48x37x54. Each network runs in a process of its own, so that peaks are its own.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AUTOENCODER_PRESETS, autoencoderSchema, generatorSchema } from '../src/config/schemas.ts';
import { elements, Graph, type Tensor } from '../src/graph/graph.ts';
import { add, multiply } from '../src/graph/ops/binary.ts';
import { unet } from '../src/models/unet.ts';
import { codebookStep, decoder, encoder } from '../src/models/vqvae.ts';
import { bceWithLogits, mse, softDice } from '../src/nn/losses.ts';
import { Scope } from '../src/nn/scope.ts';
import { RandomStream } from '../src/random/stream.ts';
import { type Value, value } from '../src/runtime/session.ts';
import { ADAM_DEFAULTS } from '../src/training/optimiser.ts';
import { Trainer, type TrainerDefinition } from '../src/training/trainer.ts';
import { line } from './line.ts';

const FINE = [512, 352, 456]; // z, y, x
const LATENT = [8, 54, 37, 48];

const normals = (shape: readonly number[], purpose: string) =>
  value(new RandomStream(1, purpose).fillNormal(new Float32Array(elements(shape))), shape);

function ball(size: readonly number[]): Value {
  const data = new Float32Array(elements(size));
  const [d, h, w] = size;
  for (let z = 0, i = 0; z < d; z++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++, i++)
        data[i] = Math.hypot((2 * z) / d - 1, (2 * y) / h - 1, (2 * x) / w - 1) < 0.8 ? 1 : -1;
  return value(data, [1, 1, ...size]);
}

function autoencoderStep(): [TrainerDefinition, Record<string, Value>] {
  const { model } = autoencoderSchema.parse(AUTOENCODER_PRESETS.reference);
  const graph = new Graph();
  const x = graph.input('x', [1, 1, ...FINE]);
  const z = encoder(new Scope(graph, 'encoder'), x, model);
  const codes = codebookStep(graph, z, model);
  const logits = decoder(new Scope(graph, 'decoder'), codes.quantised, model, FINE);
  const target = multiply(add(x, 1), 0.5);
  const loss = add(
    add(bceWithLogits(logits, target), softDice(logits, target)),
    multiply(codes.commitment, 0.25),
  );
  const start = normals([model.codes, model.latentChannels], 'bench/codebook').data as Float32Array;
  const slot = (input: string, output: Tensor, initial: Float32Array) => ({ input, output, initial });
  const extra = [
    slot('codebook', codes.after.codebook, start),
    slot('counts', codes.after.counts, new Float32Array(model.codes).fill(1)),
    slot('sums', codes.after.sums, start),
  ];
  const restarts = value(
    Int32Array.from({ length: model.codes }, (_, i) => i),
    [model.codes],
  );
  return [
    { graph, loss, seed: 1, adam: ADAM_DEFAULTS, extra },
    { x: ball(FINE), restarts },
  ];
}

function generatorStep(): [TrainerDefinition, Record<string, Value>] {
  const { model, batch } = generatorSchema.parse({ batch: 8 });
  const shape = [batch, ...LATENT];
  const graph = new Graph();
  const velocity = unet(
    new Scope(graph, 'unet'),
    graph.input('x', shape),
    graph.input('t', [batch]),
    graph.input('label', [batch], 'int32'),
    model,
  );
  const loss = mse(velocity, graph.input('target', shape));
  const feeds = {
    x: normals(shape, 'bench/x'),
    target: normals(shape, 'bench/target'),
    t: value(new Float32Array(batch).fill(0.5), [batch]),
    label: value(new Int32Array(batch), [batch]),
  };
  return [{ graph, loss, seed: 1, adam: ADAM_DEFAULTS }, feeds];
}

const which = process.argv[2];
if (which === undefined) {
  for (const name of ['autoencoder', 'generator'])
    spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), name], {
      stdio: 'inherit',
    });
} else {
  const [definition, feeds] = which === 'autoencoder' ? autoencoderStep() : generatorStep();
  const trainer = await Trainer.create(definition);
  const start = performance.now();
  const { loss } = await trainer.step(1, 1e-4, feeds);
  const seconds = (performance.now() - start) / 1000;
  const peak = process.resourceUsage().maxRSS / 1e6;
  console.error(
    `${which}: ${definition.graph.parameterCount} parameters, loss ${loss.toFixed(4)}, ${seconds.toFixed(1)} s, ${peak.toFixed(1)} GB`,
  );
  const name = `reference ${which}`;
  console.log(line({ name: `${name}: training step`, ours: seconds, unit: 's' }));
  const unit = 'GB (peer: the limit)';
  console.log(line({ name: `${name}: peak memory of a training step`, ours: peak, peer: 20, unit }));
}
