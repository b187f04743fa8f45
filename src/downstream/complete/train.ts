/**
 * Training the completer: bones of the train side, and of synthetic sets beside it, get virtual defects, and the network
 * learns to give the whole bone back (models/completer.ts has network and loss). Measured on held-out bones with fixed
 * defects: Dice of the whole, Dice of the implant.
 *
 * Examples are pure functions of (seed, step), so a resumed run ends bit for bit like an unbroken one.
 */

import { join } from 'node:path';
import type { CompleterConfig } from '../../config/completer.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { writeFileAtomic } from '../../files/atomic.ts';
import type { StoredTensor } from '../../files/safetensors.ts';
import { Graph } from '../../graph/graph.ts';
import { checkGroups } from '../../models/checkConfig.ts';
import { completer, completerLoss } from '../../models/completer.ts';
import { type CompleterMeta, encodeMeta } from '../../models/metadata.ts';
import { Scope } from '../../nn/scope.ts';
import { value } from '../../runtime/session.ts';
import { learningRate, trainingLoop } from '../../training/loop.ts';
import {
  type CaseSet,
  HELD_OUT_MOST,
  learntFromAll,
  openTraining,
  paceOf,
  type TrainOptions,
} from '../../training/opening.ts';
import { adamOf } from '../../training/optimiser.ts';
import { Trainer } from '../../training/trainer.ts';
import { requireHeldOutApart } from '../heldOut.ts';
import { COMPLETER_CARD, completerCard } from './trainCard.ts';
import { Examples } from './trainExamples.ts';
import { type CompletionFigures, heldOutDefects, measureHeldOut } from './trainMeasure.ts';
import { taughtBy } from './trainTaught.ts';
import { COMPLETER_SCOPE, Completer, TEMPLATE } from './unet.ts';

export interface CompleterTraining extends TrainOptions<CompleterConfig> {
  /** Cases of the dataset that are learnt from; its train side unless told. None: the synthetic sets alone. */
  cases?: readonly DatasetCase[];
  /** Sets beside it, on the same grid; all their cases unless told. */
  synthetic?: readonly CaseSet[];
}

/** The last figures; NaN where no case is held out. */
export interface CompleterResult extends CompletionFigures {
  heldOutCases: number;
}

/** The weights, and beside them the mean training bone: the network sees it, and a patient's bone is laid where it lies. */
function withTemplate(tensors: Map<string, StoredTensor>, data: Uint8Array, shape: readonly number[]) {
  return tensors.set(TEMPLATE, { dtype: 'U8', shape: shape.slice(2), data });
}

/**
 * Trains, or goes on training, a completer in the run folder `out`, and writes its card there; returns the last figures of
 * held-out cases. Throws `GridError` where a synthetic set has another grid or bone, `DatasetError` where there is nothing
 * to learn from, `InterruptedError` after a checkpoint when it is asked to stop.
 */
export async function trainCompleter(options: CompleterTraining): Promise<CompleterResult> {
  const { dataset, config, threads, synthetic = [] } = options;
  const { model, batch, seed } = config;
  checkGroups(model);
  const sets = [{ dataset, cases: options.cases ?? dataset.split('train') }, ...synthetic];
  const examples = new Examples(sets, config);
  requireHeldOutApart(dataset, sets);
  const held = heldOutDefects(dataset, dataset.split('test').slice(0, HELD_OUT_MOST), config.defects);
  const learnt = learntFromAll(sets);
  const template = examples.template();
  const taught = taughtBy(examples, template, dataset.grid, config);
  const [sx, sy, sz] = dataset.grid.size;
  const meta = (step: number): CompleterMeta => ({
    kind: 'completer',
    config: model,
    taught,
    frame: dataset.manifest.frame,
    ...learnt,
    step,
  });

  const run = openTraining(options, learnt.dataHash);
  try {
    const checkpoint = run.latestCheckpoint();
    const graph = new Graph();
    const x = graph.input('x', [batch, 1, sz, sy, sx]);
    const whole = graph.input('whole', x.shape);
    const logits = completer(new Scope(graph, COMPLETER_SCOPE), x, model, template);
    const trainer = await Trainer.create(
      {
        graph,
        loss: completerLoss(logits, x, whole, config),
        seed,
        adam: adamOf(config, 0.99),
      },
      { threads },
    );
    const start = trainer.resume(checkpoint);

    const evaluate = async (): Promise<CompletionFigures | undefined> => {
      if (held.length === 0) return undefined;
      const network = await Completer.create(
        { meta: meta(0), weights: trainer.weights(), template },
        { threads },
      );
      try {
        return await measureHeldOut(held, (mask) => network.believe(mask));
      } finally {
        await network.release();
      }
    };
    const [seen, wanted] = [0, 0].map(() => new Float32Array(batch * examples.voxels));
    let last: CompletionFigures | undefined;
    await trainingLoop({
      title: 'train completer',
      run,
      start,
      ...paceOf(options),
      async step(t) {
        examples.fill(t - 1, seen, wanted);
        const feeds = { x: value(seen, x.shape), whole: value(wanted, x.shape) };
        return trainer.step(t, learningRate(t, config), feeds);
      },
      async evaluate() {
        last = await evaluate();
        return { ...last };
      },
      checkpoint: (t) => ({
        step: t,
        files: {
          model: withTemplate(trainer.modelTensors(), template, x.shape),
          optimizer: trainer.optimiserTensors(),
        },
        metadata: encodeMeta(meta(t)),
      }),
    });
    // A run that was already complete is measured all the same.
    last ??= await evaluate();
    await trainer.release();
    const none = { heldOutDice: Number.NaN, heldOutImplantDice: Number.NaN, heldOutNothingDice: Number.NaN };
    const result = { ...none, ...last, heldOutCases: held.length };
    writeFileAtomic(
      join(run.path, COMPLETER_CARD),
      completerCard(meta(config.steps), examples.cases.length, result),
    );
    return result;
  } finally {
    run.close();
  }
}
