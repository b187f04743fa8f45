/**
 * A private training as `trainGenerator` sees it: planned before the run folder is opened, begun once latents are there,
 * asked for its steps and for what weights of a step may say of the data, finished when the budget is used.
 */
import type { GeneratorConfig } from '../../config/schemas.ts';
import { dataHash } from '../../dataset/dataHash.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { elements } from '../../graph/graph.ts';
import type { AutoencoderMeta, GeneratorMeta } from '../../models/metadata.ts';
import type { PrivacyStatement } from '../../models/privacyStatement.ts';
import { velocityGraph } from '../../sampling/network.ts';
import type { FitOptions } from '../fit.ts';
import type { LatentSet } from '../latents.ts';
import { forgetKey, keyOf, type PrivacyPlan, planPrivacy, statementAt, writeStatement } from './plan.ts';
import { noisyClasses, pointMaker, poissonSample } from './subjects.ts';

export interface PrivateRunOptions {
  config: GeneratorConfig;
  dataset: Dataset;
  cases: readonly DatasetCase[];
  autoencoder: AutoencoderMeta;
  latentShape: number[];
  out: string;
  resume?: boolean;
  notice?: (text: string) => void;
}

/** What an autoencoder learnt from, seen from a data set. */
function learntFrom(
  { phantom, dataHash: hash }: AutoencoderMeta,
  { dataset, cases }: PrivateRunOptions,
): PrivacyStatement['autoencoder'] {
  if (phantom) return 'phantoms';
  return hash === dataHash(dataset.split('train')) || hash === dataHash(cases)
    ? 'same persons'
    : 'other data';
}

/** One private training. */
export class PrivateRun {
  readonly plan: PrivacyPlan;
  /** The private steps, once the run has begun. */
  steps: FitOptions['privacy'];
  readonly #config: GeneratorConfig;
  readonly #autoencoder: PrivacyStatement['autoencoder'];
  readonly #statements = new Map<number, PrivacyStatement>();
  #classes: { label: number; count: number }[] = [];

  /** Plans. Throws `ConfigError` and `CheckpointError` as `planPrivacy`. */
  constructor(options: PrivateRunOptions) {
    const { config, cases, latentShape, out, resume } = options;
    const { parameters } = velocityGraph({ config: config.model, latentShape }, 1).graph;
    this.#config = config;
    this.#autoencoder = learntFrom(options.autoencoder, options);
    this.plan = planPrivacy(
      {
        config,
        cases,
        autoencoder: this.#autoencoder,
        parameters: parameters.reduce((n, p) => n + elements(p.shape), 0),
        out,
        resume,
      },
      options.notice,
    );
  }

  /** Takes the key and the latents; `done` steps were done before. Throws `CheckpointError` where the key is lost. */
  begin(run: string, done: number, set: LatentSet, labels: Int32Array): void {
    const { plan } = this;
    const { members, rate, noise, config } = plan;
    const key = keyOf(run, config, done, plan.steps);
    const { multiplicity, clip, classNoise } = config;
    this.#classes = noisyClasses(key, labels, members, this.#config.model.classes, classNoise);
    this.steps = {
      key,
      clip,
      noise,
      multiplicity,
      expected: this.#config.batch,
      subjects: (step) => poissonSample(key, step, members.length, rate),
      point: pointMaker(set, labels, members, plan.names, this.#config, multiplicity),
    };
    writeStatement(run, plan, this.#config.steps, this.statement(done));
  }

  /** The statement of the weights of a step. */
  statement(step: number): PrivacyStatement {
    let found = this.#statements.get(step);
    if (found === undefined) {
      found = statementAt(this.plan, step, this.#autoencoder);
      this.#statements.set(step, found);
    }
    return found;
  }

  /** What weights of a step say of the data: the statement, and noisy shares of the classes in place of exact ones. */
  meta(step: number): Pick<GeneratorMeta, 'privacy' | 'qualities' | 'qualityCounts'> {
    return {
      privacy: this.statement(step),
      qualities: this.#classes.map(({ label }) => label + 2),
      qualityCounts: this.#classes.map(({ count }) => count),
    };
  }

  /** Writes the statement of the last weights and, where all steps are done, destroys the key. */
  finish(run: string, steps: number): PrivacyStatement {
    const statement = this.statement(steps);
    writeStatement(run, this.plan, this.#config.steps, statement);
    if (steps >= this.plan.steps && this.plan.config.seed === undefined) forgetKey(run);
    return statement;
  }
}
