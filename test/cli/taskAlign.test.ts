/** `task align train` and `apply` by command line, and `ingest --aligner`: resumed bit for bit, files written, refusals told. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { RandomStream } from '../../src/random/stream.ts';
import { randomRotation } from '../../src/skull/register/rotations.ts';
import {
  composeTransforms,
  invertTransform,
  rotationAngle,
  transformFromMatrix,
  transformGrid,
} from '../../src/skull/register/transform.ts';
import { readVolume, writeVolume } from '../../src/volume/io/index.ts';
import { IDENTITY, type Mask } from '../../src/volume/volume.ts';
import { airplanes, TINY_ALIGNER } from '../downstream/align/helpers.ts';
import { expectCommand, expectEqualRuns, run, stopAfter, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const [data, whole, scans] = [folder.path('data'), folder.path('whole'), folder.path('scans')];
const sets = [...TINY_ALIGNER, 'calibration.poses=3', 'steps=80', 'evaluateEvery=80', 'checkpointEvery=40'];
const training = [
  'task',
  'align',
  'train',
  '--data',
  data,
  ...sets.flatMap((s) => ['--set', s]),
  '--threads',
  '1',
];

const pose = {
  rotation: randomRotation(new RandomStream(1, 'test/cli')),
  translation: [12, -150, 800] as const,
  scale: 1,
};
let bone: Mask;

beforeAll(async () => {
  const dataset = airplanes(data, 24, 3);
  bone = dataset.loadMask(dataset.cases[0]);
  mkdirSync(scans);
  for (const [i, c] of dataset.cases.slice(0, 3).entries())
    await writeVolume(join(scans, `P${i}.nrrd`), transformGrid(dataset.loadMask(c), pose));
  expect(await run([...training, '--out', whole, '--quiet'])).toEqual({ code: 0, out: '', err: '' });
}, 120_000);

describe('train', () => {
  test('interrupted and resumed it ends byte for byte as without the interruption', async () => {
    const parts = folder.path('parts');
    const stopped = await run([...training, '--out', parts, '--quiet'], stopAfter(parts, 3));
    expect([stopped.code, stopped.err]).toEqual([130, expect.stringContaining('3 of 80 steps are saved')]);
    expect((await run([...training, '--out', parts, '--resume', '--quiet'])).code).toBe(0);
    expectEqualRuns(whole, parts, 80, 'README.md');
    expectCommand(parts, [...training, '--out', parts, '--quiet']);
    const again = await run([...training, '--out', whole, '--resume', '--json', '--quiet']);
    expect(Object.keys(JSON.parse(again.out))).toEqual([
      'run',
      'steps',
      'medianRotationDeg',
      'medianTranslationMm',
      'calibrationSubjects',
    ]);
    const other = await run([...training, '--out', whole, '--resume', '--set', 'poses.near=20']);
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('poses')]);
  }, 120_000);

  test('its settings are told, and are a file for --config', async () => {
    const { code, out } = await run(['train', 'settings', 'aligner', '--preset', 'small']);
    expect(code).toBe(0);
    expect(out).toMatch(/^# cranioflow task align train --preset small\n/);
    expect(out).toMatch(/# Largest of the small turns, degrees\n {2}near: 30\n/);
  });

  test('synthetic sets are learnt from beside the data; one on another grid is refused', async () => {
    const [more, other] = [folder.path('more'), folder.path('other')];
    airplanes(more, 5, 8);
    airplanes(other, 3, 8, 16);
    const out = folder.path('both');
    const short = [...training, '--set', 'steps=2', '--set', 'evaluateEvery=2', '--out', out];
    expect((await run([...short, '--synthetic', more, '--synthetic', more, '--quiet'])).code).toBe(0);
    expect(readFileSync(join(out, 'README.md'), 'utf8')).toContain('and 10 synthetic ones');
    const refused = await run([...short, '--synthetic', other]);
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining('one grid for real and synthetic'),
    ]);
  }, 60_000);
});

describe('apply', () => {
  test('tells the move, and writes the bone where it lies in the frame', async () => {
    const [out, matrix] = [folder.path('laid.nii.gz'), folder.path('laid.tfm')];
    const words = ['task', 'align', 'apply', '--run', whole, join(scans, 'P0.nrrd'), '--out', out];
    const ran = await run([...words, '--matrix', matrix, '--threads', '1', '--json']);
    expect(ran.code).toBe(0);
    const told = JSON.parse(ran.out);
    const found = transformFromMatrix(told.matrix);
    // The truth is the way back from the pose.
    expect(rotationAngle(found.rotation, invertTransform(pose).rotation)).toBeLessThan(20);
    expect(told.rotationDeg).toBeCloseTo(rotationAngle(found.rotation, IDENTITY), 6);
    expect(told.uncertainty.rotationDeg).toBeGreaterThan(0);
    const laid = (await readVolume(out)) as Mask;
    expect(laid.size).toEqual(bone.size);
    const overlap = laid.data.reduce((sum, v, i) => sum + v * bone.data[i], 0);
    const both = laid.data.reduce((sum, v, i) => sum + v + bone.data[i], 0);
    expect((2 * overlap) / both).toBeGreaterThan(0.6);

    // An ITK file leads from the space written to the space read.
    const text = readFileSync(matrix, 'utf8');
    const numbers = /Parameters: (.*)\nFixed/.exec(text)![1].split(' ').map(Number);
    const [r, t] = [numbers.slice(0, 9), numbers.slice(9)];
    const itk = transformFromMatrix(
      [0, 1, 2].flatMap((i) => [...r.slice(3 * i, 3 * i + 3), t[i]]).concat(0, 0, 0, 1),
    );
    const nothing = composeTransforms(found, itk);
    expect(rotationAngle(nothing.rotation, IDENTITY)).toBeLessThan(1e-4);
    expect(Math.hypot(...nothing.translation)).toBeLessThan(1e-6);

    const text2 = await run([...words, '--threads', '1']);
    expect(text2.err).toContain('from the input to the frame, LPS mm');
    // 24 cases less the test share are 19 subjects to learn from: too few to keep any out.
    expect(told.calibrationSubjects).toBe(0);
    expect(text2.err).toMatch(/uncertainty: [0-9.]+ degrees, [0-9.]+ mm \(.* own training bones/);
    expect(text2.err).toContain('known to be too small');
  }, 60_000);

  test('stops at Ctrl-C without a file', async () => {
    const out = folder.path('stopped.nrrd');
    const words = ['task', 'align', 'apply', '--run', whole, join(scans, 'P0.nrrd'), '--out', out];
    const stopped = await run([...words, '--threads', '1'], AbortSignal.abort());
    expect([stopped.code, stopped.err]).toEqual([130, expect.stringContaining('nothing was written')]);
    expect(existsSync(out)).toBe(false);
  });

  test('warns of bone that the grid cuts off, and refuses what it cannot take', async () => {
    const words = ['task', 'align', 'apply', '--run', whole, '--threads', '1'];
    const input = join(scans, 'P0.nrrd');
    const cut = await run([
      ...words,
      input,
      '--out',
      folder.path('cut.nrrd'),
      '--grid',
      '8x24x24',
      '--spacing',
      '4',
    ]);
    expect([cut.code, cut.err]).toEqual([
      0,
      expect.stringMatching(/warning: [0-9.]+ % of the bone lies outside/),
    ]);

    const empty = folder.path('empty.nrrd');
    await writeVolume(empty, { ...bone, data: new Uint8Array(bone.data.length) });
    const metres = folder.path('metres.nrrd');
    await writeVolume(metres, { ...bone, spacing: [0.004, 0.004, 0.004], origin: [0, 0, 0] });
    for (const [file, what] of [
      [empty, /bone|values/],
      [metres, /0\.0[0-9]+ mm from its centroid/],
      [folder.path('nothing.nrrd'), /does not exist/],
    ] as const) {
      const ran = await run([...words, file, '--out', folder.path('x.nrrd')]);
      expect([ran.code, ran.out], file).toEqual([1, '']);
      expect(ran.err).toMatch(what);
    }
    const several = await run([...words, scans, '--out', folder.path('x.nrrd')]);
    expect([several.code, several.err]).toEqual([2, expect.stringContaining('holds 3 cases')]);
    const kind = await run([...words, input, '--out', folder.path('x.stl')]);
    expect([kind.code, kind.err]).toEqual([1, expect.stringContaining('extension')]);
    const onto = await run([...words, input, '--out', input]);
    expect([onto.code, onto.err]).toEqual([1, expect.stringContaining('is the input itself')]);
    const noRun = await run(['task', 'align', 'apply', '--run', data, input, '--out', folder.path('x.nrrd')]);
    expect([noRun.code, noRun.err]).toEqual([1, expect.stringContaining('holds no trained network')]);
    expect(existsSync(folder.path('x.nrrd'))).toBe(false);
  }, 60_000);
});

describe('ingest --aligner', () => {
  const words = [
    'ingest',
    scans,
    '--spacing',
    '4',
    '--grid',
    '24',
    '--max-cut',
    '0.05',
    '--keep-names',
    '--no-pictures',
    '--quiet',
  ];

  test('brings bones in any pose into its frame, in threads or not, and records how sure it was', async () => {
    const outs = [];
    for (const jobs of ['1', '2']) {
      const out = folder.path(`laid-${jobs}`);
      const ran = await run([...words, '--out', out, '--aligner', whole, '--jobs', jobs]);
      expect([ran.code, ran.err]).toEqual([0, '']);
      outs.push(openDataset(out));
    }
    const [laid, same] = outs;
    expect(same.manifest).toEqual(laid.manifest);
    expect(laid.cases.length).toBe(3);
    expect(laid.manifest.frame).toMatch(/^Laid by an aligner \(weights [0-9a-f]{16}\) .* bar along y/);
    for (const c of laid.cases) {
      const { transform, aligner } = c.provenance!;
      expect(
        rotationAngle(transformFromMatrix(transform).rotation, invertTransform(pose).rotation),
      ).toBeLessThan(20);
      expect(aligner?.weights).toMatch(/^[0-9a-f]{64}$/);
      expect(aligner?.rotationDeg).toBeGreaterThan(0);
    }
  }, 60_000);

  test.each([
    [['--frame', 'patient'], '--aligner and --frame together'],
    [['--align-to', 'x.nrrd'], '--aligner and --align-to together'],
    [['--landmarks', 'x.json'], '--aligner and --landmarks together'],
    [['--bone', 'femur'], 'an aligner that learnt the bone "plane"'],
  ])('is refused with %j', async (more, told) => {
    const ran = await run([...words, '--out', folder.path('no'), '--aligner', whole, ...more]);
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining(told)]);
  });

  test('a folder that is no aligner is told before anything is read', async () => {
    const ran = await run([...words, '--out', folder.path('no'), '--aligner', data]);
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('holds no trained network')]);
  });
});
