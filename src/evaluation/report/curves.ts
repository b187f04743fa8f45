/** How the trainings went: their losses, and what was measured on held-out cases beside them. */
import type { LineChart } from '../../report/chartData.ts';
import type { Section } from '../../report/report.ts';
import type { Quantity } from '../../report/table.ts';
import { type MetricsLog, readMetrics, thinned } from './metricsLog.ts';

/** The training loss, raw and smoothed over a twentieth of the run, on a logarithmic axis. */
function lossChart(log: MetricsLog, unit: string): LineChart {
  const { x, y, every } = thinned(log.column('loss'), 1200, true);
  const note = every > 1 ? ` Each point is the mean of ${every} steps.` : '';
  return {
    kind: 'line',
    caption: `Training loss by step: each batch (faint) and its running mean.${note}`,
    series: [{ name: 'loss', x, y }],
    x: { label: 'step' },
    y: { label: `loss (${unit})`, log: true },
    smooth: Math.max(3, Math.round(x.length / 20)),
  };
}

/** A chart of keys measured now and then; nothing where none of them was logged. */
function measuredChart(
  log: MetricsLog,
  keys: readonly (readonly [key: string, name: string])[],
  label: string,
  caption: string,
  style: Pick<LineChart, 'dots' | 'smooth'> = { dots: true },
): LineChart[] {
  const series = keys
    .map(([key, name]) => ({ name, ...thinned(log.column(key)) }))
    .filter(({ x }) => x.length > 0);
  if (series.length === 0) return [];
  return [{ kind: 'line', caption, series, x: { label: 'step' }, y: { label }, ...style }];
}

const given = (value: number | undefined, rest: Omit<Quantity, 'value'>): Quantity[] =>
  value === undefined ? [] : [{ ...rest, value }];

/** Loss, held-out Dice and codebook use of an autoencoder's run folder. Throws `RunFolderError`. */
export function autoencoderCurves(run: string, command?: string): Section {
  const log = readMetrics(run);
  return {
    heading: 'Training of the autoencoder',
    prose:
      'The autoencoder learns to press a bone mask into a small grid of codes and to give it back. Its loss is cross-entropy plus soft Dice plus the commitment of latents to their codes.',
    quantities: [
      ...given(log.last('heldOutDice'), {
        name: 'Dice, held out, while training',
        better: 'higher',
        meaning: 'overlap of held-out masks with their reconstruction, when last measured; 1 is perfect',
      }),
      ...given(log.last('perplexity'), {
        name: 'Codebook perplexity',
        better: 'higher',
        meaning:
          'how many codes the last batch used, counted by their shares; near 1 the codebook has collapsed',
      }),
    ],
    charts: [
      lossChart(log, 'cross-entropy + Dice'),
      ...measuredChart(
        log,
        [['heldOutDice', 'held out']],
        'Dice',
        'Dice of reconstructed held-out cases by step. Higher is better.',
      ),
      ...measuredChart(
        log,
        ['0.05', '0.1', '0.2', '0.4'].map((level) => [`heldOutDiceNoise${level}`, `noise ${level}`] as const),
        'Dice',
        'Dice of held-out cases decoded from noisy latents by step; noise in ranges of the codebook. Step 0: before fine-tuning.',
      ),
      ...measuredChart(
        log,
        [['perplexity', 'perplexity']],
        'codes in use',
        'Codebook perplexity by step: the effective number of codes in use.',
        { smooth: 15 },
      ),
    ],
    command,
  };
}

/** Loss, and held-out against training prediction error, of a generator's run folder. Throws `RunFolderError`. */
export function generatorCurves(run: string, command?: string): Section {
  const log = readMetrics(run);
  const held = log.last('heldOutLoss');
  const seen = log.last('trainLoss');
  return {
    heading: 'Training of the generator',
    prose:
      'The generator learns what leads from noise to latents of bones: the velocity along straight paths (flow matching, reflow, distillation) or the noise in them (DDPM). Where its error keeps falling on training cases and rises on held-out ones, it begins to memorise.',
    quantities: [
      ...given(held, {
        name: 'Prediction error, held out',
        better: 'lower',
        meaning: 'mean squared error of the averaged weights on held-out latents, at four fixed times each',
      }),
      ...given(held !== undefined && seen !== undefined ? held - seen : undefined, {
        name: 'Gap to training cases',
        better: 0,
        meaning:
          'held-out error minus that on training cases, same times and noises; a growing gap is memorisation',
      }),
    ],
    charts: [
      lossChart(log, 'prediction error'),
      ...measuredChart(
        log,
        [
          ['heldOutLoss', 'held-out cases'],
          ['trainLoss', 'training cases'],
        ],
        'prediction error (MSE)',
        'Prediction error of the averaged weights by step, on held-out and on as many training cases. Lower is better.',
      ),
    ],
    command,
  };
}

/** Loss and held-out retrieval of a contrastive encoder's run folder. Throws `RunFolderError`. */
export function encoderCurves(run: string): Section {
  const log = readMetrics(run);
  return {
    heading: 'Training of the encoder',
    prose:
      'The encoder learns to know a shape again that is moved a little and partly hidden; evaluations compare sets by its features. Its loss is contrastive (NT-Xent): 0 where each view is told from those of all other subjects of the batch.',
    quantities: given(log.last('heldOutRetrieval'), {
      name: 'Retrieval, held out',
      better: 'higher',
      meaning:
        'share of the views of held-out cases whose nearest other view, by the features, is the other one of the same case; chance is one in the number of other views',
    }),
    charts: [
      lossChart(log, 'NT-Xent'),
      ...measuredChart(
        log,
        [['heldOutRetrieval', 'held out']],
        'share found',
        'Retrieval of held-out views by step. Higher is better.',
      ),
    ],
  };
}
