/**
 * A peer: rigid registration by elastix (Klein et al. 2010) in its WebAssembly build, which runs offline in Node. Two
 * binary masks are poor images for it (no slope away from their borders), so both are given as signed distances, clipped
 * at a share of the bone's size: equal shapes give equal images, and every voxel near a surface says which way it lies.
 *
 * - The clip: of 0.12, 0.06, 0.03 and 0.02 of the longest side, tried on a few bones of each kind, 0.03 and 0.02 were alike, and
 *   better than wider ones where a part is missing, whose far field a wide clip sees.
 * - Settings: elastix's own rigid default (Euler transform, adaptive stochastic gradient descent, four resolutions of 256
 *   iterations on 2,048 random points) with mean squares as metric, the two images being of one kind. Twice the points or the
 *   iterations left the errors on mandibles as they were. Its seed is fixed, so the same input gives the same pose.
 * - Start: it is a local search. `elastix` starts with the centroids on each other and no turn, right for heads as they
 *   are laid down; `elastix-pca` from the pose that principal axes give, without which it cannot serve a bone in any pose.
 *   The start is written into the moving image's header, so that elastix only sees what is left to do.
 *
 * The fixed image is the mean training shape. elastix gives the move from fixed to moving, `y = R (x - c) + c + t` with
 * `R = Rz Rx Ry`; its inverse is what a method answers.
 */
import { defaultParameterMapNode, elastixNode } from '@itk-wasm/elastix';
import { VolumeError } from '../../errors.ts';
import { signedDistance } from '../../evaluation/signedDistance.ts';
import { boxFrame } from '../../skull/orient.ts';
import {
  composeTransforms,
  invertTransform,
  type Transform,
  transformGrid,
} from '../../skull/register/transform.ts';
import { apply3, multiply3, rotationAbout } from '../../volume/geometry.ts';
import { quietly } from '../../volume/io/itk.ts';
import { principalMoments } from '../../volume/principalAxes.ts';
import { resampleMask } from '../../volume/resample.ts';
import { type Grid, IDENTITY, type Mask, type Vec3, type Volume } from '../../volume/volume.ts';
import type { MeanShape } from './meanShape.ts';
import type { AlignMethod } from './method.ts';
import { principalTransform } from './pca.ts';

type Image = NonNullable<NonNullable<Parameters<typeof elastixNode>[1]>['fixed']>;
type ParameterMap = Record<string, string[]>;

export interface ElastixOptions {
  /** Where the search starts. */
  start: 'centroid' | 'pca';
  resolutions: number;
  iterations: number;
  samples: number;
  /** Where distances are clipped, in parts of the bone's longest side. */
  clip: number;
}

export const ELASTIX_DEFAULTS: ElastixOptions = {
  start: 'centroid',
  resolutions: 4,
  iterations: 256,
  samples: 2048,
  clip: 0.03,
};

/** Voxels of the rim beyond the clip. */
const RIM = 4;
/** Voxels along the longest side of the images, without their rim. */
const CELLS = 64;

/** Signed distance of a bone, mm, on a grid along the axes of space with a rim wider than the clip; spacing as given. */
function distanceImage(mask: Mask, spacing: number, clip: number): Volume<Float32Array> {
  const { centre, low, high } = boxFrame(mask, IDENTITY);
  // The moving image must reach beyond the fixed one for starts that are some degrees off.
  const rim = RIM + Math.ceil(clip / spacing);
  const size = low.map(
    (l, a) => Math.max(1, Math.ceil((high[a] - l) / spacing)) + 2 * rim,
  ) as unknown as Vec3;
  const origin = centre.map(
    (c, a) => c + (low[a] + high[a]) / 2 - (spacing * (size[a] - 1)) / 2,
  ) as unknown as Vec3;
  const grid: Grid = { size, spacing: [spacing, spacing, spacing], origin, direction: IDENTITY };
  // Below a half: plates thinner than this spacing must not vanish.
  const bone = resampleMask(mask, grid, 0.35);
  const data = signedDistance(bone).map((d) => Math.max(-clip, Math.min(clip, d)));
  return { ...grid, data };
}

const imageOf = ({ size, spacing, origin, direction, data }: Volume<Float32Array>): Image => ({
  imageType: {
    dimension: 3,
    componentType: 'float32',
    pixelType: 'Scalar',
    components: 1,
  } as Image['imageType'],
  name: '',
  origin: [...origin],
  spacing: [...spacing],
  direction: Float64Array.from(direction),
  size: [...size],
  data,
  metadata: new Map(),
});

/** elastix as a method, onto the mean training shape. */
export function elastixMethod(mean: MeanShape, options: Partial<ElastixOptions> = {}): AlignMethod {
  const { start, resolutions, iterations, samples, clip: share } = { ...ELASTIX_DEFAULTS, ...options };
  const { low, high } = boxFrame(mean.mask, IDENTITY);
  const longest = Math.max(...low.map((l, a) => high[a] - l));
  const spacing = Math.max(longest / CELLS, Math.min(...mean.mask.spacing) / 2);
  const clip = share * longest;
  const fixed = imageOf(distanceImage(mean.mask, spacing, clip));
  const reference = principalMoments(mean.density);
  let settings: Promise<ParameterMap> | undefined;
  return {
    name: start === 'pca' ? 'elastix-pca' : 'elastix',
    words: `elastix rigid registration of signed distances to the mean training shape, started ${start === 'pca' ? 'from the pose of principal axes (method pca)' : 'with centroid on centroid and no turn'}.`,
    align: async (mask) => {
      settings ??= rigidSettings(resolutions, iterations, samples);
      const rough =
        start === 'pca'
          ? principalTransform(mask, mean, reference)
          : centroidTransform(principalMoments(mask).centroid, reference.centroid);
      const moving = imageOf(distanceImage(transformGrid(mask, rough), spacing, clip));
      const rest = await registered(await settings, fixed, moving);
      return { transform: composeTransforms(invertTransform(rest), rough) };
    },
  };
}

const centroidTransform = (from: Vec3, to: Vec3): Transform => ({
  rotation: IDENTITY,
  translation: [to[0] - from[0], to[1] - from[1], to[2] - from[2]],
  scale: 1,
});

async function rigidSettings(
  resolutions: number,
  iterations: number,
  samples: number,
): Promise<ParameterMap> {
  const { parameterMap } = await quietly(() =>
    defaultParameterMapNode('rigid', { numberOfResolutions: resolutions }),
  );
  return {
    ...(parameterMap as unknown as ParameterMap),
    Metric: ['AdvancedMeanSquares'],
    MaximumNumberOfIterations: [String(iterations)],
    NumberOfSpatialSamples: [String(samples)],
    // The bone's rim ends where its distance is clipped: what lies beyond is as far, not inside.
    RequiredRatioOfValidSamples: ['0.05'],
    AutomaticTransformInitialization: ['false'],
    RandomSeed: ['1'],
    WriteResultImage: ['false'],
  };
}

/** The move from fixed to moving that elastix finds. Throws `VolumeError` with its own words where it gives up. */
async function registered(settings: ParameterMap, fixed: Image, moving: Image): Promise<Transform> {
  let answer: unknown;
  try {
    const run = await quietly(() =>
      elastixNode([settings] as unknown as Parameters<typeof elastixNode>[0], { fixed, moving }),
    );
    answer = run.transformParameterObject;
  } catch (cause) {
    throw gaveUp(cause instanceof Error ? cause.message : String(cause), cause);
  }
  const map = (answer as ParameterMap[] | undefined)?.at(-1);
  const [a, b, c, ...t] = (map?.TransformParameters ?? []).map(Number);
  const centre = (map?.CenterOfRotationPoint ?? []).map(Number);
  if (
    map?.Transform?.[0] !== 'EulerTransform' ||
    ![a, b, c, ...t, ...centre].every(Number.isFinite) ||
    t.length !== 3 ||
    centre.length !== 3
  )
    throw gaveUp('no transform came back');
  const rotation = multiply3(multiply3(rotationAbout(2, c), rotationAbout(0, a)), rotationAbout(1, b));
  const turned = apply3(rotation, centre as unknown as Vec3);
  const translation = centre.map((x, i) => x - turned[i] + t[i]) as unknown as Vec3;
  return { rotation, translation, scale: 1 };
}

function gaveUp(reason: string, cause?: unknown): VolumeError {
  return new VolumeError(
    {
      found: `elastix gave up: ${reason.replace(/\s+/g, ' ').trim().slice(0, 160)}`,
      expected: 'two images that overlap',
      todo: 'start from elastix-pca, or use another method',
    },
    { cause },
  );
}
