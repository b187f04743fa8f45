/** Parsers of option values. They throw commander's error for bad arguments, which ends in a usage message and exit 2. */
import { InvalidArgumentError, Option } from 'commander';

/** A whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(n) && n >= least && n <= most) return n;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

/** A number from `least` to `most`, both allowed. */
export function real(
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
): (text: string) => number {
  return (text) => {
    const x = Number(text);
    if (text.trim() !== '' && Number.isFinite(x) && x >= least && x <= most) return x;
    const bounds = [
      ...(Number.isFinite(least) ? [`from ${least}`] : []),
      ...(Number.isFinite(most) ? [`up to ${most}`] : []),
    ];
    throw new InvalidArgumentError(`It must be a number${bounds.length > 0 ? ` ${bounds.join(' ')}` : ''}.`);
  };
}

/** An option that takes a list with commas; without it, `names`. */
export function listOption(flags: string, description: string, names: string[]): Option {
  return new Option(flags, description).argParser(list).default(names, names.join());
}

/** A number above 0. */
export function positive(text: string): number {
  const x = Number(text);
  if (text.trim() !== '' && Number.isFinite(x) && x > 0) return x;
  throw new InvalidArgumentError('It must be a number above 0.');
}

/** `64x56x48`, or `64` for a cube. */
export function gridSize(text: string): [number, number, number] {
  const sides = text.split('x').map(Number);
  const [x, y, z] = sides.length === 1 ? [sides[0], sides[0], sides[0]] : sides;
  const sound = sides.length === 1 || sides.length === 3;
  if (sound && /^[0-9x]+$/.test(text) && [x, y, z].every((n) => Number.isInteger(n) && n > 0))
    return [x, y, z];
  throw new InvalidArgumentError('It must be three whole numbers such as 64x56x48, or one for a cube.');
}

/** A number, or `otsu`. */
export function thresholdValue(text: string): number | 'otsu' {
  return text === 'otsu' ? 'otsu' : real()(text);
}

/** `nrrd,stl` -> [`nrrd`, `stl`]; dots before the names are allowed. */
export function list(text: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim().toLowerCase().replace(/^\./, ''))
    .filter((name) => name !== '');
  if (names.length > 0) return names;
  throw new InvalidArgumentError('It must be a list such as nrrd,stl.');
}

/** `0.2,0.8` -> [0.2, 0.8]. */
export function interval(text: string): [number, number] {
  const [from, to, more] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (more === undefined && Number.isFinite(from) && Number.isFinite(to)) return [from, to];
  throw new InvalidArgumentError('It must be two numbers such as 0.2,0.8.');
}

/** Collects an option that may come several times. */
export function repeated(value: string, before: string[] = []): string[] {
  return [...before, value];
}
