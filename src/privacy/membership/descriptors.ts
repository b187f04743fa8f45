/**
 * What anyone sees of a bone without any model: how much of it there is, where it lies, how rugged and how unusual it is, of
 * which class and source it comes. Two uses: a blind attack on membership, which must fail if members and non-members are
 * of one kind, and the part of a model's error that any model would make.
 */
import type { DatasetCase } from '../../dataset/manifest.ts';
import { eachRow } from '../../evaluation/featureSet.ts';
import { surfaceVoxels } from '../../evaluation/surfaceDistance.ts';
import type { Mask } from '../../volume/volume.ts';

/** Boxes along a side: of the blind attack, and of the distance between bones. */
const [COARSE, FINE] = [4, 8];
/** Most sources told apart; the rest is one. */
const SOURCES_MOST = 8;

export interface Described {
  /** Plain sizes and places, and dummies of class and source: one list a case. */
  plain: number[][];
  /** Share of bone in each of 4^3 boxes. */
  boxes: Float32Array[];
  /** Distance to the nearest other bone and mean distance to all others, by the share of bone in 8^3 boxes. */
  unusual: number[][];
}

/** Share of bone in each of `cells`^3 boxes, x fastest. */
function occupancy({ data, size: [nx, ny, nz] }: Mask, cells: number): Float32Array {
  const sum = new Float32Array(cells ** 3);
  const count = new Float32Array(cells ** 3);
  const cell = (i: number, n: number) => Math.floor((i * cells) / n);
  const along = Int32Array.from({ length: nx }, (_, i) => cell(i, nx));
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const row = cells * (cell(j, ny) + cells * cell(k, nz));
      for (let i = 0; i < nx; i++, at++) {
        count[row + along[i]]++;
        if (data[at] !== 0) sum[row + along[i]]++;
      }
    }
  return sum.map((s, i) => (count[i] > 0 ? s / count[i] : 0));
}

/** Log of the bone's voxels, the share of them at its surface, its centre and its spread along each axis in voxels. */
function measures({ data, size }: Mask): number[] {
  const [nx, ny, nz] = size;
  let bone = 0;
  const first = [0, 0, 0];
  const second = [0, 0, 0];
  for (let k = 0, at = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, at++) {
        if (data[at] === 0) continue;
        bone++;
        const place = [i, j, k];
        for (let c = 0; c < 3; c++) {
          first[c] += place[c];
          second[c] += place[c] ** 2;
        }
      }
  if (bone === 0) return Array<number>(8).fill(0);
  const centre = first.map((s) => s / bone);
  const spread = second.map((s, c) => Math.sqrt(Math.max(0, s / bone - centre[c] ** 2)));
  return [Math.log(bone), surfaceVoxels(data, size).length / bone, ...centre, ...spread];
}

/** One column of 0 and 1 a value, but for the commonest. */
function dummies(values: readonly (string | number)[]): number[][] {
  const counts = new Map<string | number, number>();
  for (const v of values) counts.set(v, (counts.get(v) ?? 0) + 1);
  const names = [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  return values.map((v) => names.slice(1, SOURCES_MOST + 1).map((name) => (v === name ? 1 : 0)));
}

/** Describes cases; `mask(i)` is asked for once each, and not kept. */
export function describeCases(cases: readonly DatasetCase[], mask: (i: number) => Mask): Described {
  const quality = dummies(cases.map((c) => c.quality));
  const source = dummies(cases.map((c) => `${c.attribution}/${c.provenance?.kind ?? ''}`));
  const boxes: Float32Array[] = [];
  const fine = new Float32Array(cases.length * FINE ** 3);
  const plain = cases.map((_, i) => {
    const bone = mask(i);
    boxes.push(occupancy(bone, COARSE));
    fine.set(occupancy(bone, FINE), i * FINE ** 3);
    return [...measures(bone), ...quality[i], ...source[i]];
  });
  const set = { values: fine, count: cases.length, dim: FINE ** 3 };
  const unusual: number[][] = [];
  eachRow(set, set, (i, squared) => {
    let [nearest, sum] = [Number.POSITIVE_INFINITY, 0];
    for (let j = 0; j < squared.length; j++) {
      if (j === i) continue;
      const d = Math.sqrt(squared[j]);
      nearest = Math.min(nearest, d);
      sum += d;
    }
    unusual.push([nearest, sum / (squared.length - 1)]);
  });
  return { plain, boxes, unusual };
}
