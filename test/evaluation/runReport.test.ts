import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import {
  AUTOENCODER_PRESETS,
  autoencoderSchema,
  GENERATOR_PRESETS,
  generatorSchema,
} from '../../src/config/schemas.ts';
import type { Dataset } from '../../src/dataset/dataset.ts';
import { writeDataset } from '../../src/dataset/writer.ts';
import { ConfigError, InterruptedError, RunFolderError } from '../../src/errors.ts';
import { evaluateSets } from '../../src/evaluation/evaluateSets.ts';
import { packMask } from '../../src/evaluation/overlap.ts';
import { inTurn, matchClasses } from '../../src/evaluation/report/gallery.ts';
import { readMetrics, thinned } from '../../src/evaluation/report/metricsLog.ts';
import { nearestOf, nearestPart } from '../../src/evaluation/report/nearestCases.ts';
import { sharedFramings, spread } from '../../src/evaluation/report/part.ts';
import { TRAJECTORY_TIMES, trajectory } from '../../src/evaluation/report/trajectory.ts';
import {
  type WrittenReport,
  writeAutoencoderReport,
  writeGeneratorReport,
  writeRunReport,
} from '../../src/evaluation/runReport.ts';
import { Generator } from '../../src/sampling/generator.ts';
import { readGenerator } from '../../src/sampling/readGenerator.ts';
import { makePhantom, phantomGrid } from '../../src/skull/phantom/phantom.ts';
import { trainAutoencoder } from '../../src/training/autoencoder.ts';
import { trainGenerator } from '../../src/training/generator.ts';
import { centredGrid, type Mask } from '../../src/volume/volume.ts';

const HOSTILE = '<script>alert("1")</script><img src=http://evil.example/x>';

const root = mkdtempSync(join(tmpdir(), 'cranioflow-report-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const autoencoderRun = join(root, 'autoencoder');
const run = join(root, 'generator');
let dataset: Dataset;
let full: WrittenReport;
let page: string;
type Page = ReturnType<typeof parseHTML>['document'];
let document: Page;

beforeAll(async () => {
  const grid = phantomGrid(16);
  const phantoms = Array.from({ length: 10 }, (_, index) => makePhantom({ seed: 5, index, grid }));
  dataset = writeDataset(
    join(root, 'data'),
    { name: HOSTILE, bone: 'skull', phantom: true, size: [16, 16, 16], spacing: 15, frame: 'as made' },
    phantoms.map(({ mask, quality }, i) => ({
      mask,
      meta: { id: `case-${i}`, subject: `${i}`, source: '', attribution: HOSTILE, licence: 'CC0', quality },
    })),
    { testShare: 0.3 },
  );
  const common = { dataset, quiet: true };
  await trainAutoencoder({
    ...common,
    out: autoencoderRun,
    config: loadConfig(autoencoderSchema, {
      preset: { name: 'tiny', values: AUTOENCODER_PRESETS.tiny },
      set: [
        'steps=2',
        'batch=2',
        'model.widths=[4, 8]',
        'model.groups=4',
        'model.encoderBlocks=[0]',
        'model.decoderBlocks=[0, 0]',
        'model.codes=16',
        'evaluateEvery=1',
      ],
    }),
  });
  await trainGenerator({
    ...common,
    out: run,
    autoencoder: autoencoderRun,
    config: loadConfig(generatorSchema, {
      preset: { name: 'tiny', values: GENERATOR_PRESETS.tiny },
      set: [
        'steps=2',
        'batch=2',
        'copies=0',
        'model.width=8',
        'model.groups=4',
        'model.headChannels=8',
        'evaluateEvery=1',
      ],
    }),
  });
  const masks = (side: 'train' | 'test') => dataset.split(side).map((c) => dataset.loadMask(c));
  // What is "generated" here: phantoms of another seed, one of them named to do harm.
  const generated = Array.from({ length: 5 }, (_, index) => {
    const { mask, quality } = makePhantom({ seed: 6, index, grid });
    return { name: index === 0 ? HOSTILE : `bone ${index}`, quality, mask };
  });
  full = await writeRunReport({
    run,
    autoencoderRun,
    dataset,
    generated,
    evaluation: evaluateSets({
      real: masks('test'),
      train: masks('train'),
      fake: generated.map((g) => g.mask),
    }),
    out: join(root, 'full'),
    commands: { generate: `cranioflow generate --out '${HOSTILE}'` },
    quiet: true,
  });
  page = readFileSync(full.path, 'utf8');
  document = parseHTML(page).document;
}, 120_000);

/** The anchors of a page's sections. */
const sectionsOf = (doc: Page): string[] => [...doc.querySelectorAll('section')].map((s) => s.id);

describe('the report of a run', () => {
  it('is one file: no script, no address but data and anchors', () => {
    expect(document.querySelectorAll('script, link, iframe, object, embed')).toHaveLength(0);
    for (const element of document.querySelectorAll('[src], [href], [srcset]'))
      expect(element.getAttribute('src') ?? element.getAttribute('href')).toMatch(
        /^(data:(image\/(png|svg\+xml)|text\/csv);base64,|#)/,
      );
    expect(/url\(|@import/.test(page.replaceAll(/base64,[^"]*/g, ''))).toBe(false);
  });

  it('shows names as text, whatever they hold', () => {
    expect(page.includes('<script>alert')).toBe(false);
    expect(page.includes('<img src=http')).toBe(false);
    expect(document.querySelector('dl.facts')?.textContent).toContain(HOSTILE);
    expect(document.querySelector('#limits')?.textContent).toContain(HOSTILE);
    expect(document.querySelector('pre')?.textContent).toContain(HOSTILE);
  });

  it('says PHANTOM at the top and at every section', () => {
    expect(document.querySelector('header .phantom')?.textContent).toContain('PHANTOM');
    const sections = [...document.querySelectorAll('section')];
    expect(sections.every((s) => s.querySelector('h2 .stamp')?.textContent === 'PHANTOM')).toBe(true);
  });

  it('has each part, with its pictures, charts and figures', () => {
    expect(sectionsOf(document)).toEqual([
      'generated-and-phantom-skulls',
      'from-noise-to-skull',
      'nearest-training-cases',
      'figures',
      'reconstructions',
      'training-of-the-autoencoder',
      'training-of-the-generator',
      'limits',
    ]);
    const count = (id: string, what: string) => document.querySelectorAll(`#${id} ${what}`).length;
    expect(count('generated-and-phantom-skulls', 'img')).toBe(2);
    for (const id of ['from-noise-to-skull', 'nearest-training-cases', 'reconstructions'])
      expect(count(id, 'img'), id).toBe(1);
    expect(count('nearest-training-cases', 'svg')).toBe(1);
    expect(count('training-of-the-autoencoder', 'svg')).toBe(3);
    expect(count('training-of-the-generator', 'svg')).toBe(2);
    const figures = document.querySelector('#figures')?.textContent ?? '';
    for (const name of ['1-NNA', 'Coverage', 'Volume of bone', 'Empty masks', 'reference'])
      expect(figures).toContain(name);
    expect(document.querySelector('#limits')?.textContent).toMatch(/not a medical device.*privacy/is);
  });

  it('writes its contact sheets beside it', () => {
    const names = full.files.map((file) => file.slice(join(root, 'full').length + 1)).sort();
    expect(names).toEqual([
      'generated.png',
      'nearest.png',
      'real.png',
      'reconstructions.png',
      'report.html',
      'trajectory.png',
    ]);
    for (const file of full.files.filter((f) => f.endsWith('.png'))) {
      const bytes = readFileSync(file);
      expect(bytes.subarray(1, 4).toString()).toBe('PNG');
      // The page holds the very same picture.
      expect(page.includes(bytes.toString('base64'))).toBe(true);
    }
  });

  it('gives the figures of the runs it describes', () => {
    const facts = document.querySelector('dl.facts')?.textContent ?? '';
    expect(facts).toContain('7 trained on, 3 held out');
    expect(facts).toContain('16 x 16 x 16 voxels of 15 mm');
    expect(facts).toContain('2 steps');
    expect(facts).toContain(readGenerator(run).hash.slice(0, 16));
    const dice = readMetrics(autoencoderRun).last('heldOutDice') ?? Number.NaN;
    const told = Number(/Dice, reconstruction([\d.]+)/.exec(facts)?.[1]);
    expect(told).toBeCloseTo(dice, 3);
  });

  it('stops between parts when asked to, and writes nothing', async () => {
    const out = join(root, 'stopped');
    const signal = AbortSignal.abort();
    await expect(writeRunReport({ run, dataset, out, quiet: true, signal })).rejects.toThrow(
      InterruptedError,
    );
    expect(() => readFileSync(join(out, 'report.html'))).toThrow();
  });
});

describe('the reports of the trainings', () => {
  it('of an autoencoder: reconstructions and curves, in its run folder, the same bytes each time', async () => {
    const options = { run: autoencoderRun, dataset: dataset.dir, quiet: true };
    const { path } = await writeAutoencoderReport(options);
    expect(path).toBe(join(autoencoderRun, 'report.html'));
    const text = readFileSync(path, 'utf8');
    expect(sectionsOf(parseHTML(text).document)).toEqual([
      'reconstructions',
      'training-of-the-autoencoder',
      'limits',
    ]);
    const again = await writeAutoencoderReport({ ...options, out: join(root, 'again') });
    expect(readFileSync(again.path, 'utf8') === text).toBe(true);
    // Of a training that was stopped the page says so.
    expect(text).toContain('2 steps');
    const stopped = join(root, 'stopped');
    cpSync(autoencoderRun, stopped, { recursive: true });
    const config = readFileSync(join(stopped, 'config.yaml'), 'utf8');
    writeFileSync(join(stopped, 'config.yaml'), config.replace(/^steps: 2$/m, 'steps: 400'));
    const early = await writeAutoencoderReport({ ...options, run: stopped });
    expect(readFileSync(early.path, 'utf8')).toContain('2 of 400 steps');
    writeFileSync(join(stopped, 'config.yaml'), 'steps: [');
    await expect(writeAutoencoderReport({ ...options, run: stopped })).rejects.toThrow(ConfigError);
  });

  it('of a generator: samples of its own, and their settings', async () => {
    const { path } = await writeGeneratorReport({ run, dataset, quiet: true });
    const { document: doc } = parseHTML(readFileSync(path, 'utf8'));
    expect(doc.querySelector('dl.facts')?.textContent).toContain('6 skulls, 8 Heun steps, guidance 1.5');
    expect(doc.querySelector('#figures')).toBeNull();
    expect(doc.querySelectorAll('img')).toHaveLength(5);
  });
});

describe('trajectory', () => {
  it('ends where the sampler ends', async () => {
    const generator = await Generator.create(readGenerator(run));
    const sample = { seed: 2, index: 1, quality: generator.meta.qualities[0], guidance: 1 };
    const masks = await trajectory(generator, sample);
    expect(masks).toHaveLength(TRAJECTORY_TIMES.length);
    const direct = await generator.sample({ ...sample, solver: 'euler', steps: 20 });
    expect(masks.at(-1)?.data).toEqual(direct.data);
    await generator.release();
  });
});

describe('nearest training cases', () => {
  it('finds a copy: Dice 1, shown first', () => {
    const train = dataset.split('train');
    const copy = { name: 'copy', quality: 6, mask: dataset.loadMask(train[2]) };
    const other = {
      name: 'other',
      quality: 6,
      mask: makePhantom({ seed: 9, index: 0, grid: dataset.grid }).mask,
    };
    expect(
      nearestOf(
        packMask(copy.mask.data),
        train.map((c) => packMask(dataset.loadMask(c).data)),
      ),
    ).toEqual({
      index: 2,
      dice: 1,
    });
    const part = nearestPart([other, copy], dataset);
    const alone = nearestPart([other], dataset);
    expect(part.generatedDice).toBeCloseTo((alone.generatedDice + 1) / 2, 10);
    expect(part.heldOutDice).toBe(alone.heldOutDice);
  });
});

describe('readMetrics', () => {
  const folder = join(root, 'log');
  it('passes over a last line that was cut short, and keys that come now and then', () => {
    mkdirSync(folder, { recursive: true });
    const lines = ['{"step":1,"loss":2}', '{"step":2,"loss":1,"heldOutDice":0.5}', '{"step":3,"lo'];
    writeFileSync(join(folder, 'metrics.jsonl'), lines.join('\n'));
    const log = readMetrics(folder);
    expect(log.steps).toBe(2);
    expect(log.column('loss')).toEqual({ x: [1, 2], y: [2, 1] });
    expect(log.column('heldOutDice')).toEqual({ x: [2], y: [0.5] });
    expect(log.last('absent')).toBeUndefined();
  });

  it('refuses a folder that is no run', () => {
    expect(() => readMetrics(join(root, 'absent'))).toThrow(RunFolderError);
  });

  it('thins a long log to means', () => {
    const x = Array.from({ length: 10 }, (_, i) => i + 1);
    expect(thinned({ x, y: x }, 5)).toEqual({ x: [2, 4, 6, 8, 10], y: [1.5, 3.5, 5.5, 7.5, 9.5], every: 2 });
    expect(thinned({ x: [1, 2], y: [1, 100] }, 1, true).y[0]).toBeCloseTo(10, 12);
  });
});

describe('what the sheets are made with', () => {
  it('shows the first made of each class in turn, best class first', () => {
    const made = [3, 2, 3, 6, 3, 5, 2].map((quality, i) => ({ quality, i }));
    expect(inTurn(made, 5).map(({ i }) => i)).toEqual([3, 5, 0, 1, 2]);
    expect(inTurn(made, 9)).toHaveLength(7);
  });

  it('matches classes, each bone once, the nearest class where one is used up', () => {
    const pool = [2, 6, 5].map((quality) => ({ quality }));
    expect(matchClasses([{ quality: 6 }, { quality: 6 }, { quality: 3 }, { quality: 3 }], pool)).toEqual([
      { quality: 6 },
      { quality: 5 },
      { quality: 2 },
    ]);
    expect(pool).toHaveLength(3);
  });

  it('spreads evenly from the first to the last', () => {
    expect(spread([0, 1, 2, 3, 4, 5, 6], 3)).toEqual([0, 3, 6]);
    expect(spread([1, 2], 3)).toEqual([1, 2]);
  });

  it('frames a box of known size in one scale for two views', () => {
    const grid = centredGrid([20, 20, 20], [2, 2, 2]);
    const mask: Mask = { ...grid, data: new Uint8Array(8000) };
    // 8 x 6 x 10 voxels: 16 x 12 x 20 mm.
    for (let k = 5; k < 15; k++)
      for (let j = 7; j < 13; j++) for (let i = 6; i < 14; i++) mask.data[i + 20 * (j + 20 * k)] = 1;
    const [front, left] = sharedFramings([mask], ['front', 'left'], 280, 1000);
    expect(front.size[1]).toBe(left.size[1]);
    expect(front.size[0] + left.size[0]).toBeCloseTo(280, -1);
    expect(front.size[0] / left.size[0]).toBeCloseTo(16 / 12, 1);
    // The picture's width a mm is the same in both; the shorter side of both is their width.
    for (const { size, frame } of [front, left])
      expect(size[0] / (2 * frame.halfWidth_mm)).toBeCloseTo(size[1] / (20 * 1.08), 1);
    expect(front.frame.centre[0]).toBeCloseTo(0, 6);
  });
});
