/**
 * The methods that the test knows by name, made for one dataset: whatever they align to comes from its training cases. The
 * network is opened only where it is asked for.
 */
import { openAligner } from '../../aligner/aligner.ts';
import { alignerHash } from '../../aligner/network.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import { CheckpointError, UsageError } from '../../errors.ts';
import { elsewhereText, learntElsewhere, learntSets, requireUnseen } from '../learnt.ts';
import { elastixMethod } from './elastix.ts';
import { headMethod, icpMethod, matchMethod } from './icp.ts';
import { type MeanShape, meanShape } from './meanShape.ts';
import type { AlignMethod } from './method.ts';
import { pcaMethod } from './pca.ts';

const MAKERS: Readonly<Record<string, (mean: MeanShape, dataset: Dataset) => AlignMethod>> = {
  pca: pcaMethod,
  match: matchMethod,
  icp: icpMethod,
  elastix: (mean) => elastixMethod(mean),
  'elastix-pca': (mean) => elastixMethod(mean, { start: 'pca' }),
  head: (_, dataset) => headMethod(dataset),
};

/** Names of the methods without a network; `head` serves skulls in a Frankfort frame alone, the others any bone. */
export const BASELINES: readonly string[] = Object.keys(MAKERS);

/**
 * Baselines by name, for a dataset. Throws `UsageError` for a name that is not one, `DatasetError` where there is no training
 * case or the method does not serve these bones.
 */
export function makeBaselines(names: readonly string[], dataset: Dataset): AlignMethod[] {
  const unknown = names.filter((name) => MAKERS[name] === undefined);
  if (unknown.length > 0)
    throw new UsageError({
      found: `no alignment method is called ${unknown.join(', ')}`,
      expected: `of ${BASELINES.join(', ')}`,
      todo: 'correct the name; the network is tested with --run RUN',
    });
  if (names.length === 0) return [];
  const mean = meanShape(dataset);
  return names.map((name) => MAKERS[name](mean, dataset));
}

/**
 * The trained network of a run as a method for a dataset's bones. Whether it learnt from held-out cases cannot be told from
 * its weights where it learnt from other cases than the dataset's training cases: a warning says so. Throws
 * `CheckpointError` where the weights cannot be read, or learnt another bone, `DatasetError` where they learnt from held-out cases.
 */
export async function networkMethod(run: string, dataset: Dataset, threads?: number): Promise<AlignMethod> {
  const aligner = await openAligner(run, { threads });
  const { bone, dataset: learnt, frame, step } = aligner.meta;
  const { manifest } = dataset;
  const sets = learntSets(aligner.meta);
  try {
    if (bone !== manifest.bone)
      throw new CheckpointError({
        found: `the network of ${run} learnt the bone "${bone}"; ${dataset.dir} holds the bone "${manifest.bone}"`,
        expected: 'a network that learnt the bone it is tested on',
        todo: 'name a run that was trained on this kind of bone',
      });
    requireUnseen(`the network of ${run}`, dataset, sets);
  } catch (error) {
    await aligner.release();
    throw error;
  }
  const other = frame === manifest.frame ? '' : ', whose frame is described in other words than this one';
  return {
    name: 'network',
    words: `The trained network: ${aligner.words}; ${step} steps on “${learnt}”${other}.`,
    hash: alignerHash(run),
    ...(learntElsewhere(dataset, sets) && {
      warning: elsewhereText('the network', dataset),
    }),
    align: (mask) => aligner.align(mask),
    release: () => aligner.release(),
  };
}
