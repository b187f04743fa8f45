import { describe, expect, test } from 'vitest';
import { emit } from '../../src/graph/emit.ts';
import { Graph } from '../../src/graph/graph.ts';
import { poseLoss, poseOf, rotationOf6 } from '../../src/models/aligner.ts';
import { Scope } from '../../src/nn/scope.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { randomRotation } from '../../src/skull/register/rotations.ts';
import { rotationAngle } from '../../src/skull/register/transform.ts';
import { initialParameters, namedParameters } from '../../src/training/trainer.ts';
import { apply3, determinant3, multiply3, rotationAbout, transpose3 } from '../../src/volume/geometry.ts';
import { IDENTITY, type Mat3, type Vec3 } from '../../src/volume/volume.ts';
import { checkOp, runModel } from '../graph/checks.ts';
import { evaluate } from '../graph/reference.ts';

/** Rotations of rows of 6, by the graph. */
function rotations(six: number[]): Mat3[] {
  const n = six.length / 6;
  const graph = new Graph();
  const [out] = evaluate([rotationOf6(graph.input('six', [n, 6]))], { six });
  return Array.from({ length: n }, (_, i) => [...out.slice(9 * i, 9 * i + 9)] as unknown as Mat3);
}

/** What the network gives: two vectors less x and y. */
const asSix = (a: Vec3, b: Vec3) => [a[0] - 1, a[1], a[2], b[0], b[1] - 1, b[2]];

describe('rotationOf6', () => {
  test('the first two columns of a rotation give it back, however long and however skew; zeros are no turn', () => {
    const random = new RandomStream(1, 'test/six');
    const truth = Array.from({ length: 5 }, () => randomRotation(random));
    const six = truth.flatMap((r) => {
      const [a, b] = [0, 1].map((c) => [r[c], r[3 + c], r[6 + c]] as Vec3);
      const [p, q, s] = [random.between(0.2, 3), random.between(0.2, 3), random.between(-2, 2)];
      return asSix(
        a.map((v) => p * v) as unknown as Vec3,
        b.map((v, c) => q * v + s * a[c]) as unknown as Vec3,
      );
    });
    rotations(six).forEach((r, i) => void expect(rotationAngle(r, truth[i])).toBeLessThan(1e-5));
    rotations([0, 0, 0, 0, 0, 0])[0].forEach((v, i) => void expect(v).toBeCloseTo(IDENTITY[i], 6));
  });

  test('is equivariant: turning both vectors turns the rotation, `R(Q a, Q b) = Q R(a, b)`; always a rotation', () => {
    const random = new RandomStream(2, 'test/six');
    const draw = () => [random.normal(), random.normal(), random.normal()] as Vec3;
    for (let i = 0; i < 5; i++) {
      const [a, b, q] = [draw(), draw(), randomRotation(random)];
      const [r, turned] = rotations([...asSix(a, b), ...asSix(apply3(q, a), apply3(q, b))]);
      expect(rotationAngle(turned, multiply3(q, r))).toBeLessThan(1e-4);
      expect(determinant3(r)).toBeCloseTo(1, 6);
      multiply3(r, transpose3(r)).forEach((v, k) => void expect(v).toBeCloseTo(IDENTITY[k], 6));
    }
  });

  test('gradients are those of finite differences', async () => {
    await checkOp({ six: [3, 6] }, (t) => rotationOf6(t.six));
  });
});

describe('poseLoss', () => {
  const FREEDOM = 5;
  /** The loss of predicted (rotation, centre, logarithms) against the identity at (0, 0, 0). */
  function loss(rotation: Mat3, centre: Vec3, logTurn: number, logShift: number): number {
    const graph = new Graph();
    const pose = {
      rotation: graph.input('rotation', [1, 9]),
      centre: graph.input('centre', [1, 3]),
      logTurn: graph.input('logTurn', [1, 1]),
      logShift: graph.input('logShift', [1, 1]),
    };
    const truth = [graph.input('r', [1, 9]), graph.input('m', [1, 3])];
    const [value] = evaluate([poseLoss(pose, truth[0], truth[1], FREEDOM)], {
      rotation: [...rotation],
      centre: [...centre],
      logTurn: [logTurn],
      logShift: [logShift],
      r: [...IDENTITY],
      m: [0, 0, 0],
    });
    return value[0];
  }

  test('the closed form, in the angle and the shift', () => {
    const angle = 0.8;
    const [sr, sm] = [0.3, 0.05];
    const d2 = 4 * Math.sin(angle / 2) ** 2;
    const expected =
      ((FREEDOM + 3) / 2) * Math.log(1 + d2 / (FREEDOM * sr ** 2)) +
      3 * Math.log(sr) +
      ((FREEDOM + 3) / 2) * Math.log(1 + 0.01 / (FREEDOM * sm ** 2)) +
      3 * Math.log(sm);
    expect(loss(rotationAbout(1, angle), [0, 0.1, 0], Math.log(sr), Math.log(sm))).toBeCloseTo(expected, 5);
  });

  test('is least where the deviation is that of the errors: a sure miss and an unsure hit both cost more', () => {
    const at = (log: number) => loss(rotationAbout(0, 0.1), [0, 0, 0], log, 0);
    const logs = Array.from({ length: 61 }, (_, i) => -6 + 0.1 * i);
    const best = logs.reduce((a, b) => (at(b) < at(a) ? b : a));
    // d = 0.1 in three dimensions: s^2 = d^2 / 3, whatever the degrees of freedom.
    expect(best).toBeCloseTo(Math.log(0.1 / Math.sqrt(3)), 0);
  });
});

const CONFIG = {
  side: 8,
  patch: 2 as const,
  widths: [4, 8],
  blocks: 1,
  groups: 2,
  cells: 2,
  hidden: 6,
  freedom: 4,
};

test('a pose depends on its own cube alone, its rotation is one, and its deviations are bounded', async () => {
  const graph = new Graph();
  const pose = poseOf(new Scope(graph, 'a'), graph.input('x', [3, 1, 8, 8, 8]), CONFIG);
  const weights = namedParameters(graph.parameters, initialParameters(graph.parameters, 1));
  const { rotation, centre, logTurn, logShift } = pose;
  const model = emit(graph, { outputs: { rotation, centre, logTurn, logShift }, weights, layout: 'folded' });
  const random = new RandomStream(3, 'test/pose');
  const x = Float32Array.from({ length: 3 * 512 }, () => random.uniform());
  const all = await runModel(model, { x: { data: x, shape: [3, 1, 8, 8, 8] } });
  const swapped = new Float32Array([...x.slice(1024), ...x.slice(512, 1024), ...x.slice(0, 512)]);
  const other = await runModel(model, { x: { data: swapped, shape: [3, 1, 8, 8, 8] } });
  for (let i = 0; i < 9; i++) expect(other.rotation[i]).toBeCloseTo(all.rotation[18 + i], 5);
  for (let i = 0; i < 3; i++) {
    const r = [...all.rotation.slice(9 * i, 9 * i + 9)] as unknown as Mat3;
    expect(determinant3(r)).toBeCloseTo(1, 5);
    expect(all.logTurn[i]).toBeGreaterThan(-5.5);
    expect(all.logShift[i]).toBeLessThan(0.5);
  }
});

test('the loss through the rotation: gradients of finite differences', async () => {
  await checkOp({ six: [2, 6], centre: [2, 3], turn: [2, 1], shift: [2, 1], r: [2, 9], m: [2, 3] }, (t) =>
    poseLoss(
      { rotation: rotationOf6(t.six), centre: t.centre, logTurn: t.turn, logShift: t.shift },
      t.r,
      t.m,
      4,
    ),
  );
});
