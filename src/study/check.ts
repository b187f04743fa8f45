/** What a study refuses before any work: settings that cannot be carried out, and data too small to measure anything. */
import type { StudySettings } from '../config/study.ts';
import { dataHash } from '../dataset/dataHash.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { diffusionSchedule } from '../diffusion/schedule.ts';
import { ConfigError, DatasetError, GridError, NumericsError, UsageError } from '../errors.ts';
import { differences } from '../files/runFolder.ts';
import { checkUNetConfig, checkVqVaeConfig, checkVqVaeGrid } from '../models/checkConfig.ts';
import type { AutoencoderMeta } from '../models/metadata.ts';
import { checkSampling } from '../sampling/latentSampler.ts';
import { ARMS, stepCost, type Training, trainingConfig } from './plan.ts';

/** Least held-out cases, of the whole set and of a class: half of them must still tell 1-NNA from chance at all. */
export const LEAST_HELD_OUT = 8;

/** Quality classes: how many cases of each are trained on and held out. */
export interface ClassCount {
  quality: number;
  train: number;
  test: number;
}

/** Cases of each class, ascending. */
export function classCounts(dataset: Pick<Dataset, 'cases'>): ClassCount[] {
  const qualities = [...new Set(dataset.cases.map((c) => c.quality))].sort((a, b) => a - b);
  const of = (quality: number, split: string): number =>
    dataset.cases.filter((c) => c.quality === quality && c.split === split).length;
  return qualities.map((quality) => ({
    quality,
    train: of(quality, 'train'),
    test: of(quality, 'test'),
  }));
}

/** The classes of the class axis: those named, or all that are trained on and have enough held-out cases. */
export function axisClasses({ classes }: StudySettings, counts: readonly ClassCount[]): number[] {
  if (classes.length > 0) return [...new Set(classes)].sort((a, b) => a - b);
  return counts.filter((c) => c.train > 0 && c.test >= LEAST_HELD_OUT).map((c) => c.quality);
}

function checkClasses({ classes }: StudySettings, counts: readonly ClassCount[]): void {
  for (const quality of classes) {
    const held = counts.find((c) => c.quality === quality) ?? { train: 0, test: 0 };
    if (held.train === 0)
      throw new ConfigError({
        found: `classes: ${quality}, a class that the training cases do not have`,
        expected: `some of ${counts
          .filter((c) => c.train > 0)
          .map((c) => c.quality)
          .join(', ')}`,
        todo: 'leave it out, or leave classes empty for all that can be measured',
      });
    if (held.test < LEAST_HELD_OUT)
      throw new NumericsError({
        found: `classes: ${quality}, of which ${held.test} cases are held out`,
        expected: `at least ${LEAST_HELD_OUT} to measure a class on`,
        todo: 'leave the class out, or hold out more cases (ingest --test-share)',
      });
  }
}

/** Every way of sampling that the settings name, as the generators to come would judge it. */
function checkSamplers(settings: StudySettings, qualities: number[]): void {
  const { main, evaluations, generator } = settings;
  const scales = [main.guidance, ...settings.guidance];
  for (const arm of ARMS) {
    const meta = { objective: arm, qualities, ...(arm === 'ddpm' && { diffusion: generator.diffusion }) };
    for (const guidance of scales) checkSampling(meta, { ...main[arm], guidance });
  }
  for (const [name, list] of Object.entries(evaluations)) {
    const solver = name as keyof typeof evaluations;
    const cost = stepCost(solver);
    const most = solver === 'ddim' || solver === 'ancestral' ? generator.diffusion.steps : 1000 * cost;
    for (const nfe of list)
      if (nfe % cost !== 0 || nfe > most)
        throw new UsageError({
          found: `evaluations.${solver}: ${nfe} network evaluations`,
          expected: `${cost > 1 ? `multiples of ${cost}, as each step of ${solver} takes ${cost}, ` : 'counts '}of at most ${most}${most === generator.diffusion.steps ? ', the length T of the noising chain' : ''}`,
          todo: `change the list (--set evaluations.${solver}=[...])${most === generator.diffusion.steps ? ' or --set generator.diffusion.steps=...' : ''}`,
        });
  }
}

function checkCounts({ samples, shareSeeds, axisSeeds, seeds, generator }: StudySettings): void {
  const problems: [boolean, string, string][] = [
    [
      generator.coupling === 'independent',
      `generator.coupling ${generator.coupling}`,
      'independent: one batch serves both arms, and diffusion needs noise that knows nothing of the data',
    ],
    [
      samples.axis <= samples.main,
      `samples.axis ${samples.axis}`,
      `at most samples.main, ${samples.main}: a point of an axis takes the first bones of the main set`,
    ],
    [shareSeeds <= seeds, `shareSeeds ${shareSeeds}`, `at most seeds, ${seeds}`],
    [axisSeeds <= seeds, `axisSeeds ${axisSeeds}`, `at most seeds, ${seeds}`],
  ];
  for (const [sound, found, expected] of problems)
    if (!sound) throw new ConfigError({ found, expected, todo: 'change the setting' });
}

/**
 * Weights chosen by a loss or a recall of held-out cases were chosen on what the study measures with, and patience may stop
 * the arms at different steps; the chain and the labels must be such as a training can begin with.
 */
function checkGenerator({ generator }: StudySettings, qualities: readonly number[]): void {
  const { keep, diffusion, model } = generator;
  if (keep.by !== 'last')
    throw new ConfigError({
      found: `generator.keep.by ${keep.by}: weights chosen on the held-out cases that the study measures with`,
      expected: 'last: both arms trained for all their steps, and no look at the held-out cases',
      todo: 'leave it out, or --set generator.keep.by=last',
    });
  diffusionSchedule(diffusion.schedule, diffusion.steps);
  const needed = Math.max(...qualities) - 1;
  if (needed > model.classes)
    throw new ConfigError({
      found: `generator.model.classes ${model.classes}, and cases of quality class ${needed + 1}`,
      expected: `at least ${needed}, one for each class from 2 on`,
      todo: `--set generator.model.classes=${needed}`,
    });
}

/** The two arms must differ in the objective and in nothing else; what `trainingConfig` makes does, and this says so. */
export function requireEqualArms(a: Training['config'], b: Training['config']): void {
  const differing = differences(a, b).filter((text) => !text.startsWith('objective '));
  if (differing.length === 0) return;
  throw new ConfigError({
    found: `arms that differ in more than the objective: ${differing.join(', ')}`,
    expected: 'one network, data order, optimiser and budget for both',
    todo: 'report it: this is a fault of the study',
  });
}

/**
 * Checks settings against the data (and against a given autoencoder). Throws `ConfigError`, `UsageError`,
 * `NumericsError` for too few cases, `GridError` for an autoencoder of another grid, `DatasetError` for one of other cases.
 */
export function checkStudy(
  settings: StudySettings,
  dataset: Dataset,
  autoencoder?: Pick<AutoencoderMeta, 'size' | 'spacing' | 'dataHash'>,
): void {
  const counts = classCounts(dataset);
  const test = dataset.split('test').length;
  if (test < LEAST_HELD_OUT)
    throw new NumericsError({
      found: `${test} held-out ${test === 1 ? 'case' : 'cases'} in ${dataset.dir}`,
      expected: `at least ${LEAST_HELD_OUT} to measure generated sets against; some dozens for figures worth a word`,
      todo: 'take in more cases, or hold out more of them (ingest --test-share)',
    });
  checkCounts(settings);
  checkClasses(settings, counts);
  checkSamplers(
    settings,
    counts.filter((c) => c.train > 0).map((c) => c.quality),
  );
  checkUNetConfig(settings.generator.model);
  checkGenerator(
    settings,
    counts.map((c) => c.quality),
  );
  requireEqualArms(trainingConfig(settings, 'otfm', 0, 1), trainingConfig(settings, 'ddpm', 0, 1));
  if (autoencoder === undefined) {
    checkVqVaeConfig(settings.autoencoder.model);
    checkVqVaeGrid(settings.autoencoder.model, dataset.grid.size, dataset.dir);
    return;
  }
  const { grid } = dataset;
  if (autoencoder.size.join() !== grid.size.join() || Math.abs(autoencoder.spacing - grid.spacing[0]) > 1e-6)
    throw new GridError({
      found: `${dataset.dir} has ${grid.size.join('x')} voxels of ${grid.spacing[0]} mm, the autoencoder ${autoencoder.size.join('x')} of ${autoencoder.spacing} mm`,
      expected: 'one grid for both',
      todo: 'leave --autoencoder out, or give one that was trained on this grid',
    });
  if (autoencoder.dataHash !== dataHash(dataset.split('train')))
    throw new DatasetError({
      found: `the autoencoder learnt from other cases than the training cases of ${dataset.dir}; they may hold some that are held out here`,
      expected: 'one that was trained on this dataset, with this split into training and held-out cases',
      todo: 'leave --autoencoder out, so that the study trains its own, or train one on this dataset (train autoencoder --data)',
    });
}
