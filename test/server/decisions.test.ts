/** What a person decides: noted in a table that ingest takes, carried out on request, never lost and never half done. */
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { Memory } from '../../src/dataset/memory.ts';
import { Scores } from '../../src/dataset/scores.ts';
import { writeDataset } from '../../src/dataset/writer.ts';
import { acquireLock } from '../../src/files/lock.ts';
import type { DatasetDetail, Decision } from '../../src/server/api.ts';
import { HEADER, newCase, randomMask } from '../dataset/helpers.ts';
import { put, putDataset, putRun, refusal, serve, temporaryFolder } from './helpers.ts';

const PROVENANCE = {
  kind: 'mask' as const,
  format: 'NRRD',
  spacing: [1, 1, 1] as [number, number, number],
  transform: Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0)),
  qualityReasons: ['teeth are missing'],
  notes: ['read as it is'],
  cutShare: 0,
};

/** A dataset of four cases with provenance, over which the server stands. */
async function withDataset() {
  const root = temporaryFolder();
  const dir = join(root, 'data');
  writeDataset(
    dir,
    { ...HEADER, phantom: false },
    [0, 1, 2, 3].map((i) => ({ meta: { ...newCase(i), provenance: PROVENANCE }, mask: randomMask(i) })),
  );
  const viewer = serve(root);
  const [item] = await viewer.items('dataset');
  const base = `/api/datasets/${item.id}`;
  const decide = (id: unknown, decision: unknown) =>
    viewer.post(`${base}/decisions`, { case: id, decision } as Decision);
  const apply = () => viewer.post(`${base}/decisions/apply`);
  const table = () => readFileSync(join(dir, 'decisions.csv'), 'utf8');
  return { ...viewer, root, dir, item, base, decide, apply, table };
}

const decided = async (response: Response) =>
  ((await response.json()) as DatasetDetail).cases.map((c) => c.decision);

describe('noting', () => {
  test('makes the table that --quality-file takes; a decision is changed and taken back', async () => {
    const { decide, table, dir } = await withDataset();
    expect(await decided(await decide('case-2', 'drop'))).toEqual([undefined, undefined, 'drop', undefined]);
    expect(table()).toBe('case,quality\ncase-2,drop\n');
    await decide('case-1', 'accept');
    expect(table()).toBe('case,quality\ncase-1,3\ncase-2,drop\n');
    const { scores, unknown } = Scores.read(join(dir, 'decisions.csv')).of(
      openDataset(dir).cases.map(({ id }) => ({ id, paths: [] })),
    );
    expect([[...scores], unknown]).toEqual([
      [
        ['case-1', 3],
        ['case-2', 'drop'],
      ],
      [],
    ]);
    await decide('case-2', 'accept');
    await decide('case-1', 'undecided');
    expect(table()).toBe('case,quality\ncase-2,4\n');
    // Nothing but the table is written.
    expect(readdirSync(dir).sort()).toEqual(['README.md', 'dataset.json', 'decisions.csv', 'volumes']);
    expect(openDataset(dir).cases).toHaveLength(4);
  });

  test('what a person wrote into the table by hand stays', async () => {
    const { decide, table, dir, json, base } = await withDataset();
    writeFileSync(join(dir, 'decisions.csv'), 'case;quality\ncase-0;5\nlong-gone;drop\n');
    expect((await json<DatasetDetail>(base)).cases[0].decision).toBe('accept');
    await decide('case-3', 'drop');
    expect(table()).toBe('case,quality\ncase-0,5\ncase-3,drop\nlong-gone,drop\n');
  });

  test('a table of something else is neither read as decisions nor written over', async () => {
    const { decide, dir, json, base } = await withDataset();
    for (const [text, status, words] of [
      ['file,quality\nx.nrrd,4\n', 409, 'not a table of the viewer'],
      ['case,quality,why\ncase-0,4,nice\n', 409, 'case,quality,why'],
      ['case,quality\ncase-0,nine\n', 500, 'line 2'],
      ['anything', 500, 'has the header'],
    ] as const) {
      writeFileSync(join(dir, 'decisions.csv'), text);
      const [got, found] = await refusal(await decide('case-1', 'drop'));
      expect([got, found]).toEqual([status, expect.stringContaining(words)]);
      expect(readFileSync(join(dir, 'decisions.csv'), 'utf8')).toBe(text);
    }
    const detail = await json<DatasetDetail>(base);
    expect([detail.editable, detail.cases.length]).toEqual([false, 4]);
    expect(detail.undecided?.found).toContain('has the header');
  });

  test('a link of that name is replaced, not written through', async () => {
    const { decide, dir, root } = await withDataset();
    const precious = put(join(root, 'precious.csv'), 'case,quality\n');
    symlinkSync(precious, join(dir, 'decisions.csv'));
    expect((await decide('case-1', 'drop')).status).toBe(200);
    expect(readFileSync(precious, 'utf8')).toBe('case,quality\n');
  });

  test.each([
    [{ case: 'case-9', decision: 'drop' }, 404],
    [{ case: '../x', decision: 'drop' }, 404],
    [{ case: 'case-1', decision: 'delete' }, 400],
    [{ case: 7, decision: 'drop' }, 400],
    [{ decision: 'drop' }, 400],
    [null, 400],
    ['drop', 400],
    [{ case: 'x'.repeat(70_000), decision: 'drop' }, 413],
  ])('%j is refused', async (body, status) => {
    const { post, base, dir } = await withDataset();
    expect((await refusal(await post(`${base}/decisions`, body)))[0]).toBe(status);
    expect(existsSync(join(dir, 'decisions.csv'))).toBe(false);
  });

  test('while a command writes the dataset nothing is noted or carried out', async () => {
    const { decide, apply, dir } = await withDataset();
    await decide('case-1', 'drop');
    const release = acquireLock(join(dir, 'dataset.lock'), () => undefined);
    for (const response of [await decide('case-2', 'drop'), await apply()])
      expect(await refusal(response)).toEqual([409, expect.stringContaining('is in use')]);
    release();
    expect((await apply()).status).toBe(200);
  });
});

describe('carrying out', () => {
  test('dropped cases leave and are remembered, accepted ones are graded by a person', async () => {
    const { decide, apply, dir, json, base, items, table } = await withDataset();
    await decide('case-1', 'accept');
    await decide('case-2', 'drop');
    const before = openDataset(dir).cases;
    const response = await apply();
    expect(response.status).toBe(200);
    const { cases } = openDataset(dir);
    expect(cases.map((c) => c.id)).toEqual(['case-0', 'case-1', 'case-3']);
    for (const c of cases) expect(c.split).toBe(before.find((b) => b.id === c.id)?.split);
    expect(cases[1].quality).toBe(3);
    expect(cases[1].provenance).toMatchObject({
      qualityReasons: ['given, not measured'],
      measured: { score: 3, reasons: ['teeth are missing'] },
    });
    expect(existsSync(join(dir, 'volumes', 'case-2.bits.gz'))).toBe(false);
    expect([...Memory.open(dir).dropped]).toEqual(['case-2']);
    // No journal is left that would make the folder look unfinished, and the table tells of every decision.
    expect(readdirSync(dir).sort()).toEqual([
      'README.md',
      'dataset.json',
      'decisions.csv',
      'ingest.json',
      'volumes',
    ]);
    expect(table()).toBe('case,quality\ncase-1,3\ncase-2,drop\n');
    const detail = await json<DatasetDetail>(base);
    expect(detail.cases.map((c) => c.decision)).toEqual([undefined, 'accept', undefined]);
    expect((await items('dataset'))[0].cases).toBe(3);
    expect((await apply()).status).toBe(200);
  });

  test('nothing decided, all dropped, a damaged one: refused, and nothing changes', async () => {
    const { decide, apply, dir } = await withDataset();
    expect(await refusal(await apply())).toEqual([409, 'no case is decided']);
    for (const id of ['case-0', 'case-1', 'case-2', 'case-3']) await decide(id, 'drop');
    const names = readdirSync(dir).sort();
    expect(await refusal(await apply())).toEqual([409, 'all 4 cases are to be dropped']);
    await decide('case-0', 'undecided');
    rmSync(join(dir, 'volumes', 'case-1.bits.gz'));
    const [status, found] = await refusal(await apply());
    expect([status, found]).toEqual([409, 'the volume of case-1 is missing or damaged']);
    expect(openDataset(dir).cases).toHaveLength(4);
    expect(readdirSync(dir).sort()).toEqual(names);
    expect([...Memory.open(dir).dropped]).toEqual([]);
  });

  test('the journal of an interrupted ingest stays for it', async () => {
    const { decide, apply, dir } = await withDataset();
    const {
      cases,
      format: _f,
      version: _v,
      ...header
    } = JSON.parse(readFileSync(join(dir, 'dataset.json'), 'utf8'));
    const rows = cases.map(({ split: _, ...row }: { split: string }) => row);
    writeFileSync(join(dir, 'cases.jsonl'), [header, ...rows].map((r) => `${JSON.stringify(r)}\n`).join(''));
    await decide('case-3', 'drop');
    expect((await apply()).status).toBe(200);
    expect(readFileSync(join(dir, 'cases.jsonl'), 'utf8')).not.toContain('case-3');
    expect(readFileSync(join(dir, 'cases.jsonl'), 'utf8')).toContain('case-2');
  });
});

test('generated sets are as their settings make them; a run is no dataset', async () => {
  const root = temporaryFolder();
  putDataset(join(root, 'set'));
  put(
    join(root, 'set', 'provenance.json'),
    JSON.stringify({
      format: 'cranioflow-generated',
      bones: [{ id: 'case-1', index: 17 }],
      settings: {},
      generator: {},
    }),
  );
  putRun(join(root, 'run'));
  const { items, post, json } = serve(root);
  const [[set], [run]] = [await items('set'), await items('run')];
  const detail = await json<DatasetDetail>(`/api/datasets/${set.id}`);
  expect([detail.editable, detail.cases[1].index]).toEqual([false, 17]);
  for (const path of ['decisions', 'decisions/apply']) {
    const refused = await refusal(
      await post(`/api/datasets/${set.id}/${path}`, { case: 'case-1', decision: 'drop' }),
    );
    expect(refused).toEqual([409, expect.stringContaining('a generated set')]);
    expect((await refusal(await post(`/api/datasets/${run.id}/${path}`)))[0]).toBe(404);
  }
  expect(existsSync(join(root, 'set', 'decisions.csv'))).toBe(false);
});
