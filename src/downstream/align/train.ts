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
import { boneMoments } from '../../aligner/softBone.ts';
import type { AlignerConfig } from '../../config/aligner.ts';
import { dataHash } from '../../dataset/dataHash.ts';
import { type Dataset, readOnce } from '../../dataset/dataset.ts';
import { batchIndices } from '../../dataset/loader.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { ConfigError, DatasetError, GridError } from '../../errors.ts';
import { quantile } from '../../evaluation/statistics.ts';
import { writeFileAtomic } from '../../files/atomic.ts';
import { Graph } from '../../graph/graph.ts';
import { poseLoss, poseOf } from '../../models/aligner.ts';
import { type AlignerMeta, encodeMeta } from '../../models/metadata.ts';
import { Scope } from '../../nn/scope.ts';
import { RandomStream } from '../../random/stream.ts';
import { value } from '../../runtime/session.ts';
import { cropToBone } from '../../skull/orient.ts';
import { learningRate, trainingLoop } from '../../training/loop.ts';
import { learntFrom, openTraining, type TrainOptions } from '../../training/opening.ts';
import { Trainer } from '../../training/trainer.ts';
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

/** Some cases of a dataset. */
export interface CaseSet {
  dataset: Dataset;
  /** Default: of the dataset the training cases, of a synthetic one all. */
  cases?: readonly DatasetCase[];
}

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
 * nothing to learn from or a synthetic set shows another bone, `GridError` where it is on another grid, `ConfigError` for groups
 * that do not divide the channels.
 */
export async function trainAligner(options: TrainAlignerOptions): Promise<TrainedAligner> {
  const { dataset, config, signal, quiet, threads } = options;
  const { model, batch, seed } = config;
  checkModel(config);
  const given = options.cases ?? dataset.split('train');
  const synthetic = (options.synthetic ?? []).map((set) => ({
    ...set,
    cases: set.cases ?? set.dataset.cases,
  }));
  for (const { dataset: other } of synthetic) requireAlike(dataset, other);
  const added = synthetic.flatMap((set) => set.cases.map((c) => ({ from: set.dataset, c })));
  if (given.length + added.length === 0)
    throw new DatasetError({
      found: `${dataset.dir} has no training cases`,
      expected: 'at least one case to learn from',
      todo: 'take in more cases, or lower --test-share when they are taken in',
    });
  const { learning, kept, subjects } = keptOut(given, config);
  const masks = readOnce(dataset);
  const sets = [learning.map((c) => masks.loadMask(c)), added.map(({ from, c }) => from.loadMask(c))];
  const measured = (kept.length > 0 ? kept : learning).map((c) => masks.loadMask(c));
  if (measured.length === 0) measured.push(...sets[1]);
  const cubeMm = 2 * ROOM * Math.max(...sets.flat().map((mask) => bonePoints(cropToBone(mask)).reach));
  const grid = { side: model.side, cubeMm };
  const bones = sets.map((set) => set.map((mask) => trainingBone(mask, grid)));
  const plane = config.disturb.flip ? mirrorPlane(bones[0].length > 0 ? bones[0] : bones[1]) : undefined;
  const frame = { grid, ...(plane && { mirror: mirroring(plane) }) };
  const radii = sets.flat().map((mask) => boneMoments(mask).radiusMm);
  const all = [...given, ...added.map(({ c }) => c)];
  let calibration: AlignerMeta['calibration'];
  const meta = (step: number): AlignerMeta => ({
    kind: 'aligner',
    config: model,
    search: config.search,
    ...(plane && { mirror: plane }),
    cubeMm,
    radiusMm: [Math.min(...radii), Math.max(...radii)],
    frame: dataset.manifest.frame,
    ...(calibration && { calibration }),
    ...learntFrom(dataset, all),
    step,
  });

  const run = openTraining(options, dataHash(all));
  try {
    const checkpoint = run.latestCheckpoint();
    const graph = new Graph();
    const x = graph.input('x', [batch, 1, model.side, model.side, model.side]);
    const rotation = graph.input('rotation', [batch, 9]);
    const centre = graph.input('centre', [batch, 3]);
    const pose = poseOf(new Scope(graph, ALIGNER_SCOPE), x, model);
    const { beta1, weightDecay, clip, ema } = config;
    const trainer = await Trainer.create(
      {
        graph,
        loss: poseLoss(pose, rotation, centre, model.freedom),
        seed,
        adam: { beta1, beta2: 0.99, epsilon: 1e-8, weightDecay, clip, ema },
      },
      { threads },
    );
    const start = checkpoint?.step ?? 0;
    if (checkpoint !== undefined) trainer.restore(checkpoint);

    const evaluate = async (): Promise<Record<string, number>> => {
      calibration = undefined;
      const aligner = await Aligner.create({ meta: meta(0), weights: trainer.weights() }, { threads });
      try {
        const { poses } = config.calibration;
        const errors = await measure(aligner, measured, { seed, poses, disturb: config.disturb });
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
    await trainingLoop({
      title: 'train aligner',
      run,
      start,
      steps: config.steps,
      checkpointEvery: config.checkpointEvery,
      evaluateEvery: config.evaluateEvery,
      signal,
      quiet,
      async step(t) {
        // Of an earlier step's weights.
        calibration = undefined;
        fillBatch(bones, config, frame, t - 1, space);
        return trainer.step(t, learningRate(t, config), {
          x: value(space.cubes, x.shape),
          rotation: value(space.rotations, rotation.shape),
          centre: value(space.centres, centre.shape),
        });
      },
      evaluate,
      checkpoint: (t) => ({
        step: t,
        files: { model: trainer.modelTensors(), optimizer: trainer.optimiserTensors() },
        metadata: encodeMeta(meta(t)),
      }),
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

/** Cases that are learnt from together must be of one bone on one grid. Throws `GridError` and `DatasetError`. */
function requireAlike({ dir, manifest, grid }: Dataset, other: Dataset): void {
  if (grid.size.join() !== other.grid.size.join() || Math.abs(grid.spacing[0] - other.grid.spacing[0]) > 1e-6)
    throw new GridError({
      found: `${other.dir} has ${other.grid.size.join('x')} voxels of ${other.grid.spacing[0]} mm, ${dir} ${grid.size.join('x')} of ${grid.spacing[0]} mm`,
      expected: 'one grid for real and synthetic cases',
      todo: 'generate with a run that was trained on this dataset, or ingest both with the same --grid and --spacing',
    });
  if (manifest.bone !== other.manifest.bone)
    throw new DatasetError({
      found: `${other.dir} shows the bone "${other.manifest.bone}", ${dir} "${manifest.bone}"`,
      expected: 'synthetic cases of the same bone',
      todo: 'name a synthetic set of this bone',
    });
}

function checkModel({ model }: AlignerConfig): void {
  for (const width of model.widths)
    if (width % Math.min(model.groups, width) !== 0)
      throw new ConfigError({
        found: `model.widths has ${width}, model.groups is ${model.groups}`,
        expected: 'channels that are a multiple of model.groups',
        todo: 'choose another model.groups (--set model.groups=...) or other widths',
      });
  const factor = model.patch * 2 ** (model.widths.length - 1);
  if (model.side % factor !== 0)
    throw new ConfigError({
      found: `model.side ${model.side} with ${model.widths.length} levels`,
      expected: `a multiple of ${factor}`,
      todo: 'choose another model.side, or fewer model.widths',
    });
}
