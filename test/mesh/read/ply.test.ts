/** Files are written here value by value from the format's description. */
import { describe, expect, it } from 'vitest';
import { FileError } from '../../../src/errors.ts';
import { parsePly } from '../../../src/mesh/read/ply.ts';

type Value = [type: string, value: number];
const WRITERS: Record<string, (b: Buffer, v: number, at: number, big: boolean) => number> = {
  char: (b, v, at) => b.writeInt8(v, at),
  uchar: (b, v, at) => b.writeUInt8(v, at),
  short: (b, v, at, big) => (big ? b.writeInt16BE(v, at) : b.writeInt16LE(v, at)),
  ushort: (b, v, at, big) => (big ? b.writeUInt16BE(v, at) : b.writeUInt16LE(v, at)),
  int: (b, v, at, big) => (big ? b.writeInt32BE(v, at) : b.writeInt32LE(v, at)),
  uint: (b, v, at, big) => (big ? b.writeUInt32BE(v, at) : b.writeUInt32LE(v, at)),
  float: (b, v, at, big) => (big ? b.writeFloatBE(v, at) : b.writeFloatLE(v, at)),
  double: (b, v, at, big) => (big ? b.writeDoubleBE(v, at) : b.writeDoubleLE(v, at)),
};

function file(format: string, lines: readonly string[], values: readonly Value[], newline = '\n'): Buffer {
  const header = ['ply', `format ${format} 1.0`, ...lines, 'end_header', ''].join(newline);
  if (format === 'ascii') return Buffer.from(`${header}${values.map(([, v]) => v).join(' ')}\n`, 'latin1');
  const body = Buffer.alloc(8 * values.length);
  let at = 0;
  for (const [type, v] of values) at = WRITERS[type](body, v, at, format === 'binary_big_endian');
  return Buffer.concat([Buffer.from(header, 'latin1'), body.subarray(0, at)]);
}

/** Properties in odd order and of many types, an element before and one after, a pentagon, a triangle, a line. */
const LINES = [
  'comment made by hand; SPACE=RAS',
  'obj_info 7',
  'element camera 1',
  'property list uchar double knots',
  'property short mode',
  'element vertex 5',
  'property uchar red',
  'property double z',
  'property float x',
  'property short y',
  'property list ushort char tags',
  'element face 3',
  'property float weight',
  'property list int uint vertex_index',
  'element nothing 4000000000',
  'element edge 1',
  'property int vertex1',
];
const POINTS = [
  [0, 0, 0.25],
  [10, -1, 0],
  [12.5, 8, 0],
  [5, 13, 0],
  [-2, 8, 1e-3],
];
const VALUES: Value[] = [
  ['uchar', 2],
  ['double', 1.5],
  ['double', 2.5],
  ['short', -3],
  ...POINTS.flatMap(([x, y, z], v): Value[] => [
    ['uchar', 250],
    ['double', z],
    ['float', x],
    ['short', y],
    ['ushort', v % 3],
    ...new Array<Value>(v % 3).fill(['char', -1]),
  ]),
  ...[
    [0, 1, 2, 3, 4],
    [4, 2, 0],
    [1, 2],
  ].flatMap((face): Value[] => [
    ['float', 0.5],
    ['int', face.length],
    ...face.map((i): Value => ['uint', i]),
  ]),
  ['int', 77],
];

const refused = (bytes: Buffer): string => {
  try {
    parsePly(bytes, 'a.ply');
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
    return (error as Error).message;
  }
  throw new Error('was taken');
};

const SIMPLE = [
  'element vertex 3',
  'property float x',
  'property float y',
  'property float z',
  'element face 1',
  'property list uchar int vertex_indices',
];
const triangle = (last = 2, x = 0): Value[] => [
  ...[x, 0, 0, 1, 0, 0, 0, 1, 0].map((v): Value => ['float', v]),
  ['uchar', 3],
  ['int', 0],
  ['int', 1],
  ['int', last],
];

describe('parsePly', () => {
  it('reads text and both byte orders, any order and type of properties, unknown elements, polygons as fans', () => {
    for (const format of ['ascii', 'binary_little_endian', 'binary_big_endian'])
      for (const newline of ['\n', '\r\n']) {
        const { mesh, header } = parsePly(file(format, LINES, VALUES, newline), 'a.ply');
        expect([...mesh.positions], format).toEqual([...Float32Array.from(POINTS.flat())]);
        expect([...mesh.indices]).toEqual([0, 1, 2, 0, 2, 3, 0, 3, 4, 4, 2, 0]);
        expect(header).toContain('SPACE=RAS');
      }
  });

  it('takes the names of types with their sizes, and lines that end in CR', () => {
    const lines = SIMPLE.map((l) =>
      l.replace('float', 'float32').replace('uchar', 'uint8').replace('int v', 'int32 v'),
    );
    const { mesh } = parsePly(file('binary_little_endian', lines, triangle(), '\r'), 'a.ply');
    expect([...mesh.indices]).toEqual([0, 1, 2]);
  });

  it('takes faces before vertices', () => {
    const values = triangle();
    const { mesh } = parsePly(
      file(
        'binary_big_endian',
        [...SIMPLE.slice(4), ...SIMPLE.slice(0, 4)],
        [...values.slice(9), ...values.slice(0, 9)],
      ),
      'a.ply',
    );
    expect(mesh.positions[3]).toBe(1);
  });

  it('refuses what is cut short anywhere, too long, or counts more than the file holds', () => {
    for (const format of ['ascii', 'binary_little_endian']) {
      const whole = file(format, LINES, VALUES);
      // The last word of a text may lose digits unnoticed, and its line end is not needed.
      const end = format === 'ascii' ? whole.length - 3 : whole.length;
      for (let n = 0; n < end; n++) refused(whole.subarray(0, n));
      expect(refused(Buffer.concat([whole, Buffer.from('1 ')]))).toContain('goes on');
      for (const count of ['4294967295', '999999999999999', '4'])
        refused(file(format, SIMPLE.with(0, `element vertex ${count}`), triangle()));
      for (const count of ['4294967295', '2']) {
        refused(file(format, SIMPLE.with(4, `element face ${count}`), triangle()));
        refused(
          file(
            format,
            SIMPLE.with(5, 'property list int int vertex_indices'),
            triangle().with(9, ['int', 2e9]),
          ),
        );
      }
    }
  });

  it('refuses indices out of range, and coordinates that are not finite', () => {
    for (const format of ['ascii', 'binary_little_endian']) {
      expect(refused(file(format, SIMPLE, triangle(3)))).toContain('face 1 names a vertex');
      expect(refused(file(format, SIMPLE, triangle(-1)))).toContain('face 1 names a vertex');
      expect(refused(file(format, SIMPLE, triangle(2, Number.NaN)))).toContain('vertex 1 is not a finite');
      expect(refused(file(format, SIMPLE, triangle(2, -Infinity)))).toContain('vertex 1 is not a finite');
    }
    expect(refused(file('ascii', SIMPLE, triangle(1.5)))).toContain('face 1 names a vertex');
  });

  it('refuses headers it does not understand, by line and without showing them', () => {
    const secret = 'Miller^Jane';
    const bad: [number, string][] = [
      [0, `element vertex three ${secret}`],
      [1, `property quaternion ${secret}`],
      [2, 'property float x'],
      [4, `${secret}`],
      [5, 'property list float int vertex_indices'],
      [0, 'element vertex -3'],
      [0, 'property float x'],
    ];
    for (const [line, content] of bad) {
      const message = refused(file('ascii', SIMPLE.with(line, content), triangle()));
      expect(message).toMatch(/line \d+ of its header/);
      expect(message).not.toContain(secret);
    }
    expect(refused(file('binary_middle_endian', SIMPLE, []))).toContain('line 2');
    expect(refused(file('ascii', SIMPLE.slice(0, 4), triangle()))).toContain('0 elements "face"');
    expect(refused(file('ascii', [...SIMPLE, ...SIMPLE], triangle()))).toContain('2 elements "vertex"');
    expect(refused(file('ascii', SIMPLE.with(5, 'property int vertex_indices'), triangle()))).toContain(
      'vertex_indices',
    );
    expect(refused(file('ascii', SIMPLE.with(3, 'property float w'), triangle()))).toContain('x, y or z');
    expect(refused(file('ascii', SIMPLE.with(4, 'element face 0'), triangle()))).toContain('0 faces');
    expect(refused(Buffer.from('ply\nformat ascii 1.0\n'))).toContain('end_header');
    expect(refused(Buffer.from('ply\nelement vertex 1\nend_header\n'))).toContain('names no format');
  });
});
