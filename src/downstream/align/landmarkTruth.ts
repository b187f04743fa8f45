/**
 * A truth that no shape matching made: landmarks that experts set on each bone in its original scan. Laid on each other by
 * generalised Procrustes analysis (Gower 1975; rigid here, size is kept),
 *
 *   repeat:  T_i = argmin sum_l |T_i p_il - m_l|^2,   m_l = mean_i T_i p_il,
 *
 * they say how each bone lies, in a frame of their own. That frame is then moved, as one, to where the dataset has its
 * training bones, so that methods which align to the dataset's frame can be held to it. For a held-out bone the truth is the rigid
 * fit of its landmarks to the training bones' mean; against it stand rotation, translation (of the landmarks' centroid) and
 * TRE, the mean distance of its landmarks from where the truth has them. `consensusMm` is their distance from the mean
 * landmarks: what is left of it under the truth itself is how bones differ, which no rigid move mends.
 */
import { z } from 'zod';
import { CranioflowError, DatasetError } from '../../errors.ts';
import { mean } from '../../evaluation/statistics.ts';
import { fitPoints } from '../../skull/register/fit.ts';
import { applyTransform, type Transform } from '../../skull/register/transform.ts';
import { worldToVoxel } from '../../volume/geometry.ts';
import type { Mask, Vec3 } from '../../volume/volume.ts';
import { poseError } from './errors.ts';
import type { AlignMethod } from './method.ts';
import { type Outcome, summarise, summarySchema } from './summary.ts';

/** A bone as it was scanned, and its landmarks there, LPS mm. */
export interface Specimen {
  id: string;
  subject: string;
  mask: Mask;
  landmarks: readonly Vec3[];
  /** How the dataset brought it to its frame. */
  stored: Transform;
}

export interface Consensus {
  /** The mean landmarks. */
  mean: Vec3[];
  /** The move of each configuration onto them. */
  moves: Transform[];
  rounds: number;
}

const MOST_ROUNDS = 100;
/** Parts of the configuration's size: a change of the mean below this ends the iteration. */
const STILL = 1e-9;

const distance = (a: Vec3, b: Vec3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

function meanOf(configurations: readonly (readonly Vec3[])[]): Vec3[] {
  const n = configurations.length;
  return configurations[0].map((_, l) => {
    const sum = [0, 0, 0];
    for (const points of configurations) for (let c = 0; c < 3; c++) sum[c] += points[l][c] / n;
    return sum as unknown as Vec3;
  });
}

/**
 * The rigid consensus of configurations of the same landmarks, in the frame of the first. Throws `VolumeError` where they
 * differ in number or lie on a line, `DatasetError` where there are none.
 */
export function landmarkConsensus(configurations: readonly (readonly Vec3[])[]): Consensus {
  if (configurations.length === 0) throw noSpecimens('no configuration of landmarks');
  let centre = [...configurations[0]];
  const middle = mean0(centre);
  const size = Math.max(...centre.map((p) => distance(p, middle)));
  for (let round = 1; ; round++) {
    const moves = configurations.map((points) => fitPoints(points, centre));
    const next = meanOf(configurations.map((points, i) => points.map((p) => applyTransform(moves[i], p))));
    // Nothing holds the frame of the mean: keep it where it was, or rounds would turn it about.
    const held = fitPoints(next, centre);
    const settled = next.map((p) => applyTransform(held, p));
    const change = Math.max(...settled.map((p, l) => distance(p, centre[l])));
    centre = settled;
    if (change < STILL * size || round === MOST_ROUNDS)
      return {
        mean: centre,
        moves: configurations.map((points) => fitPoints(points, centre)),
        rounds: round,
      };
  }
}

const mean0 = (points: readonly Vec3[]): Vec3 =>
  [0, 1, 2].map((c) => points.reduce((sum, p) => sum + p[c] / points.length, 0)) as unknown as Vec3;

/** The mean landmarks of training bones in the dataset's frame: their consensus, laid where the dataset has them. */
export function datasetConsensus(train: readonly Specimen[]): Vec3[] {
  const { mean: own } = landmarkConsensus(train.map((s) => s.landmarks));
  const there = meanOf(train.map((s) => s.landmarks.map((p) => applyTransform(s.stored, p))));
  const move = fitPoints(own, there);
  return own.map((p) => applyTransform(move, p));
}

/** Voxels within which a landmark counts as on the bone. */
const REACH = 2;

/** Share of the landmarks that lie within two voxels of bone: near 1 where they are of this scan, near 0 where they are not. */
export function shareOnBone(mask: Mask, landmarks: readonly Vec3[]): number {
  const [nx, ny, nz] = mask.size;
  const near = landmarks.filter((p) => {
    const [i, j, k] = worldToVoxel(mask, p).map(Math.round);
    for (let c = Math.max(0, k - REACH); c <= Math.min(nz - 1, k + REACH); c++)
      for (let b = Math.max(0, j - REACH); b <= Math.min(ny - 1, j + REACH); b++)
        for (let a = Math.max(0, i - REACH); a <= Math.min(nx - 1, i + REACH); a++)
          if (mask.data[a + nx * (b + ny * c)] !== 0) return true;
    return false;
  });
  return near.length / landmarks.length;
}

const rowSchema = z.strictObject({
  case: z.string(),
  subject: z.string(),
  method: z.string(),
  error: z.strictObject({ rotationDeg: z.number(), translationMm: z.number(), treMm: z.number() }).nullable(),
  /** Mean distance of its landmarks from the mean ones. */
  consensusMm: z.number().nullable(),
  reason: z.string().optional(),
  seconds: z.number(),
  uncertainty: z.strictObject({ rotationDeg: z.number(), translationMm: z.number() }).nullable(),
});

export const landmarkTestSchema = z.strictObject({
  format: z.literal('cranioflow-align-landmarks'),
  version: z.literal(1),
  data: z.string(),
  landmarks: z.int(),
  train: z.int(),
  test: z.int(),
  failureDeg: z.number(),
  rows: z.array(rowSchema),
  groups: z.array(
    z.strictObject({
      method: z.string(),
      words: z.string(),
      summary: summarySchema,
      /** Mean over bones; null without an answer. */
      consensusMm: z.number().nullable(),
    }),
  ),
});
export type LandmarkTest = z.infer<typeof landmarkTestSchema>;
type Row = LandmarkTest['rows'][number];

/** What stands beside the methods: the fit of the landmarks themselves, and the dataset's own alignment. */
export const TRUTH = 'landmarks';
export const STORED = 'dataset';

export interface LandmarkTestOptions {
  /** Name of the dataset. */
  data: string;
  train: readonly Specimen[];
  test: readonly Specimen[];
  methods: readonly AlignMethod[];
  failureDeg?: number;
  onProgress?: (done: number, total: number) => void;
}

/** Holds methods to the landmarks of held-out bones. Throws `DatasetError` without training or held-out bones. */
export async function testLandmarks(options: LandmarkTestOptions): Promise<LandmarkTest> {
  const { data, train, test, methods, failureDeg = 10, onProgress } = options;
  if (train.length < 3) throw noSpecimens(`${train.length} training bones with landmarks of their own scan`);
  if (test.length === 0) throw noSpecimens('no held-out bone with landmarks of its own scan');
  const consensus = datasetConsensus(train);
  const rows: Row[] = [];
  for (const specimen of test) {
    const truth: Transform = { ...fitPoints(specimen.landmarks, consensus), scale: 1 };
    const given: AlignMethod[] = [
      { name: TRUTH, words: '', align: async () => ({ transform: truth }) },
      { name: STORED, words: '', align: async () => ({ transform: specimen.stored }) },
      ...methods,
    ];
    for (const method of given) {
      rows.push(await measured(method, specimen, truth, consensus));
      onProgress?.(rows.length, test.length * (methods.length + 2));
    }
  }
  const words = new Map([
    [TRUTH, 'the rigid fit of the landmarks themselves: what is left is how bones differ'],
    [STORED, 'how the dataset was aligned when it was made'],
    ...methods.map((m) => [m.name, m.words] as const),
  ]);
  const groups = [...words].map(([method, text]) => {
    const own = rows.filter((r) => r.method === method);
    const far = own.flatMap((r) => (r.consensusMm === null ? [] : [r.consensusMm]));
    return {
      method,
      words: text,
      summary: summarise(own satisfies Outcome[], failureDeg),
      consensusMm: far.length === 0 ? null : mean(far),
    };
  });
  return {
    format: 'cranioflow-align-landmarks',
    version: 1,
    data,
    landmarks: consensus.length,
    train: train.length,
    test: test.length,
    failureDeg,
    rows,
    groups,
  };
}

async function measured(
  method: AlignMethod,
  { id, subject, mask, landmarks }: Specimen,
  truth: Transform,
  consensus: readonly Vec3[],
): Promise<Row> {
  const begun = performance.now();
  const head = { case: id, subject, method: method.name };
  try {
    const { transform, uncertainty } = await method.align(mask);
    const seconds = (performance.now() - begun) / 1000;
    const points = landmarks.map((p) => applyTransform(truth, p));
    const error = poseError(transform, truth, { centroid: mean0(points), points });
    const consensusMm = mean(landmarks.map((p, l) => distance(applyTransform(transform, p), consensus[l])));
    return { ...head, error, consensusMm, seconds, uncertainty: uncertainty ?? null };
  } catch (failure) {
    if (!(failure instanceof CranioflowError)) throw failure;
    const seconds = (performance.now() - begun) / 1000;
    const reason = failure.explanation.found;
    return { ...head, error: null, consensusMm: null, reason, seconds, uncertainty: null };
  }
}

function noSpecimens(found: string): DatasetError {
  return new DatasetError({
    found,
    expected: 'three training bones or more, and a held-out one, with landmarks in the space of their scans',
    todo: 'name the folders of the volumes and of their landmarks that the dataset was made from',
  });
}
