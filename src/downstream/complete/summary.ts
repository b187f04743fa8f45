/**
 * Figures over cases, with 95 % intervals by subject: defects of one subject are averaged first, then subjects are
 * resampled. A failure counts as overlap 0 in the implant's Dice, border Dice and surface Dice; the skull then stays as it
 * was, with the share s gone: its Dice is 2 (1 - s) / (2 - s). What else a failure would be is not known, so other figures
 * are over those that did not fail, and the number of failures stands beside them.
 */
import { bySubject, type PairedEffect, pairedEffect, subjectMeans } from '../../evaluation/paired.ts';
import { bootstrapMean, type Interval, quantile } from '../../evaluation/statistics.ts';
import type { CompletionFigures } from './measure.ts';
import type { CompletionRecord, CompletionRow } from './record.ts';

export interface Figure {
  key: string;
  title: string;
  unit: '' | 'mm';
  better: 'higher' | 'lower';
  of: (figures: CompletionFigures) => number;
  /** Its value where no implant was made and this share of the bone stays gone; absent where that is not known. */
  failed?: (share: number) => number;
}

const NOTHING = () => 0;

/** The figures in the order of tables: what decides first. */
export const FIGURES: readonly Figure[] = [
  {
    key: 'implantDice',
    title: 'implant Dice',
    unit: '',
    better: 'higher',
    of: (f) => f.implant.dice,
    failed: NOTHING,
  },
  {
    key: 'borderDice',
    title: 'border Dice',
    unit: '',
    better: 'higher',
    of: (f) => f.implant.borderDice,
    failed: NOTHING,
  },
  {
    key: 'implantSurfaceDice',
    title: 'implant surface Dice',
    unit: '',
    better: 'higher',
    of: (f) => f.implant.surfaceDice,
    failed: NOTHING,
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
  {
    key: 'skullDice',
    title: 'skull Dice',
    unit: '',
    better: 'higher',
    of: (f) => f.skull.dice,
    failed: (share) => (2 * (1 - share)) / (2 - share),
  },
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

/** The value of a figure in a row; of a failed one see above. */
export function figureOf(row: CompletionRow, figure: Figure): number | undefined {
  if (row.figures !== undefined) return figure.of(row.figures);
  return row.failure === undefined ? undefined : figure.failed?.(row.share);
}

function intervalOf(
  rows: readonly CompletionRow[],
  value: (row: CompletionRow) => number | undefined,
  seed: number,
): Interval | undefined {
  const values = subjectMeans(bySubject(rows, value));
  return values.length === 0 ? undefined : bootstrapMean(values, seed);
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
        FIGURES.map((f) => [f.key, intervalOf(rows, (row) => figureOf(row, f), seed)]),
      ),
      ...(several.length > 0 && {
        bestDice: intervalOf(several, (row) => row.several?.best.implant.dice, seed),
        spread: intervalOf(several, (row) => row.several?.spread ?? undefined, seed),
      }),
      seconds: { median: quantile(seconds, 0.5), p95: quantile(seconds, 0.95) },
    };
  });
}

export interface MethodDifference extends PairedEffect {
  a: string;
  b: string;
  figure: Figure;
}

/** Paired differences a - b of every two methods over the defects that both have a value for, for each figure. */
export function differences(record: CompletionRecord): MethodDifference[] {
  const names = record.methods.map((m) => m.name);
  const placeOf = ({ case: id, defect }: CompletionRow): string => `${id}/${defect}`;
  const rowsOf = (name: string) => record.rows.filter((row) => row.method === name);
  return names.flatMap((a, i) =>
    names.slice(i + 1).flatMap((b) => {
      const others = new Map(rowsOf(b).map((row) => [placeOf(row), row]));
      return FIGURES.flatMap((figure) => {
        const groups = bySubject(rowsOf(a), (row) => {
          const other = others.get(placeOf(row));
          const [left, right] = [figureOf(row, figure), other && figureOf(other, figure)];
          return left === undefined || right === undefined ? undefined : left - right;
        });
        return groups.size === 0 ? [] : { a, b, figure, ...pairedEffect(subjectMeans(groups), record.seed) };
      });
    }),
  );
}
