/**
 * Training the aligner on the training cases of a dataset, and on synthetic cases beside them: bones in poses drawn anew at every
 * step (trainExample.ts), the loss of models/aligner.ts, and at the end the measurement by which its uncertainty is scaled. Cases
 * that are held out for testing are never looked at.
 *
 * A batch is a pure function of (seed, step), so a resumed run ends bit for bit like an unbroken one.
 */

import { join } from 'node:path';
import { Aligner } from '../../aligner/aligner.ts';
import { mirroring } from '../../aligner/mirror.ts';
import { ALIGNER_SCOPE } from '../../aligner/network.ts';
import type { AlignerConfig } from '../../config/aligner.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import { batchIndices } from '../../dataset/loader.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { ConfigError, DatasetError, InterruptedError } from '../../errors.ts';
import { quantile } from '../../evaluation/statistics.ts';
import { writeFileAtomic } from '../../files/atomic.ts';
import type { CheckpointContent } from '../../files/checkpoint.ts';
import { interruptedError } from '../../files/interrupt.ts';
import { Graph } from '../../graph/graph.ts';
import { poseLoss, poseOf } from '../../models/aligner.ts';
import { checkGroups } from '../../models/checkConfig.ts';
import { type AlignerMeta, encodeMeta } from '../../models/metadata.ts';
import { Scope } from '../../nn/scope.ts';
import { RandomStream } from '../../random/stream.ts';
import { value } from '../../runtime/session.ts';
import { cropToBone } from '../../skull/orient.ts';
import { learningRate, trainingLoop } from '../../training/loop.ts';
import {
  type CaseSet,
  learntFromAll,
  openTraining,
  paceOf,
  type TrainOptions,
} from '../../training/opening.ts';
import { adamOf } from '../../training/optimiser.ts';
import { Trainer } from '../../training/trainer.ts';
import { boneMoments } from '../../volume/centroid.ts';
import type { Mask } from '../../volume/volume.ts';
import { requireHeldOutApart } from '../heldOut.ts';
import { requireSameBone } from '../sameBone.ts';
import { calibrationOf, measure } from './trainCalibrate.ts';
import { ALIGNER_CARD, alignerCard } from './trainCard.ts';
import {
  bonePoints,
  type ExampleFrame,
  type ExampleSpace,
  fillExample,
  type TrainingBone,
  trainingBone,
} from './trainExample.ts';
import { mirrorPlane } from './trainMirror.ts';

export interface TrainAlignerOptions extends TrainOptions<AlignerConfig> {
  /** Of `dataset`, those to learn from. Default: its training cases. */
  cases?: readonly DatasetCase[];
  /** Learnt from beside them; never calibrated on. */
  synthetic?: readonly CaseSet[];
}

/** Errors of the finished aligner, measured on its calibration poses. */
export interface TrainedAligner {
  medianRotationDeg: number;
  medianTranslationMm: number;
  /** Kept out of learning; 0 where turned and cut training cases served. */
  calibrationSubjects: number;
}

/** Every turned bone fits into a sphere so much larger than the farthest bone. */
const ROOM = 1.04;

/**
 * Trains, or goes on training, an aligner in the run folder `out`, and writes its card there. Throws `DatasetError` where there is
 * nothing to learn from, or a held-out case would be learnt from, `GridError` where a synthetic set is on another grid or of another
 * bone, `ConfigError` for groups that do not divide the channels, `InterruptedError` after a checkpoint when it is asked to stop.
 */
export async function trainAligner(options: TrainAlignerOptions): Promise<TrainedAligner> {
  const { dataset, config, signal, threads } = options;
  const { model, batch, seed } = config;
  checkModel(config);
  const given = options.cases ?? dataset.split('train');
  const synthetic = (options.synthetic ?? []).map(({ dataset: set, cases = set.cases }) => ({
    dataset: set,
    cases,
  }));
  for (const { dataset: other } of synthetic) requireSameBone(dataset, other);
  const sets = [{ dataset, cases: given }, ...synthetic];
  requireHeldOutApart(dataset, sets);
  const learnt = learntFromAll(sets);
  const added = synthetic.flatMap((set) => casesOf(set.dataset, set.cases));
  if (given.length + added.length === 0)
    throw new DatasetError({
      found: `${dataset.dir} has no training cases`,
      expected: 'at least one case to learn from',
      todo: 'take in more cases, or lower --test-share when they are taken in',
    });
  const { learning, kept, subjects } = keptOut(given, config);
  const own = casesOf(dataset, learning);
  const measured = [casesOf(dataset, kept), own, added].find((cases) => cases.length > 0)!;
  const { reach, radiusMm } = extentOf([...own, ...added]);
  const cubeMm = 2 * ROOM * reach;
  const grid = { side: model.side, cubeMm };
  // One mask at a time: what is learnt from it is far smaller.
  const bones = [own, added].map((cases) => cases.map((load) => trainingBone(load(), grid)));
  const plane = config.disturb.flip ? mirrorPlane(bones[0].length > 0 ? bones[0] : bones[1]) : undefined;
  const frame = { grid, ...(plane && { mirror: mirroring(plane) }) };
  let calibration: AlignerMeta['calibration'];
  const meta = (step: number): AlignerMeta => ({
    kind: 'aligner',
    config: model,
    search: config.search,
    ...(plane && { mirror: plane }),
    cubeMm,
    radiusMm,
    frame: dataset.manifest.frame,
    ...(calibration && { calibration }),
    ...learnt,
    step,
  });

  const run = openTraining(options, learnt.dataHash);
  try {
    const checkpoint = run.latestCheckpoint();
    const graph = new Graph();
    const x = graph.input('x', [batch, 1, model.side, model.side, model.side]);
    const rotation = graph.input('rotation', [batch, 9]);
    const centre = graph.input('centre', [batch, 3]);
    const pose = poseOf(new Scope(graph, ALIGNER_SCOPE), x, model);
    const trainer = await Trainer.create(
      {
        graph,
        loss: poseLoss(pose, rotation, centre, model.freedom),
        seed,
        adam: adamOf(config, 0.99),
      },
      { threads },
    );
    const start = trainer.resume(checkpoint);

    const evaluate = async (): Promise<Record<string, number>> => {
      calibration = undefined;
      const aligner = await Aligner.create({ meta: meta(0), weights: trainer.weights() }, { threads });
      try {
        const { poses } = config.calibration;
        const errors = await measure(aligner, measured, { seed, poses, disturb: config.disturb, signal });
        calibration = calibrationOf(errors, subjects);
        return {
          poseRotationDeg: calibration.median.rotationDeg,
          poseRotationDeg95: quantile(
            errors.rotation.map((r) => r.error),
            0.95,
          ),
          poseTranslationMm: calibration.median.translationMm,
        };
      } finally {
        await aligner.release();
      }
    };
    const space = exampleSpace(batch, model.side);
    const checkpointOf = (t: number): CheckpointContent => ({
      step: t,
      files: { model: trainer.modelTensors(), optimizer: trainer.optimiserTensors() },
      metadata: encodeMeta(meta(t)),
    });
    // A step whose measurement is interrupted is done again: kept is what was there before it.
    let before: CheckpointContent | undefined;
    await trainingLoop({
      title: 'train aligner',
      run,
      start,
      ...paceOf(options),
      async step(t) {
        // Of an earlier step's weights.
        calibration = undefined;
        const measures = t === config.steps || t % config.evaluateEvery === 0;
        before = measures && t > start + 1 ? structuredClone(checkpointOf(t - 1)) : undefined;
        fillBatch(bones, config, frame, t - 1, space);
        return trainer.step(t, learningRate(t, config), {
          x: value(space.cubes, x.shape),
          rotation: value(space.rotations, rotation.shape),
          centre: value(space.centres, centre.shape),
        });
      },
      async evaluate(t) {
        try {
          return await evaluate();
        } catch (error) {
          if (!(error instanceof InterruptedError)) throw error;
          if (before !== undefined) run.writeCheckpoint(before);
          throw interruptedError(`${t - 1} of ${config.steps} steps are saved in ${run.path}`);
        }
      },
      checkpoint: checkpointOf,
    });
    // A run that was already complete is measured all the same.
    if (calibration === undefined) await evaluate();
    await trainer.release();
    const { median } = calibration!;
    writeFileAtomic(
      join(run.path, ALIGNER_CARD),
      alignerCard(meta(config.steps), given.length, added.length),
    );
    return {
      medianRotationDeg: median.rotationDeg,
      medianTranslationMm: median.translationMm,
      calibrationSubjects: subjects,
    };
  } finally {
    run.close();
  }
}

/** Room for a batch. */
export function exampleSpace(batch: number, side: number): ExampleSpace {
  return {
    cubes: new Float32Array(batch * side ** 3),
    rotations: new Float32Array(9 * batch),
    centres: new Float32Array(3 * batch),
  };
}

/** Fills the batch of step `step` (0 the first) from real and synthetic bones: a pure function of the seed and the step. */
export function fillBatch(
  [real, synthetic]: readonly (readonly TrainingBone[])[],
  config: AlignerConfig,
  frame: ExampleFrame,
  step: number,
  space: ExampleSpace,
): void {
  const { batch, seed, realShare } = config;
  const share = synthetic.length === 0 ? 1 : real.length === 0 ? 0 : realShare;
  const first = Math.round(batch * share);
  const drawn = [
    ...(first > 0 ? Array.from(batchIndices(seed, step, first, real.length), (i) => real[i]) : []),
    ...(first < batch
      ? Array.from(batchIndices(seed, step, batch - first, synthetic.length), (i) => synthetic[i])
      : []),
  ];
  drawn.forEach((bone, row) => {
    const stream = new RandomStream(seed, 'align/example', step * batch + row);
    fillExample(bone, stream, config, frame, space, row);
  });
}

/** Gives a mask when it is asked for: those of a large set do not fit into memory together. */
type Load = () => Mask;

const casesOf = (dataset: Dataset, cases: readonly DatasetCase[]): Load[] =>
  cases.map((c) => () => dataset.loadMask(c));

/** mm from the centroid to the farthest bone of any case, and the smallest and largest root mean square distance. */
function extentOf(cases: readonly Load[]): { reach: number; radiusMm: [number, number] } {
  let far = 0;
  const radiusMm: [number, number] = [Infinity, 0];
  for (const load of cases) {
    const mask = cropToBone(load());
    far = Math.max(far, bonePoints(mask).reach);
    const radius = boneMoments(mask).radiusMm;
    radiusMm[0] = Math.min(radiusMm[0], radius);
    radiusMm[1] = Math.max(radiusMm[1], radius);
  }
  return { reach: far, radiusMm };
}

/** Training cases whose subjects are kept out of learning, where there are enough. */
export function keptOut(
  given: readonly DatasetCase[],
  { seed, calibration: { share, leastSubjects } }: Pick<AlignerConfig, 'seed' | 'calibration'>,
): { learning: DatasetCase[]; kept: DatasetCase[]; subjects: number } {
  const subjects = [...new Set(given.map((c) => c.subject))].sort();
  const count = subjects.length < leastSubjects ? 0 : Math.round(share * subjects.length);
  const order = new RandomStream(seed, 'align/keptOut').permutation(subjects.length);
  const out = new Set(Array.from(order.subarray(0, count), (i) => subjects[i]));
  return {
    learning: given.filter((c) => !out.has(c.subject)),
    kept: given.filter((c) => out.has(c.subject)),
    subjects: count,
  };
}

function checkModel({ model }: AlignerConfig): void {
  checkGroups(model);
  const factor = model.patch * 2 ** (model.widths.length - 1);
  if (model.side % factor !== 0)
    throw new ConfigError({
      found: `model.side ${model.side} with ${model.widths.length} levels`,
      expected: `a multiple of ${factor}`,
      todo: 'choose another model.side, or fewer model.widths',
    });
}
