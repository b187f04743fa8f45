/**
 * Two files of one subject, cranium and mandible, become one mask. Names may put together what does not belong together,
 * so the two must fit: bones of one head lie side by side (the middles of their boxes at most 150 mm apart, and at most the
 * length of the larger one, which is what counts for mice) and hardly overlap (a mandible that the "skull" holds too
 * would be there twice; two crania share most of their volume).
 */
import { type CranioflowError, GridError, VolumeError } from '../errors.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { gridAround, type Solid, solidOf, unionOf } from '../mesh/voxelise.ts';
import { type BoneMaskOptions, boneMask } from '../skull/bone-mask.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import type { Mask, Volume } from '../volume/volume.ts';

/** A file's content and what messages call it. */
export interface Part<T> {
  path: string;
  content: T;
}

/** mm between the middles of two bones of one head; an adult's cranium and mandible lie 80 to 110 mm apart. */
const FARTHEST_MM = 150;

/** Share of the smaller solid that may lie in the other: surfaces that touch cross a little. */
const MOST_SHARED = 0.2;

const TODO =
  'check that both files are of one subject and one bone each; --no-pairs takes each file as a case';

/**
 * The union of the solids of `parts` on a grid of `spacing` mm around them, and each solid. Throws `GridError` when two lie
 * apart, `VolumeError` when they overlap, and what `solidOf` throws, naming the file.
 */
export function uniteMeshes(parts: readonly Part<Mesh>[], spacing: number): { mask: Mask; solids: Solid[] } {
  const grid = gridAround(checkTogether(parts), spacing);
  const solids = parts.map(({ path, content }) => naming(path, () => solidOf(content, grid)));
  const masks = solids.map((s, i) => ({ path: parts[i].path, content: s.mask }));
  return { mask: masks.length === 1 ? masks[0].content : uniteMasks(masks), solids };
}

/** The union of the bone of masks on one grid. Throws `GridError` for two grids, `VolumeError` when they overlap. */
export function uniteVolumes(parts: readonly Part<Volume>[], options: BoneMaskOptions): Mask {
  const [a, b] = parts;
  try {
    requireSameGrid(a.content, b.content, a.path, b.path);
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    const { found } = error.explanation;
    throw new GridError({ found, expected: 'two masks of one subject on one grid', todo: TODO });
  }
  return uniteMasks(parts.map(({ path, content }) => ({ path, content: boneMask(content, path, options) })));
}

function uniteMasks([a, b]: readonly Part<Mask>[]): Mask {
  const [one, other] = [a.content.data, b.content.data];
  let [inOne, inOther, inBoth] = [0, 0, 0];
  for (let p = 0; p < one.length; p++) {
    inOne += one[p];
    inOther += other[p];
    inBoth += one[p] & other[p];
  }
  const shared = inBoth / Math.min(inOne, inOther);
  if (shared > MOST_SHARED)
    throw new VolumeError({
      found: `${a.path} and ${b.path} overlap: ${(100 * shared).toFixed(0)} % of the smaller bone lies in the other`,
      expected: `two bones side by side, ${100 * MOST_SHARED} % of overlap at most`,
      todo: TODO,
    });
  return unionOf([a.content, b.content]);
}

/** The meshes. Throws `GridError` unless the middles of their boxes are as near as those of two bones of one head. */
function checkTogether(parts: readonly Part<Mesh>[]): Mesh[] {
  const boxes = parts.map(({ content }) => boxOf(content));
  if (boxes.length === 2) {
    const [a, b] = boxes;
    const apart = Math.hypot(...a.middle.map((x, i) => x - b.middle[i]));
    const most = Math.min(FARTHEST_MM, Math.max(a.length, b.length));
    if (!(apart <= most))
      throw new GridError({
        found: `${parts[0].path} and ${parts[1].path} lie ${apart.toFixed(0)} mm apart`,
        expected: `cranium and mandible of one head in one space, at most ${most.toFixed(0)} mm from middle to middle`,
        todo: TODO,
      });
  }
  return parts.map((part) => part.content);
}

function boxOf({ positions }: Mesh): { middle: number[]; length: number } {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let p = 0; p < positions.length; p++) {
    const a = p % 3;
    if (positions[p] < low[a]) low[a] = positions[p];
    if (positions[p] > high[a]) high[a] = positions[p];
  }
  const sides = low.map((v, a) => high[a] - v);
  return { middle: low.map((v, a) => (v + high[a]) / 2), length: Math.hypot(...sides) };
}

/** The work; what refuses it names the file. */
function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VolumeError || error instanceof GridError)) throw error;
    const { found, expected, todo } = error.explanation;
    const Kind = error.constructor as new (
      ...of: ConstructorParameters<typeof VolumeError>
    ) => CranioflowError;
    throw new Kind({ found: `${path}: ${found}`, expected, todo }, { cause: error });
  }
}
