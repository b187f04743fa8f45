/**
 * MS-SSIM in three dimensions (Wang et al. 2003): likeness of two volumes at up to five scales,
 *
 *   prod_{s < S} cs_s^{w_s} . ssim_S^{w_S}          w = .0448 .2856 .3001 .2363 .1333
 *   cs   = (2 s_xy + C2) / (s_x^2 + s_y^2 + C2)     ssim = cs (2 m_x m_y + C1) / (m_x^2 + m_y^2 + C1)
 *
 * averaged over all places where a Gaussian window of 11 voxels a side (sigma 1.5) fits inside; C1 = (.01 L)^2,
 * C2 = (.03 L)^2 with L the range of values; each next scale is the mean of 2 x 2 x 2 voxels (an odd last layer is
 * dropped). Scales the window does not fit in are dropped and the weights of the others renormalised: five scales need
 * every side to be 176 voxels, 64^3 has three. Numbers with different scales must not be compared, so the count is
 * returned. A negative mean (opposite structure) counts as 0.
 *
 * For bone masks most windows are empty in both and agree, so values lie near 1; compare them with those of real pairs.
 * Time on one core of a busy machine (Zen 3): 0.12 s a pair at 64^3.
 */
import { NumericsError, ShapeError, VolumeError } from '../errors.ts';
import { RandomStream } from '../random/stream.ts';
import { type Vec3, voxelCount } from '../volume/volume.ts';

export const MS_SSIM_WEIGHTS: readonly number[] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

const WINDOW = 11;
const RADIUS = 5;

/** Gaussian weights at distance 0 .. 5, of sum 1 over the window. */
const GAUSSIAN = (() => {
  const g = Float64Array.from({ length: RADIUS + 1 }, (_, i) => Math.exp(-0.5 * (i / 1.5) ** 2));
  const sum = g.reduce((a, b) => a + b) * 2 - g[0];
  return g.map((v) => v / sum);
})();

/** How many scales a grid has room for, 0 to 5. */
export function msSsimScales(size: Vec3): number {
  let side = Math.min(...size);
  let scales = 0;
  for (; scales < MS_SSIM_WEIGHTS.length && side >= WINDOW; scales++) side = Math.floor(side / 2);
  return scales;
}

/**
 * Windowed sums along one axis where the window fits: `outer` slabs of `n` steps of `stride` numbers each become slabs of
 * n - 10 steps. Neighbours at equal distance share a weight: six products instead of eleven.
 */
function smoothAxis(source: Float64Array, out: Float64Array, outer: number, n: number, stride: number): void {
  const [g0, g1, g2, g3, g4, g5] = GAUSSIAN;
  const length = (n - 2 * RADIUS) * stride;
  const [s1, s2, s3, s4, s5] = [1, 2, 3, 4, 5].map((d) => d * stride);
  for (let o = 0; o < outer; o++) {
    let at = o * n * stride + s5;
    const to = (o + 1) * length;
    for (let i = o * length; i < to; i++, at++)
      out[i] =
        g0 * source[at] +
        g1 * (source[at - s1] + source[at + s1]) +
        g2 * (source[at - s2] + source[at + s2]) +
        g3 * (source[at - s3] + source[at + s3]) +
        g4 * (source[at - s4] + source[at + s4]) +
        g5 * (source[at - s5] + source[at + s5]);
  }
}

/** The window over a whole volume: (nx - 10)(ny - 10)(nz - 10) sums in `out`; z first, as it shrinks the rest. */
function smooth(
  source: Float64Array,
  [nx, ny, nz]: Vec3,
  out: Float64Array,
  scratch: [Float64Array, Float64Array],
): void {
  const mz = nz - 2 * RADIUS;
  const my = ny - 2 * RADIUS;
  smoothAxis(source, scratch[0], 1, nz, nx * ny);
  smoothAxis(scratch[0], scratch[1], mz, ny, nx);
  smoothAxis(scratch[1], out, mz * my, nx, 1);
}

function halved(source: Float64Array, [nx, ny, nz]: Vec3): Float64Array {
  const [hx, hy, hz] = [nx >> 1, ny >> 1, nz >> 1];
  const out = new Float64Array(hx * hy * hz);
  for (let k = 0, at = 0; k < hz; k++)
    for (let j = 0; j < hy; j++) {
      let p = nx * (2 * j + ny * 2 * k);
      const [q, r, s] = [p + nx, p + nx * ny, p + nx * ny + nx];
      const shift = [q - p, r - p, s - p];
      for (let i = 0; i < hx; i++, at++, p += 2) {
        const [b, c, d] = [p + shift[0], p + shift[1], p + shift[2]];
        out[at] =
          (source[p] +
            source[p + 1] +
            source[b] +
            source[b + 1] +
            source[c] +
            source[c + 1] +
            source[d] +
            source[d + 1]) /
          8;
      }
    }
  return out;
}

export interface MsSsim {
  value: number;
  /** Scales used; below 5 the weights are renormalised. */
  scales: number;
  /** Mean of cs at each scale but the last, of ssim at the last. */
  terms: number[];
}

/**
 * MS-SSIM of two volumes of one size, x fastest; `range` is L, the largest minus the least possible value (1 for masks).
 * Throws `ShapeError` where a volume does not fill `size`, `VolumeError` where a side is below 11 voxels,
 * `NumericsError` for a range that is not above 0 or values that are not finite.
 */
export function msSsim(a: ArrayLike<number>, b: ArrayLike<number>, size: Vec3, range = 1): MsSsim {
  const count = voxelCount(size);
  if (a.length !== count || b.length !== count)
    throw new ShapeError({
      found: `volumes of ${a.length} and ${b.length} voxels for a grid of ${size.join('x')}`,
      expected: `${count} voxels each`,
      todo: 'resample one onto the grid of the other',
    });
  const scales = msSsimScales(size);
  if (scales === 0)
    throw new VolumeError({
      found: `a grid of ${size.join('x')} voxels`,
      expected: `at least ${WINDOW} voxels a side, the width of the window`,
      todo: 'take a finer grid',
    });
  if (!(range > 0 && Number.isFinite(range)))
    throw new NumericsError({
      found: `a range of values of ${range}`,
      expected: 'a number above 0',
      todo: 'give 1 for masks, the largest minus the least value for others',
    });
  const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2];
  let x: Float64Array = Float64Array.from(a);
  let y: Float64Array = Float64Array.from(b);
  let [nx, ny, nz] = size;
  // All buffers at the size of the first scale, used again by the others.
  const places = (nx - 10) * (ny - 10) * (nz - 10);
  const scratch: [Float64Array, Float64Array] = [
    new Float64Array(nx * ny * (nz - 10)),
    new Float64Array(nx * (ny - 10) * (nz - 10)),
  ];
  const [meanX, meanY, both, squares] = [0, 1, 2, 3].map(() => new Float64Array(places));
  const product = new Float64Array(count);
  const terms: number[] = [];
  for (let s = 0; s < scales; s++) {
    const grid: Vec3 = [nx, ny, nz];
    const voxels = nx * ny * nz;
    smooth(x, grid, meanX, scratch);
    smooth(y, grid, meanY, scratch);
    for (let i = 0; i < voxels; i++) product[i] = x[i] * y[i];
    smooth(product, grid, both, scratch);
    for (let i = 0; i < voxels; i++) product[i] = x[i] * x[i] + y[i] * y[i];
    smooth(product, grid, squares, scratch);
    const inside = (nx - 10) * (ny - 10) * (nz - 10);
    const isLast = s === scales - 1;
    let sum = 0;
    for (let i = 0; i < inside; i++) {
      const [mx, my] = [meanX[i], meanY[i]];
      const means = mx * mx + my * my;
      const cs = (2 * (both[i] - mx * my) + c2) / (squares[i] - means + c2);
      sum += isLast ? (cs * (2 * mx * my + c1)) / (means + c1) : cs;
    }
    terms.push(sum / inside);
    if (isLast) break;
    [x, y] = [halved(x, grid), halved(y, grid)];
    [nx, ny, nz] = [nx >> 1, ny >> 1, nz >> 1];
  }
  if (!terms.every(Number.isFinite))
    throw new NumericsError({
      found: 'a voxel that is not finite',
      expected: 'finite values',
      todo: 'look for NaN in the volumes',
    });
  const total = MS_SSIM_WEIGHTS.slice(0, scales).reduce((p, q) => p + q);
  const value = terms.reduce((p, term, s) => p * Math.max(0, term) ** (MS_SSIM_WEIGHTS[s] / total), 1);
  return { value, scales, terms };
}

export interface SetDiversity {
  /** MS-SSIM of each pair drawn. */
  values: Float64Array;
  /** Members of the pairs, two a pair. */
  pairs: Uint32Array;
  scales: number;
}

/**
 * MS-SSIM of `count` random pairs inside one set (all pairs, where there are no more): a high mean says that the members
 * resemble each other. Pairs come from random permutations cut into twos, so all members are drawn equally often.
 * Throws as `msSsim`, and `NumericsError` for fewer than 2 members or no pairs.
 */
export function setDiversity(
  volumes: readonly ArrayLike<number>[],
  size: Vec3,
  { count = 100, seed = 0, range = 1, onPair }: DiversityOptions = {},
): SetDiversity {
  const n = volumes.length;
  if (n < 2 || !Number.isInteger(count) || count < 1)
    throw new NumericsError({
      found: `${count} pairs of ${n} volumes`,
      expected: 'at least one pair of at least two',
      todo: 'generate more cases',
    });
  const pairs = drawPairs(n, count, seed);
  const values = new Float64Array(pairs.length / 2);
  for (let p = 0; p < values.length; p++) {
    values[p] = msSsim(volumes[pairs[2 * p]], volumes[pairs[2 * p + 1]], size, range).value;
    onPair?.();
  }
  return { values, pairs, scales: msSsimScales(size) };
}

export interface DiversityOptions {
  /** Pairs at most. */
  count?: number;
  seed?: number;
  /** L, see `msSsim`. */
  range?: number;
  /** Called after each pair. */
  onPair?: () => void;
}

/** Distinct pairs of 0 .. n - 1, two numbers each, the lower first. */
export function drawPairs(n: number, count: number, seed: number): Uint32Array {
  const all = (n * (n - 1)) / 2;
  const seen = new Set<number>();
  const out = new Uint32Array(2 * Math.min(count, all));
  if (count >= all) {
    for (let i = 0, at = 0; i < n; i++)
      for (let j = i + 1; j < n; j++) {
        out[at++] = i;
        out[at++] = j;
      }
    return out;
  }
  const random = new RandomStream(seed, 'evaluation/pairs');
  while (2 * seen.size < out.length) {
    const order = random.permutation(n);
    for (let i = 0; i + 1 < n && 2 * seen.size < out.length; i += 2) {
      const [p, q] = [Math.min(order[i], order[i + 1]), Math.max(order[i], order[i + 1])];
      if (seen.has(p * n + q)) continue;
      out.set([p, q], 2 * seen.size);
      seen.add(p * n + q);
    }
  }
  return out;
}
