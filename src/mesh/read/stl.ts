/**
 * STL in its two forms (3D Systems, 1989). Binary: 80 bytes of header, a count, 50 bytes a triangle. Text: `solid`,
 * facets of three vertices, `endsolid`. Many binary files begin with "solid" too, so the form is told by the content: a
 * file is binary when its count agrees with its size, which no text can (its count would be at least 0x09090909).
 * Normals are not read: they follow from the corners, and are often zero or NaN in the wild.
 */

import { Growing } from '../growing.ts';
import type { Mesh } from '../mesh.ts';
import { badMesh, type ParsedMesh, requireFinite } from './parsed.ts';
import { latin1, Words } from './words.ts';

const HEAD = 84;
const RECORD = 50;

/** The triangles of an STL file, unwelded. Throws `FileError` unless the file is whole and its coordinates finite. */
export function parseStl(bytes: Uint8Array, path: string): ParsedMesh {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length >= HEAD ? view.getUint32(80, true) : 0;
  const binary = bytes.length >= HEAD && bytes.length === HEAD + RECORD * count;
  if (!binary && isText(bytes)) return parseText(bytes, path);
  if (!binary)
    throw badMesh(
      bytes.length < HEAD
        ? `${path} is ${bytes.length} bytes long and neither an STL text nor a whole binary STL header`
        : `${path} names ${count} triangles, which take ${HEAD + RECORD * count} bytes, but is ${bytes.length} bytes long`,
      'a binary STL file of 84 bytes and 50 more a triangle, or an STL text',
    );
  if (count === 0) throw badMesh(`${path} has no triangles`, 'a surface of at least one triangle');
  const positions = new Float32Array(9 * count);
  for (let t = 0, at = HEAD + 12, p = 0; t < count; t++, at += RECORD)
    for (let s = 0; s < 36; s += 4) positions[p++] = view.getFloat32(at + s, true);
  requireFinite(positions, path);
  return { mesh: soup(positions), header: latin1(bytes, 0, 80) };
}

/** `solid` at the start, `facet` or `endsolid` soon after, and no zero byte before it. */
function isText(bytes: Uint8Array): boolean {
  const start = latin1(bytes, 0, 4096);
  return /^(\u00ef\u00bb\u00bf)?\s*solid\b[^\0]*?\b(facet|endsolid)\b/i.test(start);
}

const soup = (positions: Float32Array): Mesh => ({
  positions,
  indices: Uint32Array.from({ length: positions.length / 3 }, (_, i) => i),
});

function parseText(bytes: Uint8Array, path: string): ParsedMesh {
  const marked = bytes[0] === 0xef;
  const words = new Words(bytes, marked ? 3 : 0);
  const corners = new Growing((n) => new Float32Array(n));
  let header = '';
  let facets = 0;
  const expect = (...keywords: string[]): void => {
    for (const keyword of keywords) {
      const word = words.next();
      if (word.toLowerCase() === keyword) continue;
      throw badMesh(
        word === ''
          ? `${path} ends in the middle of facet ${facets + 1}`
          : `${path}: after ${facets} facets a word stands where "${keyword}" should`,
        'an STL text: solid, facets of one outer loop with three vertices each, endsolid',
      );
    }
  };
  for (let word = words.next(); word !== ''; word = words.next()) {
    if (word.toLowerCase() !== 'solid')
      throw badMesh(`${path}: something follows "endsolid" that is not another solid`, 'an STL text');
    header += `${words.line()}\n`;
    for (let key = words.next().toLowerCase(); key !== 'endsolid'; key = words.next().toLowerCase()) {
      if (key !== 'facet')
        throw badMesh(
          key === ''
            ? `${path} ends after ${facets} facets without "endsolid"`
            : `${path}: after ${facets} facets a word stands where "facet" or "endsolid" should`,
          'a whole STL text',
        );
      expect('normal');
      for (let s = 0; s < 3; s++) words.next();
      expect('outer', 'loop');
      for (let corner = 0; corner < 3; corner++) {
        expect('vertex');
        corners.push3(words.number(), words.number(), words.number());
      }
      expect('endloop', 'endfacet');
      facets++;
    }
    words.line();
  }
  if (facets === 0) throw badMesh(`${path} has no triangles`, 'a surface of at least one triangle');
  const positions = corners.taken();
  requireFinite(positions, path);
  return { mesh: soup(positions), header };
}
