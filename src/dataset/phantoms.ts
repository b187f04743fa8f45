/**
 * A dataset of phantom skulls: `count` individuals of one seed on the standard cube grid, split like any other.
 * Skull i is the same whatever the count, so a larger set contains the smaller one.
 */

import { join } from 'node:path';
import { InterruptedError } from '../errors.ts';
import { nextTurn } from '../files/interrupt.ts';
import { acquireLock } from '../files/lock.ts';
import { makePhantom, phantomGrid } from '../skull/phantom/phantom.ts';
import type { Quality } from '../skull/phantom/quality.ts';
import type { Grid } from '../volume/volume.ts';
import type { Dataset } from './dataset.ts';
import { DATASET_LOCK, DatasetWriter } from './writer.ts';

export interface PhantomSetOptions {
  out: string;
  count: number;
  /** Voxels along each side of the cube. */
  grid: number;
  seed: number;
  /** One class for all; drawn with the shares of the reference data when absent. */
  quality?: Quality;
  /** Share held out for testing; default 0.2. */
  testShare?: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
  /** Told what a person should know (a dead process's lock taken over). */
  onWarning?: (text: string) => void;
}

/** Makes (or goes on making) the dataset folder `out`. Throws `InterruptedError` between skulls when asked to stop. */
export async function makePhantomDataset(options: PhantomSetOptions): Promise<Dataset> {
  const grid = phantomGrid(options.grid);
  const release = acquireLock(join(options.out, DATASET_LOCK), (text) => options.onWarning?.(text));
  try {
    return await fill(grid, options);
  } finally {
    release();
  }
}

async function fill(grid: Grid, options: PhantomSetOptions): Promise<Dataset> {
  const { out, count, seed, quality, signal } = options;
  const writer = new DatasetWriter(out, {
    name: `phantom skulls ${options.grid}, seed ${seed}${quality === undefined ? '' : `, quality ${quality}`}`,
    bone: 'skull',
    phantom: true,
    size: [options.grid, options.grid, options.grid],
    spacing: grid.spacing[0],
    frame: 'Frankfort-like: x to the left, y to the back, z up; centred on the phantom cube',
  });
  for (let index = 0; index < count; index++) {
    const id = `phantom-${String(index).padStart(5, '0')}`;
    if (!writer.has(id)) {
      if (signal?.aborted) throw stopped(index, count, out);
      const phantom = makePhantom({ seed, index, grid, quality });
      const source = `phantom ${seed}/${index}`;
      const attribution = 'cranioflow phantom generator';
      writer.add(
        { id, subject: id, source, attribution, licence: 'Apache-2.0', quality: phantom.quality },
        phantom.mask,
      );
      await nextTurn();
    }
    options.onProgress?.(index + 1, count);
  }
  return writer.finish({ seed, testShare: options.testShare });
}

function stopped(done: number, count: number, out: string): InterruptedError {
  return new InterruptedError({
    found: `interrupted; ${done} of ${count} phantoms are finished in ${out}`,
    expected: 'to run to the end',
    todo: 'run the same command again: it goes on where it stopped',
  });
}
