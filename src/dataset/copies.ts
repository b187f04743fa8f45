/**
 * One bone, once. The same head under two names, patients or series would be counted twice, and could lie in train and in
 * test: then nothing measured on the test set, privacy above all, could be believed. So the second is refused as a copy.
 *
 *   equal on the grid     the SHA-256 of the packed mask
 *   equal as it was read  a hash of the bone before it is placed, in whatever order of axes a file keeps it
 *
 * Equal means equal, voxel for voxel: a copy that was resampled, turned or changed in a voxel is not found.
 */
import { createHash } from 'node:crypto';
import type { Explanation } from '../errors.ts';
import type { Mask } from '../volume/volume.ts';
import type { Memory } from './memory.ts';
import { packBits } from './pack.ts';
import type { DatasetWriter } from './writer.ts';

/**
 * SHA-256, in hex, of a mask's voxels along x, y, z of the patient: axes are permuted and reversed to those they are nearest
 * to, and where the mask lies is of no account. Equal for one bone saved along other axes.
 */
export function contentHash({ size, direction, data }: Mask): string {
  const axes = nearestAxes(direction);
  const stride = [1, size[0], size[0] * size[1]];
  const [a, b, c] = axes.map(({ axis, sign }) => ({
    n: size[axis],
    first: sign > 0 ? 0 : (size[axis] - 1) * stride[axis],
    step: sign * stride[axis],
  }));
  const ordered = new Uint8Array(data.length);
  let p = 0;
  for (let k = 0; k < c.n; k++)
    for (let j = 0; j < b.n; j++)
      for (let i = 0, q = a.first + b.first + c.first + j * b.step + k * c.step; i < a.n; i++, q += a.step)
        ordered[p++] = data[q];
  return createHash('sha256').update(`${a.n} ${b.n} ${c.n} `).update(packBits(ordered)).digest('hex');
}

/** For x, y, z of the patient the axis of the grid that runs along it, each once, and whether it runs forward. */
function nearestAxes(direction: Mask['direction']): { axis: number; sign: number }[] {
  const free = new Set([0, 1, 2]);
  const found: { axis: number; sign: number }[] = [];
  // The clearest first, so that an oblique grid's axes are shared out without a clash.
  const rows = [0, 1, 2].sort((r, s) => longest(direction, s) - longest(direction, r));
  for (const row of rows) {
    const axis = [...free].reduce((m, c) =>
      Math.abs(direction[3 * row + c]) > Math.abs(direction[3 * row + m]) + 1e-9 ? c : m,
    );
    free.delete(axis);
    found[row] = { axis, sign: direction[3 * row + axis] < 0 ? -1 : 1 };
  }
  return found;
}

const longest = (d: Mask['direction'], row: number): number =>
  Math.max(...[0, 1, 2].map((c) => Math.abs(d[3 * row + c])));

/** The case of the dataset, or one that a person dropped from it, whose bone this is; undefined where there is none. */
export function originalOf(
  id: string,
  { sha256, content }: { sha256: string; content: string },
  writer: DatasetWriter,
  memory: Memory,
): string | undefined {
  const same = (other: string) =>
    other !== id && (memory.made(other)?.content === content || writer.case(other)?.sha256 === sha256);
  return [...writer.ids, ...memory.dropped].find(same);
}

/** Why a copy is refused; `ofAnother`: it was given as another subject's. */
export function copyRefused(label: string, original: string, ofAnother: boolean): Explanation {
  return {
    found: `${label} holds the same bone as case ${original}, voxel for voxel${ofAnother ? ', under another subject' : ''}`,
    expected: 'every bone once: a copy counts twice, and could lie in train and in test at once',
    todo: ofAnother
      ? 'find out whose it is, and leave the other out; other scans of the two subjects may be of one person too'
      : 'nothing, if it is a copy; else find out which of the two files is not what its name says',
  };
}
