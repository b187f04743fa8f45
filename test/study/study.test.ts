/**
 * A whole study on 16^3 phantoms: every unit made, taken up after an interruption, made again where it was removed, and
 * refused where it cannot be carried out.
 */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.ts';
import { makePhantomDataset } from '../../src/dataset/phantoms.ts';
import { escapeHtml } from '../../src/report/html.ts';
import { dryRun, dryRunText } from '../../src/study/estimate.ts';
import { runStudy, type StudyOptions, type StudyResult } from '../../src/study/study.ts';
import { rulesOf } from '../../src/study/verdictWords.ts';
import { temporary, tinyData, tinySettings } from './tinyStudy.ts';

const folder = temporary();
afterAll(folder.remove);

let dataset: Dataset;
let whole: StudyResult;

const options = (out: string, more: Partial<StudyOptions> = {}): StudyOptions => ({
  settings: tinySettings(),
  dataset,
  out: folder.path(out),
  command: 'cranioflow compare ...',
  quiet: true,
  threads: 1,
  ...more,
});

/** What is left of compare.json without what a clock said. */
function timeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'seconds')
      .map(([key, v]) => [key, timeless(v)]),
  );
}
const comparison = (out: string): unknown =>
  timeless(JSON.parse(readFileSync(folder.path(out, 'compare.json'), 'utf8')));

beforeAll(async () => {
  dataset = await tinyData(folder.path('data'));
  whole = await runStudy(options('whole'));
}, 400_000);

describe('a study from nothing', () => {
  test('holds every unit', () => {
    expect(readdirSync(folder.path('whole')).sort()).toEqual([
      'autoencoder',
      'compare.html',
      'compare.json',
      'measures',
      'runs',
      'sets',
      'study.json',
    ]);
    expect(readdirSync(folder.path('whole', 'runs'))).toHaveLength(6);
    expect(readdirSync(folder.path('whole', 'sets'))).toHaveLength(whole.sets.length);
    // No files of bones beside the packed volumes.
    expect(readdirSync(folder.path('whole', 'sets', whole.sets[0].name)).sort()).toEqual(
      expect.arrayContaining(['dataset.json', 'done.json', 'provenance.json', 'volumes']),
    );
    expect(readdirSync(folder.path('whole', 'sets', whole.sets[0].name)).join()).not.toMatch(/nrrd|stl/);
  });

  test('measures all axes in both arms, with intervals around every value', () => {
    const axes = new Set(whole.figures.points.map((p) => `${p.axis} ${p.arm}`));
    for (const axis of ['main', 'evaluations', 'guidance', 'seed', 'share'])
      for (const arm of ['otfm', 'ddpm']) expect(axes).toContain(`${axis} ${arm}`);
    for (const point of whole.figures.points) {
      expect(point.seconds).toBeGreaterThan(0);
      for (const e of Object.values(point.figures)) {
        expect(e.low).toBeLessThanOrEqual(e.value);
        expect(e.high).toBeGreaterThanOrEqual(e.value);
      }
    }
    expect(whole.figures.comparisons.map((c) => `${c.axis} ${c.x}`)).toEqual(
      expect.arrayContaining(['main 0', 'evaluations 1', 'evaluations 2', 'seed 1', 'share 0.5']),
    );
    expect(whole.verdict.paragraphs.length).toBeGreaterThanOrEqual(7);
    expect(whole.figures.rows.length).toBeGreaterThan(12);
  });

  test('gives both arms the same data, start and classes', () => {
    const of = (name: string) => whole.trainings.find((t) => t.name === name)!;
    expect(of('otfm-seed0').dataHash).toBe(of('ddpm-seed0').dataHash);
    expect(of('otfm-seed0').parameters).toBe(of('ddpm-seed0').parameters);
    expect(of('otfm-seed0').hash).not.toBe(of('ddpm-seed0').hash);
    expect(of('otfm-seed0-share0.5').cases).toBeLessThan(of('otfm-seed0').cases);
    const classes = (set: string) =>
      JSON.parse(readFileSync(folder.path('whole', 'sets', set, 'provenance.json'), 'utf8')).bones.map(
        (b: { quality: number }) => b.quality,
      );
    expect(classes('otfm-seed0-heun2-guidance1.5')).toEqual(classes('ddpm-seed0-ddim4-guidance1.5'));
  });

  test('says why a class is not measured', () => {
    expect(whole.notes.join()).toMatch(/class \d is not measured by itself: \d+ cases trained on/);
  });

  test('the page holds every axis, the verdict, the sheets and both trainings, and asks no host', () => {
    const page = readFileSync(folder.path('whole', 'compare.html'), 'utf8');
    for (const heading of [
      'What the numbers support',
      'Quality at the stated settings',
      'Bones at equal seeds',
      'Robustness: network evaluations',
      'Robustness: guidance scale',
      'Robustness: training seed',
      'Robustness: training-set size',
      'Robustness: quality class',
      'Both trainings',
      'How it was made',
    ])
      expect(page).toContain(`<h2>${heading}`);
    expect(page).toContain('PHANTOM');
    for (const [, rule] of rulesOf(0.1)) expect(page).toContain(escapeHtml(rule));
    expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(4 * 4 + 1 + 4);
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(page).toContain('cranioflow compare ...');
  });
});

describe('going on', () => {
  /** Runs a study that is stopped at its `most`-th look at the signal; what came of it, or undefined. */
  async function stopped(out: string, most: number): Promise<StudyResult | undefined> {
    let looks = 0;
    const signal = {
      get aborted() {
        return looks++ >= most;
      },
    } as AbortSignal;
    try {
      return await runStudy(options(out, { signal }));
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 130 });
      expect((error as Error).message).toContain('it goes on where it stopped');
      expect(existsSync(folder.path(out, 'study.lock'))).toBe(false);
      return undefined;
    }
  }

  test('stopped in the autoencoder and in a training, it ends with the same weights', async () => {
    const of = (out: string, ...unit: string[]) =>
      JSON.parse(readFileSync(folder.path(out, ...unit, 'done.json'), 'utf8')).result.hash;
    // 8 steps of the autoencoder, then encoding, then 4 steps of the first training.
    expect(await stopped('parts', 3)).toBeUndefined();
    expect(existsSync(folder.path('parts', 'autoencoder', 'done.json'))).toBe(false);
    for (const most of [12, 36, 40, 44]) expect(await stopped('parts', most)).toBeUndefined();
    expect(of('parts', 'autoencoder')).toBe(of('whole', 'autoencoder'));
    const first = ['runs', 'otfm-seed0'];
    expect(of('parts', ...first)).toBe(of('whole', ...first));
  }, 400_000);

  test('stopped between bones and measures, it ends with the same compare.json but for seconds', async () => {
    cpSync(folder.path('whole'), folder.path('rest'), { recursive: true });
    rmSync(folder.path('rest', 'runs', 'otfm-seed0-share0.5'), { recursive: true });
    rmSync(folder.path('rest', 'sets', 'otfm-seed0-share0.5-heun2-guidance1.5'), { recursive: true });
    for (const name of readdirSync(folder.path('rest', 'measures')).slice(0, 3))
      rmSync(folder.path('rest', 'measures', name));
    let runs = 0;
    for (const most of [2, 30, 8, Number.POSITIVE_INFINITY]) {
      runs++;
      if ((await stopped('rest', most)) !== undefined) break;
    }
    expect(runs).toBe(4);
    expect(comparison('rest')).toEqual(comparison('whole'));
  }, 400_000);

  test('a unit that was removed is made again, the others are not', async () => {
    const out = 'whole';
    const before = comparison(out);
    const run = folder.path(out, 'runs', 'ddpm-seed1', 'done.json');
    const old = statSync(run).mtimeMs;
    rmSync(folder.path(out, 'runs', 'otfm-seed1'), { recursive: true });
    rmSync(folder.path(out, 'sets', 'ddpm-seed0-ddim1-guidance1.5'), { recursive: true });
    rmSync(folder.path(out, 'measures', 'ddpm-seed0-ddim2-guidance1.5-first8.json'));
    await runStudy(options(out));
    expect(existsSync(folder.path(out, 'runs', 'otfm-seed1', 'done.json'))).toBe(true);
    expect(statSync(run).mtimeMs).toBe(old);
    expect(comparison(out)).toEqual(before);
  }, 400_000);

  test('damage is found and mended: volumes, records and measures come out as they were', async () => {
    const out = 'whole';
    const before = comparison(out);
    const set = (arm: string) => folder.path(out, 'sets', `${arm}-guidance1.5`);
    // A volume that is on no sheet, a record and a marker cut short, a measure changed by hand.
    const volumes = readdirSync(join(set('otfm-seed1-heun2'), 'volumes')).sort();
    writeFileSync(join(set('otfm-seed1-heun2'), 'volumes', volumes.at(-1)!), 'x');
    writeFileSync(join(set('ddpm-seed0-ddim2'), 'provenance.json'), '');
    writeFileSync(join(set('ddpm-seed0-ddim2'), 'done.json'), '{"key');
    const measure = folder.path(out, 'measures', 'otfm-seed0-heun2-guidance1.5-first10.json');
    const changed = JSON.parse(readFileSync(measure, 'utf8'));
    delete changed.headline.mmdChamfer;
    writeFileSync(measure, JSON.stringify(changed));
    const said: string[] = [];
    await runStudy(options(out, { say: (text) => said.push(text) }));
    expect(comparison(out)).toEqual(before);
    expect(said.filter((text) => text.includes('damaged'))).toEqual([
      expect.stringMatching(/^otfm-seed1-heun2-guidance1.5 is damaged and made again: .*bits\.gz/),
    ]);
    expect(JSON.parse(readFileSync(measure, 'utf8')).headline).toHaveProperty('mmdChamfer');
  }, 400_000);

  test('fewer seeds are a view; more of them are recorded when the first new training is done', async () => {
    const recorded = (): number =>
      JSON.parse(readFileSync(folder.path('whole', 'study.json'), 'utf8')).settings.seeds;
    const one = await runStudy(options('whole', { settings: tinySettings(['seeds=1']) }));
    expect([one.settings.seeds, recorded()]).toEqual([1, 2]);
    expect(one.command).toBe('cranioflow compare ... --seeds 1');
    const signal = AbortSignal.abort();
    const more = options('whole', { settings: tinySettings(['seeds=3']), signal });
    await expect(runStudy(more)).rejects.toMatchObject({ exitCode: 130 });
    expect(recorded()).toBe(2);
    expect((await runStudy(options('whole'))).figures.points[0].seeds).toBe(2);
  }, 400_000);

  test('another axis is another look at the same units, recorded with its command', async () => {
    const record = () => JSON.parse(readFileSync(folder.path('whole', 'study.json'), 'utf8'));
    const before = record();
    const less = await runStudy(options('whole', { settings: tinySettings(['shares=[]']) }));
    expect(less.figures.points.filter((p) => p.axis === 'share' && p.x < 1)).toEqual([]);
    expect(record().settings).toEqual({ ...before.settings, shares: [] });
    expect(less.command).toBe("cranioflow compare ... --set 'shares=[]'");
    const again = await runStudy(options('whole'));
    expect(again.figures.points.map((p) => p.x)).toContain(0.5);
    expect(record().settings).toEqual(before.settings);
    expect(again.command).toBe("cranioflow compare ... --set 'shares=[0.5]'");
    // Given and interrupted: the study goes on with the axes it was last asked for.
    const signal = AbortSignal.abort();
    const evaluations = { ...before.settings.evaluations, euler: [1] };
    const set = [`evaluations=${JSON.stringify(evaluations)}`];
    const stopped = options('whole', { settings: tinySettings(set), signal });
    await expect(runStudy(stopped)).rejects.toMatchObject({ exitCode: 130 });
    expect(record().settings.evaluations).toEqual(evaluations);
    // Training seeds of an axis are no axis.
    const seeds = tinySettings(['axisSeeds=2', ...set]);
    await expect(runStudy(options('whole', { settings: seeds }))).rejects.toThrow(/now axisSeeds 2/);
    writeFileSync(folder.path('whole', 'study.json'), JSON.stringify(before));
  }, 400_000);

  test('a dry run of what is done finds nothing to do, and writes nothing', async () => {
    const stamp = readdirSync(folder.path('whole')).sort();
    const plan = await dryRun(options('whole'));
    expect(plan.parts.map((p) => [p.units, p.count - p.done, p.left])).toEqual([
      ['autoencoder', 0, 0],
      ['trainings', 0, 0],
      ['generated sets', 0, 0],
      ['measures', 0, 0],
    ]);
    expect(plan.seconds).toBe(0);
    expect(readdirSync(folder.path('whole')).sort()).toEqual(stamp);
    const fresh = await dryRun(options('nowhere'));
    expect(existsSync(folder.path('nowhere'))).toBe(false);
    expect(fresh.parts[1]).toMatchObject({ count: 6, done: 0, left: 24 });
    expect(fresh.seconds).toBeGreaterThan(0);
    expect(dryRunText(fresh)).toMatch(/trainings +6 +0 +24 steps/);
  }, 400_000);

  test('a copy with a given autoencoder trains none', async () => {
    // Only the checks run here: the folder is refused before any work, for it has its own autoencoder.
    cpSync(folder.path('whole', 'study.json'), folder.path('copy', 'study.json'));
    const given = options('copy', { autoencoder: folder.path('whole', 'autoencoder') });
    await expect(runStudy(given)).rejects.toThrow(/autoencoder [0-9a-f]{12} \(the study has its own\)/);
  });
});

describe('refused before any work', () => {
  const refused = async (set: string[], words: RegExp, more: Partial<StudyOptions> = {}): Promise<void> => {
    const given = options('refused', { settings: tinySettings(set), ...more });
    await expect(runStudy(given)).rejects.toThrow(words);
    expect(existsSync(folder.path('refused'))).toBe(false);
  };
  test.each([
    ['a class the data do not have', ['classes=[6, 2, 3]'], /classes: \d/],
    [
      'more steps than the chain has',
      ['evaluations.ddim=[21]'],
      /evaluations.ddim: 21 .*\n.*at most 20, the length T/,
    ],
    ['a main sampler beyond the chain', ['main.ddpm.steps=21'], /steps 21/],
    ['an odd count for heun', ['evaluations.heun=[3]'], /multiples of 2/],
    ['more bones on an axis than in a main set', ['samples.axis=20'], /samples.axis 20/],
    ['more axis seeds than seeds', ['axisSeeds=3'], /axisSeeds 3/],
    ['noise that is paired with data', ['generator.coupling=minibatch-ot'], /coupling minibatch-ot/],
    ['weights chosen on held-out cases', ['generator.keep.by=loss'], /generator.keep.by loss/],
    ['and by their recall', ['generator.keep.by=recall'], /generator.keep.by recall/],
    [
      'a linear chain too short',
      ['generator.diffusion.schedule=linear'],
      /a linear schedule of 20 diffusion steps/,
    ],
    ['fewer labels than classes', ['generator.model.classes=3'], /generator.model.classes 3, .* class 6/],
    ['a network that cannot be', ['generator.model.groups=7'], /groups/],
  ])('%s', async (_, set, words) => {
    await refused(set as string[], words as RegExp);
  });

  test('guidance out of range is refused with the settings', () => {
    expect(() => tinySettings(['guidance=[30]'])).toThrow(/guidance/);
    expect(() => tinySettings(['generator.objective=ddpm'])).toThrow(/unknown key "generator.objective"/);
    expect(() => tinySettings(['generator.seed=1'])).toThrow(/unknown key/);
    expect(() => tinySettings(['main.otfm.solver=ddim'])).toThrow(
      /one of heun, euler, midpoint, rk4 is expected/,
    );
    expect(() => tinySettings(['main.ddpm.solver=heun'])).toThrow(/one of ddim, ancestral is expected/);
  });

  test('an autoencoder that learnt from other cases, which may be held out here', async () => {
    const other = await makePhantomDataset({ out: folder.path('other'), count: 40, grid: 16, seed: 6 });
    await refused([], /learnt from other cases/, {
      dataset: other,
      autoencoder: folder.path('whole', 'autoencoder'),
    });
  });

  test('too few held-out cases', async () => {
    const few = await tinyData(folder.path('few'), 12);
    await refused([], /2 held-out cases/, { dataset: few });
  });

  test('the folder of another study, naming what differs; more seeds are welcome', async () => {
    const other = options('whole', { settings: tinySettings(['generator.batch=3', 'seed=9']) });
    await expect(runStudy(other)).rejects.toThrow(
      /another study: now seed 9 \(the study has 0\), generator.batch 3 \(the study has 2\)/,
    );
    const more = await dryRun(options('whole', { settings: tinySettings(['seeds=3']) }));
    expect(more.parts[1]).toMatchObject({ count: 8, done: 6 });
  }, 400_000);

  test('a folder that is not a study', async () => {
    await expect(runStudy(options('data'))).rejects.toThrow(/not a study/);
    expect(existsSync(join(folder.path('data'), 'study.json'))).toBe(false);
  });
});
