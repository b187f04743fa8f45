/** Files are written here byte by byte from the format's description. */
import { describe, expect, it } from 'vitest';
import { FileError } from '../../../src/errors.ts';
import { parseStl } from '../../../src/mesh/read/stl.ts';

const corners = [0, 0, 0, 10, 0, 0.5, 0, -20, 1e-3, 1, 2, 3, 4, 5, 6, 7, 8, 10];

function binary(header: string, numbers: readonly number[], count = numbers.length / 9): Buffer {
  const bytes = Buffer.alloc(84 + (50 * numbers.length) / 9);
  bytes.write(header, 0, 'latin1');
  bytes.writeUInt32LE(count, 80);
  for (const [i, x] of numbers.entries()) bytes.writeFloatLE(x, 96 + 50 * Math.floor(i / 9) + 4 * (i % 9));
  return bytes;
}

function text(numbers: readonly number[], name = 'bone'): string {
  let out = `solid ${name}\n`;
  for (let t = 0; t < numbers.length; t += 9) {
    out += '  facet normal 0 0 nan\n    outer loop\n';
    for (let c = t; c < t + 9; c += 3) out += `      vertex ${numbers.slice(c, c + 3).join(' ')}\n`;
    out += '    endloop\n  endfacet\n';
  }
  return `${out}endsolid ${name}\n`;
}

const expected = [...Float32Array.from(corners)];
const refused = (bytes: Buffer | string): string => {
  try {
    parseStl(Buffer.from(bytes as string), 'a.stl');
  } catch (error) {
    expect(error).toBeInstanceOf(FileError);
    return (error as Error).message;
  }
  throw new Error('was taken');
};

describe('parseStl', () => {
  it('reads binary, also when its header begins with "solid"', () => {
    for (const header of ['made by hand', 'solid facet endsolid', 'solid']) {
      const { mesh, header: read } = parseStl(binary(header, corners), 'a.stl');
      expect([...mesh.positions]).toEqual(expected);
      expect([...mesh.indices]).toEqual([0, 1, 2, 3, 4, 5]);
      expect(read.startsWith(header)).toBe(true);
    }
  });

  it('reads text in any case, with DOS lines, a byte order mark, no name, several solids', () => {
    const plain = text(corners);
    const forms = [
      plain,
      plain.toUpperCase().replaceAll('NAN', 'nan'),
      plain.replaceAll('\n', '\r\n'),
      `\u00ef\u00bb\u00bf${plain}`,
      plain.replaceAll(' bone', ''),
      text(corners.slice(0, 9)) + text(corners.slice(9)),
      plain.replaceAll(/ +/g, '\t'),
    ];
    for (const form of forms) {
      const { mesh } = parseStl(Buffer.from(form, 'latin1'), 'a.stl');
      expect([...mesh.positions]).toEqual(expected);
    }
    expect(parseStl(Buffer.from(text(corners, 'x SPACE=RAS')), 'a.stl').header).toContain('SPACE=RAS');
  });

  it('refuses what is cut short, too long, empty or not finite', () => {
    const whole = binary('x', corners);
    expect(refused(whole.subarray(0, 150))).toContain('184 bytes');
    expect(refused(Buffer.concat([whole, Buffer.of(0)]))).toContain('185 bytes long');
    expect(refused(binary('x', corners, 0xffffffff))).toContain('4294967295 triangles');
    expect(refused(binary('solid x', corners, 3))).toContain('3 triangles');
    expect(refused(binary('x', []))).toContain('no triangles');
    expect(refused(binary('x', corners.with(10, Number.NaN)))).toContain('vertex 4');
    expect(refused(Buffer.alloc(0))).toContain('0 bytes');
    expect(refused('hello')).toContain('5 bytes');
    const plain = text(corners);
    expect(refused(plain.slice(0, plain.indexOf('endsolid')))).toContain('ends after 2 facets');
    expect(refused(plain.slice(0, plain.indexOf('endloop', 200)))).toContain('ends in the middle of facet 2');
    expect(refused(plain.replace('vertex', 'vertexes'))).toContain('after 0 facets');
    expect(refused(plain.replace('endloop', 'vertex 1 2 3\nendloop'))).toContain('"endloop" should');
    expect(refused(plain.replace('-20', 'Infinity'))).toContain('not a finite number');
    expect(refused(plain.replace('-20', 'x'))).toContain('not a finite number');
    expect(refused(plain.replace('-20', '1e39'))).toContain('not a finite number');
    expect(refused('solid a\nendsolid a\n')).toContain('no triangles');
    expect(refused(`${plain}more`)).toContain('follows "endsolid"');
  });
});
