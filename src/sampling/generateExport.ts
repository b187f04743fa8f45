/**
 * A generator made ready for others: as ONNX models that need nothing of this package (`exportOnnx`), or as a pair of
 * half-precision weights files that `readGenerator` opens (`exportRelease`). Both come with a card that says what it is.
 */
import { join } from 'node:path';
import { NumericsError } from '../errors.ts';
import { writeFileAtomic } from '../files/atomic.ts';
import { fromHalf, toHalf } from '../files/half.ts';
import type { StoredTensor } from '../files/safetensors.ts';
import { writeSafetensors } from '../files/safetensorsFile.ts';
import { packageVersion } from '../files/version.ts';
import { elements, type ParameterSpec } from '../graph/graph.ts';
import { encodeMeta, type GeneratorMeta } from '../models/metadata.ts';
import { privacyWords, publicDataHash } from '../models/privacyStatement.ts';
import { AUTOENCODER_FILE, autoencoderParameters, decoderModel, formFor } from './autoencoder.ts';
import { RESEARCH_USE } from './generateProvenance.ts';
import type { GeneratorWeights } from './generator.ts';
import { labelOfQuality } from './latentSampler.ts';
import { MEAN_LATENT, velocityGraph, velocityModel } from './network.ts';
import { readAutoencoder } from './readAutoencoder.ts';
import { readGenerator } from './readGenerator.ts';
import { sampleDefaults } from './solverNames.ts';

/**
 * Writes `velocity.onnx` (batch 1), `velocity-batch2.onnx` (the two branches of guidance in one run), `decoder.onnx`,
 * `model.json` (shapes, grid, classes) and a README; standard ONNX operators only. Throws `DiskError`. Returns the paths.
 */
export function exportOnnx(generator: GeneratorWeights, out: string): string[] {
  const { meta, autoencoder } = generator;
  const portable = formFor(true);
  const files: [string, Uint8Array | string][] = [
    ['velocity.onnx', velocityModel(generator, 1, portable)],
    ['velocity-batch2.onnx', velocityModel(generator, 2, portable)],
    [
      'decoder.onnx',
      decoderModel(autoencoder, generator.meanLatent ?? meta.latentMean, meta.latentDeviation, portable),
    ],
    [
      'model.json',
      `${JSON.stringify({ ...meta, dataHash: publicDataHash(meta), hash: generator.hash }, null, 1)}\n`,
    ],
    ['README.md', onnxCard(generator)],
  ];
  return files.map(([name, content]) => {
    const path = join(out, name);
    writeFileAtomic(path, content);
    return path;
  });
}

/**
 * Writes `model.safetensors`, `autoencoder.safetensors` (weights as F16) and a model card. The pair is a generator of its
 * own: its hash is that of the rounded weights. Throws `NumericsError` when a weight does not fit into half precision,
 * `DiskError` when the disk refuses. Returns the generator as it will be read.
 */
export function exportRelease(generator: GeneratorWeights, out: string): GeneratorWeights {
  const { meta, autoencoder } = generator;
  const beside = join(out, AUTOENCODER_FILE);
  const { codes, latentChannels } = autoencoder.meta.config;
  const tensors = halves(autoencoderParameters(autoencoder.meta), autoencoder.weights);
  tensors.set('codebook', half('codebook', autoencoder.codebook, [codes, latentChannels]));
  const halved = halves(velocityGraph(meta, 1).graph.parameters, generator.weights);
  if (generator.meanLatent !== undefined)
    halved.set(MEAN_LATENT, half(MEAN_LATENT, generator.meanLatent, meta.latentShape));
  // Nothing is written before every weight is known to fit.
  writeSafetensors(beside, tensors, encodeMeta(autoencoder.meta));
  // The generator names its autoencoder by the hash of its weights: from now on, the rounded ones.
  const { weightsHash: _of, ...plain } = meta;
  const rounded: GeneratorMeta = {
    ...plain,
    dataHash: publicDataHash(meta),
    autoencoderHash: readAutoencoder(beside).hash,
  };
  const write = (described: GeneratorMeta) =>
    writeSafetensors(join(out, 'model.safetensors'), halved, encodeMeta(described));
  write(rounded);
  // The hash is over the weights as they are read back, so it can only be added once they are written.
  write({ ...rounded, weightsHash: readGenerator(out).hash });
  const released = readGenerator(out);
  writeFileAtomic(join(out, 'README.md'), modelCard(released));
  return released;
}

function halves(
  specs: readonly ParameterSpec[],
  weights: ReadonlyMap<string, Float32Array>,
): Map<string, StoredTensor> {
  return new Map(specs.map(({ name, shape }) => [name, half(name, weights.get(name)!, shape)]));
}

function half(name: string, data: Float32Array, shape: readonly number[]): StoredTensor {
  if (!fromHalf(toHalf(data)).every(Number.isFinite))
    throw new NumericsError({
      found: `the weight ${name} holds a number that half precision cannot`,
      expected: 'finite weights below 65504',
      todo: 'train again with a lower learning rate: weights of this size are a sign of divergence',
    });
  return { dtype: 'F16', shape, data };
}

/** What a generator learnt from and what follows of it, Markdown. */
export function origin(meta: GeneratorMeta): string {
  return meta.phantom
    ? '**Trained on phantoms**: procedural shapes drawn by a program, not scans. What it makes carries no anatomical truth.'
    : `Trained on masks of real bone. ${meta.privacy === undefined ? 'Weights can give training data away: treat them as the data itself.' : 'What weights may give away of a person is bounded as stated under Privacy, and not beyond.'}`;
}

const gridOf = (meta: GeneratorMeta): string => `${meta.size.join('x')} voxels of ${meta.spacing} mm`;

/** The section on privacy; empty where nothing is promised. */
const privacyOf = ({ privacy }: GeneratorMeta): string =>
  privacy === undefined ? '' : `\n## Privacy\n${privacyWords(privacy)}`;

/** What the network learnt, in words. */
function kindOf({ objective, diffusion, reflow, distilled }: GeneratorMeta): string {
  if (objective === 'ddpm')
    return `a denoising diffusion model that predicts ${diffusion!.prediction} (${diffusion!.schedule} schedule, T = ${diffusion!.steps})`;
  if (objective === 'consistency')
    return `a consistency model, distilled with a guidance scale of ${distilled!.guidance}`;
  const baked =
    reflow === undefined ? '' : `, retrained on its own pairs with a guidance scale of ${reflow.guidance}`;
  return `trained by conditional-OT flow matching${baked}`;
}

/** How the output of the ONNX model leads from noise to data. */
function samplingText({ objective, diffusion }: GeneratorMeta): string {
  if (objective === 'consistency')
    return 'the data is x + velocity(x, 0, label); better, mix it again with noise, (1 - t) noise + t data, and jump once more: x + (1 - t) velocity(x, t, label)';
  if (objective === 'ddpm')
    return `the output named velocity is the prediction of ${diffusion!.prediction}; go down the chain k = T - 1 .. 0, t = 1 - (k + 1) / T, by DDIM or ancestral steps, the predicted data clipped to +-${diffusion!.reach}`;
  return 'integrate dx/dt = velocity(x, t, label) to t = 1 (Euler, midpoint, Heun)';
}

/** The model card of released weights. */
export function modelCard(
  generator: GeneratorWeights,
  { half = true, audited = false }: { half?: boolean; audited?: boolean } = {},
): string {
  const { meta, weights, autoencoder, hash } = generator;
  const count = (parts: Iterable<Float32Array>): number => [...parts].reduce((n, data) => n + data.length, 0);
  return `# Generator of ${meta.bone} masks

A generator of binary bone masks, ${gridOf(meta)}: a 3D U-Net over the latents of a VQ-VAE, ${kindOf(meta)}.
Written by cranioflow ${packageVersion()}. Weights are in ${half ? 'half precision (F16)' : 'single precision (F32)'}.

${origin(meta)}

${RESEARCH_USE} ${audited ? 'For what a privacy audit came to, see below.' : 'No privacy audit has been made.'}

| | |
| --- | --- |
| SHA-256 of the weights | ${hash} |
| training data | ${meta.dataset}, SHA-256 ${publicDataHash(meta)} |
| training steps | ${meta.step} (autoencoder ${autoencoder.meta.step}) |
| parameters | ${count(weights.values())} (autoencoder ${count(autoencoder.weights.values()) + autoencoder.codebook.length}) |
| quality classes | ${meta.qualities.join(', ')} |
| latent | ${meta.latentShape.join('x')} (channels, z, y, x) |
${privacyOf(meta)}
## Use
\`cranioflow generate --run FOLDER --count 8 --seed 7 --out DIR\`, FOLDER being the one of this file.

## Configuration
\`\`\`json
${JSON.stringify({ generator: meta.config, autoencoder: autoencoder.meta.config }, null, 1)}
\`\`\`
`;
}

function onnxCard({ meta, hash }: GeneratorWeights): string {
  const [latent, [x, y, z]] = [meta.latentShape.join(', '), meta.size];
  const labels = meta.qualities.map((q) => `quality ${q} is label ${labelOfQuality(q)}`).join(', ');
  return `# ONNX models of a generator of ${meta.bone} masks

${gridOf(meta)}, ${meta.objective}, step ${meta.step}, SHA-256 of the weights ${hash}. Written by cranioflow ${packageVersion()}.

${origin(meta)}

${RESEARCH_USE} No privacy audit has been made.

Standard ONNX operators (opset 18); float32 unless said otherwise; shapes are fixed.

| file | inputs | output |
| --- | --- | --- |
| velocity.onnx | x [1, ${latent}], t [1], label [1] int32 | velocity [1, ${latent}] |
| velocity-batch2.onnx | x [2, ${latent}], t [2], label [2] int32 | velocity [2, ${latent}] |
| decoder.onnx | latent [1, ${latent}] | logits [1, 1, ${z}, ${y}, ${x}] |

The network is ${kindOf(meta)}. To sample: x of ${elements(meta.latentShape)} standard normal numbers at t = 0;
${samplingText(meta)};
feed x to the decoder; bone is where the logits are above 0. A tensor is [.., z, y, x], x fastest, in LPS (x to the left, y to
the back, z to the head), ${meta.spacing} mm between voxels.

Labels: ${labels}; label ${meta.config.classes} is the null class.
${
  sampleDefaults(meta).guidance === 1
    ? 'Take the output for the label alone: guidance cannot be added.'
    : 'Guidance of scale w: v_null + w (v_label - v_null), both from one run of velocity-batch2.onnx with the same x and t.'
}
\`model.json\` has all of this for programs.
${privacyOf(meta)}`;
}
