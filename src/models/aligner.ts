/**
 * The aligner: a cube x [N, 1, S, S, S] of soft bone (0 .. 1), centred on the centroid of the bone that is there, becomes the
 * rigid move into the canonical frame and how sure it is of it:
 *
 *   x -> (cubes of 2x2x2 as channels) -> conv3 -> [conv4 stride 2, norm, residual blocks] a level -> norm, SiLU
 *     -> means of c x c x c parts -> linear -> SiLU -> linear -> 11 numbers
 *
 * Six are two 3-vectors, of which Gram and Schmidt make a rotation: a map without jumps, which no three or four numbers give
 * (Zhou et al., CVPR 2019). Three are where the cube's centre lies in the canonical frame, in halves of the cube's side. Two are
 * logarithms of deviations, of the turn in radians and of that place in halves.
 *
 * The loss is the negative log-likelihood of Student's t in three dimensions around the prediction: near the truth it weighs as
 * a Gaussian of the predicted deviation does, and a start turned the wrong way round, whose error says nothing, pulls little.
 */
import type { Tensor } from '../graph/graph.ts';
import { add, multiply, subtract } from '../graph/ops/binary.ts';
import { spaceToDepth } from '../graph/ops/conv3d.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import { reshape } from '../graph/ops/shape.ts';
import { silu } from '../graph/ops/silu.ts';
import { concat, slice } from '../graph/ops/slice.ts';
import { exp, log, tanh } from '../graph/ops/unary.ts';
import { conv, linear, norm } from '../nn/layers.ts';
import type { Scope } from '../nn/scope.ts';
import { cellMeans, unitRows } from './encoder.ts';
import { residual } from './vqvae.ts';

export interface AlignerNetworkConfig {
  /** S. */
  side: number;
  /** Side of the cube of voxels that enters as channels. */
  patch: 1 | 2;
  /** Channels from the finest level to the coarsest; each level halves the grid. */
  widths: readonly number[];
  /** Residual blocks after each halving. */
  blocks: number;
  groups: number;
  /** Parts along each axis in which the last level is averaged. */
  cells: number;
  hidden: number;
  /** Degrees of freedom of the loss. */
  freedom: number;
}

/** A predicted pose of N cubes. */
export interface PoseTensors {
  /** [N, 9], row-major: `y = R u + m` for u from the cube's centre. */
  rotation: Tensor;
  /** m [N, 3], halves of the cube's side. */
  centre: Tensor;
  /** [N, 1], logarithms: of radians, of halves of the side. */
  logTurn: Tensor;
  logShift: Tensor;
}

/** Where the logarithms of the deviations start, and how far from there they may go: 0.4 degrees to 1 radian and more. */
const LOG_TURN = -2;
const LOG_SHIFT = -3;
const LOG_REACH = 3.5;

/** The pose of cubes x [N, 1, S, S, S]. */
export function poseOf(s: Scope, x: Tensor, config: AlignerNetworkConfig): PoseTensors {
  const { patch, widths, blocks, cells, hidden } = config;
  const groups = (channels: number) => Math.min(config.groups, channels);
  let h = conv(s.child('in'), patch === 2 ? spaceToDepth(x) : x, widths[0]);
  for (let level = 1; level < widths.length; level++) {
    const scope = s.child(`level${level}`);
    h = silu(norm(scope.child('norm'), h, groups(h.shape[1])));
    h = conv(scope.child('down'), h, widths[level], { kernel: 4, stride: 2 });
    for (let i = 0; i < blocks; i++) h = residual(scope.child(`block${i}`), h, groups(widths[level]));
  }
  h = silu(norm(s.child('norm'), h, groups(h.shape[1])));
  const deep = silu(linear(s.child('hidden'), cellMeans(h, cells), hidden));
  const out = linear(s.child('pose'), deep, 11);
  const part = (from: number, to: number) => slice(out, 1, from, to);
  const bounded = (t: Tensor, centre: number) =>
    add(multiply(tanh(multiply(t, 1 / LOG_REACH)), LOG_REACH), centre);
  return {
    rotation: rotationOf6(part(0, 6)),
    centre: part(6, 9),
    logTurn: bounded(part(9, 10), LOG_TURN),
    logShift: bounded(part(10, 11), LOG_SHIFT),
  };
}

/**
 * Rotations [N, 9] of two 3-vectors a, b [N, 6]: columns `e1 = |a + x|`, `e2 = |b + y - (e1 . (b + y)) e1|`, `e3 = e1 x e2`, where
 * |.| makes a length of 1; x and y are added so that zeros are no turn.
 */
export function rotationOf6(six: Tensor): Tensor {
  const [n] = six.shape;
  const moved = add(six, six.graph.constant(Float32Array.of(1, 0, 0, 0, 1, 0), [1, 6]));
  const e1 = unitRows(slice(moved, 1, 0, 3));
  const b = slice(moved, 1, 3, 6);
  const e2 = unitRows(subtract(b, multiply(sum(multiply(e1, b), [1], true), e1)));
  const at = (v: Tensor, i: number) => slice(v, 1, i, i + 1);
  const minor = (i: number, j: number) =>
    subtract(multiply(at(e1, i), at(e2, j)), multiply(at(e1, j), at(e2, i)));
  const e3 = [minor(1, 2), minor(2, 0), minor(0, 1)];
  return reshape(
    concat(
      [0, 1, 2].flatMap((i) => [at(e1, i), at(e2, i), e3[i]]),
      1,
    ),
    [n, 9],
  );
}

/** The mean loss of predicted poses against rotations [N, 9] and centres [N, 3]; a turn by `a` is at `8 sin^2(a / 2)`, near 2 a^2. */
export function poseLoss(pose: PoseTensors, rotation: Tensor, centre: Tensor, freedom: number): Tensor {
  const distance = (a: Tensor, b: Tensor) => {
    const d = subtract(a, b);
    return sum(multiply(d, d), [1], true);
  };
  const turn = studentLoss(multiply(distance(pose.rotation, rotation), 0.5), pose.logTurn, freedom);
  const shift = studentLoss(distance(pose.centre, centre), pose.logShift, freedom);
  return mean(add(turn, shift));
}

/**
 * `-log p` of Student's t in three dimensions, without its constant, for squared distances d2 [N, 1]: `(f + 3)/2 .
 * log(1 + d2 / (f s^2)) + 3 log s`.
 */
function studentLoss(d2: Tensor, logDeviation: Tensor, freedom: number): Tensor {
  const scaled = multiply(d2, exp(multiply(logDeviation, -2)));
  const tail = log(add(multiply(scaled, 1 / freedom), 1));
  return add(multiply(tail, (freedom + 3) / 2), multiply(logDeviation, 3));
}
