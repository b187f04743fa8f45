/** `cranioflow ingest` by command lines: masks to a dataset, and what it says of what it cannot use. */
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeVolume } from '../../src/volume/io/index.ts';
import { centredGrid, type Mask } from '../../src/volume/volume.ts';
import { fails, run, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

describe('ingest', () => {
  /** A ball of `radius` voxels in 20^3 voxels of 4 mm; 0 is an empty mask, a large one a full one. */
  function ball(radius: number): Mask {
    const grid = centredGrid([20, 20, 20], [4, 4, 4]);
    const data = new Uint8Array(8000);
    for (let i = 0; i < 8000; i++) {
      const at = [i % 20, Math.floor(i / 20) % 20, Math.floor(i / 400)].map((c) => c - 9.5);
      data[i] = Math.hypot(...at) < radius ? 1 : 0;
    }
    return { ...grid, data };
  }
  const masks = folder.path('masks');
  const out = folder.path('ingested');
  const options = [
    '--spacing',
    '8',
    '--grid',
    '8',
    '--bone',
    'ball',
    '--keep-names',
    '--jobs',
    '1',
    '--quiet',
  ];

  beforeAll(async () => {
    await writeVolume(join(masks, 'p1', 'ball.nrrd'), ball(5));
    await writeVolume(join(masks, 'p2', 'ball.nrrd'), ball(6));
    await writeVolume(join(masks, 'p3', 'empty.nrrd'), ball(0));
    await writeVolume(join(masks, 'p4', 'full.nrrd'), ball(100));
    copyFileSync(join(masks, 'p1', 'ball.nrrd'), join(masks, 'p1', 'cut.nrrd'));
    truncateSync(join(masks, 'p1', 'cut.nrrd'), 300);
  });

  test('accepts what it can and tells why it refuses the rest', async () => {
    const { code, out: text, err } = await run(['ingest', masks, '--out', out, ...options, '--json']);
    expect([code, err]).toEqual([0, '']);
    const result = JSON.parse(text);
    expect(result.accepted.map((a: { id: string }) => a.id)).toEqual(['p1_ball', 'p2_ball']);
    const reasons = Object.fromEntries(
      result.refused.map((r: { file: string; reason: string }) => [r.file.split('/').pop(), r.reason]),
    );
    expect(Object.keys(reasons).sort()).toEqual(['cut.nrrd', 'empty.nrrd', 'full.nrrd']);
    expect(reasons['empty.nrrd']).toContain('empty');
    expect(reasons['full.nrrd']).toContain('full');
    const page = readFileSync(result.casesPage, 'utf8');
    for (const id of ['p1_ball', 'p2_ball', 'p3_empty']) expect(page).toContain(id);
  });

  test('without --keep-names ids are secret, and a table still names the subjects', async () => {
    const target = folder.path('secret');
    const table = folder.path('subjects.csv');
    writeFileSync(table, 'file,subject\np1/ball.nrrd,anna\np2/ball.nrrd,berta\n');
    const plain = options.filter((o) => o !== '--keep-names');
    const { out: text } = await run([
      ...['ingest', join(masks, 'p1', 'ball.nrrd'), join(masks, 'p2', 'ball.nrrd'), '--out', target],
      ...[...plain, '--subject-table', table, '--json'],
    ]);
    const { accepted, privateFile } = JSON.parse(text);
    for (const { id } of accepted) expect(id).toMatch(/^c-[0-9a-f]{10}$/);
    const manifest = readFileSync(join(target, 'dataset.json'), 'utf8');
    expect(manifest).not.toContain('ball.nrrd');
    // The page tells the command, but no name of a file that was read.
    const page = readFileSync(join(target, 'cases.html'), 'utf8');
    expect(page).toContain(`<pre>cranioflow ingest INPUT INPUT --out ${target} `);
    expect(page).toContain('--subject-table FILE');
    expect(page).not.toMatch(/ball\.nrrd|subjects\.csv/);
    expect(
      JSON.parse(manifest)
        .cases.map((c: { subject: string }) => c.subject)
        .sort(),
    ).toEqual(['anna', 'berta']);
    expect(readFileSync(privateFile, 'utf8')).toContain(accepted[0].id);
  });

  test('a summary names every refused file', async () => {
    const { err } = await run(['ingest', masks, '--out', out, ...options.slice(0, -1)]);
    expect(err).toContain('0 accepted, 2 kept from before, 3 refused; 2 cases (1 train, 1 test)');
    // Each with the id by which cases.html shows it.
    expect(err.match(/^refused: case p[134]_(cut|empty|full): /gm)).toHaveLength(3);
  });

  test('ends with 1 when all are refused, and names the grid that would do', async () => {
    const empty = await fails(['ingest', join(masks, 'p3'), '--out', folder.path('none'), ...options], 1);
    expect(empty).toContain('none of 1 cases could be used');
    const small = ['--spacing', '2', '--grid', '8', '--jobs', '1', '--quiet'];
    const tight = await fails(['ingest', join(masks, 'p2'), '--out', folder.path('tight'), ...small], 1);
    expect(tight).toContain('--grid 24x24x24');
  });

  test('takes subjects from a pattern or a table, not both', async () => {
    const table = folder.path('table.csv');
    writeFileSync(table, 'file,subject,quality\np1/ball.nrrd,anna,3\np2/ball.nrrd,anna,4\n');
    const target = folder.path('by-table');
    await run(['ingest', masks, '--out', target, ...options, '--subject-table', table]);
    const { cases } = JSON.parse(readFileSync(join(target, 'dataset.json'), 'utf8'));
    expect(cases.map((c: { subject: string; quality: number }) => [c.subject, c.quality])).toEqual([
      ['anna', 3],
      ['anna', 4],
    ]);
    const both = ['--subject-table', table, '--subject-pattern', '(p\\d)'];
    expect(await fails(['ingest', masks, '--out', target, ...options, ...both], 2)).toContain('both');
    expect(
      await fails(['ingest', masks, '--out', target, ...options, '--subject-pattern', '(p'], 2),
    ).toContain('(p');
    expect(await fails(['ingest', masks, '--out', target, ...options, '--frame', 'mine'], 2)).toContain(
      'principal',
    );
    expect(
      await fails(['ingest', masks, '--out', target, ...options, '--label', '1', '--threshold', '0'], 2),
    ).toContain('both --threshold and --label');
  });
});
