/**
 * Landmarks as 3D Slicer saves them: a markups file (.mrk.json) holds lists of control points, each with a label and a
 * position in mm; its `coordinateSystem` says whether those are LPS (Slicer's default since 4.11) or RAS (x and y turned
 * round). Whatever it is, `readMarkups` gives LPS. Points set but not placed (`positionStatus` other than defined) are
 * left out.
 */
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { FileError } from '../errors.ts';
import type { Vec3 } from '../volume/volume.ts';

export interface Landmark {
  label: string;
  /** LPS mm. */
  position: Vec3;
}

export interface Markups {
  /** The file, as the user named it. */
  name: string;
  points: Landmark[];
}

/** A file of landmarks has kilobytes; more than this is something else. */
const MOST_BYTES = 64 * 1024 * 1024;

const number = z.number().refine(Number.isFinite);
const schema = z.object({
  markups: z
    .array(
      z.object({
        coordinateSystem: z.union([z.string(), z.number()]).optional(),
        coordinateUnits: z.unknown().optional(),
        controlPoints: z
          .array(
            z.object({
              id: z.string().optional(),
              label: z.string().optional(),
              position: z.tuple([number, number, number]).nullish(),
              positionStatus: z.string().optional(),
            }),
          )
          .nullish(),
      }),
    )
    .min(1),
});

/** Slicer wrote RAS as 0 and LPS as 1 in its first version of the format. */
const TURNED: Record<string, 1 | -1> = { LPS: 1, '1': 1, RAS: -1, '0': -1 };

/** Reads a markups file. Throws `FileError` when it cannot be read, is not one, has no point, or is in other units or axes. */
export function readMarkups(path: string): Markups {
  const refuse = (found: string, cause?: unknown): FileError =>
    new FileError(
      {
        found: `${path} ${found}`,
        expected: 'a markups file of 3D Slicer (.mrk.json) with points in mm, in LPS or RAS',
        todo: 'save the points in 3D Slicer as "Markups JSON"',
      },
      { cause },
    );
  let json: unknown;
  try {
    if (statSync(path).size > MOST_BYTES) throw refuse('is larger than 64 MB');
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof FileError) throw error;
    if (error instanceof SyntaxError) throw refuse('is not JSON', error);
    throw refuse(`cannot be read (${(error as NodeJS.ErrnoException).code})`, error);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw refuse(`is JSON but not markups: ${z.prettifyError(parsed.error).split('\n')[0]}`);
  const points: Landmark[] = [];
  for (const { coordinateSystem = 'LPS', coordinateUnits = 'mm', controlPoints } of parsed.data.markups) {
    const sign = TURNED[String(coordinateSystem).toUpperCase()];
    if (sign === undefined)
      throw refuse(`has the coordinate system ${String(coordinateSystem).slice(0, 20)}`);
    // Later versions may write the unit as a coded entry, ["mm", "UCUM", "millimeter"].
    const unit = Array.isArray(coordinateUnits) ? coordinateUnits[0] : coordinateUnits;
    if (unit !== 'mm') throw refuse(`has positions in ${String(unit).slice(0, 20)}`);
    for (const { id, label, position, positionStatus = 'defined' } of controlPoints ?? []) {
      if (position == null || positionStatus !== 'defined') continue;
      points.push({
        label: label ?? id ?? '',
        position: [sign * position[0], sign * position[1], position[2]],
      });
    }
  }
  if (points.length === 0) throw refuse('has no point that is placed');
  return { name: path, points };
}

/** What `findLandmarks` looks for. */
export interface NamedPoints {
  porionLeft?: Vec3;
  porionRight?: Vec3;
  orbitaleLeft?: Vec3;
  orbitaleRight?: Vec3;
  nasion?: Vec3;
}

/** Abbreviations stand alone ("Po"), names may have endings ("porion", "porions", "orbitalia"). */
const NAMES = { porion: /^(po|porion\w*)$/, orbitale: /^(or|orbital\w*)$/, nasion: /^(na?|nasion)$/ };
const SIDES: Record<string, 'Left' | 'Right'> = {
  l: 'Left',
  left: 'Left',
  sin: 'Left',
  sinister: 'Left',
  sinistra: 'Left',
  r: 'Right',
  right: 'Right',
  dex: 'Right',
  dexter: 'Right',
  dextra: 'Right',
};

/**
 * The points of the Frankfort frame among `markups`, by usual spellings of their labels, in any case and order of words:
 * porion_L, "Left Porion", PoL, Po-R, R_Orbitale, orbitale (left), nasion, N. Throws `FileError` when two points bear
 * one name.
 */
export function findLandmarks(markups: Markups): NamedPoints {
  const found: NamedPoints = {};
  for (const { label, position } of markups.points) {
    const key = nameOf(label);
    if (key === undefined) continue;
    if (found[key] !== undefined)
      throw new FileError({
        found: `${markups.name} has two points that read as ${key} (the second is ${label})`,
        expected: 'one of each',
        todo: 'rename or delete one of them in 3D Slicer',
      });
    found[key] = position;
  }
  return found;
}

function nameOf(label: string): keyof NamedPoints | undefined {
  // A change from small letters to a capital parts words too: leftPorion, PoL.
  const words = label
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((w) => w !== '');
  const sides = words.filter((w) => SIDES[w] !== undefined).map((w) => SIDES[w]);
  const rest = words.filter((w) => SIDES[w] === undefined);
  if (rest.length !== 1 || sides.length > 1) return undefined;
  if (NAMES.nasion.test(rest[0])) return sides.length === 0 ? 'nasion' : undefined;
  if (sides.length === 0) return undefined;
  if (NAMES.porion.test(rest[0])) return `porion${sides[0]}`;
  if (NAMES.orbitale.test(rest[0])) return `orbitale${sides[0]}`;
  return undefined;
}
