import { beforeAll, describe, expect, test } from 'vitest';
import { diceOf, overlap } from '../../src/evaluation/overlap.ts';
import { mirroredMask } from '../../src/evaluation/sharedCases.ts';
import { type Match, nearestOthers, nearestShapes } from '../../src/privacy/nearestShape.ts';
import { matchedMask } from '../../src/privacy/pairPicture.ts';
import { LEAKS, movedMask, plantCopy } from '../../src/privacy/plant.ts';
import { rotationBy } from '../../src/privacy/pose.ts';
import { SearchPool } from '../../src/privacy/searchPool.ts';
import { buildShapeIndex, type ShapeIndex } from '../../src/privacy/shapeIndex.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { phantoms } from './helpers.ts';

const masks = phantoms(24);
const [stranger] = phantoms(1, 24);
const subjects = masks.map((_, i) => (i === 1 ? 's0' : `s${i}`));
let index: ShapeIndex;
let apart: number;

beforeAll(async () => {
  index = await buildShapeIndex(masks.length, (i) => masks[i], subjects);
  apart = nearestShapes(index, stranger).neighbours[0].distance;
});

const first = ({ neighbours }: Match) => neighbours[0];

describe('a copy is found', () => {
  test.each([2, 9, 17])('exact: case %i at distance 0, not mirrored', (i) => {
    expect(first(nearestShapes(index, masks[i]))).toMatchObject({ index: i, distance: 0, mirrored: false });
    expect(nearestShapes(index, masks[i]).surface_mm).toBeCloseTo(0, 9);
  });

  test.each([3, 12])('mirrored: case %i at distance 0, mirrored', (i) => {
    expect(first(nearestShapes(index, mirroredMask(masks[i])))).toMatchObject({
      index: i,
      distance: 0,
      mirrored: true,
    });
  });

  test.each([
    [4, [0, 0, 0], [1, -1, 0.5]],
    [5, [0.17, 0, 0], [0, 0, 0]],
    [6, [0, -0.1, 0.1], [0.7, 0.4, -1]],
    [7, [0.1, 0.1, 0.1], [-1, 1, 1]],
  ] as const)('case %i, turned by %j rad and shifted by %j voxels', (i, turn, shift) => {
    const copy = movedMask(masks[i], { rotation: rotationBy(turn), translation: shift });
    for (const shown of [copy, mirroredMask(copy)]) {
      const found = first(nearestShapes(index, shown));
      expect(found.index).toBe(i);
      expect(found.mirrored).toBe(shown !== copy);
      expect(found.distance).toBeLessThan(0.6 * apart);
    }
  });

  test.each(LEAKS)('of kind %s, far nearer than a stranger', (kind) => {
    const copy = plantCopy(kind, masks[8], masks[10], new RandomStream(1, 'test/plant'));
    const found = first(nearestShapes(index, copy));
    expect(found.index).toBe(8);
    expect(found.distance).toBeLessThan(0.6 * apart);
  });
});

test('neighbours are of different subjects, nearest first, with scans of one person as one', () => {
  const { neighbours } = nearestShapes(index, masks[0]);
  expect(neighbours).toHaveLength(4);
  expect(new Set(neighbours.map((f) => subjects[f.index])).size).toBe(4);
  const distances = neighbours.map((f) => f.distance);
  expect(distances).toEqual([...distances].sort((a, b) => a - b));
});

test('a training case is never its own neighbour, nor that of another scan of its subject', () => {
  expect(nearestOthers(index, 0).neighbours.map((f) => f.index)).not.toContain(0);
  expect(nearestOthers(index, 0).neighbours.map((f) => f.index)).not.toContain(1);
  expect(nearestOthers(index, 5).neighbours[0].distance).toBeGreaterThan(0.3 * apart);
});

test('the matched training case lies where the copy does', () => {
  const copy = mirroredMask(
    movedMask(masks[6], { rotation: rotationBy([0, 0.1, 0.1]), translation: [0.5, 0, 1] }),
  );
  const found = first(nearestShapes(index, copy));
  const shown = matchedMask(masks[found.index], found, index.grid);
  expect(diceOf(overlap(shown.data, copy.data))).toBeGreaterThan(0.9);
  expect(diceOf(overlap(masks[6].data, copy.data))).toBeLessThan(0.7);
});

test('threads find what one thread finds, in order', async () => {
  const questions = [...masks.slice(0, 19), stranger, 3];
  const pools = [new SearchPool(index, 1), new SearchPool(index, 2)];
  let heard = 0;
  const [one, two] = await Promise.all(
    pools.map((pool) =>
      pool.search(
        questions.length,
        (i) => questions[i],
        () => heard++,
        () => false,
      ),
    ),
  );
  await Promise.all(pools.map((pool) => pool.close()));
  expect(two).toEqual(one);
  expect(heard).toBe(2 * questions.length);
});

test('a search that is stopped ends early', async () => {
  let asked = 0;
  const pool = new SearchPool(index, 1);
  const found = await pool.search(
    10,
    () => masks[asked++],
    () => {},
    () => asked >= 2,
  );
  expect(found).toHaveLength(2);
});
