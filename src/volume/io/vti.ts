/**
 * VTK image data, read by our own code: the XML file (`ImageData`, one piece; ascii, base64 or raw appended; zlib or
 * nothing; docs.vtk.org, "VTK XML formats"), and the folder of vtk.js (`NAME.vti/` with index.json and data/).
 *
 * VTK knows no patient: its axes are taken as LPS, as ITK writes them. Voxel (i, j, k) counts from the extent's start and
 * lies at origin + D . (spacing * (extent start + index)). D is row-major in XML (a column is an axis) and column-major
 * in vtk.js (three numbers after another are an axis).
 */
import { lstatSync, readFileSync, statSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, inflateSync } from 'node:zlib';
import { CranioflowError, FileError, VolumeError } from '../../errors.ts';
import { checkGrid } from '../geometry.ts';
import { type Mat3, type Vec3, type Volume, type VoxelArray, voxelCount, voxelToWorld } from '../volume.ts';

type Kind =
  | Int8ArrayConstructor
  | Uint8ArrayConstructor
  | Int16ArrayConstructor
  | Uint16ArrayConstructor
  | Int32ArrayConstructor
  | Uint32ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor;

const KINDS: Record<string, Kind> = {
  Int8: Int8Array,
  UInt8: Uint8Array,
  Uint8: Uint8Array,
  Int16: Int16Array,
  UInt16: Uint16Array,
  Uint16: Uint16Array,
  Int32: Int32Array,
  UInt32: Uint32Array,
  Uint32: Uint32Array,
  Float32: Float32Array,
  Float64: Float64Array,
};

/** Bytes of voxels that are read at most. */
const MAX_BYTES = 2 ** 32;

/** Reads a `.vti` file or folder. Throws `FileError` for what is missing or damaged, `VolumeError` for no scalar 3D grid. */
export function readVti(path: string): Volume {
  try {
    const folder = statSync(path).isDirectory();
    const volume = folder ? readVtkFolder((name) => readFileSync(join(path, plain(name)))) : readXml(path);
    checkGrid(volume, path);
    return volume;
  } catch (error) {
    if (error instanceof CranioflowError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const reason = error instanceof Fault ? error.message : `(${code ?? 'damaged'})`;
    throw new FileError({
      found: `${path} cannot be read as VTK image data: ${reason}`,
      expected: 'a whole ImageData file (.vti) or a vtk.js folder, uncompressed or packed by zlib',
      todo: 'export the volume again, or as NRRD',
    });
  }
}

/** Fault in the words of this file: no text of the file goes into it. */
class Fault extends Error {}

/** Names inside a folder: one step down at most, never up or away. */
function plain(name: string): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)?$/.test(name))
    throw new Fault('a name of a data file leads out of the folder');
  return name;
}

/** True for a folder in the form of vtk.js. */
export function isVtkFolder(path: string): boolean {
  try {
    return (
      lstatSync(join(path, 'index.json')).size < 1e6 && isVtkIndex(readFileSync(join(path, 'index.json')))
    );
  } catch {
    return false;
  }
}

/** True for an index.json that describes image data. */
export function isVtkIndex(bytes: Uint8Array): boolean {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))?.vtkClass === 'vtkImageData';
  } catch {
    return false;
  }
}

/** An array in index.json, as far as it can be trusted: the fields are checked where they are used. */
interface IndexArray {
  dataType?: unknown;
  numberOfComponents?: unknown;
  ref: { basepath?: unknown; id?: unknown; encode?: unknown };
}

/** The volume of a vtk.js folder whose files `read` gives by their names. */
export function readVtkFolder(read: (name: string) => Uint8Array): Volume {
  const index = JSON.parse(Buffer.from(read('index.json')).toString('utf8'));
  if (index?.vtkClass !== 'vtkImageData') throw new Fault('index.json describes no image data');
  const arrays: { data?: IndexArray }[] = index.pointData?.arrays ?? [];
  const array = arrays.find((a) => a?.data?.ref)?.data;
  if (array === undefined) throw new Fault('it holds no values at its points');
  const kind = KINDS[String(array.dataType).replace('Array', '')];
  if (kind === undefined) throw new Fault('its values are of a type that is not read');
  const d = list(index.direction ?? [1, 0, 0, 0, 1, 0, 0, 0, 1], 9);
  const direction: Mat3 = [d[0], d[3], d[6], d[1], d[4], d[7], d[2], d[5], d[8]];
  const grid = gridOf(list(index.extent, 6), list(index.origin, 3), list(index.spacing, 3), direction);
  const name = `${array.ref.basepath}/${array.ref.id}`;
  const length = voxelCount(grid.size) * kind.BYTES_PER_ELEMENT;
  checkComponents(Number(array.numberOfComponents ?? 1), grid.size);
  let bytes: Uint8Array;
  try {
    bytes = gunzipSync(read(plain(`${name}.gz`)), { maxOutputLength: Math.max(1, length) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    bytes = read(plain(name));
  }
  return { ...grid, data: values(bytes, kind, length, array.ref.encode === 'BigEndian') };
}

function list(value: unknown, count: number): number[] {
  const numbers = Array.isArray(value) ? value : [];
  if (numbers.length !== count || !numbers.every(Number.isFinite))
    throw new Fault('its geometry is incomplete');
  return numbers;
}

function gridOf(
  extent: number[],
  origin: number[],
  spacing: number[],
  direction: Mat3,
): Omit<Volume, 'data'> {
  const size = [0, 1, 2].map((a) => extent[2 * a + 1] - extent[2 * a] + 1) as unknown as Vec3;
  if (!size.every((n) => Number.isInteger(n) && n > 0) || voxelCount(size) * 8 > MAX_BYTES)
    throw new Fault(`its extent is ${size.join(' x ')} voxels`);
  // Directions are often written with three digits: make the axes unit vectors.
  const unit = [0, 1, 2].map((c) => Math.hypot(direction[c], direction[3 + c], direction[6 + c]));
  const turned = direction.map((x, i) => (Math.abs(unit[i % 3] - 1) < 1e-3 ? x / unit[i % 3] : x));
  const grid = { size, spacing, origin, direction: turned } as unknown as Omit<Volume, 'data'>;
  return { ...grid, origin: voxelToWorld(grid, extent[0], extent[2], extent[4]) };
}

function checkComponents(count: number, size: Vec3): void {
  if (count !== 1)
    throw new VolumeError({
      found: `a VTK volume of ${size.join('x')} voxels has ${count} values a voxel`,
      expected: 'one number a voxel',
      todo: 'export one mask or one scan as a scalar volume',
    });
}

/** Voxels out of bytes in the given order. */
function values(bytes: Uint8Array, kind: Kind, length: number, big: boolean): VoxelArray {
  if (bytes.length !== length)
    throw new Fault(`it holds ${bytes.length} bytes of voxels instead of ${length}`);
  const own = new Uint8Array(bytes);
  const width = kind.BYTES_PER_ELEMENT;
  if (width > 1 && big !== (endianness() === 'BE')) {
    const buffer = Buffer.from(own.buffer);
    if (width === 2) buffer.swap16();
    else if (width === 4) buffer.swap32();
    else buffer.swap64();
  }
  return new kind(own.buffer);
}

/** The XML form. Only the tags that matter are looked for, in the text before the appended bytes. */
function readXml(path: string): Volume {
  const file = readFileSync(path);
  const appended = file.indexOf('<AppendedData');
  const text = file.subarray(0, appended < 0 ? file.length : appended).toString('latin1');
  const root = tag(text, 'VTKFile');
  const image = tag(text, 'ImageData');
  const array = scalars(text);
  if (root?.type !== 'ImageData' || !image || !array)
    throw new Fault('it holds no image with values at its points');
  if ((text.match(/<Piece[\s>]/g) ?? []).length !== 1) throw new Fault('it is cut into several pieces');
  const kind = KINDS[array.attributes.type];
  if (kind === undefined) throw new Fault('its values are of a type that is not read');
  const numbers = (value: string | undefined, count: number) =>
    list(value?.trim().split(/\s+/).map(Number), count);
  const direction = numbers(image.Direction ?? '1 0 0 0 1 0 0 0 1', 9) as unknown as Mat3;
  const extent = numbers(image.WholeExtent, 6);
  if (numbers(tag(text, 'Piece')?.Extent, 6).some((x, i) => x !== extent[i]))
    throw new Fault('its piece is not the whole extent');
  const grid = gridOf(extent, numbers(image.Origin, 3), numbers(image.Spacing, 3), direction);
  checkComponents(Number(array.attributes.NumberOfComponents ?? 1), grid.size);
  const count = voxelCount(grid.size);
  const big = root.byte_order === 'BigEndian';
  if (array.attributes.format === 'ascii') {
    const data = new kind(array.body.trim().split(/\s+/).map(Number));
    if (data.length !== count) throw new Fault(`it holds ${data.length} voxels instead of ${count}`);
    return { ...grid, data };
  }
  const packing: Packing = {
    wide: root.header_type === 'UInt64',
    big,
    packed: root.compressor !== undefined,
    length: count * kind.BYTES_PER_ELEMENT,
  };
  if (packing.packed && root.compressor !== 'vtkZLibDataCompressor')
    throw new Fault('it is packed by another method than zlib');
  let bytes: Uint8Array;
  if (array.attributes.format === 'appended') {
    const start = file.indexOf('_', appended) + 1;
    const offset = Number(array.attributes.offset ?? 0);
    if (appended < 0 || start === 0 || !(offset >= 0)) throw new Fault('its appended data are missing');
    const raw = /encoding="raw"/.test(file.subarray(appended, start).toString('latin1'));
    const rest = file.subarray(start + offset);
    bytes = raw ? block(rest, packing) : base64(rest.toString('latin1').split('<')[0], packing);
  } else bytes = base64(array.body, packing);
  return { ...grid, data: values(bytes, kind, packing.length, big) };
}

interface Packing {
  /** Lengths are 64-bit. */
  wide: boolean;
  big: boolean;
  packed: boolean;
  /** Bytes that must come out. */
  length: number;
}

/** Base64 data: where they are packed, the header of lengths is encoded apart from what follows it. */
function base64(text: string, packing: Packing): Uint8Array {
  const clean = text.replace(/\s+/g, '');
  if (!packing.packed) return block(Buffer.from(clean, 'base64'), packing);
  const word = packing.wide ? 8 : 4;
  const characters = (bytes: number) => 4 * Math.ceil(bytes / 3);
  const blocks = words(Buffer.from(clean.slice(0, characters(word)), 'base64'), 1, packing)[0];
  const header = characters(word * (3 + blocks));
  const parts = [clean.slice(0, header), clean.slice(header)].map((part) => Buffer.from(part, 'base64'));
  return block(Buffer.concat([parts[0].subarray(0, word * (3 + blocks)), parts[1]]), packing);
}

/** [length] data, or [blocks, block size, last size, packed sizes...] zlib streams. */
function block(bytes: Uint8Array, packing: Packing): Uint8Array {
  const word = packing.wide ? 8 : 4;
  if (!packing.packed) {
    const [length] = words(bytes, 1, packing);
    return bytes.subarray(word, word + length);
  }
  const [count] = words(bytes, 1, packing);
  if (!(count <= bytes.length / word)) throw new Fault('its packed data are cut short');
  const sizes = words(bytes, 3 + count, packing).slice(3);
  const out = new Uint8Array(packing.length);
  let at = word * (3 + count);
  let done = 0;
  for (const size of sizes) {
    const part = inflateSync(bytes.subarray(at, at + size), {
      maxOutputLength: Math.max(1, packing.length - done),
    });
    out.set(part, done);
    done += part.length;
    at += size;
  }
  return out.subarray(0, done);
}

function words(bytes: Uint8Array, count: number, { wide, big }: Packing): number[] {
  const word = wide ? 8 : 4;
  if (bytes.length < word * count) throw new Fault('its data are cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, i) =>
    wide ? Number(view.getBigUint64(8 * i, !big)) : view.getUint32(4 * i, !big),
  );
}

/** The attributes of the first element of a name. */
function tag(text: string, name: string): Record<string, string> | undefined {
  const start = text.search(new RegExp(`<${name}[\\s>]`));
  if (start < 0) return undefined;
  const attributes = text.slice(start, text.indexOf('>', start));
  return Object.fromEntries(
    [...attributes.matchAll(/([A-Za-z_]+)\s*=\s*"([^"]*)"/g)].map((m) => [m[1], m[2]]),
  );
}

/** The point data's array: the one that `Scalars` names, else the first. */
function scalars(text: string): { attributes: Record<string, string>; body: string } | undefined {
  const start = text.search(/<PointData[\s>]/);
  if (start < 0) return undefined;
  const end = text.indexOf('</PointData', start);
  const points = text.slice(start, end < 0 ? text.length : end);
  const arrays = points.split(/<DataArray(?=\s)/).slice(1);
  const all = arrays.map((part) => {
    const close = part.indexOf('>');
    const body = part.slice(close + 1).split('<')[0];
    return { attributes: tag(`<A${part.slice(0, close)}>`, 'A') ?? {}, body };
  });
  const wanted = tag(points, 'PointData')?.Scalars;
  return all.find((a) => wanted !== undefined && a.attributes.Name === wanted) ?? all[0];
}
