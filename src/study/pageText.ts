/** How the page of a study writes numbers, intervals and directions. */
import { formatNumber } from '../report/number.ts';
import type { MetricRow, PointFigures } from './figures.ts';
import { HEADLINES } from './headline.ts';
import { type Advantage, isWalkover, NAME } from './outcome.ts';

/** A space that no line is broken at. */
export const NARROW = '\u202f';

/** Three significant digits. */
export const short = (value: number): string =>
  formatNumber(Math.abs(value) < 1e-12 ? 0 : Number(value.toPrecision(3)));

export const signed = (value: number): string => `${value > 0 ? '+' : ''}${short(value)}`;

export const shown = (e: Advantage | undefined, plus = false): string => {
  if (e == null) return '–';
  if (isWalkover(e)) return `${NAME[e.failed]} makes too few bones`;
  const number = plus ? signed : short;
  // Without a width there is no interval to show.
  if (e.low === e.high) return number(e.value);
  return `${number(e.value)} [${number(e.low)}, ${number(e.high)}]`.replaceAll(' ', NARROW);
};

export const secondsText = (seconds: number): string => `${Number(seconds.toPrecision(2))}`;

/** `Judged on 40 held-out cases drawn at random and as many bones.`, with the figures told apart that take fewer. */
export function casesText(points: readonly Pick<PointFigures, 'cases'>[]): string {
  const groups = new Map<string, string[]>();
  for (const { name, title } of HEADLINES) {
    const counts = points.flatMap(({ cases }) => cases[name] ?? []);
    if (counts.length === 0) continue;
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    const range = least === most ? `${least}` : `${least} to ${most}`;
    groups.set(range, [...(groups.get(range) ?? []), title]);
  }
  if (groups.size === 0) return 'Nothing could be measured here.';
  const parts = [...groups].map(([range, titles]) =>
    groups.size === 1 ? range : `${range} (${titles.join(', ')})`,
  );
  return `Judged on ${parts.join('; ')} held-out cases drawn at random and as many bones that are not empty, the fewer of the two there are.`;
}

export const WORDS = { otfm: 'OTFM', ddpm: 'DDPM', undecided: 'open' } as const;

export const direction = (better: MetricRow['better']): string =>
  ({
    higher: `↑${NARROW}higher`,
    lower: `↓${NARROW}lower`,
    'near 0.5': `→${NARROW}0.5`,
    'near 1': `→${NARROW}1`,
    'near reference': `→${NARROW}real`,
  })[better];
