/** A folder as a user of the viewer has one, made by the commands themselves: everything in it is real output, only small. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { type DatasetHeader, writeDataset } from '../../src/dataset/writer.ts';
import { applyCompletion } from '../../src/downstream/complete/apply.ts';
import { readVolume, writeVolume } from '../../src/volume/io/index.ts';
import { centredGrid, type Grid, type Mask, voxelCount, voxelToWorld } from '../../src/volume/volume.ts';
import { done, run, TINY_AUTOENCODER, TINY_GENERATOR } from '../cli/helpers.ts';
import { putRun } from '../server/helpers.ts';

const quietly = (argv: string[]): Promise<string> => done([...argv, '--quiet']);

const steps = (n: number): string[] => ['--set', `steps=${n}`, '--threads', '1', '--no-report'];

/** The words that train a generator of 16^3 phantoms, some seconds long. */
export const trainWords = (root: string, out: string, n: number): string[] => [
  ...['train', 'generator', '--data', join(root, 'data'), '--autoencoder', join(root, 'runs/ae')],
  ...['--objective', 'otfm', '--out', join(root, 'runs', out), ...TINY_GENERATOR, ...steps(n)],
];

/** A phantom with a hole in the left of its skull, completed from the right, and by what stands for a network that knows phantoms. */
async function completeOne(root: string): Promise<void> {
  await quietly([
    'export',
    '--volume',
    join(root, 'phantoms'),
    '--format',
    'nrrd',
    '--out',
    join(root, 'masks'),
  ]);
  const mask = (await readVolume(join(root, 'masks/phantom-00000.nrrd'))) as Mask;
  const whole = { ...mask, data: mask.data.slice() };
  const [nx, ny, nz] = mask.size;
  for (let p = 0; p < mask.data.length; p++) {
    const [x, y, z] = [p % nx, Math.floor(p / nx) % ny, Math.floor(p / (nx * ny))];
    // The left is where x is large; LPS.
    if (Math.hypot(x - 0.72 * nx, y - 0.5 * ny, z - 0.78 * nz) < 0.12 * nx) mask.data[p] = 0;
  }
  const defect = join(root, 'masks/defect.nrrd');
  await writeVolume(defect, mask);
  const out = join(root, 'implant');
  await quietly(['task', 'complete', 'apply', defect, '--method', 'mirror', '--aligned', '--out', out]);
  const method = { name: 'U-Net', words: 'the whole phantom', complete: async () => [{ whole }] };
  const network = { dataset: 'phantoms', step: 1, hash: '0' };
  const { size, spacing } = mask;
  const open = async () => ({
    method,
    grid: centredGrid(size, spacing),
    bone: 'skull',
    phantom: true,
    network,
  });
  const taught = { input: defect, out: join(root, 'taught'), method: 'unet', aligned: true, picture: false };
  await applyCompletion(taught, { open });
}

/** A dataset of two balls: one of a radius (mm) in the middle, one half as large beside it. */
export function putBalls(dir: string, radius: number): void {
  const grid: Grid = centredGrid([48, 48, 48], [2, 2, 2]);
  const ball = (r: number, [cx, cy, cz]: readonly number[]) =>
    Uint8Array.from({ length: voxelCount(grid.size) }, (_, p) => {
      const [x, y, z] = voxelToWorld(grid, p % 48, Math.floor(p / 48) % 48, Math.floor(p / 48 ** 2));
      return Math.hypot(x - cx, y - cy, z - cz) < r ? 1 : 0;
    });
  const header: DatasetHeader = {
    name: 'balls',
    bone: 'ball',
    phantom: true,
    size: [...grid.size],
    spacing: 2,
    frame: '',
  };
  const bones = { one: ball(radius, [0, 0, 0]), two: ball(radius / 2, [10, -8, 6]) };
  const cases = Object.entries(bones).map(([id, data]) => ({
    meta: { id, subject: id, source: id, attribution: 'a test', licence: 'Apache-2.0', quality: 6 },
    mask: { ...grid, data },
  }));
  writeDataset(dir, header, cases);
}

/** Two datasets of phantoms: ten of 16^3, five of 64^3. */
export async function putPhantoms(root: string): Promise<void> {
  await quietly(['phantom', '--out', join(root, 'data'), '--count', '10', '--grid', '16', '--seed', '3']);
  await quietly(['phantom', '--out', join(root, 'phantoms'), '--count', '5', '--grid', '64', '--seed', '1']);
}

/** An autoencoder and a generator, trained on the smaller ones. */
export async function trainNetworks(root: string): Promise<void> {
  const autoencoder = ['train', 'autoencoder', '--data', join(root, 'data'), '--out', join(root, 'runs/ae')];
  await quietly([...autoencoder, ...TINY_AUTOENCODER, ...steps(30)]);
  await quietly(trainWords(root, 'gen', 30));
}

/** Trainings that were begun: the list on the left is then as long as that of a whole project. */
export function putRuns(root: string): void {
  for (let i = 0; i < 8; i++) putRun(join(root, `runs/begun-${i}`));
}

/** Fills `root`: two datasets, an autoencoder, a generator, two generated sets, an evaluation, an audit, two implants. */
export async function makeProject(root: string): Promise<void> {
  const at = (name: string): string => join(root, name);
  await putPhantoms(root);
  await trainNetworks(root);
  await quietly([
    'generate',
    '--run',
    at('runs/gen'),
    '--count',
    '4',
    '--seed',
    '7',
    '--steps',
    '2',
    '--out',
    at('made'),
  ]);
  const quick = ['--steps', '1', '--solver', 'euler', '--guidance', '1'];
  await quietly(['generate', '--count', '2', '--seed', '7', ...quick, '--out', at('skulls')]);
  const sets = ['--real', at('data'), '--train', at('data'), '--fake', at('made')];
  await quietly(['evaluate', ...sets, '--out', at('evaluation')]);
  const { code } = await run([
    'audit',
    '--run',
    at('runs/gen'),
    '--fake',
    at('made'),
    '--out',
    at('audit'),
    '--quiet',
  ]);
  // So few bones tell nothing of privacy, and the audit says so.
  expect(code).toBe(3);
  await completeOne(root);
}
