/**
 * Where a study's synthetic cases come from: a folder of bones that were generated before, or a generator's run, from which
 * the study makes its own set, resumable bone by bone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataHash } from '../../dataset/dataHash.ts';
import { type Dataset, openDataset } from '../../dataset/dataset.ts';
import { MANIFEST } from '../../dataset/manifest.ts';
import { DatasetError, GridError } from '../../errors.ts';
import { createProgress } from '../../files/progress.ts';
import { generateSet } from '../../sampling/generateSet.ts';
import { readGenerator } from '../../sampling/generator.ts';
import { sampleDefaults } from '../../sampling/solverNames.ts';

export interface Source {
  /** In names of mixes: letters and digits. */
  name: string;
  /** A dataset folder, or a generator's run. */
  path: string;
  kind: 'set' | 'run';
  /** SHA-256 of the cases of a set, or of the weights of a run. */
  hash: string;
  /** Which cases the generator learnt from, where the source is a run. */
  learntFrom?: string;
}

type GridOf = Pick<Dataset['manifest'], 'size' | 'spacing'>;

function requireGrid(data: Dataset, { size, spacing }: GridOf, path: string): void {
  const { manifest: m } = data;
  if (m.size.join() === size.join() && Math.abs(m.spacing - spacing) <= 1e-6 * spacing) return;
  const tell = (g: GridOf) => `${g.size.join('x')} voxels of ${g.spacing} mm`;
  throw new GridError({
    found: `${path} makes bones of ${tell({ size, spacing })}`,
    expected: `${tell(m)}, as ${data.dir} has`,
    todo: 'name a generator or a set on the grid of --data',
  });
}

/**
 * Looks at a source, before any work. Throws `DatasetError` or `CheckpointError` for what is neither a set nor a run, `GridError`
 * for another grid, `DatasetError` for a set with fewer cases than `count` or a held-out case of `data` among them.
 */
export function openSource(name: string, path: string, data: Dataset, count: number): Source {
  if (!existsSync(join(path, MANIFEST))) {
    const { meta, hash } = readGenerator(path);
    requireGrid(data, meta, path);
    return { name, path, kind: 'run', hash, learntFrom: meta.dataHash };
  }
  const set = openDataset(path);
  requireGrid(data, set.manifest, path);
  if (set.cases.length < count)
    throw new DatasetError({
      found: `${path} has ${set.cases.length} cases`,
      expected: `${count}: the largest number of synthetic cases of the study`,
      todo: 'generate more, name the generator instead, or lower --set synthetic=[..]',
    });
  const held = new Set(data.split('test').map((c) => c.sha256));
  const shared = set.cases.slice(0, count).filter((c) => held.has(c.sha256)).length;
  if (shared > 0)
    throw new DatasetError({
      found: `${shared} cases of ${path} are held-out cases of ${data.dir}, bit for bit`,
      expected: 'synthetic cases that no network is tested on',
      todo: 'generate a set from the training cases alone',
    });
  return { name, path, kind: 'set', hash: dataHash(set.cases.slice(0, count)) };
}

export interface MakeOptions {
  /** The folder for a set that is made here. */
  out: string;
  count: number;
  seed: number;
  quiet?: boolean;
  signal?: AbortSignal;
  threads?: number;
}

/** The cases of a source: a folder is opened, a run generates what is missing. */
export async function sourceCases(source: Source, { out, ...o }: MakeOptions): Promise<Dataset> {
  if (source.kind === 'set') return openDataset(source.path);
  const generator = readGenerator(source.path);
  const progress = createProgress({
    title: `${source.name} set`,
    total: o.count,
    unit: 'bones',
    quiet: o.quiet,
  });
  try {
    const { dataset } = await generateSet({
      ...sampleDefaults(generator.meta),
      ...o,
      generator,
      out,
      formats: [],
      onProgress: (done) => progress.update(done),
    });
    return dataset;
  } finally {
    progress.finish();
  }
}
