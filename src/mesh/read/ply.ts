/**
 * PLY (Turk 1994), text and binary of both byte orders: a header that names elements (vertex, face, ..) with a count and
 * typed properties, then their values in that order. Elements and properties that are not needed are passed over.
 * Nothing is allocated for a count before the file has been found long enough to hold it.
 *
 * A polygon becomes the fan from its first corner. Where a planar polygon is not convex the fan's triangles overlap, with
 * opposite signs, so that ray crossings still add up to the polygon's own.
 */
import { Growing } from '../growing.ts';
import { badMesh, type ParsedMesh, requireFinite } from './parsed.ts';
import { Words } from './words.ts';

type Scalar = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float32' | 'float64';

const SCALARS: Record<string, Scalar> = {
  char: 'int8',
  uchar: 'uint8',
  short: 'int16',
  ushort: 'uint16',
  int: 'int32',
  uint: 'uint32',
  float: 'float32',
  double: 'float64',
};
for (const name of Object.values(SCALARS)) SCALARS[name] = name;
const BYTES: Record<Scalar, number> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  float64: 8,
};

interface Property {
  name: string;
  type: Scalar;
  /** Type of the list's length, when the property is a list. */
  list?: Scalar;
}

interface Element {
  name: string;
  count: number;
  properties: Property[];
}

interface Header {
  format: 'ascii' | 'binary_little_endian' | 'binary_big_endian';
  elements: Element[];
  text: string;
  /** Where the values begin. */
  end: number;
}

const EXPECTED = 'a PLY file with vertices (x, y, z) and faces (a list vertex_indices)';
const LONGEST_HEADER = 1 << 16;

/** The mesh of a PLY file. Throws `FileError` unless the file is whole, its coordinates finite and its indices in range. */
export function parsePly(bytes: Uint8Array, path: string): ParsedMesh {
  const header = readHeader(bytes, path);
  const vertex = only(header.elements, 'vertex', path);
  const face = only(header.elements, 'face', path);
  const axes = ['x', 'y', 'z'].map((name) => vertex.properties.findIndex((p) => p.name === name && !p.list));
  const corners = face.properties.findIndex((p) => p.list && /^vertex_ind(ex|ices)$/.test(p.name));
  if (axes.includes(-1) || corners < 0)
    throw badMesh(`${path} has no property x, y or z of its vertices, or no vertex_indices`, EXPECTED);
  if (vertex.count === 0 || face.count === 0)
    throw badMesh(
      `${path} has ${vertex.count} vertices and ${face.count} faces`,
      'a surface that is not empty',
    );

  const source =
    header.format === 'ascii' ? new TextSource(bytes, header, path) : new ByteSource(bytes, header, path);
  let positions = new Float32Array(0);
  const triangles = new Growing((n) => new Uint32Array(n));
  for (const element of header.elements) {
    const { count, properties } = element;
    // The least an element can take: its scalars and the lengths of its lists.
    const least = properties.reduce((sum, p) => sum + source.least(p.list ?? p.type), 0);
    if (count * least > source.left + 1)
      throw badMesh(
        `${path}'s header names ${count} elements of ${least} bytes or more, but ${source.left} bytes are left`,
        'counts that agree with the size of the file',
      );
    if (least === 0) continue;
    if (element === vertex) positions = new Float32Array(3 * count);
    for (let e = 0; e < count; e++) {
      for (let q = 0; q < properties.length; q++) {
        const { type, list } = properties[q];
        if (list) {
          const n = source.number(list);
          if (!Number.isInteger(n) || n < 0 || n * source.least(type) > source.left + 1)
            throw badMesh(
              `${path}: a list of element ${e + 1} is longer than what is left`,
              'a whole PLY file',
            );
          if (element !== face || q !== corners) {
            for (let i = 0; i < n; i++) source.number(type);
            continue;
          }
          let first = 0;
          let last = 0;
          for (let i = 0; i < n; i++) {
            const index = source.number(type);
            if (!(Number.isInteger(index) && index >= 0 && index < vertex.count))
              throw badMesh(
                `${path}: face ${e + 1} names a vertex that does not exist`,
                `vertex numbers from 0 to ${vertex.count - 1}`,
              );
            if (i === 0) first = index;
            if (i >= 2) triangles.push3(first, last, index);
            last = index;
          }
          continue;
        }
        const value = source.number(type);
        if (element !== vertex) continue;
        if (q === axes[0]) positions[3 * e] = value;
        else if (q === axes[1]) positions[3 * e + 1] = value;
        else if (q === axes[2]) positions[3 * e + 2] = value;
      }
    }
  }
  source.finish();
  requireFinite(positions, path);
  const indices = triangles.taken();
  if (indices.length === 0)
    throw badMesh(`${path} has no face of three corners`, 'a surface that is not empty');
  return { mesh: { positions, indices }, header: header.text };
}

function only(elements: readonly Element[], name: string, path: string): Element {
  const found = elements.filter((e) => e.name === name);
  if (found.length === 1) return found[0];
  throw badMesh(`${path} has ${found.length} elements "${name}"`, EXPECTED);
}

function readHeader(bytes: Uint8Array, path: string): Header {
  const start = Buffer.from(bytes.subarray(0, LONGEST_HEADER)).toString('latin1');
  const stop = /(^|[\r\n])end_header[ \t]*(\r\n|\n|\r(?!\n))/.exec(start);
  if (!stop)
    throw badMesh(`${path} has no end_header in its first ${LONGEST_HEADER} bytes`, 'a whole PLY header');
  const lines = start.slice(0, stop.index).split(/\r\n|\n|\r/);
  const refuse = (line: number): never => {
    // The line itself is not shown: comments of medical files name patients.
    throw badMesh(`${path}: line ${line + 1} of its header cannot be understood`, EXPECTED);
  };
  let format: Header['format'] | undefined;
  const elements: Element[] = [];
  const text: string[] = [];
  lines.forEach((line, l) => {
    const [key, ...rest] = line.trim().split(/\s+/);
    if (l === 0 || key === '') return;
    if (key === 'comment' || key === 'obj_info') text.push(line);
    else if (key === 'format') {
      if (format || !/^(ascii|binary_(little|big)_endian)$/.test(rest[0] ?? '')) refuse(l);
      format = rest[0] as Header['format'];
    } else if (key === 'element') {
      if (rest.length !== 2 || !/^\d{1,15}$/.test(rest[1])) refuse(l);
      elements.push({ name: rest[0], count: Number(rest[1]), properties: [] });
    } else if (key === 'property') {
      const list = rest[0] === 'list';
      const [type, name] = rest.slice(list ? 2 : 0);
      const length = list ? SCALARS[rest[1]] : undefined;
      const element = elements.at(-1);
      if (!element || rest.length !== (list ? 4 : 2) || !SCALARS[type] || (list && !length)) refuse(l);
      if (length?.startsWith('float') || element?.properties.some((p) => p.name === name)) refuse(l);
      element?.properties.push({ name, type: SCALARS[type], list: length });
    } else refuse(l);
  });
  if (!format)
    throw badMesh(`${path}'s header names no format`, 'a line "format ascii 1.0" or of a binary form');
  return { format, elements, text: text.join('\n'), end: stop.index + stop[0].length };
}

interface Source {
  /** Bytes not yet read. */
  readonly left: number;
  /** The fewest bytes that a value takes. */
  least(type: Scalar): number;
  number(type: Scalar): number;
  /** Throws unless all has been read. */
  finish(): void;
}

const tooMuch = (path: string): Error =>
  badMesh(
    `${path} goes on after the elements its header names`,
    'counts that agree with the size of the file',
  );

class ByteSource implements Source {
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #path: string;
  #at: number;

  constructor(bytes: Uint8Array, header: Header, path: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = header.format === 'binary_little_endian';
    this.#at = header.end;
    this.#path = path;
  }
  get left(): number {
    return this.#view.byteLength - this.#at;
  }
  least(type: Scalar): number {
    return BYTES[type];
  }
  number(type: Scalar): number {
    const at = this.#at;
    this.#at += BYTES[type];
    if (this.#at > this.#view.byteLength)
      throw badMesh(`${this.#path} ends before the last of its elements`, 'a whole PLY file');
    switch (type) {
      case 'uint8':
        return this.#view.getUint8(at);
      case 'int32':
        return this.#view.getInt32(at, this.#little);
      case 'float32':
        return this.#view.getFloat32(at, this.#little);
      case 'float64':
        return this.#view.getFloat64(at, this.#little);
      case 'uint32':
        return this.#view.getUint32(at, this.#little);
      case 'int8':
        return this.#view.getInt8(at);
      case 'int16':
        return this.#view.getInt16(at, this.#little);
      case 'uint16':
        return this.#view.getUint16(at, this.#little);
    }
  }
  finish(): void {
    if (this.left > 0) throw tooMuch(this.#path);
  }
}

class TextSource implements Source {
  readonly #words: Words;
  readonly #path: string;

  constructor(bytes: Uint8Array, header: Header, path: string) {
    this.#words = new Words(bytes, header.end);
    this.#path = path;
  }
  get left(): number {
    return this.#words.left;
  }
  least(): number {
    // A digit and a gap.
    return 2;
  }
  number(): number {
    const word = this.#words.next();
    if (word === '') throw badMesh(`${this.#path} ends before the last of its elements`, 'a whole PLY file');
    return Number(word);
  }
  finish(): void {
    if (this.#words.next() !== '') throw tooMuch(this.#path);
  }
}
