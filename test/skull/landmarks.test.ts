import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FileError } from '../../src/errors.ts';
import { findLandmarks, type Landmark, readMarkups } from '../../src/skull/landmarks.ts';

const folder = mkdtempSync(join(tmpdir(), 'markups-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function file(content: unknown): string {
  const path = join(folder, `${files++}.mrk.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const list = (more: object, ...points: object[]) => ({ ...more, type: 'Fiducial', controlPoints: points });
const point = (label: string, position: unknown, more = {}) => ({ label, position, ...more });

describe('readMarkups', () => {
  it('reads LPS as it is, RAS turned round, in one file, and leaves out points not placed', () => {
    const path = file({
      markups: [
        list({ coordinateSystem: 'LPS', coordinateUnits: 'mm' }, point('a', [1, 2, 3])),
        list(
          { coordinateSystem: 'RAS', coordinateUnits: ['mm', 'UCUM', 'millimeter'] },
          point('b', [1, 2, 3]),
          point('c', [0, 0, 0], { positionStatus: 'undefined' }),
          point('d', null),
        ),
        list({}, { id: '7', position: [4, 5, 6] }),
      ],
    });
    expect(readMarkups(path).points).toEqual([
      { label: 'a', position: [1, 2, 3] },
      { label: 'b', position: [-1, -2, 3] },
      { label: '7', position: [4, 5, 6] },
    ]);
  });

  it.each([
    ['not JSON', 'label,x,y,z', /not JSON/],
    ['other JSON', { landmarks: [] }, /not markups/],
    ['a position of two numbers', { markups: [list({}, point('a', [1, 2]))] }, /not markups/],
    ['no list', { markups: [] }, /not markups/],
    ['no placed point', { markups: [list({})] }, /no point/],
    ['voxel coordinates', { markups: [list({ coordinateSystem: 'IJK' }, point('a', [1, 2, 3]))] }, /IJK/],
    ['metres', { markups: [list({ coordinateUnits: 'm' }, point('a', [1, 2, 3]))] }, /positions in m/],
  ])('refuses %s', (_, content, message) => {
    const path = file(content);
    expect(() => readMarkups(path)).toThrow(FileError);
    expect(() => readMarkups(path)).toThrow(message);
    expect(() => readMarkups(path)).toThrow(path);
  });

  it('refuses a file that is not there, and a folder', () => {
    expect(() => readMarkups(join(folder, 'none.mrk.json'))).toThrow(/ENOENT/);
    expect(() => readMarkups(folder)).toThrow(FileError);
  });
});

describe('findLandmarks', () => {
  const of = (...labels: string[]) =>
    findLandmarks({
      name: 'x',
      points: labels.map((label, i): Landmark => ({ label, position: [i, 0, 0] })),
    });

  it.each([
    ['porion_L', 'porionLeft'],
    ['Left Porion', 'porionLeft'],
    ['PoL', 'porionLeft'],
    ['leftPorion', 'porionLeft'],
    ['Po-R', 'porionRight'],
    ['porion (right)', 'porionRight'],
    ['porion_dexter', 'porionRight'],
    ['R_Orbitale', 'orbitaleRight'],
    ['Or.L', 'orbitaleLeft'],
    ['orbitale left 3', 'orbitaleLeft'],
    ['Nasion', 'nasion'],
    ['N', 'nasion'],
  ])('reads %s as %s', (label, key) => {
    expect(of(label)).toEqual({ [key]: [0, 0, 0] });
  });

  it('passes by what is no such point, or has no side or two', () => {
    expect(of('porion', 'F-1', '12', '', 'orbit roof L', 'porion L R', 'lambda', 'nasion L')).toEqual({});
  });

  it('refuses one name twice', () => {
    expect(() => of('Po_L', 'porion left')).toThrow(/two points that read as porionLeft/);
  });
});
