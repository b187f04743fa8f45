/** How numbers are written for people, on every page and in every table. */

/** Four significant digits without exponent where that stays readable: 0.9134, 12.35, 1,204, 3.1e-7; NaN is 'not a number'. */
export const formatNumber = (value: number): string => written(value, 4, 1);

/** A number along an axis: neighbours a ten-thousandth apart differ, and one alone has no row of zeros (as d3's own would). */
export const tick = (value: number): string => written(value, 7);

/** To `digits` significant digits; where an exponent is needed, with `decimals` (absent: as many as there are). */
function written(value: number, digits: number, decimals?: number): string {
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return value.toLocaleString('en-GB').replace('-', '−');
  const rounded = Number(value.toPrecision(digits));
  const text = size < 1e-4 || size >= 1e9 ? rounded.toExponential(decimals) : String(rounded);
  return text.replace(/^-/, '−');
}

/** A number to four significant digits, a text as it is. */
export const shown = (value: number | string): string =>
  typeof value === 'number' ? formatNumber(value) : value;
