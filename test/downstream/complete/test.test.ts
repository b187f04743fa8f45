import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataHash } from '../../../src/dataset/dataHash.ts';
import type { Dataset } from '../../../src/dataset/dataset.ts';
import { makePhantomDataset } from '../../../src/dataset/phantoms.ts';
import { borderDice, measureCompletion, missingPart } from '../../../src/downstream/complete/measure.ts';
import { ANSWERS_MOST, type CompletionMethod, type Learnt } from '../../../src/downstream/complete/method.ts';
import { completionPage } from '../../../src/downstream/complete/page.ts';
import { renderWith, viewOf } from '../../../src/downstream/complete/picture.ts';
import {
  type CompletionRecord,
  completionRecordSchema,
  openCompletionRows,
} from '../../../src/downstream/complete/record.ts';
import { differences, FIGURES, figureOf, summarise } from '../../../src/downstream/complete/summary.ts';
import { markdownText, terminalText } from '../../../src/downstream/complete/table.ts';
import { testCompletion } from '../../../src/downstream/complete/test.ts';
import { DefectError } from '../../../src/downstream/defects/defect.ts';
import { DatasetError, GridError, InterruptedError, UsageError, VolumeError } from '../../../src/errors.ts';
import { type Mask, voxelToWorld } from '../../../src/volume/volume.ts';
import { run, temporaryFolder } from '../../cli/helpers.ts';
import { egg, shaped, without } from '../helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const data = folder.path('data');
let dataset: Dataset;
let record: CompletionRecord;

/** Knows every bone: the one that holds the defective one. */
const oracle = (name = 'oracle'): CompletionMethod => ({
  name,
  words: 'knows',
  async complete(defective) {
    const whole = dataset
      .split('test')
      .map((c) => dataset.loadMask(c))
      .find((m) => m.data.every((v, p) => v >= defective.data[p]));
    return [{ whole: whole! }];
  },
});
/** Fails on every other defect, and gives two answers else: half of the truth, and all of it. */
const fickle: CompletionMethod = {
  name: 'fickle',
  words: 'fails half of the time',
  async complete(defective, { seed, index }) {
    if (index % 2 === 0) throw new VolumeError({ found: 'no wish to', expected: 'one', todo: 'ask again' });
    const [{ whole }] = await oracle().complete(defective, { seed, index });
    const missing = missingPart(whole, defective).data;
    const total = missing.reduce((n, v) => n + v, 0);
    let seen = 0;
    const part = missing.map((v) => (v !== 0 && seen++ < total / 2 ? 1 : 0));
    return [{ whole: { ...whole, data: defective.data.map((v, p) => v | part[p]) } }, { whole }];
  },
};

beforeAll(async () => {
  dataset = await makePhantomDataset({ out: data, count: 8, grid: 24, seed: 4, quality: 6, testShare: 0.5 });
  record = await testCompletion({
    dataset,
    methods: [oracle(), fickle],
    defectsPerCase: 2,
    seed: 6,
    answers: 2,
  });
});

test('border Dice is what brute force says', () => {
  const whole = egg(16);
  const bone = without(whole, (x, _y, z) => x > 0 && z > 0);
  const made = without(missingPart(whole, bone), (x, y) => x < 2 && y > 3);
  const truth = missingPart(whole, bone);
  const at = (m: Mask, p: number) => voxelToWorld(m, p % 16, Math.floor(p / 16) % 22, Math.floor(p / 352));
  const bones = [...bone.data.keys()].filter((p) => bone.data[p] !== 0).map((p) => at(bone, p));
  for (const mm of [1, 2.5, 10]) {
    let [a, b, both] = [0, 0, 0];
    for (let p = 0; p < truth.data.length; p++) {
      if (truth.data[p] === 0 && made.data[p] === 0) continue;
      const [x, y, z] = at(truth, p);
      if (!bones.some(([u, v, w]) => Math.hypot(x - u, y - v, z - w) <= mm)) continue;
      a += truth.data[p];
      b += made.data[p];
      both += truth.data[p] & made.data[p];
    }
    expect(borderDice(truth, made, bone, mm)).toBeCloseTo((2 * both) / (a + b), 12);
  }
});

test('figures of a plate that is moved by one voxel', () => {
  const whole = shaped([30, 30, 12], 2, (x, y, z) => Math.abs(x) < 24 && Math.abs(y) < 24 && Math.abs(z) < 4);
  const bone = without(whole, (x, y) => Math.abs(x) < 10 && Math.abs(y) < 10);
  const truth = missingPart(whole, bone);
  const moved = shaped(
    [30, 30, 12],
    2,
    (x, y, z) => Math.abs(x) < 10 && Math.abs(y) < 10 && Math.abs(z - 2) < 4,
  );
  const same = measureCompletion(whole, bone, truth, { borderMm: 10, toleranceMm: 2 });
  expect(same).toEqual({
    skull: { dice: 1, hd95PooledMm: 0, hd95DirectedMaxMm: 0, assdMm: 0, surfaceDice: 1 },
    implant: { dice: 1, hd95PooledMm: 0, hd95DirectedMaxMm: 0, assdMm: 0, surfaceDice: 1, borderDice: 1 },
  });
  const { implant } = measureCompletion(whole, bone, moved, { borderMm: 10, toleranceMm: 1 });
  // Four layers, of which three are shared.
  expect(implant.dice).toBeCloseTo(0.75, 12);
  expect([implant.hd95PooledMm, implant.hd95DirectedMaxMm]).toEqual([2, 2]);
  expect(implant.surfaceDice).toBeLessThan(1);
});

test('every case, defect and method has a row, and failures say why', () => {
  expect(completionRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  const cases = dataset.split('test').length;
  expect(record.rows).toHaveLength(cases * 2 * 2);
  const failed = record.rows.filter((row) => row.failure !== undefined);
  expect(failed).toHaveLength(cases);
  expect(new Set(failed.map((row) => row.failure))).toEqual(new Set(['no wish to']));
  for (const row of record.rows.filter((r) => r.method === 'oracle'))
    expect(row.figures!.implant.dice).toBeGreaterThan(0.85);
  for (const row of record.rows.filter((r) => r.several !== undefined)) {
    expect([row.several!.given, row.several!.usable]).toEqual([2, 2]);
    expect(row.several!.best.implant.dice).toBeGreaterThan(row.figures!.implant.dice);
    expect(row.several!.spread).toBeGreaterThan(0);
  }
});

test('equal seeds give equal defects and figures, whatever the methods', async () => {
  const alone = await testCompletion({
    dataset,
    methods: [oracle()],
    defectsPerCase: 2,
    seed: 6,
    answers: 2,
  });
  const bare = (r: CompletionRecord) =>
    r.rows.filter((row) => row.method === 'oracle').map(({ seconds: _, ...row }) => row);
  expect(bare(alone)).toEqual(bare(record));
});

test('summaries: failures count 0, subjects are the unit, the better method is called so', () => {
  const [good, bad] = summarise(record);
  expect([good.failed, bad.failed, bad.tried]).toEqual([0, 4, 8]);
  expect(bad.subjects).toBe(4);
  const dices = record.rows.filter((r) => r.method === 'fickle').map((r) => r.figures?.implant.dice ?? 0);
  expect(bad.figures.implantDice!.mean).toBeCloseTo(dices.reduce((a, b) => a + b, 0) / 8, 12);
  expect(bad.figures.implantDice!.n).toBe(4);
  const distances = record.rows.filter((r) => r.method === 'fickle' && r.figures !== undefined);
  expect(bad.figures.implantAssd!.mean).toBeCloseTo(
    distances.reduce((a, r) => a + r.figures!.implant.assdMm, 0) / distances.length,
    12,
  );
  const skull = FIGURES.find((f) => f.key === 'skullDice')!;
  const failed = record.rows.find((r) => r.failure !== undefined)!;
  expect(figureOf({ ...failed, share: 0.2 }, skull)).toBeCloseTo(1.6 / 1.8, 12);
  const dice = differences(record).find((d) => d.figure.key === 'implantDice')!;
  expect(dice.value).toBeCloseTo(good.figures.implantDice!.mean - bad.figures.implantDice!.mean, 12);
  expect(dice.low).toBeGreaterThan(0);
  // Four subjects that all agree: of 16 ways of flipping signs, two are as extreme. Eight: 2 of 256.
  const line = (words: string) =>
    new RegExp(`oracle - fickle\\s+implant Dice\\s+0\\.\\d+ \\[0\\.\\d+, \\d\\.\\d+\\]\\s+${words}`);
  expect(terminalText(record)).toMatch(line('0\\.13\\s+not told: of 4 subjects'));
  const twice = record.rows.map((row) => ({ ...row, case: `${row.case}b`, subject: `${row.subject}b` }));
  expect(terminalText({ ...record, rows: [...record.rows, ...twice] })).toMatch(
    line('0\\.0078\\s+oracle better'),
  );
  expect(terminalText(record)).toMatch(/failed \/ defects \(subjects\)\s+0 \/ 8 \(4\)\s+4 \/ 8 \(4\)/);
  const few = { ...record, rows: record.rows.filter((row) => row.subject !== record.rows[0].subject) };
  expect(differences(few)[0].subjects).toBe(3);
  expect(terminalText(few)).not.toMatch(/(oracle|fickle) better/);
  expect(markdownText(record)).toMatch(/\| figure \| oracle \| fickle \|\n\| --- \| --- \| --- \|/);
});

test('one page that holds all it needs', () => {
  const [c] = dataset.cases;
  const whole = dataset.loadMask(c);
  const taken = without(whole, (_x, _y, z) => z < 60);
  expect(viewOf(whole, taken)).toBe('top');
  const image = renderWith(whole, taken, 'top');
  const page = completionPage(
    record,
    [{ image, caption: 'a <case>', alt: 'a case' }],
    'cranioflow task complete test',
  );
  expect(page).toContain('a &lt;case&gt;');
  expect(page).toContain('PHANTOM');
  expect(page).toContain('data:image/png;base64');
  expect(page).not.toMatch(/(src|href)="(?!#|data:)/);
});

/** One voxel of bone. */
function speck(mask: Mask): Mask {
  const data = new Uint8Array(mask.data.length);
  data[mask.data.indexOf(1)] = 1;
  return { ...mask, data };
}

test('a network that learnt from other cases is told of, here and on the page', async () => {
  const { size, spacing, bone } = dataset.manifest;
  const own = dataHash(dataset.split('train'));
  const warned = async (data: Learnt['data'], manifest = dataset.manifest) => {
    const said: string[] = [];
    const record = await testCompletion({
      dataset: { ...dataset, manifest },
      methods: [{ ...oracle('net'), learnt: { size, spacing, bone, data, weights: '' } }],
      limit: 1,
      onWarning: (text) => said.push(text),
    });
    expect(record.warnings).toEqual(said);
    for (const text of said) {
      expect(completionPage(record, [], '')).toContain(`Warning: ${text}`);
      expect(terminalText(record)).toContain(`warning: ${text}`);
    }
    return said;
  };
  expect(await warned([{ hash: own, phantom: true }])).toEqual([]);
  const [text] = await warned([
    { hash: own, phantom: true },
    { hash: 'x', phantom: true },
  ]);
  expect(text).toMatch(/^net learnt from other cases than the training cases of .* the test is void$/);
  // Phantoms alone hold no patient.
  const real = { ...dataset.manifest, phantom: false };
  expect(await warned([{ hash: 'x', phantom: true }], real)).toEqual([]);
  expect(await warned([{ hash: 'x', phantom: false }], real)).toHaveLength(1);
});

describe('refusals', () => {
  test('no held-out case', async () => {
    const none: Dataset = { ...dataset, split: () => [] };
    await expect(testCompletion({ dataset: none, methods: [oracle()] })).rejects.toThrow(DatasetError);
    await expect(testCompletion({ dataset, methods: [oracle()], limit: 0 })).rejects.toThrow(DatasetError);
  });
  test('no method, two of one name, kinds that the bone does not have', async () => {
    await expect(testCompletion({ dataset, methods: [] })).rejects.toThrow(UsageError);
    await expect(testCompletion({ dataset, methods: [oracle(), oracle()] })).rejects.toThrow(UsageError);
    const asked = { dataset, methods: [oracle()], kinds: ['nonsense' as 'cubic'] };
    await expect(testCompletion(asked)).rejects.toThrow(/spherical, cubic/);
  });
  test('a network of another grid or bone, before any work', async () => {
    const { size, spacing, bone } = dataset.manifest;
    const learnt: Learnt = { size, spacing, bone, data: [], weights: '' };
    const never = async () => expect.fail('it was asked');
    for (const other of [{ size: [24, 24, 25] as const }, { spacing: 2 * spacing }, { bone: 'mandible' }]) {
      const method = { name: 'net', words: '', complete: never, learnt: { ...learnt, ...other } };
      await expect(testCompletion({ dataset, methods: [oracle(), method] })).rejects.toThrow(GridError);
    }
  });
  test('more answers than there are streams', async () => {
    const answers = ANSWERS_MOST + 1;
    await expect(testCompletion({ dataset, methods: [oracle()], answers })).rejects.toThrow(UsageError);
  });
  test('no room for a defect in any case is told; another error is not hidden as one', async () => {
    const tiny: Dataset = { ...dataset, loadMask: (c) => speck(dataset.loadMask(c)) };
    await expect(testCompletion({ dataset: tiny, methods: [oracle()] })).rejects.toThrow(DefectError);
    await expect(testCompletion({ dataset: tiny, methods: [oracle()] })).rejects.toThrow(
      /none of the held-out/,
    );
    const empty = (m: Mask): Mask => ({ ...m, data: new Uint8Array(m.data.length) });
    const broken: Dataset = { ...dataset, loadMask: (c) => empty(dataset.loadMask(c)) };
    await expect(testCompletion({ dataset: broken, methods: [oracle()] })).rejects.toThrow(VolumeError);
  });
  test('an answer on another grid is a failure, a bug is not', async () => {
    const other: CompletionMethod = { name: 'other', words: '', complete: async () => [{ whole: egg() }] };
    const { rows } = await testCompletion({ dataset, methods: [other], limit: 1 });
    expect(rows[0].failure).toMatch(/the whole bone is on/);
    const bug: CompletionMethod = {
      name: 'bug',
      words: '',
      complete: async () => {
        throw new TypeError('undefined is not a function');
      },
    };
    await expect(testCompletion({ dataset, methods: [bug], limit: 1 })).rejects.toThrow(TypeError);
    const silent: CompletionMethod = { name: 'silent', words: '', complete: async () => [] };
    const record = await testCompletion({ dataset, methods: [silent], limit: 1 });
    expect(record.rows[0].failure).toBe('the method gave no answer');
    expect(summarise(record)[0].figures.implantAssd).toBeUndefined();
    expect(terminalText(record)).toMatch(/1 \/ 1/);
  });
  test('an interruption', async () => {
    const signal = AbortSignal.abort();
    await expect(testCompletion({ dataset, methods: [oracle()], signal })).rejects.toThrow(InterruptedError);
  });
});

describe('rows that are kept', () => {
  const bare = (r: CompletionRecord) => r.rows.map(({ seconds: _, ...row }) => row);
  const test2 = { defectsPerCase: 2, seed: 6, answers: 2 } as const;
  /** Counts what it is asked, and asks to stop at the n-th time. */
  const counted = (method: CompletionMethod, stopAt = Number.POSITIVE_INFINITY) => {
    const stop = new AbortController();
    let asked = 0;
    const complete: CompletionMethod['complete'] = (mask, o) => {
      if (++asked === stopAt) stop.abort();
      stop.signal.throwIfAborted();
      return method.complete(mask, o);
    };
    return { method: { ...method, complete }, signal: stop.signal, asked: () => asked };
  };
  test('a test that was stopped goes on and ends as an unbroken one', async () => {
    const out = folder.path('kept');
    const path = join(out, 'complete.rows.jsonl');
    const first = counted(oracle(), 4);
    const broken = testCompletion({
      ...test2,
      dataset,
      methods: [first.method, fickle],
      signal: first.signal,
      kept: openCompletionRows(out),
    });
    await expect(broken).rejects.toThrow(InterruptedError);
    await expect(broken).rejects.toThrow(/6 of 16 completions are measured and kept in/);
    // Cut short in the middle of a row, as by a power cut.
    const text = readFileSync(path, 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(6);
    writeFileSync(path, text.slice(0, -20));
    const again = counted(oracle());
    const kept = openCompletionRows(out);
    const resumed = await testCompletion({ ...test2, dataset, methods: [again.method, fickle], kept });
    expect(bare(resumed)).toEqual(bare(record));
    expect(again.asked()).toBe(8 - 3);
    // What was timed before keeps its time.
    const line = JSON.parse(text.split('\n')[0]).row;
    expect(resumed.rows[0]).toEqual(line);
    // All of it is there now; what is to be seen is made again.
    const views: number[] = [];
    const last = counted(oracle());
    await testCompletion({
      ...test2,
      dataset,
      methods: [last.method],
      kept: openCompletionRows(out),
      shows: () => views.length === 0,
      onView: ({ defect }) => views.push(defect.share),
    });
    expect([last.asked(), views.length]).toEqual([1, 1]);
    kept.remove();
    expect(existsSync(path)).toBe(false);
  });
  test('of another seed, setting or network count for nothing', async () => {
    const out = folder.path('other');
    const asked = async (more: object, method = oracle()) => {
      const one = counted(method);
      const o = {
        dataset,
        methods: [one.method],
        limit: 1,
        kept: openCompletionRows(out),
        ...more,
      };
      await testCompletion(o);
      return one.asked();
    };
    const { size, spacing, bone } = dataset.manifest;
    const net = (weights: string) => ({ ...oracle(), learnt: { size, spacing, bone, data: [], weights } });
    const all = [{}, {}, { seed: 1 }, { answers: 2 }, { toleranceMm: 1 }, { limit: 2 }, {}];
    const counts: number[] = [];
    for (const more of all) counts.push(await asked(more));
    expect(counts).toEqual([1, 0, 1, 1, 1, 2, 0]);
    expect([await asked({}, net('a')), await asked({}, net('b')), await asked({}, net('a'))]).toEqual([
      1, 1, 0,
    ]);
  });
});

describe('the command', () => {
  const cli = (...more: string[]) => run(['task', 'complete', 'test', '--data', data, ...more]);
  test('writes a page and JSON, and prints the tables', async () => {
    const out = folder.path('out');
    const {
      code,
      out: text,
      err,
    } = await cli(
      '--methods',
      'mirror',
      '--out',
      out,
      '--cases',
      '2',
      '--kinds',
      'spherical,half',
      '--pictures',
      '2',
    );
    expect([code, err.match(/error|bug/i)]).toEqual([0, null]);
    expect(text).toMatch(/implant Dice\s+\d\.\d{3} \[/);
    // No rows are left over from a test that came to its end.
    expect(readdirSync(out).sort()).toEqual(['complete.html', 'complete.json', 'complete.md']);
    const written = completionRecordSchema.parse(JSON.parse(readFileSync(`${out}/complete.json`, 'utf8')));
    expect(written.rows).toHaveLength(2);
    expect(written.kinds).toEqual(['spherical', 'half']);
    const page = readFileSync(`${out}/complete.html`, 'utf8');
    expect(page).toContain(
      `--methods mirror --out ${out} --cases 2 --kinds spherical,half --pictures 2</pre>`,
    );
    expect(page).toContain('taken; mirror');
  });
  test('prints one JSON object with --json', async () => {
    const { code, out } = await cli(
      '--out',
      folder.path('json'),
      '--cases',
      '1',
      '--pictures',
      '0',
      '--json',
    );
    expect(code).toBe(0);
    expect(completionRecordSchema.parse(JSON.parse(out)).methods.map((m) => m.name)).toEqual(['mirror']);
  });
  test.each([
    ['an unknown method', ['--methods', 'magic'], 2, 'some of unet, prior, mirror'],
    ['a run that no method uses', ['--methods', 'mirror', '--run', 'x'], 2, '--run'],
    ['an unknown kind', ['--kinds', 'round'], 2, 'some of spherical'],
    ['a folder that is no dataset', ['--data', 'nowhere'], 1, 'dataset.json'],
    ['a quality that no case has', ['--cases', '0'], 2, 'from 1 on'],
  ])('refuses %s', async (_, more, code, words) => {
    const ran = await cli('--out', folder.path('refused'), ...more);
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(words);
  });
});
