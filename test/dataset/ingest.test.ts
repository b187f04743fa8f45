import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../src/dataset/dataset.ts';
import { type IngestOptions, type IngestProgress, ingest } from '../../src/dataset/ingest.ts';
import { subjectsByPattern } from '../../src/dataset/inputs.ts';
import { DatasetError, InterruptedError, UsageError } from '../../src/errors.ts';
import { diceOf, overlap } from '../../src/evaluation/overlap.ts';
import { encodeStl } from '../../src/mesh/stl.ts';
import { extractSurface } from '../../src/mesh/surface.ts';
import { writeVolume } from '../../src/volume/io/index.ts';
import type { Mat3, Vec3, Volume } from '../../src/volume/volume.ts';
import { temporaryFolder } from './helpers.ts';

const C = Math.cos(0.4);
const S = Math.sin(0.4);
const OBLIQUE: Mat3 = [C, -S, 0, S, C, 0, 0, 0, 1];
const FLIPPED: Mat3 = [-1, 0, 0, 0, -1, 0, 0, 0, 1];

/** An L in LPS mm, 20 x 12 x 8 mm: long arm along x, short arm at its *left* (+x) end going back (+y). */
function inL(x: number, y: number, z: number): boolean {
  if (Math.abs(z) > 4) return false;
  return (x > -10 && x < 10 && y > -6 && y < -2) || (x > 6 && x < 10 && y > -6 && y < 6);
}

/** The L in a file of a given direction, spacing and position. */
function file(
  direction: Mat3,
  spacing: Vec3,
  values: [number, number] = [0, 1],
  scale = 1,
): Volume<Float32Array> {
  const size: Vec3 = [0, 1, 2].map((a) => Math.ceil((30 * scale) / spacing[a])) as unknown as Vec3;
  const half = [0, 1, 2].map((a) => (spacing[a] * (size[a] - 1)) / 2);
  const at: Vec3 = [100, -50, 700];
  const origin = [0, 1, 2].map(
    (r) =>
      at[r] - direction[3 * r] * half[0] - direction[3 * r + 1] * half[1] - direction[3 * r + 2] * half[2],
  ) as unknown as Vec3;
  const data = new Float32Array(size[0] * size[1] * size[2]);
  let p = 0;
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++) {
        const v = [i, j, k].map((n, a) => n * spacing[a] - half[a]);
        const [x, y, z] = [0, 1, 2].map(
          (r) =>
            (direction[3 * r] * v[0] + direction[3 * r + 1] * v[1] + direction[3 * r + 2] * v[2]) / scale,
        );
        data[p++] = values[inL(x, y, z) ? 1 : 0];
      }
  return { size, spacing, origin, direction, data };
}

const base = {
  grid: [24, 16, 12] as Vec3,
  spacing: 1,
  keepNames: true,
  withoutPictures: true,
  jobs: 1,
} satisfies Partial<IngestOptions>;

describe('ingest', () => {
  it('gives the same mask for one bone from every format and direction, left still left', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    await writeVolume(join(inputs, 'a.nrrd'), file([1, 0, 0, 0, 1, 0, 0, 0, 1], [0.5, 0.5, 0.5]));
    await writeVolume(join(inputs, 'b.nii.gz'), file(FLIPPED, [0.5, 0.4, 0.8], [-1200, -1199]));
    await writeVolume(join(inputs, 'c.mha'), file(OBLIQUE, [0.4, 0.4, 0.5], [0, 255]));
    await writeVolume(join(inputs, 'd.nii'), file([0, 0, 1, 1, 0, 0, 0, 1, 0], [0.5, 0.4, 0.3]));
    const truth = Uint8Array.from({ length: 24 * 16 * 12 }, (_, p) => {
      const [i, j, k] = [p % 24, Math.floor(p / 24) % 16, Math.floor(p / 384)];
      return inL(i - 11.5, j - 7.5, k - 5.5) ? 1 : 0;
    });
    const n = truth.reduce((a, b) => a + b, 0);
    // Each into a dataset of its own: in one the second would be a copy of the first.
    for (const [id, name] of Object.entries({ a: 'a.nrrd', b: 'b.nii.gz', c: 'c.mha', d: 'd.nii' })) {
      const { dataset } = await ingest({ ...base, inputs: [join(inputs, name)], out: join(out, id) });
      const [c] = dataset.cases;
      expect(c.id).toBe(id);
      const { data } = dataset.loadMask(c);
      const same = data.reduce((sum, v, i) => sum + (v & truth[i]), 0);
      expect((2 * same) / (n + c.voxels), c.id).toBeGreaterThan(0.93);
    }
  });

  it('refuses the bad by name and goes on with the good', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    const good = file(OBLIQUE, [1, 1, 1]);
    await writeVolume(join(inputs, 'good.nrrd'), good);
    await writeVolume(join(inputs, 'good2.nrrd'), file(OBLIQUE, [1, 1, 1], [0, 1], 0.8));
    await writeVolume(join(inputs, 'empty.nrrd'), { ...good, data: new Uint8Array(good.data.length) });
    await writeVolume(join(inputs, 'full.nrrd'), { ...good, data: new Uint8Array(good.data.length).fill(1) });
    const holes = good.data.slice();
    holes[5] = Number.NaN;
    await writeVolume(join(inputs, 'nan.nrrd'), { ...good, data: holes });
    const scan = good.data.map((v, i) => v * 700 + (i % 50));
    await writeVolume(join(inputs, 'scan.nrrd'), { ...good, data: scan });
    await writeVolume(join(inputs, 'large.nrrd'), file(OBLIQUE, [1, 1, 1], [0, 1], 2));
    writeFileSync(join(inputs, 'short.nrrd'), readFileSync(join(inputs, 'good.nrrd')).subarray(0, 300));
    writeFileSync(join(inputs, 'words.nii'), 'this is not a volume');
    const { accepted, refused, smallestGrid } = await ingest({ ...base, inputs: [inputs], out });
    expect(accepted.map((a) => a.id)).toEqual(['good', 'good2']);
    const reasons = Object.fromEntries(
      refused.map((r) => [r.file.split('/').pop()!.split('.')[0], r.reason]),
    );
    expect(reasons.empty).toMatch(/empty/);
    expect(reasons.full).toMatch(/full/);
    expect(reasons.nan).toMatch(/1 voxels that are NaN/);
    expect(reasons.scan).toMatch(/covers too little[\s\S]*--threshold/);
    expect(reasons.large).toMatch(
      /large.nrrd: its bone spans 4\d\.\d x 2\d\.\d x 1\d\.\d mm.*--grid 48x32x16/,
    );
    expect(reasons.short).toMatch(/damaged or cut short/);
    expect(reasons.words).toMatch(/no NIfTI header/);
    expect(smallestGrid).toEqual([48, 32, 16]);
    expect(openDataset(out).cases.length).toBe(2);
  });

  it('cuts off no more than it was allowed to, and says how much', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    await writeVolume(join(inputs, 'a.nrrd'), file(OBLIQUE, [0.5, 0.5, 0.5]));
    const narrow = { ...base, grid: [16, 16, 12] as Vec3, inputs: [inputs], out };
    await expect(ingest({ ...narrow, maxCut: 0.01 })).rejects.toThrow(/would be cut off/);
    const { accepted } = await ingest({ ...narrow, out: temporaryFolder(), maxCut: 0.4 });
    // Of the L's 112 square mm, those beyond |x| = 8 mm: 2 . 4 at the right end, 2 . 12 at the left.
    expect(accepted[0].cutShare).toBeCloseTo((2 * 4 + 2 * 12) / 112, 1);
  });

  it('refuses a bone smaller than a voxel, as headers in metres make it, and goes on', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    await writeVolume(join(inputs, 'a.nrrd'), file(OBLIQUE, [1, 1, 1]));
    const metres = file(OBLIQUE, [1, 1, 1]);
    await writeVolume(join(inputs, 'metres.nrrd'), { ...metres, spacing: [1e-3, 1e-3, 1e-3] });
    await writeVolume(join(inputs, 'tiny.nrrd'), { ...metres, spacing: [1e-9, 1e-9, 1e-9] });
    const { accepted, refused } = await ingest({ ...base, inputs: [inputs], out });
    expect(accepted.map((a) => a.id)).toEqual(['a']);
    expect(refused.map((r) => r.reason)).toEqual([
      expect.stringMatching(/metres\.nrrd: its whole bone spans .* less than one voxel of 1 mm/),
      expect.stringMatching(/tiny\.nrrd: its whole bone spans .* less than one voxel of 1 mm/),
    ]);
    await expect(
      ingest({ ...base, spacing: 1e300, inputs: [inputs], out: temporaryFolder() }),
    ).rejects.toThrow(/less than one voxel of 1e\+300 mm/);
  });

  it('proposes no grid that there is not, and names the unit of a bone of 20 m', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    const good = file(OBLIQUE, [1, 1, 1]);
    await writeVolume(join(inputs, 'a.nrrd'), good);
    await writeVolume(join(inputs, 'b.nrrd'), { ...good, spacing: [1000, 1000, 1000] });
    const { refused, smallestGrid } = await ingest({ ...base, inputs: [inputs], out });
    expect(refused.map((r) => r.reason)).toEqual([
      expect.stringMatching(/b\.nrrd: its bone spans 2\d{4}\.\d x .* mm.* likely in another unit \(metres/),
    ]);
    expect(refused[0].reason).not.toContain('--grid');
    expect(smallestGrid).toEqual([24, 16, 8]);
    const fine = { ...base, spacing: 0.01, inputs: [join(inputs, 'a.nrrd')], out: temporaryFolder() };
    await expect(ingest(fine)).rejects.toThrow(/no grid holds it at this spacing[\s\S]*coarser --spacing/);
  });

  it('turns bones to a mesh as to a mask of it; a folder of several bones is no reference', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    const mask = file([1, 0, 0, 0, 1, 0, 0, 0, 1], [1.5, 1.5, 1.5], [0, 1], 3);
    const bytes = { ...mask, data: Uint8Array.from(mask.data) };
    await writeVolume(join(inputs, 'turned.nrrd'), file(OBLIQUE, [1.5, 1.5, 1.5], [0, 1], 3));
    await writeVolume(join(inputs, 'to.nrrd'), bytes);
    writeFileSync(join(inputs, 'to.stl'), encodeStl(extractSurface(bytes, 0.5)));
    const to = async (name: string) => {
      const options = {
        ...base,
        spacing: 3,
        grid: [24, 24, 16] as Vec3,
        inputs: [join(inputs, 'turned.nrrd')],
      };
      const { dataset } = await ingest({ ...options, out: join(out, name), alignTo: join(inputs, name) });
      return dataset.loadMask(dataset.cases[0]).data;
    };
    const [a, b] = [await to('to.nrrd'), await to('to.stl')];
    expect(diceOf(overlap(a, b))).toBeGreaterThan(0.95);
    const many = { ...base, inputs: [join(inputs, 'turned.nrrd')], out: join(out, 'x'), alignTo: inputs };
    await expect(ingest(many)).rejects.toThrow(/holds 3 cases/);
  });

  it('refuses to put the dataset into the folder that it takes in', async () => {
    const inputs = temporaryFolder();
    await writeVolume(join(inputs, 'a.nrrd'), file(OBLIQUE, [1.5, 1.5, 1.5], [0, 1], 3));
    await expect(ingest({ ...base, inputs: [inputs], out: inputs })).rejects.toThrow(
      /is the folder that is taken in/,
    );
  });

  it('tells of its progress from the start, before anything is read', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    await writeVolume(join(inputs, 'a.nrrd'), file(OBLIQUE, [1, 1, 1]));
    const told: (string | number)[][] = [];
    const onProgress = ({ done, total, file }: IngestProgress) =>
      told.push([done, total, file, existsSync(join(out, 'volumes/a.bits.gz')) ? 'made' : 'not made']);
    await ingest({ ...base, inputs: [inputs], out, onProgress });
    expect(told).toEqual([
      [0, 1, '', 'not made'],
      [1, 1, join(inputs, 'a.nrrd'), 'made'],
    ]);
  });

  it('keeps annotators of one patient together, and refuses a file without a subject', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    let scale = 1;
    for (const who of ['oncologist', 'radiographer'])
      for (const id of ['0001', '0002', '0003a', '0003b', '0004', '0005', 'stray']) {
        mkdirSync(join(inputs, who, id), { recursive: true });
        await writeVolume(join(inputs, who, id, 'm.nrrd'), file(OBLIQUE, [1, 1, 1], [0, 1], scale));
        scale -= 0.03;
      }
    const subjects = subjectsByPattern('/(\\d{4})[ab]?/');
    const { dataset, refused } = await ingest({
      ...base,
      inputs: [inputs],
      out,
      subjects,
      testShare: 0.4,
      seed: 2,
    });
    expect(dataset.cases.length).toBe(12);
    expect(new Set(dataset.cases.map((c) => c.subject)).size).toBe(5);
    expect(refused.map((r) => /stray.*no subject/.test(r.reason))).toEqual([true, true]);
    const train = new Set(dataset.split('train').map((c) => c.subject));
    expect(dataset.split('test').some((c) => train.has(c.subject))).toBe(false);
  });

  it('stops between cases when told to, and goes on from there', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    for (const [i, n] of ['a', 'b', 'c', 'd'].entries())
      await writeVolume(join(inputs, `${n}.nrrd`), file(OBLIQUE, [1, 1, 1], [0, 1], 1 - 0.1 * i));
    const stop = new AbortController();
    const options: IngestOptions = { ...base, inputs: [inputs], out };
    const onProgress = (p: { done: number }) => void (p.done === 2 && stop.abort());
    await expect(ingest({ ...options, signal: stop.signal, onProgress })).rejects.toThrow(InterruptedError);
    expect(existsSync(join(out, 'dataset.json'))).toBe(false);
    const written = statSync(join(out, 'volumes/a.bits.gz')).mtimeMs;
    const { accepted, kept, dataset } = await ingest(options);
    expect(kept).toEqual(['a', 'b']);
    expect(accepted.map((a) => a.id)).toEqual(['c', 'd']);
    expect(dataset.cases.length).toBe(4);
    expect(statSync(join(out, 'volumes/a.bits.gz')).mtimeMs).toBe(written);
    await expect(ingest({ ...options, cut: 0.4 })).rejects.toThrow(/already holds a dataset/);
  });

  it('leaves a folder free for other settings when every file was refused', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    const volume = file(OBLIQUE, [1, 1, 1]);
    volume.data[0] = 0.5; // three values: a scan
    await writeVolume(join(inputs, 'a.nrrd'), volume);
    const options: IngestOptions = { ...base, inputs: [inputs], out };
    await expect(ingest(options)).rejects.toThrow(/--threshold VALUE/);
    const { accepted } = await ingest({ ...options, threshold: 0.7 });
    expect(accepted.length).toBe(1);
    await expect(ingest({ ...options, threshold: 0.8 })).rejects.toThrow(/already holds a dataset/);
  });

  it('is not run twice at once on one folder', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    await writeVolume(join(inputs, 'a.nrrd'), file(OBLIQUE, [1, 1, 1]));
    const options: IngestOptions = { ...base, inputs: [inputs], out };
    const first = ingest(options);
    await expect(ingest(options)).rejects.toThrow(/is in use by process/);
    expect((await first).accepted.length).toBe(1);
    expect(existsSync(join(out, 'dataset.lock'))).toBe(false);
  });

  it('is an error when every file is refused, or an option makes no sense', async () => {
    const [inputs, out] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(inputs, 'a.nrrd'), 'nothing');
    const options: IngestOptions = { ...base, inputs: [inputs], out };
    await expect(ingest(options)).rejects.toThrow(DatasetError);
    await expect(ingest(options)).rejects.toThrow(/none of 1 cases[\s\S]*a.nrrd/);
    for (const bad of [
      { grid: [24, 16, 10] as Vec3 },
      { spacing: 0 },
      { cut: 0 },
      { maxCut: -1 },
      { quality: 7 },
    ])
      await expect(ingest({ ...options, ...bad })).rejects.toThrow(UsageError);
  });

  it('does not write down what the reference is called, unless names are public', async () => {
    const [inputs, outs] = [temporaryFolder(), temporaryFolder()];
    const path = join(inputs, 'Doe_Jane_1950.nrrd');
    await writeVolume(path, file(OBLIQUE, [1, 1, 1]));
    for (const keepNames of [false, true]) {
      const out = join(outs, String(keepNames));
      const options = { ...base, inputs: [path], out, alignTo: path, grid: [32, 32, 32] as Vec3, keepNames };
      const { dataset } = await ingest(options);
      expect(dataset.manifest.frame.includes('Doe')).toBe(keepNames);
      // The same command is known again.
      expect((await ingest(options)).kept.length).toBe(1);
      if (keepNames) continue;
      expect(dataset.manifest.frame).toMatch(/as a reference bone \(content [0-9a-f]{8}\) does/);
      for (const name of ['dataset.json', 'README.md'])
        expect(readFileSync(join(out, name), 'utf8')).not.toMatch(/Doe/);
    }
  });
});
