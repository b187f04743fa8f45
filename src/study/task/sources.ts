/**
 * Where a study's synthetic cases come from: a folder of bones that were generated before, or a generator's run, from which
 * the study makes its own sets, resumable bone by bone. Each training seed has its own: another set of a run, another order
 * of a folder; so what intervals say of trainings holds the luck of the draw as well.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataHash } from '../../dataset/dataHash.ts';
import { type Dataset, openDataset } from '../../dataset/dataset.ts';
import { MANIFEST } from '../../dataset/manifest.ts';
import { requireHeldOutApart } from '../../downstream/heldOut.ts';
import { requireSameBone } from '../../downstream/sameBone.ts';
import { DatasetError, NumericsError } from '../../errors.ts';
import { createProgress } from '../../files/progress.ts';
import { readProvenance } from '../../sampling/generateProvenance.ts';
import { generateSet } from '../../sampling/generateSet.ts';
import { readGenerator } from '../../sampling/readGenerator.ts';
import { sampleDefaults } from '../../sampling/solverNames.ts';
import { drawn } from './mix.ts';

export interface Source {
  /** In names of mixes: letters and digits. */
  name: string;
  /** A dataset folder, or a generator's run. */
  path: string;
  kind: 'set' | 'run';
  /** SHA-256 of all cases of a set, or of the weights of a run. */
  hash: string;
  /** Which cases the generator learnt from, where that is known. */
  learntFrom?: string;
  /** Of a set: how many cases it had when the study began. */
  began?: number;
}

/**
 * Looks at a source, before any work. Throws `DatasetError` or `CheckpointError` for what is neither a set nor a run, `GridError`
 * for another bone or grid, `DatasetError` for a set with a held-out case of `data` or a damaged one among it, or fewer cases than `most`, which the
 * settings ask for, and than there are training cases. `before`: the same source as the study began with it.
 */
export function openSource(name: string, path: string, data: Dataset, most: number, before?: Source): Source {
  if (!existsSync(join(path, MANIFEST))) {
    const { meta, hash } = readGenerator(path);
    requireSameBone(data, { dir: path, manifest: meta });
    return { name, path, kind: 'run', hash, learntFrom: meta.dataHash };
  }
  const set = openDataset(path);
  requireSameBone(data, set);
  const count = Math.max(most, data.split('train').length);
  if (set.cases.length < count)
    throw new DatasetError({
      found: `${path} has ${set.cases.length} cases`,
      expected: `${count}: ${most === count ? 'the largest number of synthetic cases of the study' : 'as many as there are real training cases, to compare them at equal number'}`,
      todo: `generate more, or name the generator instead${most === count ? ', or lower --set synthetic=[..]' : ''}`,
    });
  requireHeldOutApart(data, [{ dataset: set, cases: set.cases }]);
  // Each is read once: a damaged one is found now, not after hours of training.
  for (const c of set.cases) set.loadBits(c);
  const learntFrom = readProvenance(path)?.generator.dataHash;
  return {
    name,
    path,
    kind: 'set',
    hash: dataHash(set.cases),
    ...(learntFrom !== undefined && { learntFrom }),
    began: Math.min(before?.began ?? set.cases.length, set.cases.length),
  };
}

export interface MakeOptions {
  /** The folder for a set that is made here. */
  out: string;
  count: number;
  /** Of the study. */
  seed: number;
  /** Of the training that learns from them. */
  training: number;
  quiet?: boolean;
  signal?: AbortSignal;
  threads?: number;
}

/** Times as many bones as are needed that are made at most: those without bone are left out of a set. */
const MOST_TRIES = 2;

/** A folder's cases in the order in which a training seed takes them: drawn from those it began with, then what came since. */
export function openForTraining({ path, began }: Source, training: number): Dataset {
  const dataset = openDataset(path);
  const { cases } = dataset;
  return { ...dataset, cases: [...drawn(cases.slice(0, began), training), ...cases.slice(began)] };
}

/**
 * The cases of a source for one training seed: those of a folder in another order, or `count` bones that its run generates. Throws
 * `NumericsError` where half of them or more are empty.
 */
export async function sourceCases(source: Source, { out, training, ...o }: MakeOptions): Promise<Dataset> {
  if (source.kind === 'set') return openForTraining(source, training);
  const generator = readGenerator(source.path);
  const progress = createProgress({
    title: `${source.name} set, seed ${training}`,
    total: o.count,
    unit: 'bones',
    quiet: o.quiet,
  });
  try {
    const make = async (count: number): Promise<Dataset> => {
      const { dataset } = await generateSet({
        ...sampleDefaults(generator.meta),
        ...o,
        seed: o.seed + training,
        count,
        generator,
        out,
        formats: [],
        onProgress: (done) => progress.update(Math.min(done, o.count)),
      });
      return dataset;
    };
    let count = o.count;
    let set = await make(count);
    while (set.cases.length < o.count && count < MOST_TRIES * o.count) {
      count = Math.min(MOST_TRIES * o.count, count + o.count - set.cases.length);
      set = await make(count);
    }
    if (set.cases.length >= o.count) return set;
    throw new NumericsError({
      found: `${count} bones of ${source.path}, of which ${count - set.cases.length} have no bone voxel`,
      expected: `${o.count} bones to learn from`,
      todo: 'train the generator for longer: what it makes is no bone',
    });
  } finally {
    progress.finish();
  }
}
