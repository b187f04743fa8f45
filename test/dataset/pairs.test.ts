/** Cranium and mandible in two files: which files are put together, what they become, and what is refused. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type IngestOptions, ingest } from '../../src/dataset/ingest.ts';
import { type CaseInput, subjectsByPattern, subjectsByTable } from '../../src/dataset/inputs.ts';
import { pairBones } from '../../src/dataset/pairs.ts';
import { encodeStl } from '../../src/mesh/stl.ts';
import { writeVolume } from '../../src/volume/io/index.ts';
import { centredGrid, type Mask, type Vec3 } from '../../src/volume/volume.ts';
import { temporaryFolder } from './helpers.ts';

type Box = [low: Vec3, high: Vec3];

/** mm: side by side, 2 mm apart. */
const SHORT_CRANIUM: Box = [
  [-50, -60, 0],
  [50, 50, 90],
];
const CRANIUM: Box = [
  [-50, -60, 0],
  [50, 60, 90],
];
const MANDIBLE: Box = [
  [-30, -60, -32],
  [30, 0, -2],
];

/** A closed box, its faces outward. */
function stl([a, b]: Box): Uint8Array {
  const corners = Array.from({ length: 8 }, (_, i) => [0, 1, 2].map((c) => ((i >> c) & 1 ? b : a)[c]));
  const faces = [
    [0, 2, 3, 1],
    [4, 5, 7, 6],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 4, 6, 2],
    [1, 3, 7, 5],
  ];
  const indices = faces.flatMap(([p, q, r, s]) => [p, q, r, p, r, s]);
  return encodeStl({ positions: Float32Array.from(corners.flat()), indices: Uint32Array.from(indices) });
}

const shifted = ([a, b]: Box, by: Vec3): Box => [
  a.map((v, c) => v + by[c]) as unknown as Vec3,
  b.map((v, c) => v + by[c]) as unknown as Vec3,
];

function put(dir: string, files: Record<string, Uint8Array>): string {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), bytes);
  }
  return dir;
}

const base = {
  grid: [32, 40, 40] as Vec3,
  spacing: 4,
  keepNames: true,
  withoutPictures: true,
  jobs: 1,
} satisfies Partial<IngestOptions>;

const run = (inputs: string, more: Partial<IngestOptions> = {}) =>
  ingest({ ...base, inputs: [inputs], out: join(temporaryFolder(), 'out'), ...more });

/** Pairs of the files of these names, as `first + second`. */
function paired(
  names: readonly string[],
  subjects?: Parameters<typeof pairBones>[1],
  kind: 'mesh' | 'volume' = 'mesh',
): string[] {
  const cases = names.map((path): CaseInput => ({ kind, file: { path, id: path } }));
  return pairBones(cases, subjects).map((c) =>
    c.kind === 'scan' ? '' : c.second === undefined ? c.file.path : `${c.file.path} + ${c.second}`,
  );
}

describe('which files are one case', () => {
  it.each([
    [['/a/P1_mandible.stl', '/a/P1_cranium.stl'], ['/a/P1_cranium.stl + /a/P1_mandible.stl']],
    [['/a/1/Skull.ply', '/a/1/lower jaw.ply'], ['/a/1/Skull.ply + /a/1/lower jaw.ply']],
    [['/a/calvaria-7.stl', '/a/LOWER-7.stl'], ['/a/calvaria-7.stl + /a/LOWER-7.stl']],
  ])('%j', (names, pairs) => {
    expect(paired(names)).toEqual(pairs);
  });

  it.each([
    ['two people', ['/a/P1_cranium.stl', '/a/P2_mandible.stl']],
    ['two folders', ['/a/1/cranium.stl', '/a/2/mandible.stl']],
    ['two formats', ['/a/cranium.stl', '/a/mandible.ply']],
    ['a word within a word', ['/a/skullcap.stl', '/a/mandible.stl']],
    ['dental arches', ['/a/upper.stl', '/a/lower.stl']],
    ['both bones in a name', ['/a/skull_mandible.stl', '/a/mandible.stl']],
    ['three files', ['/a/p-cranium.stl', '/a/p-jaw.stl', '/a/p-skull.stl']],
  ])('not %s', (_, names) => {
    expect(paired(names)).toEqual(names);
  });

  it('by subject: one mesh of each bone, wherever they lie; files of two subjects never', () => {
    const names = ['/x/cranium/P1.stl', '/x/cranium/P2.stl', '/x/mandible/P1.stl', '/x/mandible/P3.stl'];
    const pattern = subjectsByPattern('(P\\d)');
    expect(paired(names, pattern)).toEqual([`${names[0]} + ${names[2]}`, names[1], names[3]]);
    expect(paired(names, pattern, 'volume')).toEqual(names);
    const two = ['/x/cranium/P1a.stl', '/x/cranium/P1b.stl', '/x/mandible/P1.stl'];
    expect(paired(two, pattern)).toEqual(two);
    const alike = ['/x/cranium.stl', '/x/mandible.stl'];
    expect(paired(alike, (f) => ({ subject: f.path }))).toEqual(alike);
  });

  it('by the column case of a table, whatever the names; a case of two subjects or three files is refused', () => {
    const table = join(temporaryFolder(), 't.csv');
    writeFileSync(table, '\uFEFFfile;subject;case\r\n"a; b.stl";P1;P1\r\nd.stl;P1;P1\r\nc.stl;P2;\r\n');
    const names = ['/x/a; b.stl', '/x/c.stl', '/x/d.stl'];
    expect(paired(names, subjectsByTable(table))).toEqual([`${names[0]} + ${names[2]}`, names[1]]);
    writeFileSync(table, 'file,subject,case\na.stl,P1,X\nd.stl,P2,X\n');
    expect(() => subjectsByTable(table)).toThrow(/line 3 makes a case of two subjects/);
    writeFileSync(table, 'file,subject,case\na.stl,P1,X\nd.stl,P1,X\n\ne.stl,P1,X');
    expect(() => subjectsByTable(table)).toThrow(/line 5 makes a case of more than two files/);
  });
});

describe('two meshes', () => {
  it('become one mask of both volumes; the record says of what', async () => {
    const dir = put(temporaryFolder(), {
      'P1_cranium.stl': stl(CRANIUM),
      'P1_mandible.stl': stl(MANDIBLE),
      'P2_cranium.stl': stl(SHORT_CRANIUM),
    });
    const { dataset, accepted, refused } = await run(dir);
    expect(refused).toEqual([]);
    expect(accepted.map((a) => a.id)).toEqual(['P1_cranium_with_mandible', 'P2_cranium']);
    const [both, one] = dataset.cases;
    expect([both.source, both.provenance?.files]).toEqual(['P1_cranium.stl + P1_mandible.stl', 2]);
    expect(both.provenance?.notes.join()).toMatch(/two files united/);
    expect([one.source, one.provenance?.files]).toEqual(['P2_cranium.stl', 1]);
    // cm^3: 10 x 12 x 9 and 6 x 6 x 3.
    const cm3 = (voxels: number) => (voxels * 4 ** 3) / 1000;
    expect(cm3(both.voxels)).toBeCloseTo(1080 + 108, -2);
    expect(cm3(both.voxels) - cm3(one.voxels)).toBeGreaterThan(80);
    const apart = await run(dir, { withoutPairs: true });
    expect(apart.accepted.map((a) => a.id)).toEqual(['P1_cranium', 'P1_mandible', 'P2_cranium']);
  });

  it('are never there twice: a pair takes the place of its halves, and halves that of their pair', async () => {
    const dir = put(temporaryFolder(), { 'P1_cranium.stl': stl(CRANIUM) });
    const out = join(temporaryFolder(), 'out');
    await run(dir, { out });
    put(dir, { 'P1_mandible.stl': stl(MANDIBLE) });
    const said: string[] = [];
    const ids = async (more: Partial<IngestOptions> = {}) =>
      (await run(dir, { out, onWarning: (text) => said.push(text), ...more })).dataset.cases.map((c) => c.id);
    expect(await ids()).toEqual(['P1_cranium_with_mandible']);
    expect(said).toEqual([expect.stringMatching(/case P1_cranium, made of the same bone, leaves/)]);
    expect(await ids()).toEqual(['P1_cranium_with_mandible']);
    expect(await ids({ withoutPairs: true })).toEqual(['P1_cranium', 'P1_mandible']);
  });

  it('in another space each, or one in the other, are refused with the reason and no path in the record', async () => {
    const dir = put(temporaryFolder(), {
      'far/cranium.stl': stl(CRANIUM),
      'far/mandible.stl': stl(shifted(MANDIBLE, [0, 0, -180])),
      'good/cranium.stl': stl(CRANIUM),
      'good/mandible.stl': stl(MANDIBLE),
      'twice/cranium.stl': stl(CRANIUM),
      'twice/mandible.stl': stl(shifted(MANDIBLE, [0, 0, 60])),
      // A mouse's bones lie nearer: apart by more than the larger is long.
      'small/cranium.stl': stl([
        [0, 0, 0],
        [41, 20, 20],
      ]),
      'small/mandible.stl': stl([
        [0, 70, 0],
        [41, 80, 9],
      ]),
    });
    const out = join(temporaryFolder(), 'out');
    const { accepted, refused } = await run(dir, { withoutPictures: false, out });
    expect(accepted.map((a) => a.id)).toEqual(['good_cranium_with_mandible']);
    const reasons = refused.map((r) => r.reason);
    expect(reasons).toEqual([
      expect.stringMatching(/far.cranium\.stl and .*far.mandible\.stl lie 2\d\d mm apart.*--no-pairs/),
      expect.stringMatching(/lie 6\d mm apart/),
      expect.stringMatching(/overlap: 100 % of the smaller/),
    ]);
    expect(readFileSync(join(out, 'cases/far_cranium_with_mandible.json'), 'utf8')).not.toContain(dir);
  });
});

describe('two masks', () => {
  const size: Vec3 = [30, 36, 36];
  function mask(...[low, high]: Box): Mask {
    const grid = centredGrid(size, [4, 4, 4]);
    const data = new Uint8Array(30 * 36 * 36);
    for (let p = 0; p < data.length; p++) {
      const at = [p % 30, Math.floor(p / 30) % 36, Math.floor(p / 1080)].map(
        (i, c) => grid.origin[c] + 4 * i,
      );
      if (at.every((x, c) => x > low[c] && x < high[c])) data[p] = 1;
    }
    return { ...grid, data };
  }

  it('of one grid become one; of two grids are refused, and so is a scan among them', async () => {
    const dir = temporaryFolder();
    const down: Vec3 = [0, 0, -30];
    const [cranium, jaw] = [mask(...shifted(CRANIUM, down)), mask(...shifted(MANDIBLE, down))];
    for (const name of ['a', 'b', 'c']) await writeVolume(join(dir, `${name}_cranium.nrrd`), cranium);
    await writeVolume(join(dir, 'a_mandible.nrrd'), jaw);
    await writeVolume(join(dir, 'b_mandible.nrrd'), { ...jaw, origin: [0, 0, 0] });
    const scan = Int16Array.from({ length: jaw.data.length }, (_, p) => -1000 + 30 * (p % 100));
    await writeVolume(join(dir, 'c_mandible.nrrd'), { ...jaw, data: scan });
    const { dataset, refused } = await run(dir);
    expect(dataset.cases.map((c) => c.id)).toEqual(['a_cranium_with_mandible']);
    const sum = (m: Mask) => m.data.reduce((a, v) => a + v, 0);
    expect(dataset.cases[0].voxels).toBe(sum(cranium) + sum(jaw));
    expect(refused.map((r) => r.reason)).toEqual([
      expect.stringMatching(/two masks of one subject on one grid|is on 30 x 36 x 36 voxels/),
      expect.stringMatching(/c_mandible\.nrrd is a scan/),
    ]);
  });
});
