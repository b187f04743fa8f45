/** What all trainings begin with: their options, what their weights will say of the data, and the run folder. */
import { configHash } from '../config/hash.ts';
import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import type { DatasetCase } from '../dataset/manifest.ts';
import { openRunFolder, type RunCommand, type RunFolder } from '../files/runFolder.ts';
import { readProvenance } from '../sampling/generateProvenance.ts';

export interface TrainOptions<C> {
  dataset: Dataset;
  /** Run folder. */
  out: string;
  config: C;
  resume?: boolean;
  /** The command line that asked for it, where there was one. */
  command?: RunCommand;
  signal?: AbortSignal;
  quiet?: boolean;
  threads?: number;
}

/** Cases of a dataset that are learnt from: all, unless told. */
export interface CaseSet {
  dataset: Dataset;
  cases?: readonly DatasetCase[];
}

/** Held-out cases measured during training; more would only cost time. */
export const HELD_OUT_MOST = 16;

/** What weights say of the cases that they learnt from (models/metadata.ts). */
export function learntFrom({ grid, manifest }: Dataset, cases: readonly DatasetCase[]) {
  const [x, y, z] = grid.size;
  const size: [number, number, number] = [x, y, z];
  const { bone, phantom, name } = manifest;
  return { size, spacing: grid.spacing[0], bone, phantom, dataset: name, dataHash: dataHash(cases) };
}

/**
 * What weights say of several sets, of one bone on one grid, that they learnt from together. Only sets with a case that was
 * learnt from are named; phantoms only where all are.
 */
export function learntFromAll(sets: readonly CaseSet[]) {
  const whole = sets.map(({ dataset, cases = dataset.cases }) => ({ dataset, cases }));
  const used = whole.filter(({ cases }) => cases.length > 0);
  return {
    ...learntFrom(
      sets[0].dataset,
      whole.flatMap(({ cases }) => cases),
    ),
    phantom: used.every(({ dataset }) => dataset.manifest.phantom),
    dataset: used.map(({ dataset }) => dataset.manifest.name).join(' + '),
    sets: used.map(({ dataset, cases }) => {
      const { dataset: name, dataHash: hash, phantom } = learntFrom(dataset, cases);
      const generatedFrom = readProvenance(dataset.dir)?.generator.dataHash;
      return {
        dataset: name,
        dataHash: hash,
        phantom,
        cases: cases.map(caseMark),
        ...(generatedFrom && { generatedFrom }),
      };
    }),
  };
}

/** A case as weights remember it: enough to know it again. */
export const caseMark = ({ sha256 }: DatasetCase): string => sha256.slice(0, 16);

/** How long a run is, and how often it saves and measures. */
type Paced = { steps: number; checkpointEvery?: number; evaluateEvery?: number };

/** What the loop takes from the options of a training: how long it is, saves and measures, and how it is stopped. */
export const paceOf = ({ config, signal, quiet }: TrainOptions<Required<Paced>>) => ({
  steps: config.steps,
  checkpointEvery: config.checkpointEvery,
  evaluateEvery: config.evaluateEvery,
  signal,
  quiet,
});

/**
 * Opens the run folder. A resumed run must share the data, the configuration (all but how long and how often) and what else
 * made it, `more`.
 */
export function openTraining(
  { out, config, resume, command }: Pick<TrainOptions<Paced>, 'out' | 'config' | 'resume' | 'command'>,
  dataHash: string,
  more: object = {},
): RunFolder {
  const { steps, checkpointEvery: _c, evaluateEvery: _e, ...rest } = { ...config, ...more } as Paced;
  return openRunFolder(out, {
    config,
    configHash: configHash({ ...rest, dataHash }),
    steps,
    resume,
    command,
  });
}
