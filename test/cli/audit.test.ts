/** `cranioflow audit` by command lines: a tiny run on 16^3 phantoms, and sets of "its" bones that a test puts together. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataHash } from '../../src/dataset/dataHash.ts';
import { bitsHash, type Dataset, openDataset } from '../../src/dataset/dataset.ts';
import { packBits } from '../../src/dataset/pack.ts';
import { DatasetWriter } from '../../src/dataset/writer.ts';
import { mirroredMask } from '../../src/evaluation/sharedCases.ts';
import { openAudit, requirePassedAudit } from '../../src/privacy/auditRecord.ts';
import { makeProvenance, writeProvenance } from '../../src/sampling/generateProvenance.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { makePhantom, phantomGrid } from '../../src/skull/phantom/phantom.ts';
import type { Mask } from '../../src/volume/volume.ts';
import { done, run, TINY_AUTOENCODER, TINY_GENERATOR, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const data = folder.path('data');
const gen = folder.path('gen');
const STEPS = ['--set', 'steps=1', '--threads', '1', '--quiet', '--no-report'];
let dataset: Dataset;

/** A set as this run's `generate` would leave it, of given masks. */
function forge(name: string, masks: readonly Mask[]): string {
  const dir = folder.path(name);
  const { manifest } = dataset;
  const { bone, phantom, size, spacing, frame } = manifest;
  const writer = new DatasetWriter(dir, { name, bone, phantom, size, spacing, frame });
  const bones = masks.map((mask, index) => {
    const id = `skull-s7-${String(index).padStart(5, '0')}`;
    writer.add(
      { id, subject: id, source: 'generator', attribution: '', licence: 'Apache-2.0', quality: 6 },
      mask,
    );
    return { index, id, quality: 6, empty: false };
  });
  const { meta, hash } = readGenerator(gen);
  const settings = { seed: 7, steps: 2, solver: 'heun', guidance: 1, quality: null, clean: false } as const;
  writeProvenance(dir, makeProvenance(meta, hash, settings, bones));
  writer.finish({ testShare: 0 });
  return dir;
}

const strangers = (count: number): Mask[] =>
  Array.from({ length: count }, (_, index) => makePhantom({ seed: 400, index, grid: phantomGrid(16) }).mask);
const audit = (fake: string, out: string, ...more: string[]) =>
  run([
    'audit',
    '--run',
    gen,
    '--data',
    data,
    '--fake',
    fake,
    '--out',
    folder.path(out),
    '--threads',
    '1',
    '--planted',
    '1',
    '--quiet',
    ...more,
  ]);

beforeAll(async () => {
  await done(['phantom', '--out', data, '--count', '100', '--grid', '16', '--seed', '3', '--quiet']);
  await done([
    'train',
    'autoencoder',
    '--data',
    data,
    ...TINY_AUTOENCODER,
    ...STEPS,
    '--out',
    folder.path('ae'),
  ]);
  await done([
    'train',
    'generator',
    '--data',
    data,
    '--autoencoder',
    folder.path('ae'),
    '--objective',
    'otfm',
    '--out',
    gen,
    ...TINY_GENERATOR,
    ...STEPS,
  ]);
  dataset = openDataset(data);
  forge('strangers', strangers(20));
}, 120_000);

test('a set of strangers passes, in shapes and latents; the record names what was audited', async () => {
  const fake = folder.path('strangers');
  const { code, out, err } = await audit(fake, 'passed', '--no-membership', '--json');
  expect([code, err]).toEqual([0, '']);
  const record = openAudit(folder.path('passed', 'audit.json')).audit;
  expect(record).toEqual(JSON.parse(out));
  const { hash } = readGenerator(gen);
  const fakeHash = dataHash(openDataset(fake).cases);
  expect(record).toMatchObject({
    verdict: 'pass',
    network: 'not enough evidence',
    mayBeCalledAnonymised: false,
    run: { hash },
    fake: { hash: fakeHash, shapes: 20, empty: 0 },
    data: { phantom: true, trainHash: dataHash(dataset.split('train')) },
  });
  expect(record.figures.spaces.map((s) => s.space)).toEqual(['Shape', 'Latent']);
  expect(record.shapes.every((s) => s.nearest === undefined)).toBe(true);
  const gate = { dir: fake, fakeHash, runHash: hash };
  expect(() => requirePassedAudit(record, gate)).toThrow(/fewer than 8 planted/);
  expect(() => requirePassedAudit(record, { ...gate, fakeHash: 'ab' })).toThrow(/of another set/);
  expect(() => requirePassedAudit(record, { ...gate, runHash: 'ab' })).toThrow(/of another network/);
  const planted = record.figures.planted.map((p) => ({ ...p, planted: 8, found: 8 }));
  const whole = { ...record, figures: { ...record.figures, planted } };
  expect(() => requirePassedAudit(whole, gate)).not.toThrow();
  expect(() => requirePassedAudit({ ...whole, verdict: 'fail' }, gate)).toThrow(/ended in: fail/);
  // A record that calls itself a pass is judged by its figures.
  const counts = { ...record.figures.counts, fake: 3 };
  const forged = { ...whole, figures: { ...whole.figures, counts } };
  expect(() => requirePassedAudit(forged, gate)).toThrow(/ended in: not enough evidence/);
  const page = readFileSync(folder.path('passed', 'audit.html'), 'utf8');
  expect(page).toContain('Privacy audit: pass');
  expect(page).toMatch(/<pre>cranioflow audit --run [^<]*--fake [^<]*<\/pre>/);
  expect(page).toContain('may not be called anonymised');
  expect(page).toContain('PHANTOM');
  expect(page).not.toMatch(/src="http|<script/);
});

test('one mirrored training case among twenty: exit code 3, the pair on the page', async () => {
  const [stolen] = dataset.split('train');
  const fake = forge('leaky', [mirroredMask(dataset.loadMask(stolen)), ...strangers(19)]);
  const { code, out, err } = await audit(fake, 'failed', '--shapes-only', '--no-membership');
  expect(code).toBe(3);
  expect(err).toContain('1 of 20 generated shapes is a near-copy');
  expect(err).not.toMatch(/^\s+at .*:\d+/m);
  expect(out).toContain('verdict on the set: fail');
  const { shapes } = openAudit(folder.path('failed')).audit;
  expect(shapes.filter((s) => s.flagged)).toEqual([
    expect.objectContaining({ id: 'skull-s7-00000', nearest: stolen.id, mirrored: true, distance: 0 }),
  ]);
  expect(readFileSync(folder.path('failed', 'audit.html'), 'utf8')).toContain(
    `skull-s7-00000 and training case ${stolen.id} (mirrored)`,
  );
});

test('the attacks: twenty held-out persons are too few to tell, of the set as of the network', async () => {
  const { code, out } = await audit(folder.path('strangers'), 'attacked', '--shapes-only', '--json');
  expect(code).toBe(3);
  const record = JSON.parse(out);
  const attacked = record.criteria.filter((c: { name: string }) => c.name.startsWith('membership'));
  expect(attacked.map((c: { name: string }) => c.name)).toEqual([
    'membershipGeneratedSet',
    'membershipVelocity',
    'membershipReference',
    'membershipAutoencoder',
  ]);
  expect(record.figures.membership.every((m: object) => !('scores' in m))).toBe(true);
  expect(record.verdict).toBe('not enough evidence');
});

describe('release', () => {
  const fake = folder.path('released');
  beforeAll(async () => {
    expect((await generate()).code).toBe(0);
    const audited = await audit(fake, 'released-audit', '--no-membership', '--shapes-only', '--planted', '8');
    expect([audited.code, audited.err]).toEqual([0, '']);
  }, 120_000);
  const generate = (...more: string[]) =>
    run(
      `generate --run ${gen} --out ${fake} --count 20 --seed 7 --steps 2 --solver heun --guidance 1 --threads 1 --quiet`
        .split(' ')
        .concat(more.includes('--format') ? [] : ['--format', 'none'], more),
    );
  const mark = () => JSON.parse(readFileSync(`${fake}/provenance.json`, 'utf8')).audit;

  test('is refused without an audit, with a failed one, and with that of another set', async () => {
    const without = await generate('--release');
    expect([without.code, without.err]).toEqual([2, expect.stringContaining('--release without an audit')]);
    const failed = await generate('--release', '--audit', folder.path('failed'));
    expect([failed.code, failed.err]).toEqual([1, expect.stringContaining('ended in: fail')]);
    const other = await generate('--release', '--audit', folder.path('nothing'));
    const stranger = await generate('--release', '--audit', folder.path('passed'));
    expect([stranger.code, stranger.err]).toEqual([1, expect.stringContaining('fewer than 8 planted')]);
    expect([other.code, other.err]).toEqual([1, expect.stringContaining('run `cranioflow audit`')]);
    expect(mark()).toBe(null);
  });

  test('of the audited bones marks record and card; a bone more takes the mark off', async () => {
    expect((await generate('--release', '--audit', folder.path('released-audit'))).code).toBe(0);
    expect(mark()).toMatchObject({ verdict: 'pass', anonymised: false });
    const [stl] = [`${fake}/skull-s7-00000.stl`];
    writeFileSync(stl, 'another bone');
    expect(
      (await generate('--format', 'stl', '--release', '--audit', folder.path('released-audit'))).code,
    ).toBe(0);
    expect(readFileSync(stl, 'utf8')).not.toBe('another bone');
    expect(readFileSync(`${fake}/README.md`, 'utf8')).toContain('Marked for release');
    expect((await generate()).code).toBe(0);
    expect(mark()).not.toBe(null);
    const more = await generate('--count', '21', '--release', '--audit', folder.path('released-audit'));
    expect([more.code, more.err]).toEqual([
      1,
      expect.stringMatching(/holds 2\d bones; 20 were audited|empty/),
    ]);
    expect(mark()).toBe(null);
  });
});

test('a held-out person in the set, and the same bone over and over', async () => {
  const [held] = dataset.split('test');
  const leaky = await audit(
    forge('held', [dataset.loadMask(held), ...strangers(19)]),
    'held-out',
    '--shapes-only',
    '--no-membership',
  );
  expect([leaky.code, leaky.err]).toEqual([3, expect.stringContaining('1 generated shape is a real case')]);
  const [one] = strangers(1);
  const same = await audit(
    forge('same', Array(20).fill(one)),
    'same-out',
    '--shapes-only',
    '--no-membership',
  );
  expect([same.code, same.err]).toEqual([3, expect.stringContaining('only 1 different generated shapes')]);
  const inside = await audit(folder.path('strangers'), 'strangers/audit');
  expect([inside.code, inside.err]).toEqual([2, expect.stringContaining('lies in the set')]);
});

test('without --data the run says where its dataset lies', async () => {
  const words = ['audit', '--run', gen, '--fake', data, '--out', folder.path('refused')];
  expect((await run(words)).err).toContain('holds no provenance.json');
  rmSync(`${gen}/data.json`);
  const { code, err } = await run(words);
  expect([code, err]).toEqual([2, expect.stringContaining('does not say where its dataset lies')]);
});

test('too few shapes: exit code 3, and what is needed', async () => {
  const { code, err } = await audit(
    forge('few', strangers(3)),
    'few-out',
    '--shapes-only',
    '--no-membership',
  );
  expect(code).toBe(3);
  expect(err).toContain('verdict on the set: not enough evidence');
  expect(err).toContain('only 3 different generated shapes with bone; at least 20 are needed');
});

describe('refuses, with exit code 1 and nothing written', () => {
  const refused = async (fake: string, ...more: string[]): Promise<string> => {
    const { code, out, err } = await audit(fake, 'refused', ...more);
    expect([code, out]).toEqual([1, '']);
    expect(err).not.toContain('this is a bug');
    expect(existsSync(folder.path('refused'))).toBe(false);
    return err;
  };
  const fake = (name: string): string => {
    rmSync(folder.path(name), { recursive: true, force: true });
    cpSync(folder.path('strangers'), folder.path(name), { recursive: true });
    return folder.path(name);
  };
  const edit = (file: string, change: (json: never) => void): void => {
    const json = JSON.parse(readFileSync(file, 'utf8'));
    change(json as never);
    writeFileSync(file, JSON.stringify(json));
  };

  test('the set of another run', async () => {
    const dir = fake('other-run');
    edit(`${dir}/provenance.json`, (p: { generator: { hash: string } }) => {
      p.generator.hash = '0'.repeat(64);
    });
    expect(await refused(dir)).toContain('was made by another generator (SHA-256 000000000000...)');
  });

  test('a dataset that was not generated', async () => {
    expect(await refused(data)).toContain('holds no provenance.json');
  });

  test('a set that lost a shape, or has one too many', async () => {
    const dir = fake('lost');
    edit(`${dir}/dataset.json`, (m: { cases: unknown[] }) => void m.cases.pop());
    expect(await refused(dir)).toContain('0 shapes that its record does not know, 1 of its record missing');
    const more = fake('more');
    edit(`${more}/provenance.json`, (p: { bones: unknown[] }) => void p.bones.pop());
    expect(await refused(more)).toContain('1 shape that its record does not know');
  });

  test('a volume that was altered', async () => {
    const dir = fake('altered');
    const [c] = openDataset(dir).cases;
    writeFileSync(`${dir}/${c.volume}`, gzipSync(packBits(new Uint8Array(16 ** 3).fill(1))));
    expect(await refused(dir)).toContain('does not have the SHA-256');
  });

  test('data the run was not trained on, or without test cases', async () => {
    const other = folder.path('other-data');
    await run(['phantom', '--out', other, '--count', '5', '--grid', '16', '--seed', '4', '--quiet']);
    expect(await refused(folder.path('strangers'), '--data', other)).toContain(
      'is not the data that the generator was trained on',
    );
    const whole = folder.path('no-test');
    cpSync(data, whole, { recursive: true });
    edit(`${whole}/dataset.json`, (m: { cases: { split: string }[] }) => {
      m.cases = m.cases.filter((c) => c.split === 'train');
    });
    expect(await refused(folder.path('strangers'), '--data', whole)).toContain('has no test cases');
  });

  test('the same mask on both sides of the split, named', async () => {
    const both = folder.path('both');
    cpSync(data, both, { recursive: true });
    const [t] = dataset.split('train');
    const [h] = dataset.split('test');
    const bits = dataset.loadBits(t);
    writeFileSync(`${both}/${h.volume}`, gzipSync(bits));
    edit(`${both}/dataset.json`, (m: { cases: { id: string; sha256: string }[] }) => {
      m.cases.find((c) => c.id === h.id)!.sha256 = bitsHash(bits);
    });
    expect(await refused(folder.path('strangers'), '--data', both)).toContain(
      `held-out case ${h.id} is training case ${t.id}`,
    );
  });

  test('another spacing', async () => {
    const dir = fake('grid');
    edit(`${dir}/dataset.json`, (m: { spacing: number }) => {
      m.spacing = 5;
    });
    expect(await refused(dir)).toContain('16 x 16 x 16 voxels of 5 x 5 x 5 mm');
  });

  test('the run of an autoencoder', async () => {
    expect(await refused(folder.path('strangers'), '--run', folder.path('ae'))).toContain(
      'is the run of an autoencoder',
    );
  });
});

test('Ctrl-C stops it, with nothing written', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 300);
  const { code, err } = await run(
    [
      'audit',
      '--run',
      gen,
      '--data',
      data,
      '--fake',
      folder.path('strangers'),
      '--out',
      folder.path('stopped'),
      '--quiet',
    ],
    controller.signal,
  );
  expect(code).toBe(130);
  expect(err).toContain('interrupted');
  expect(existsSync(folder.path('stopped'))).toBe(false);
});
