/** How numbers are written for people, on every page and in every table. */

/** Four significant digits without exponent where that stays readable: 0.9134, 12.35, 1204, 3.1e-7; NaN is 'not a number'. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return value.toLocaleString('en-GB').replace('-', '−');
  const text = size < 1e-4 || size >= 1e9 ? value.toExponential(1) : String(Number(value.toPrecision(4)));
  return text.replace(/^-/, '−');
}

/** A number to four significant digits, a text as it is. */
export const shown = (value: number | string): string =>
  typeof value === 'number' ? formatNumber(value) : value;
