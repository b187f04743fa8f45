/**
 * What the completer learns from: a bone of some training case, moved a little, and the same bone with a virtual defect. An
 * example is a pure function of (seed, step, row), so a resumed run sees exactly the examples of an unbroken one.
 *
 * Bones come from one or more datasets on one grid: the real one, and any number of synthetic sets beside it. Moving and
 * cutting one bone takes 7 ms at 32^3 and 24 ms at 64^3 on one core, 6 % of a training step of the preset tiny: a thread of
 * its own would win less than it costs.
 */
import type { CompleterConfig } from '../../config/completer.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import { batchIndices, Loader } from '../../dataset/loader.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { DatasetError } from '../../errors.ts';
import { RandomStream } from '../../random/stream.ts';
import type { CaseSet } from '../../training/opening.ts';
import type { Mask } from '../../volume/volume.ts';
import { applyDefect, type Defect, DefectError, drawDefect } from '../defects/defect.ts';
import { requireSameBone } from '../sameBone.ts';

/** One example's defect; none where the bone is shown whole. */
export type Drawn = Defect | undefined;

/** Bones that the template is the mean of. */
const MEAN_OF = 200;

type ExampleConfig = Pick<CompleterConfig, 'seed' | 'batch' | 'augment' | 'whole' | 'defects' | 'realShare'>;

export class Examples {
  /** All cases that are learnt from, those of the first set first. */
  readonly cases: readonly DatasetCase[];
  readonly voxels: number;
  readonly #sets: readonly Loader[];
  readonly #bone: string;
  readonly #grid: Dataset['grid'];
  readonly #config: ExampleConfig;

  /** Throws `GridError` where the sets differ in bone or grid, `DatasetError` where there is no case or one is damaged. */
  constructor(sets: readonly CaseSet[], config: ExampleConfig) {
    const [{ dataset }, ...others] = sets;
    for (const other of others) requireSameBone(dataset, other.dataset);
    this.#sets = sets.map((set) => new Loader(set.dataset, set.cases ?? set.dataset.cases));
    this.cases = this.#sets.flatMap((loader) => loader.cases);
    if (this.cases.length === 0)
      throw new DatasetError({
        found: `no training case in ${sets.map((s) => s.dataset.dir).join(', ')}`,
        expected: 'at least one bone to learn from',
        todo: 'take in more cases, or add a synthetic set (--synthetic DIR)',
      });
    this.voxels = this.#sets[0].voxels;
    this.#bone = dataset.manifest.bone;
    this.#grid = dataset.grid;
    this.#config = config;
  }

  /**
   * Fills the examples of step `step` (0 the first): defective bones into `x`, whole ones into `y`, both [batch, 1, D, H, W]
   * in +-1; returns their defects.
   */
  fill(step: number, x: Float32Array, y: Float32Array): Drawn[] {
    const { seed, batch } = this.#config;
    const n = this.cases.length;
    const order = batchIndices(seed, step, batch, n);
    return Array.from(order, (index, row) => this.#example(index, step * batch + row, row, x, y));
  }

  /** Share of the training bones (at most `MEAN_OF`, spread over all) that have bone at each voxel: 0 to 255. */
  template(): Uint8Array {
    const n = Math.min(MEAN_OF, this.cases.length);
    const sum = new Float32Array(this.voxels);
    const one = new Float32Array(this.voxels);
    for (let i = 0; i < n; i++) {
      const [loader, at] = this.#find(Math.floor((i * this.cases.length) / n));
      loader.fillBatch([at], one);
      for (let p = 0; p < sum.length; p++) if (one[p] > 0) sum[p]++;
    }
    return Uint8Array.from(sum, (s) => Math.round((255 * s) / n));
  }

  #example(index: number, position: number, row: number, x: Float32Array, y: Float32Array): Drawn {
    const { seed, augment, whole, defects, realShare } = this.#config;
    const stream = new RandomStream(seed, 'completer/example', position);
    const hide = stream.uniform() >= whole;
    const fromFirst = stream.uniform();
    const other = stream.uniform();
    const chosen = realShare === undefined ? index : this.#choose(fromFirst < realShare, other);
    const [loader, at] = this.#find(chosen);
    const rows = [row, row + 1].map((r) => r * this.voxels);
    const to = y.subarray(...(rows as [number, number]));
    loader.fillBatch([at], to, { seed, step: position, options: augment });
    const bone = new Uint8Array(this.voxels);
    for (let i = 0; i < bone.length; i++) bone[i] = to[i] > 0 ? 1 : 0;
    const mask: Mask = { ...this.#grid, data: bone };
    const defect = hide ? defectOf(mask, this.#bone, stream, defects) : undefined;
    const left = defect === undefined ? bone : applyDefect(mask, defect).data;
    for (let i = 0; i < bone.length; i++) x[rows[0] + i] = left[i] !== 0 ? 1 : -1;
    return defect;
  }

  /** A case of the first set, or of the others: `u` in [0, 1) says which. */
  #choose(first: boolean, u: number): number {
    const [a, n] = [this.#sets[0].length, this.cases.length];
    if ((first && a > 0) || a === n) return Math.floor(u * a);
    return a + Math.floor(u * (n - a));
  }

  #find(index: number): [Loader, number] {
    let at = index;
    for (const loader of this.#sets) {
      if (at < loader.length) return [loader, at];
      at -= loader.length;
    }
    throw new RangeError(`no case ${index} of ${this.cases.length}`);
  }
}

/** A bone with no room for a defect (a truncated one, say) is shown whole. */
export function defectOf(
  mask: Mask,
  bone: string,
  stream: RandomStream,
  options: CompleterConfig['defects'],
): Drawn {
  if (!mask.data.includes(1)) return undefined;
  try {
    return drawDefect(mask, bone, stream, options);
  } catch (error) {
    if (error instanceof DefectError) return undefined;
    throw error;
  }
}
