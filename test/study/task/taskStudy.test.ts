import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { TASK_STUDY_PRESETS, taskStudySchema } from '../../../src/config/taskStudy.ts';
import type { Dataset } from '../../../src/dataset/dataset.ts';
import { makePhantomDataset } from '../../../src/dataset/phantoms.ts';
import { dryTaskStudy, runTaskStudy, type TaskStudyOptions } from '../../../src/study/task/taskStudy.ts';
import { type TinyGenerator, trainTinyGenerator } from '../../sampling/tinyGenerator.ts';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-task-study-'));
const path = (...parts: string[]) => join(root, ...parts);
let dataset: Dataset;
let tiny: TinyGenerator;
beforeAll(async () => {
  const phantoms = { grid: 16, quality: 6 as const };
  dataset = await makePhantomDataset({ ...phantoms, out: path('data'), count: 12, seed: 1, testShare: 0.5 });
  await makePhantomDataset({ ...phantoms, out: path('set'), count: 8, seed: 2 });
  tiny = await trainTinyGenerator();
}, 120_000);
afterAll(() => {
  tiny.remove();
  rmSync(root, { recursive: true, force: true });
});

function options(out: string, more: Partial<TaskStudyOptions> = {}, set: string[] = []): TaskStudyOptions {
  const settings = loadConfig(taskStudySchema, {
    preset: { name: 'tiny', values: TASK_STUDY_PRESETS.tiny },
    set: [
      'seeds=1',
      'real=[2]',
      'synthetic=[4]',
      'test.poses=1',
      'test.defects=1',
      'aligner.steps=2',
      'aligner.batch=2',
      'aligner.model.side=8',
      'aligner.model.widths=[8]',
      'aligner.model.hidden=8',
      'aligner.calibration.poses=4',
      'aligner.search.keep=1',
      'aligner.search.views=1',
      'completer.steps=2',
      'completer.batch=2',
      'completer.model.widths=[8,8]',
      'completer.model.groups=4',
      'completer.defects.kinds=[spherical]',
      ...set,
    ],
  });
  const synthetic = [
    { name: 'otfm', path: path('set') },
    { name: 'other', path: tiny.path('gen') },
  ];
  return { settings, dataset, synthetic, out: path(out), quiet: true, threads: 1, ...more };
}

test('a study trains, tests and compares; run again it does nothing; another seed adds to it', async () => {
  const one = options('study');
  const result = await runTaskStudy(one);
  expect(result.tasks.map((t) => t.name)).toEqual(['align', 'complete']);
  for (const task of result.tasks) {
    expect(task.mixes.map((m) => m.name)).toEqual([
      'real2',
      'real6',
      'otfm4',
      'otfm6',
      'other4',
      'other6',
      'real2+otfm4',
      'real6+otfm4',
    ]);
    expect(task.sentences.length).toBe(task.comparisons[task.figures[0].name].length);
    for (const { errors } of task.mixes)
      for (const { typical } of Object.values(errors)) expect(typical).toBeGreaterThan(0);
  }
  expect(readFileSync(path('study', 'task-study.html'), 'utf8')).not.toMatch(/NaN|undefined/);
  const text = readFileSync(path('study', 'task-study.md'), 'utf8');
  expect(text).not.toMatch(/NaN|undefined/);
  expect(text).toContain(`- ${result.tasks[0].sentences[0]}`);
  expect(text).toContain('| real2+otfm4 | 2 | 4 |');
  expect(result.notes.join(' ')).toMatch(/One training seed/);
  expect(result.notes.join(' ')).toMatch(/other learnt from other cases/);

  const weights = path('study', 'runs', 'align-real2-seed0', 'done.json');
  const before = statSync(weights).mtimeMs;
  const test0 = readFileSync(path('study', 'tests', 'complete-otfm4-seed0.json'), 'utf8');
  rmSync(path('study', 'tests', 'complete-otfm4-seed0.json'));
  const again = await runTaskStudy(one);
  expect(again).toEqual(result);
  expect(statSync(weights).mtimeMs).toBe(before);
  // Tests that were removed come back as they were.
  expect(readFileSync(path('study', 'tests', 'complete-otfm4-seed0.json'), 'utf8')).toBe(test0);
  // Those that were altered are not believed.
  writeFileSync(path('study', 'tests', 'complete-otfm4-seed0.json'), test0.replace(/0\.\d/, '0.0'));
  expect(await runTaskStudy(one)).toEqual(result);

  // More cases of the same folder: another number of synthetic cases adds units.
  const wider = dryTaskStudy(options('study', {}, ['synthetic=[4,8]', 'tasks=[align]']));
  expect(wider.filter((u) => u.done)).toHaveLength(8);
  expect(wider.filter((u) => !u.done).map((u) => u.unit)).toContain('align-otfm8-seed0');

  // The folder grows: what was learnt from it stays.
  await makePhantomDataset({ grid: 16, quality: 6, out: path('set'), count: 10, seed: 2 });
  expect(dryTaskStudy(options('study', {}, ['synthetic=[4,10]'])).filter((u) => u.done)).toHaveLength(16);
  const two = options('study', {}, ['seeds=2', 'tasks=[complete]']);
  expect(dryTaskStudy(two).map((u) => u.done)).toEqual([...Array(8).fill(true), ...Array(8).fill(false)]);
  const more = await runTaskStudy(two);
  expect(more.tasks).toHaveLength(1);
  expect(JSON.stringify(more)).not.toContain(root);
  expect(more.tasks[0].mixes[0].errors.implant.seeds).toHaveLength(2);
  expect(more.tasks[0].mixes[0].errors.implant.seeds[0]).toBe(
    result.tasks[1].mixes[0].errors.implant.typical,
  );
}, 300_000);

test('what does not belong together is refused before any work', async () => {
  const refused = (o: TaskStudyOptions, words: RegExp) => {
    expect(() => dryTaskStudy(o)).toThrow(words);
    expect(existsSync(o.out)).toBe(false);
  };
  refused(options('a', { synthetic: [] }), /no synthetic cases/);
  const set = { name: 'otfm', path: path('set') };
  refused(options('a', { synthetic: [set, set] }), /two sources called otfm/);
  refused(options('a', {}, ['synthetic=[11]']), /has 10 cases/);
  refused(options('a', { synthetic: [{ name: 'x', path: path('nothing') }] }), /no trained network/);
  refused(options('a', { synthetic: [{ name: 'x', path: path('data') }] }), /among the held-out ones/);
  await makePhantomDataset({ out: path('fine'), count: 8, grid: 24, seed: 3 });
  refused(options('a', { synthetic: [{ name: 'x', path: path('fine') }] }), /24x24x24 voxels/);
  expect(() => dryTaskStudy(options('study', {}, ['completer.steps=3']))).toThrow(/completer\.steps/);
  expect(() => dryTaskStudy(options('data'))).toThrow(/no study/);
});
