/**
 * What privacy costs: the same small generator on the same latents, with equal steps, at several budgets.
 *
 *   npx tsx bench/dp.ts [--data DIR --autoencoder RUN] [--epsilons 50,8,1] [--steps 60] [--batch 40] [--set key=value ..]
 *
 * Without --data it makes phantoms of 32^3 and an autoencoder of its own. The first row is training without privacy on batches
 * of the same size. Held-out losses are of latents normalised in two ways (by the training set; by the codebook), so beside
 * each stands the share of the target's variance that is explained: 1 - loss / loss of an untrained network.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/load.ts';
import {
  AUTOENCODER_PRESETS,
  autoencoderSchema,
  GENERATOR_PRESETS,
  generatorSchema,
} from '../src/config/schemas.ts';
import { type Dataset, openDataset } from '../src/dataset/dataset.ts';
import { makePhantomDataset } from '../src/dataset/phantoms.ts';
import { trainAutoencoder } from '../src/training/autoencoder.ts';
import { trainGenerator } from '../src/training/generator.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    autoencoder: { type: 'string' },
    epsilons: { type: 'string', default: '50,8,1' },
    steps: { type: 'string', default: '60' },
    batch: { type: 'string', default: '40' },
    count: { type: 'string', default: '200' },
    threads: { type: 'string', default: '2' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const threads = Number(values.threads);
const root = mkdtempSync(join(tmpdir(), 'cranioflow-dp-'));
const quiet = true;

async function open(): Promise<{ dataset: Dataset; autoencoder: string }> {
  if (values.data !== undefined && values.autoencoder !== undefined)
    return { dataset: openDataset(values.data), autoencoder: values.autoencoder };
  const dataset = await makePhantomDataset({
    out: join(root, 'data'),
    count: Number(values.count),
    grid: 32,
    seed: 1,
  });
  const autoencoder = join(root, 'autoencoder');
  const preset = { name: 'tiny', values: AUTOENCODER_PRESETS.tiny };
  await trainAutoencoder({
    dataset,
    out: autoencoder,
    config: loadConfig(autoencoderSchema, { preset }),
    quiet,
    threads,
  });
  return { dataset, autoencoder };
}

interface Row {
  loss: number;
  epsilon?: number;
  noise?: number;
  cpu: number;
}

async function train(name: string, set: readonly string[], steps = Number(values.steps)): Promise<Row> {
  const config = loadConfig(generatorSchema, {
    preset: { name: 'tiny', values: GENERATOR_PRESETS.tiny },
    set: [
      ...[
        'model.width=8',
        'model.groups=4',
        'model.headChannels=8',
        'copies=0',
        'learningRate=0.003',
        'warmup=5',
      ],
      ...[
        `steps=${steps}`,
        `batch=${values.batch}`,
        'evaluateEvery=100000',
        'checkpointEvery=100000',
        'ema=0.9',
      ],
      // Settings of private training mean nothing to the rows without it.
      ...values.set.filter((text) => !text.startsWith('dp.') || set.some((own) => own.startsWith('dp.'))),
      ...set,
    ],
  });
  const before = process.cpuUsage();
  const { heldOutLoss, privacy } = await trainGenerator({
    dataset,
    autoencoder,
    config,
    out: join(root, name),
    quiet,
    threads,
    notice: (text) => console.error(`${name}: ${text}`),
  });
  const { user, system } = process.cpuUsage(before);
  return { loss: heldOutLoss, epsilon: privacy?.epsilon, noise: privacy?.noise, cpu: (user + system) / 1e6 };
}

const { dataset, autoencoder } = await open();
const plain = await train('untrained', ['learningRate=1e-12'], 1);
const coded = await train('untrained-dp', ['learningRate=1e-12', 'dp.epsilon=1000'], 1);
console.log('| epsilon | noise | held-out loss | variance explained | CPU s a step |');
console.log('| --- | --- | --- | --- | --- |');
for (const epsilon of ['none', ...values.epsilons.split(',')]) {
  const of = epsilon === 'none' ? plain : coded;
  const row = await train(`epsilon-${epsilon}`, epsilon === 'none' ? [] : [`dp.epsilon=${epsilon}`]);
  const cost = (row.cpu - of.cpu) / (Number(values.steps) - 1);
  const explained = `${(100 * (1 - row.loss / of.loss)).toFixed(1)} %`;
  console.log(
    `| ${epsilon === 'none' ? 'none' : row.epsilon!.toFixed(2)} | ${row.noise?.toFixed(3) ?? '0'} | ${row.loss.toFixed(4)} | ${explained} | ${cost.toFixed(2)} |`,
  );
}
rmSync(root, { recursive: true, force: true });
