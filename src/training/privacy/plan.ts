/**
 * Before the first private step: what cannot be made private is refused, the budget becomes noise and steps, and the key of
 * the noise is made or, on resuming, found again.
 *
 *   RUN/private/dp.json   key and plan, readable by the owner alone; removed when the training is complete
 *   RUN/privacy.json      the plan and the statement, for everyone
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { GeneratorConfig, PrivacyConfig } from '../../config/schemas.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { CheckpointError, ConfigError } from '../../errors.ts';
import { writeFileAtomic, writePrivateFile } from '../../files/atomic.ts';
import { latestCheckpointPath } from '../../files/checkpoint.ts';
import type { PrivacyStatement } from '../../models/privacyStatement.ts';
import { epsilonSpent, type Mechanism, noiseFor, stepsWithin } from './accountant.ts';
import { freshKey, keyOfSeed, type SecretKey } from './secretStream.ts';
import { casesBySubject } from './subjects.ts';

/** Least training subjects: with fewer, delta alone lets the guarantee fail for one person in some forty. */
export const SUBJECTS_LEAST = 25;
/** Length of the summed noise over the longest possible sum of gradients from which on nothing can be learnt. */
const HOPELESS = 100;
/** The same of one step, from which on a person should be told. */
const NOISY = 10;

/** A private training, decided. */
export interface PrivacyPlan {
  /** Indices of each subject's cases. */
  members: number[][];
  /** Their names, which key what a subject brings to a step. */
  names: string[];
  rate: number;
  delta: number;
  noise: number;
  /** Steps that are done: those of the configuration, or as many as the budget holds at a given noise. */
  steps: number;
  config: PrivacyConfig;
}

/** The data set, the network and the settings that a plan is made for. */
export interface PlanFor {
  config: GeneratorConfig;
  cases: readonly DatasetCase[];
  /** What the autoencoder learnt from. */
  autoencoder: PrivacyStatement['autoencoder'];
  /** Numbers in the network. */
  parameters: number;
  /** The run folder: a plan that is there is kept. */
  out: string;
  resume?: boolean;
}

const refuse = (found: string, expected: string, todo: string): ConfigError =>
  new ConfigError({ found, expected, todo });

/** Settings with which a step would depend on a person in ways that are not counted. Throws `ConfigError`. */
function checkSettings({ config, autoencoder }: PlanFor): void {
  const { coupling, latents, keep, share, dp } = config;
  const rules: [boolean, string, string, string][] = [
    [
      coupling === 'independent',
      `coupling: ${coupling} with dp.epsilon`,
      'independent: an assignment within the batch lets every person change the gradients of the others',
      'set coupling=independent',
    ],
    [
      latents.mix === 0,
      `latents.mix: ${latents.mix} with dp.epsilon`,
      '0: a mixture of two persons would be cut and counted as one',
      'set latents.mix=0',
    ],
    [
      latents.centre === 'channel',
      `latents.centre: ${latents.centre} with dp.epsilon`,
      'channel: the mean latent is an exact average of the persons, and would be stored with the weights',
      'set latents.centre=channel',
    ],
    [
      keep.by === 'last',
      `keep.by: ${keep.by} with dp.epsilon`,
      'last: a choice among weights by held-out persons would give those away, and they are in no budget',
      'set keep.by=last',
    ],
    [
      share === 1,
      `share: ${share} with dp.epsilon`,
      '1: which cases a share takes depends on how many there are, so one person more would change the others',
      'set share=1, or make a smaller dataset',
    ],
    [
      autoencoder !== 'same persons' || dp!.uncovered,
      'an autoencoder that was trained, without privacy, on the same cases',
      'one of other data (phantoms will do): it is part of every bone that is made, and would give them away by itself',
      'train one on other data; or, to learn what privacy costs, add --set dp.uncovered=true, which the statement will tell',
    ],
  ];
  for (const [sound, ...words] of rules) if (!sound) throw refuse(...words);
}

/** The mechanisms of a training after `count` steps: the steps, and the class counts that are released with any weights. */
export function mechanismsAt(
  { noise, rate, config }: Pick<PrivacyPlan, 'noise' | 'rate' | 'config'>,
  count: number,
): Mechanism[] {
  return [
    { noise, rate, count },
    { noise: config.classNoise, rate: 1, count: 1 },
  ];
}

/**
 * Decides noise and steps of a private training, or takes those of the run that is resumed. Throws `ConfigError` for what
 * cannot be private, for too few subjects, and where the noise would leave nothing to learn; `CheckpointError` where a
 * resumed run was planned for other steps.
 */
export function planPrivacy(options: PlanFor, notice: (text: string) => void = () => undefined): PrivacyPlan {
  checkSettings(options);
  const { config, cases, parameters, out, resume } = options;
  const dp = config.dp!;
  const members = casesBySubject(cases);
  const names = members.map(([first]) => cases[first].subject);
  const subjects = members.length;
  if (subjects < SUBJECTS_LEAST)
    throw refuse(
      `${subjects} training subjects`,
      `at least ${SUBJECTS_LEAST}: with delta at 1/n^1.1 the guarantee may fail for one person in ${Math.round(subjects ** 1.1)}`,
      'gather more subjects, or train without --dp-epsilon and do not share the result',
    );
  const delta = dp.delta ?? subjects ** -1.1;
  if (delta >= 1 / subjects)
    throw refuse(
      `a delta of ${delta} for ${subjects} subjects`,
      `less than 1/n = ${(1 / subjects).toPrecision(2)}: at that, showing one person's skull to all would be allowed`,
      'lower --dp-delta, or leave it out for 1/n^1.1',
    );
  if (config.batch > subjects)
    throw refuse(
      `batch: ${config.batch} of ${subjects} subjects`,
      'at most all of them: it is the number that a step draws on average',
      `set batch=${subjects} or less`,
    );
  const rate = config.batch / subjects;
  const counts: Mechanism[] = [{ noise: dp.classNoise, rate: 1, count: 1 }];
  // Without a checkpoint nothing was spent, and the settings may be others.
  const known = resume && latestCheckpointPath(out) !== undefined ? readPlan(out) : undefined;
  if (known !== undefined) {
    if (known.asked !== config.steps)
      throw new CheckpointError({
        found: `${config.steps} steps, for a private run that was planned for ${known.asked}`,
        expected: 'the steps that the noise was made for: more would spend more than the budget',
        todo: `resume with steps=${known.asked}, or start a new run (its budget adds to that of this one)`,
      });
    return { members, names, rate, delta, noise: known.noise, steps: known.steps, config: dp };
  }
  let steps = config.steps;
  let noise = dp.noise;
  if (noise === undefined) noise = noiseFor(dp.epsilon, delta, { rate, count: steps }, counts, dp.accountant);
  else {
    steps = stepsWithin(dp.epsilon, delta, { noise, rate }, config.steps, counts, dp.accountant);
    if (steps === 0)
      throw refuse(
        `dp.noise: ${noise}, of which one step spends epsilon ${epsilonSpent(mechanismsAt({ noise, rate, config: dp }, 1), delta, dp.accountant).toPrecision(3)}`,
        `steps within epsilon ${dp.epsilon}`,
        'raise dp.noise, or leave it out to have it planned',
      );
  }
  const step = (noise * Math.sqrt(parameters)) / config.batch;
  const all = step / Math.sqrt(steps);
  const figures = `noise of ${noise.toPrecision(3)} clipping norms over ${parameters} numbers is ${step.toPrecision(2)} times as long as the longest sum of gradients of a step (${config.batch} of ${subjects} subjects), ${all.toPrecision(2)} times over ${steps} steps`;
  const better = `batch=${subjects} (all subjects), fewer steps, a smaller network (model.width) or a larger epsilon help`;
  if (all > HOPELESS)
    throw refuse(figures, `at most ${HOPELESS} times: nothing is left to learn from`, better);
  const short = steps < config.steps ? `; the budget holds ${steps} of ${config.steps} steps` : '';
  notice(
    `privacy: epsilon ${dp.epsilon} at delta ${delta.toPrecision(2)} for ${subjects} subjects; ${figures}${short}${step > NOISY ? `.\nExpect a poor generator: published private trainings have 0.5 to 3 times a step. ${better}` : ''}`,
  );
  if (dp.seed !== undefined)
    notice('dp.seed is set: the noise can be repeated by anyone, so there is no guarantee. For tests only');
  return { members, names, rate, delta, noise, steps, config: dp };
}

/** The statement of the weights of a step. */
export function statementAt(
  plan: PrivacyPlan,
  step: number,
  autoencoder: PrivacyStatement['autoencoder'],
): PrivacyStatement {
  const { members, rate, delta, noise, steps, config } = plan;
  const done = mechanismsAt(plan, step);
  const spent = (accountant: 'pld' | 'rdp') => Number(epsilonSpent(done, delta, accountant).toPrecision(6));
  return {
    epsilon: spent(config.accountant),
    delta,
    accountant: config.accountant,
    renyiEpsilon: spent('rdp'),
    unit: 'subject',
    neighbours: 'one subject added or removed',
    sampling: 'poisson',
    subjects: members.length,
    rate,
    noise,
    clip: config.clip,
    steps: step,
    planned: { epsilon: config.epsilon, steps },
    classNoise: config.classNoise,
    autoencoder,
    ...(config.seed !== undefined && { void: 'the seed of the noise is known (dp.seed)' }),
  };
}

const PLAN = 'privacy.json';
const secretFile = (run: string): string => join(run, 'private', 'dp.json');

interface StoredPlan {
  noise: number;
  steps: number;
  /** Steps of the configuration. */
  asked: number;
}

/** The plan of a run that was begun; undefined where there is none. Throws `CheckpointError` for a damaged one. */
function readPlan(run: string): StoredPlan | undefined {
  const path = join(run, PLAN);
  if (!existsSync(path)) return undefined;
  try {
    const { plan } = JSON.parse(readFileSync(path, 'utf8')) as { plan: StoredPlan };
    if (plan.noise > 0 && Number.isInteger(plan.steps) && Number.isInteger(plan.asked)) return plan;
  } catch {
    // Told below.
  }
  throw new CheckpointError({
    found: `${path} is not the plan of a private training`,
    expected: 'the file as it was written',
    todo: 'restore it, or start a new run in another --out',
  });
}

/** Writes the plan and the statement of the weights that are there. Throws `DiskError`. */
export function writeStatement(
  run: string,
  plan: PrivacyPlan,
  asked: number,
  statement: PrivacyStatement,
): void {
  const { noise, steps } = plan;
  writeFileAtomic(
    join(run, PLAN),
    `${JSON.stringify({ plan: { noise, steps, asked }, statement }, null, 1)}\n`,
  );
}

/**
 * The key of a run's noise: the one it has, or a new one from the system's entropy where no step was done. A run that is
 * complete needs none. Throws `CheckpointError` where the key of a run that goes on is lost: other noise would be added to
 * the same steps, and the same persons drawn anew.
 */
export function keyOf(run: string, config: PrivacyConfig, done: number, steps: number): SecretKey {
  if (config.seed !== undefined) return keyOfSeed(config.seed);
  const path = secretFile(run);
  const hex = existsSync(path)
    ? /"key":\s*"([0-9a-f]{64})"/.exec(readFileSync(path, 'utf8'))?.[1]
    : undefined;
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  if (existsSync(path) || (done > 0 && done < steps))
    throw new CheckpointError({
      found: `${path}, the key of the noise, is ${existsSync(path) ? 'damaged' : 'missing'}, and ${done} of ${steps} steps are done`,
      expected:
        'the key that the run was begun with: with another one it would not be the training that is accounted for',
      todo: 'restore the file, or start a new run in another --out',
    });
  const key = freshKey();
  if (done < steps) writePrivateFile(path, `${JSON.stringify({ key: Buffer.from(key).toString('hex') })}\n`);
  return key;
}

/** Destroys the key of a complete run: nobody needs to repeat its noise. */
export function forgetKey(run: string): void {
  rmSync(join(run, 'private'), { recursive: true, force: true });
}
