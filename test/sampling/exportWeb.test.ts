/** The exported page on disk: whole, its own folder, an older export replaced, nobody else's file touched. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileError } from '../../src/errors.ts';
import type { PrivacyStatement } from '../../src/models/privacyStatement.ts';
import { type ExportWebOptions, exportWeb } from '../../src/sampling/exportWeb.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { type TinyGenerator, trainTinyGenerator } from './tinyGenerator.ts';

let tiny: TinyGenerator;
beforeAll(async () => {
  tiny = await trainTinyGenerator();
  page('page', 'a1');
  page('newer', 'b2');
}, 60_000);
afterAll(() => tiny?.remove());

/** A page as the build leaves it, with one script. */
function page(name: string, hash: string): void {
  mkdirSync(tiny.path(name, 'assets'), { recursive: true });
  writeFileSync(tiny.path(name, 'index.html'), `<script src="./assets/index-${hash}.js"></script>`);
  writeFileSync(tiny.path(name, 'assets', `index-${hash}.js`), 'run()');
  writeFileSync(tiny.path(name, 'licences.md'), '# Licences');
  writeFileSync(
    tiny.path(name, 'sw.js'),
    "const A = 1;\nconst SITE = { version: 'none', files: [] };\nkeep(SITE);\n",
  );
}

const options = (out: string, changes: Partial<ExportWebOptions> = {}): ExportWebOptions => ({
  generator: tiny.generator,
  page: tiny.path('page'),
  out: tiny.path(out),
  ...changes,
});

const names = (out: string) => readdirSync(tiny.path(out)).sort();
/** What the service worker was told. */
const siteOf = (out: string): { version: string; files: string[] } =>
  JSON.parse(/^const SITE = (.*);$/m.exec(readFileSync(tiny.path(out, 'sw.js'), 'utf8'))![1]);

test('the page, its generator and its record', () => {
  const { record, files, bytes, generator } = exportWeb(options('site', { quality: 6 }));
  const { folder } = record.model;
  expect(folder).toMatch(/^model-[0-9a-f]{12}$/);
  expect(names('site')).toEqual(['assets', 'index.html', 'licences.md', folder, 'site.json', 'sw.js']);
  expect(JSON.parse(readFileSync(tiny.path('site', 'site.json'), 'utf8'))).toEqual(record);
  expect(record).toMatchObject({ bone: 'skull', phantom: true, private: false, quality: 6 });
  expect(record.origin).toMatch(/^Trained on phantoms: /);
  const onDisk = files.map(({ path }) => readFileSync(tiny.path('site', path)).length);
  expect(onDisk).toEqual(files.map((file) => file.bytes));
  expect(onDisk.reduce((a, b) => a + b, 0)).toBe(bytes);
  // The folder is what `generate --run` opens, and its card says what it is.
  expect(readGenerator(tiny.path('site', folder)).hash).toBe(generator.hash);
  expect(readFileSync(tiny.path('site', folder, 'README.md'), 'utf8')).toMatch(/Trained on phantoms/);
  // All but itself is kept by the service worker, whose other lines stay.
  expect([...siteOf('site').files, 'sw.js'].sort()).toEqual(files.map(({ path }) => path));
  expect(readFileSync(tiny.path('site', 'sw.js'), 'utf8')).toMatch(/^const A = 1;\n.*\nkeep\(SITE\);\n$/);
});

test('the same again changes not a byte; another content, the version', () => {
  exportWeb(options('twice', { quality: 6 }));
  const first = readFileSync(tiny.path('twice', 'sw.js'), 'utf8');
  exportWeb(options('twice', { quality: 6 }));
  expect(readFileSync(tiny.path('twice', 'sw.js'), 'utf8')).toBe(first);
  const { version } = siteOf('twice');
  exportWeb(options('twice', { quality: 5 }));
  expect(siteOf('twice').version).not.toBe(version);
});

test('a class that the generator was not trained on is not chosen', () => {
  const { meta } = tiny.generator;
  const generator = { ...tiny.generator, meta: { ...meta, qualities: [4], qualityCounts: [1] } };
  expect(exportWeb(options('class', { generator, quality: 6 })).record.quality).toBeUndefined();
});

test('an older export gives way, files of others stay', () => {
  exportWeb(options('again'));
  const before = names('again');
  const other = { ...tiny.generator, weights: new Map(tiny.generator.weights) };
  const [name, data] = [...other.weights][0];
  other.weights.set(
    name,
    data.map((v) => v + 0.5),
  );
  writeFileSync(tiny.path('again', 'assets', 'mine.txt'), 'mine');
  const { record } = exportWeb(options('again', { generator: other, page: tiny.path('newer') }));
  expect(names('again')).not.toEqual(before);
  expect(names('again')).toContain(record.model.folder);
  expect(names('again')).toHaveLength(before.length);
  expect(readdirSync(tiny.path('again', 'assets')).sort()).toEqual(['index-b2.js', 'mine.txt']);
});

test('a record that names files elsewhere leads to nothing', () => {
  exportWeb(options('trap'));
  writeFileSync(tiny.path('precious.txt'), 'precious');
  const path = tiny.path('trap', 'site.json');
  const record = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...record, files: [...record.files, '../precious.txt'] }));
  exportWeb(options('trap', { page: tiny.path('newer') }));
  expect(existsSync(tiny.path('precious.txt'))).toBe(true);
});

test('folders of others are refused before anything is written', () => {
  mkdirSync(tiny.path('other'));
  writeFileSync(tiny.path('other', 'notes.txt'), '');
  expect(() => exportWeb(options('other'))).toThrow(FileError);
  expect(() => exportWeb(options('other'))).toThrow(/already holds notes\.txt/);
  // A page of somebody else has the same names.
  mkdirSync(tiny.path('theirs', 'assets'), { recursive: true });
  writeFileSync(tiny.path('theirs', 'index.html'), 'theirs');
  expect(() => exportWeb(options('theirs'))).toThrow(/already holds a page of something else/);
  expect(readFileSync(tiny.path('theirs', 'index.html'), 'utf8')).toBe('theirs');
  expect(names('theirs')).toEqual(['assets', 'index.html']);
});

test('without a built page, the way to build it is told', () => {
  expect(() => exportWeb(options('none', { page: tiny.path('nowhere') }))).toThrow(/npm run build:web/);
  expect(existsSync(tiny.path('none'))).toBe(false);
});

test('what a private training promises is in the card, and that there is one on the page', () => {
  const privacy: PrivacyStatement = {
    epsilon: 7.9,
    delta: 1e-5,
    accountant: 'pld',
    renyiEpsilon: 8.4,
    unit: 'subject',
    neighbours: 'one subject added or removed',
    sampling: 'poisson',
    subjects: 90,
    rate: 0.1,
    noise: 1.1,
    clip: 1,
    steps: 100,
    planned: { epsilon: 8, steps: 100 },
    classNoise: 4,
    autoencoder: 'other data',
  };
  const generator = {
    ...tiny.generator,
    meta: { ...tiny.generator.meta, phantom: false, dataHash: 'secret', privacy },
  };
  const { record } = exportWeb(options('private', { generator }));
  expect(record.private).toBe(true);
  expect(record.origin).toMatch(/bounded as stated under Privacy/);
  const card = readFileSync(join(tiny.path('private'), record.model.folder, 'README.md'), 'utf8');
  expect(card).toMatch(/\(epsilon, delta\) = \(7\.9, 0\.00001\)/);
  for (const file of record.files)
    expect(readFileSync(tiny.path('private', file), 'latin1'), file).not.toContain('secret');
  rmSync(tiny.path('private'), { recursive: true });
});
