/**
 * Figures over cases, with 95 % intervals by subject: defects of one subject are averaged first, then subjects are
 * resampled. A failure counts as overlap 0 in Dice, border Dice and surface Dice; it has no distance, so distances are
 * over those that did not fail, and the number of failures stands beside them.
 */
import { type Difference, pairedDifference } from '../../evaluation/bootstrap.ts';
import { bootstrapMean, type Interval, quantile } from '../../evaluation/statistics.ts';
import type { CompletionFigures } from './measure.ts';
import type { CompletionRecord, CompletionRow } from './record.ts';

export interface Figure {
  key: string;
  title: string;
  unit: '' | 'mm';
  better: 'higher' | 'lower';
  of: (figures: CompletionFigures) => number;
}

/** The figures in the order of tables: what decides first. */
export const FIGURES: readonly Figure[] = [
  { key: 'implantDice', title: 'implant Dice', unit: '', better: 'higher', of: (f) => f.implant.dice },
  { key: 'borderDice', title: 'border Dice', unit: '', better: 'higher', of: (f) => f.implant.borderDice },
  {
    key: 'implantSurfaceDice',
    title: 'implant surface Dice',
    unit: '',
    better: 'higher',
    of: (f) => f.implant.surfaceDice,
  },
  {
    key: 'implantHd95Pooled',
    title: 'implant HD95 pooled',
    unit: 'mm',
    better: 'lower',
    of: (f) => f.implant.hd95PooledMm,
  },
  {
    key: 'implantHd95DirectedMax',
    title: 'implant HD95 directed-max',
    unit: 'mm',
    better: 'lower',
    of: (f) => f.implant.hd95DirectedMaxMm,
  },
  { key: 'implantAssd', title: 'implant ASSD', unit: 'mm', better: 'lower', of: (f) => f.implant.assdMm },
  { key: 'skullDice', title: 'skull Dice', unit: '', better: 'higher', of: (f) => f.skull.dice },
  {
    key: 'skullSurfaceDice',
    title: 'skull surface Dice',
    unit: '',
    better: 'higher',
    of: (f) => f.skull.surfaceDice,
  },
  {
    key: 'skullHd95Pooled',
    title: 'skull HD95 pooled',
    unit: 'mm',
    better: 'lower',
    of: (f) => f.skull.hd95PooledMm,
  },
  {
    key: 'skullHd95DirectedMax',
    title: 'skull HD95 directed-max',
    unit: 'mm',
    better: 'lower',
    of: (f) => f.skull.hd95DirectedMaxMm,
  },
  { key: 'skullAssd', title: 'skull ASSD', unit: 'mm', better: 'lower', of: (f) => f.skull.assdMm },
];

export interface MethodSummary {
  method: string;
  /** Defects, and those in which the method gave no implant. */
  tried: number;
  failed: number;
  subjects: number;
  /** By figure; absent where no case has it. */
  figures: Partial<Record<string, Interval>>;
  /** Of methods that give several answers: implant Dice of the best by the truth, and their spread. */
  bestDice?: Interval;
  spread?: Interval;
  seconds: { median: number; p95: number };
}

/** The value of a figure in a row: of a failed one 0 where it is an overlap, else undefined. */
export function figureOf(row: CompletionRow, figure: Figure): number | undefined {
  if (row.figures !== undefined) return figure.of(row.figures);
  return figure.better === 'higher' && row.failure !== undefined ? 0 : undefined;
}

/** Mean by subject, in the order in which subjects appear. */
function bySubject(
  rows: readonly CompletionRow[],
  value: (row: CompletionRow) => number | undefined,
): Map<string, number> {
  const sums = new Map<string, [number, number]>();
  for (const row of rows) {
    const v = value(row);
    if (v === undefined) continue;
    const [sum, n] = sums.get(row.subject) ?? [0, 0];
    sums.set(row.subject, [sum + v, n + 1]);
  }
  return new Map([...sums].map(([subject, [sum, n]]) => [subject, sum / n]));
}

function intervalOf(values: Map<string, number>, seed: number): Interval | undefined {
  return values.size === 0 ? undefined : bootstrapMean([...values.values()], seed);
}

/** One summary a method, in the record's order, of the rows that `keep` holds. Methods without such rows are left out. */
export function summarise(
  record: CompletionRecord,
  keep: (row: CompletionRow) => boolean = () => true,
): MethodSummary[] {
  const { seed } = record;
  return record.methods.flatMap(({ name }) => {
    const rows = record.rows.filter((row) => row.method === name && keep(row));
    if (rows.length === 0) return [];
    const seconds = rows.map((row) => row.seconds);
    const several = rows.filter((row) => row.several !== undefined);
    return {
      method: name,
      tried: rows.length,
      failed: rows.filter((row) => row.figures === undefined).length,
      subjects: new Set(rows.map((row) => row.subject)).size,
      figures: Object.fromEntries(
        FIGURES.map((f) => [
          f.key,
          intervalOf(
            bySubject(rows, (row) => figureOf(row, f)),
            seed,
          ),
        ]),
      ),
      ...(several.length > 0 && {
        bestDice: intervalOf(
          bySubject(several, (row) => row.several?.best.implant.dice),
          seed,
        ),
        spread: intervalOf(
          bySubject(several, (row) => row.several?.spread ?? undefined),
          seed,
        ),
      }),
      seconds: { median: quantile(seconds, 0.5), p95: quantile(seconds, 0.95) },
    };
  });
}

export interface MethodDifference extends Difference {
  a: string;
  b: string;
  figure: Figure;
  subjects: number;
}

/** Paired differences a - b of every two methods over the subjects that both have, for each figure. */
export function differences(record: CompletionRecord): MethodDifference[] {
  const names = record.methods.map((m) => m.name);
  return names.flatMap((a, i) =>
    names.slice(i + 1).flatMap((b) =>
      FIGURES.flatMap((figure) => {
        const ofCase = new Map<string, [number?, number?]>();
        for (const row of record.rows) {
          if (row.method !== a && row.method !== b) continue;
          const key = `${row.case}/${row.defect}`;
          const pair = ofCase.get(key) ?? [];
          pair[row.method === a ? 0 : 1] = figureOf(row, figure);
          ofCase.set(key, pair);
        }
        const rows = record.rows.filter((row) => row.method === a);
        const both = (side: 0 | 1) =>
          bySubject(rows, (row) => {
            const pair = ofCase.get(`${row.case}/${row.defect}`)!;
            return pair[0] === undefined || pair[1] === undefined ? undefined : pair[side];
          });
        const [left, right] = [[...both(0).values()], [...both(1).values()]];
        if (left.length === 0) return [];
        return {
          a,
          b,
          figure,
          subjects: left.length,
          ...pairedDifference(left, right, { seed: record.seed }),
        };
      }),
    ),
  );
}
