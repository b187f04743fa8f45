import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph.ts';
import { unitRows } from '../../src/models/encoder.ts';
import { ntXent, viewTables } from '../../src/nn/contrastive.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { checkOp } from '../graph/checks.ts';
import { evaluate } from '../graph/reference.ts';

/** The loss from its definition, in double precision: softmax over the cosines of the others, partner at i +- n. */
function closedForm(z: number[][], subjects: string[], temperature: number): number {
  const n = subjects.length;
  const length = (v: number[]) => Math.sqrt(v.reduce((s, x) => s + x * x, 0));
  const cosine = (a: number[], b: number[]) =>
    a.reduce((s, x, k) => s + x * b[k], 0) / (length(a) * length(b));
  let loss = 0;
  for (let i = 0; i < 2 * n; i++) {
    const partner = i < n ? i + n : i - n;
    let total = 0;
    for (let j = 0; j < 2 * n; j++) {
      const allowed = j === partner || subjects[i % n] !== subjects[j % n];
      if (allowed) total += Math.exp(cosine(z[i], z[j]) / temperature);
    }
    loss -= Math.log(Math.exp(cosine(z[i], z[partner]) / temperature) / total);
  }
  return loss / (2 * n);
}

const random = (rows: number, width: number): number[][] => {
  const stream = new RandomStream(3, 'test/contrastive');
  return Array.from({ length: rows }, () => Array.from({ length: width }, () => stream.normal()));
};

/** Loss of raw rows z, as the network takes it: divided by their lengths first. */
function graphOf(subjects: string[], width: number, temperature: number) {
  const m = 2 * subjects.length;
  const graph = new Graph();
  const tables = viewTables(subjects);
  const build = (z: Parameters<typeof unitRows>[0]) =>
    ntXent(
      unitRows(z),
      z.graph.constant(tables.others, [m, m]),
      z.graph.constant(tables.partner, [m, m]),
      temperature,
    );
  return { graph, build, z: graph.input('z', [m, width]) };
}

test.each([
  ['five subjects', ['a', 'b', 'c', 'd', 'e'], 0.1],
  ['two cases of one subject, one drawn twice', ['a', 'b', 'a', 'c', 'c'], 0.5],
  ['the lowest temperature', ['a', 'b', 'c'], 0.03],
])('is the closed form in double precision: %s', (_, subjects, temperature) => {
  const z = random(2 * subjects.length, 6);
  const { build, z: input } = graphOf(subjects, 6, temperature);
  const [loss] = evaluate([build(input)], { z: z.flat() });
  expect(loss[0] / closedForm(z, subjects, temperature)).toBeCloseTo(1, 6);
});

test('its gradients are those of finite differences, and ONNX Runtime gives its values', async () => {
  const { build } = graphOf(['a', 'b', 'a', 'c'], 5, 0.2);
  await checkOp({ z: [8, 5] }, (t) => build(t.z), { samples: 40, tolerance: 2e-5 });
});

test('limits: views alike and cases opposite cost nothing, all alike cost the logarithm of the others', () => {
  const { build, z } = graphOf(['a', 'b'], 2, 0.05);
  const [good] = evaluate([build(z)], { z: [1, 0, -1, 0, 1, 0, -1, 0] });
  expect(good[0]).toBeCloseTo(2 * Math.exp(-40), 15);
  const [same] = evaluate([build(z)], { z: [1, 0, 1, 0, 1, 0, 1, 0] });
  expect(same[0]).toBeCloseTo(Math.log(3), 6);
  const [worst] = evaluate([build(z)], { z: [1, 0, -1, 0, -1, 0, 1, 0] });
  expect(worst[0]).toBeCloseTo(40 + Math.log(1 + 2 * Math.exp(-40)), 9);
  const alone = graphOf(['a', 'a'], 2, 0.05);
  expect(evaluate([alone.build(alone.z)], { z: [1, 0, -1, 0, 0, 1, 0, -1] })[0][0]).toBe(0);
});

test('the tables: partners, and nothing of one subject against itself', () => {
  const { others, partner } = viewTables(['a', 'b', 'a']);
  const row = (t: Float32Array, i: number) => [...t.subarray(6 * i, 6 * i + 6)];
  expect(row(partner, 0)).toEqual([0, 0, 0, 1, 0, 0]);
  expect(row(partner, 4)).toEqual([0, 1, 0, 0, 0, 0]);
  expect(row(others, 0)).toEqual([0, 1, 0, 1, 1, 0]);
  expect(row(others, 1)).toEqual([1, 0, 1, 1, 1, 1]);
  expect(row(others, 5)).toEqual([0, 1, 1, 0, 1, 0]);
});
