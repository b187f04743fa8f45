/** Cases as the page asks for them: rows, bits, pictures, what they are most like; damage and two thousand of them. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { packBits } from '../../src/dataset/pack.ts';
import { writeDataset } from '../../src/dataset/writer.ts';
import { overlap } from '../../src/evaluation/overlap.ts';
import { assd, surfaceDistances } from '../../src/evaluation/surfaceDistance.ts';
import type { DatasetDetail, Nearest } from '../../src/server/api.ts';
import { findNearest } from '../../src/server/nearest.ts';
import { Pictures } from '../../src/server/picture.ts';
import { centredGrid, type Mask, type Vec3, voxelCount } from '../../src/volume/volume.ts';
import { HEADER, newCase, randomMask } from '../dataset/helpers.ts';
import { putDataset, refusal, serve, temporaryFolder } from './helpers.ts';

/** The server over one dataset, and that dataset. */
async function withDataset(count = 4) {
  const root = temporaryFolder();
  const dir = join(root, 'data');
  const dataset = putDataset(dir, count);
  const viewer = serve(root);
  const [item] = await viewer.items('dataset');
  return { ...viewer, root, dir, dataset, item, base: `/api/datasets/${item.id}` };
}

describe('cases', () => {
  test('rows tell what the manifest tells', async () => {
    const { json, base, dataset, item } = await withDataset();
    const detail = await json<DatasetDetail>(base);
    expect(detail).toMatchObject({ item, frame: 'Random voxels.', editable: true });
    const rows = dataset.cases.map(
      ({ id, subject, source, attribution, licence, quality, voxels, split }) => {
        const facts = { id, subject, source, attribution, licence, quality, voxels, split };
        return { ...facts, reasons: [], notes: [] };
      },
    );
    expect(detail.cases).toEqual(rows);
  });

  test('bits are those of the volume, verified', async () => {
    const { ask, base, dataset } = await withDataset();
    const response = await ask(`${base}/cases/case-1/bits`);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    const bits = new Uint8Array(await response.arrayBuffer());
    expect(createHash('sha256').update(bits).digest('hex')).toBe(dataset.cases[1].sha256);
    expect(bits).toEqual(packBits(randomMask(1).data));
  });

  test('a case or a set that is not there', async () => {
    const { ask, base } = await withDataset();
    for (const path of [
      `${base}/cases/case-9/bits`,
      `${base}/cases/case-9/picture.png`,
      `${base}/cases/..%2f..%2fdataset.json/bits`,
      `${base}/cases/%2e%2e/bits`,
      `${base}/cases/${encodeURIComponent('<b>')}/bits`,
      '/api/datasets/000000000000',
      '/api/datasets/..%2f',
      `${base}/nothing`,
    ]) {
      const [status, found] = await refusal(await ask(path));
      expect([status, found], path).toEqual([404, expect.stringContaining('is not there')]);
    }
  });

  test('a damaged volume is told as it is, and the others are shown', async () => {
    const { ask, base, dir } = await withDataset();
    const volume = join(dir, 'volumes', 'case-1.bits.gz');
    const bits = gunzipSync(readFileSync(volume));
    bits[0] ^= 1;
    writeFileSync(volume, gzipSync(bits));
    rmSync(join(dir, 'volumes', 'case-2.bits.gz'));
    writeFileSync(join(dir, 'volumes', 'case-3.bits.gz'), gzipSync(Buffer.alloc(1 << 22)));
    for (const [id, what] of [
      ['case-1', 'SHA-256'],
      ['case-2', 'is missing'],
      ['case-3', 'cannot be read'],
    ])
      for (const part of ['bits', 'picture.png?size=64']) {
        const [status, found] = await refusal(await ask(`${base}/cases/${id}/${part}`));
        expect([status, found], id).toEqual([500, expect.stringContaining(what)]);
      }
    expect((await ask(`${base}/cases/case-0/bits`)).status).toBe(200);
    expect((await ask(`${base}/cases/case-0/picture.png?size=64`)).status).toBe(200);
  });
});

test('a volume that is a link to elsewhere, or to what never ends, is not read', async () => {
  const { ask, post, base, dir, item, json } = await withDataset();
  for (const [id, to] of [
    ['case-1', '/dev/zero'],
    ['case-2', '/etc/hostname'],
  ]) {
    const volume = join(dir, 'volumes', `${id}.bits.gz`);
    rmSync(volume);
    symlinkSync(to, volume);
    for (const part of ['bits', 'picture.png', `nearest?in=${item.id}`]) {
      const refused = await refusal(await ask(`${base}/cases/${id}/${part}`));
      expect(refused, part).toEqual([500, expect.stringContaining('a link that leads out')]);
    }
  }
  const near = await json<Nearest>(`${base}/cases/case-0/nearest?in=${item.id}`);
  expect(near.unreadable).toEqual(['case-1', 'case-2']);
  expect((await post(`${base}/decisions`, { case: 'case-3', decision: 'drop' })).status).toBe(200);
  expect((await refusal(await post(`${base}/decisions/apply`)))[0]).toBe(500);
  expect(openDataset(dir).cases).toHaveLength(4);
  rmSync(join(dir, 'decisions.csv'));
  symlinkSync('/dev/zero', join(dir, 'decisions.csv'));
  expect((await json<DatasetDetail>(base)).undecided?.found).toContain('a link that leads out');
});

describe('pictures', () => {
  const sizeOf = (png: Buffer): number[] => [png.readUInt32BE(16), png.readUInt32BE(20)];

  test('are PNG files of the size asked for, the same each time', async () => {
    const { ask, base } = await withDataset();
    const picture = async (query: string) =>
      Buffer.from(await (await ask(`${base}/cases/case-0/picture.png${query}`)).arrayBuffer());
    const [usual, small, again] = [await picture(''), await picture('?size=64'), await picture('?size=64')];
    expect([sizeOf(usual), sizeOf(small)]).toEqual([
      [192, 192],
      [64, 64],
    ]);
    expect(again.equals(small)).toBe(true);
    for (const size of ['63', '641', 'x', '1e9', '-100', '64.5', '']) {
      const response = await ask(`${base}/cases/case-0/picture.png?size=${size}`);
      expect((await refusal(response))[0], size).toBe(400);
    }
  });

  test('that nobody waits for any more leave the line', async () => {
    const { ask, base } = await withDataset(40);
    const gone = new AbortController();
    const asked = Array.from({ length: 40 }, (_, i) =>
      ask(`${base}/cases/case-${i}/picture.png?size=64`, i === 39 ? {} : { signal: gone.signal }),
    );
    gone.abort();
    const answers = await Promise.all(asked);
    expect(answers[39].status).toBe(200);
    expect(answers.filter((a) => a.status === 408).length).toBeGreaterThan(30);
  });

  test('as many stay at hand as fit, the latest', () => {
    const known = new Pictures(100);
    for (const [name, bytes] of [
      ['a', 40],
      ['b', 40],
    ] as const)
      known.set(name, new Uint8Array(bytes));
    expect(known.get('a')?.length).toBe(40);
    known.set('c', new Uint8Array(30));
    expect([known.get('a')?.length, known.get('b'), known.get('c')?.length]).toEqual([40, undefined, 30]);
    known.set('a', new Uint8Array(20));
    known.set('d', new Uint8Array(50));
    expect(known.get('a')?.length).toBe(20);
    known.set('e', new Uint8Array(101));
    expect(known.get('e')).toBeUndefined();
  });
});

describe('the nearest', () => {
  test('are those of a plain search, with their distance in mm', async () => {
    const { json, base, item, root, dataset } = await withDataset(20);
    // A copy of case 7 with some voxels changed, in a set of its own.
    const almost = randomMask(7);
    almost.data.set(randomMask(31).data.subarray(0, 60));
    const meta = { ...newCase(0), id: 'bone' };
    const made = writeDataset(join(root, 'made'), HEADER, [{ meta, mask: almost }]);
    const set = (await json<{ items: { id: string; path: string }[] }>('/api/project')).items.find(
      (i) => i.path === 'made',
    )!;
    const found = await json<Nearest>(`/api/datasets/${set.id}/cases/bone/nearest?in=${item.id}`);
    const truth = dataset.cases
      .map((c) => {
        const [a, b] = [made.loadMask(made.cases[0]), dataset.loadMask(c)];
        const { a: n, b: m, both } = overlap(a.data, b.data);
        return { id: c.id, dice: (2 * both) / (n + m), assd_mm: assd(surfaceDistances(a, b)) };
      })
      .sort((a, b) => b.dice - a.dice)
      .slice(0, 6);
    expect(found).toEqual({ cases: truth, compared: 20 });
    expect(truth[0].id).toBe('case-7');
    // Of its own set a case is not its own neighbour.
    const own = await json<Nearest>(`${base}/cases/case-7/nearest?in=${item.id}`);
    expect([own.compared, own.cases.map((c) => c.id)]).toEqual([19, expect.not.arrayContaining(['case-7'])]);
  });

  test('of another grid are refused with both grids', async () => {
    const { ask, base, root, items } = await withDataset();
    const size: Vec3 = [8, 4, 8];
    const mask: Mask = { ...centredGrid(size, [2, 2, 2]), data: new Uint8Array(voxelCount(size)).fill(1) };
    writeDataset(join(root, 'other'), { ...HEADER, size: [8, 4, 8] }, [{ meta: newCase(0), mask }]);
    const other = (await items('dataset')).find((d) => d.path === 'other')!;
    const [status, found] = await refusal(await ask(`${base}/cases/case-0/nearest?in=${other.id}`));
    expect(status).toBe(409);
    expect(found).toMatch(/8 x 4 x 12.*8 x 4 x 8/);
    expect((await refusal(await ask(`${base}/cases/case-0/nearest`)))[0]).toBe(404);
  });

  test('cases that cannot be read are named; a bone that cannot is refused', async () => {
    const { json, ask, base, dir, item } = await withDataset(6);
    rmSync(join(dir, 'volumes', 'case-2.bits.gz'));
    const found = await json<Nearest>(`${base}/cases/case-0/nearest?in=${item.id}`);
    expect([found.compared, found.unreadable]).toEqual([4, ['case-2']]);
    const [status, why] = await refusal(await ask(`${base}/cases/case-2/nearest?in=${item.id}`));
    expect([status, why]).toEqual([500, expect.stringContaining('is missing')]);
  });
});

test('two thousand cases are told and searched', async () => {
  const root = temporaryFolder();
  const dir = join(root, 'many');
  const bits = gzipSync(packBits(randomMask(1).data));
  const { cases } = putDataset(dir, 2);
  const one = cases[1];
  const many = Array.from({ length: 2000 }, (_, i) => {
    const id = `many-${String(i).padStart(4, '0')}`;
    writeFileSync(join(dir, 'volumes', `${id}.bits.gz`), bits);
    return { ...one, id, subject: id, volume: `volumes/${id}.bits.gz` };
  });
  const manifest = JSON.parse(readFileSync(join(dir, 'dataset.json'), 'utf8'));
  writeFileSync(join(dir, 'dataset.json'), JSON.stringify({ ...manifest, cases: [...cases, ...many] }));
  const { json, items, post } = serve(root);
  const [item] = await items('dataset');
  expect(item.cases).toBe(2002);
  const detail = await json<DatasetDetail>(`/api/datasets/${item.id}`);
  expect(detail.cases).toHaveLength(2002);
  const nearest = findNearest({ root, set: dir, id: 'case-0', data: dir });
  expect([nearest.compared, nearest.cases.length]).toEqual([2001, 6]);
  const decided = await post(`/api/datasets/${item.id}/decisions`, { case: 'many-0007', decision: 'drop' });
  expect(decided.status).toBe(200);
  const applied = await post(`/api/datasets/${item.id}/decisions/apply`);
  expect([applied.status, ((await applied.json()) as DatasetDetail).cases.length]).toEqual([200, 2001]);
  expect(openDataset(dir).cases.some((c) => c.id === 'many-0007')).toBe(false);
});
