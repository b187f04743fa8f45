/**
 * A small DICOM writer for tests: any tags, explicit or implicit, little or big endian, deflated, encapsulated; and an
 * asymmetric phantom as a CT series in every flavour that scanners write. (PS3.5 7.1 and A; PS3.10 7.1.)
 */
import { deflateRawSync } from 'node:zlib';
import { type Grid, voxelToWorld } from '../../../src/volume/volume.ts';

export type Value = string | number | readonly number[] | Uint8Array | readonly Dataset[];
/** Tag in eight hexadecimal digits -> [VR, value]. */
export type Dataset = { [tag: string]: readonly [vr: string, value: Value] };

export const SYNTAX = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  big: '1.2.840.10008.1.2.2',
} as const;
export type SyntaxName = keyof typeof SYNTAX;

const LONG = new Set(['OB', 'OW', 'OF', 'SQ', 'UC', 'UR', 'UT', 'UN']);
const BINARY: Record<string, [bytes: number, set: 'setUint16' | 'setInt16' | 'setUint32' | 'setFloat64']> = {
  US: [2, 'setUint16'],
  SS: [2, 'setInt16'],
  UL: [4, 'setUint32'],
  FD: [8, 'setFloat64'],
};

interface Form {
  implicit: boolean;
  big: boolean;
}

function encodeValue(vr: string, value: Value, form: Form): Uint8Array {
  if (value instanceof Uint8Array) return value.length % 2 ? Buffer.concat([value, Buffer.alloc(1)]) : value;
  if (vr === 'SQ') {
    const items = (value as readonly Dataset[]).map((item) => {
      const body = encodeDataset(item, form);
      return Buffer.concat([tagBytes('fffee000', form), uint(4, body.length, form), body]);
    });
    return Buffer.concat(items);
  }
  if (BINARY[vr]) {
    const [bytes, set] = BINARY[vr];
    const list = typeof value === 'number' ? [value] : (value as readonly number[]);
    const view = new DataView(new ArrayBuffer(bytes * list.length));
    list.forEach((x, i) => {
      view[set](i * bytes, x, !form.big);
    });
    return new Uint8Array(view.buffer);
  }
  const text = Array.isArray(value) ? value.join('\\') : String(value);
  return Buffer.from(text.length % 2 ? text + (vr === 'UI' ? '\0' : ' ') : text, 'latin1');
}

function uint(bytes: 2 | 4, value: number, { big }: Form): Buffer {
  const out = Buffer.alloc(bytes);
  if (bytes === 2) big ? out.writeUInt16BE(value) : out.writeUInt16LE(value);
  else big ? out.writeUInt32BE(value) : out.writeUInt32LE(value);
  return out;
}

const tagBytes = (tag: string, form: Form) =>
  Buffer.concat([
    uint(2, Number.parseInt(tag.slice(0, 4), 16), form),
    uint(2, Number.parseInt(tag.slice(4), 16), form),
  ]);

export function encodeDataset(dataset: Dataset, form: Form): Buffer {
  const parts = Object.keys(dataset)
    .sort()
    .map((tag) => {
      const [vr, value] = dataset[tag];
      const bytes = encodeValue(vr, value, form);
      if (form.implicit) return Buffer.concat([tagBytes(tag, form), uint(4, bytes.length, form), bytes]);
      const long = LONG.has(vr);
      const length = long ? [Buffer.alloc(2), uint(4, bytes.length, form)] : [uint(2, bytes.length, form)];
      return Buffer.concat([tagBytes(tag, form), Buffer.from(vr, 'latin1'), ...length, bytes]);
    });
  return Buffer.concat(parts);
}

/** Pixels as a stream of another format, in one fragment a frame. */
export interface Packed {
  transferSyntax: string;
  frames: readonly Uint8Array[];
}

function encapsulate(frames: readonly Uint8Array[]): Buffer {
  const form = { implicit: false, big: false };
  const item = (bytes: Uint8Array) => {
    const even = bytes.length % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes;
    return Buffer.concat([tagBytes('fffee000', form), uint(4, even.length, form), even]);
  };
  const open = Buffer.concat([tagBytes('7fe00010', form), Buffer.from('OB\0\0'), uint(4, 0xffffffff, form)]);
  return Buffer.concat([
    open,
    item(new Uint8Array(0)),
    ...frames.map(item),
    tagBytes('fffee0dd', form),
    uint(4, 0, form),
  ]);
}

/** A Part-10 file; `packed` takes the place of the pixels and the syntax. */
export function writeDicom(dataset: Dataset, syntax: SyntaxName = 'explicit', packed?: Packed): Buffer {
  const little = { implicit: false, big: false };
  if (packed) {
    const { '7fe00010': _, ...header } = dataset;
    const [file, plain] = [writeDicom(header), SYNTAX.explicit];
    const uid = (text: string) => Buffer.from(text.length % 2 ? `${text}\0` : text);
    // The group's length stands at byte 140, the syntax is the last of the group.
    const end = 144 + file.readUInt32LE(140);
    const start = end - uid(plain).length;
    const body = Buffer.concat([uid(packed.transferSyntax), file.subarray(end), encapsulate(packed.frames)]);
    const whole = Buffer.concat([file.subarray(0, start), body]);
    whole.writeUInt16LE(uid(packed.transferSyntax).length, start - 2);
    whole.writeUInt32LE(start + uid(packed.transferSyntax).length - 144, 140);
    return whole;
  }
  const meta = encodeDataset(
    {
      '00020002': dataset['00080016'] ?? ['UI', '1.2'],
      '00020003': dataset['00080018'] ?? ['UI', '1.2'],
      '00020010': ['UI', SYNTAX[syntax]],
    },
    little,
  );
  const group = encodeDataset({ '00020000': ['UL', meta.length] }, little);
  const body = encodeDataset(dataset, { implicit: syntax === 'implicit', big: syntax === 'big' });
  const magic = Buffer.alloc(132);
  magic.write('DICM', 128);
  return Buffer.concat([magic, group, meta, syntax === 'deflated' ? deflateRawSync(body) : body]);
}

export interface Flavour {
  syntax?: SyntaxName;
  /** Stored values are signed. Default false. */
  signed?: boolean;
  /** Default 16. */
  bitsAllocated?: 8 | 16;
  /** Default the allocated ones. Where fewer, the free bits above hold rubbish, as old overlays do. */
  bitsStored?: number;
  /** Zeros (or the sign) in the free bits: compression needs them so. */
  clean?: boolean;
  /** HU = slope . stored + intercept, by slice. Default 1 and -1024. */
  rescale?: (k: number) => [slope: number, intercept: number];
  /** More tags, or other values, by slice. */
  tags?: (k: number) => Dataset;
}

/** A grid whose third axis is the cross product of the first two, and its values in HU. */
export interface Phantom extends Grid {
  hu: (i: number, j: number, k: number) => number;
}

/** The stored values of slice k, in the byte order of the flavour. */
export function storedPixels(phantom: Phantom, k: number, flavour: Flavour): Uint8Array {
  const { signed = false, bitsAllocated = 16, bitsStored = bitsAllocated } = flavour;
  const [slope, intercept] = (flavour.rescale ?? (() => [1, -1024]))(k);
  const [columns, rows] = phantom.size;
  const width = bitsAllocated / 8;
  const view = new DataView(new ArrayBuffer(columns * rows * width));
  const mask = 2 ** bitsStored - 1;
  const rubbish = bitsStored < bitsAllocated && !flavour.clean ? 1 << (bitsAllocated - 1) : 0;
  for (let j = 0; j < rows; j++)
    for (let i = 0; i < columns; i++) {
      const stored = Math.round((phantom.hu(i, j, k) - intercept) / slope);
      const bits = flavour.clean ? stored : (stored & mask) | ((i + j) % 2 ? rubbish : 0);
      const at = (i + columns * j) * width;
      if (width === 1) view.setUint8(at, bits & 0xff);
      else view.setUint16(at, bits & 0xffff, flavour.syntax !== 'big');
      if (stored < (signed ? -(2 ** (bitsStored - 1)) : 0) || stored > mask) throw new Error('does not fit');
    }
  return new Uint8Array(view.buffer);
}

/** The tags of slice k. */
export function ctSlice(phantom: Phantom, k: number, flavour: Flavour = {}): Dataset {
  const { signed = false, bitsAllocated = 16, bitsStored = bitsAllocated } = flavour;
  const [slope, intercept] = (flavour.rescale ?? (() => [1, -1024]))(k);
  const { direction: d, spacing, size } = phantom;
  return {
    '00080008': ['CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.2'],
    '00080018': ['UI', `1.2.3.${k + 1}`],
    '00080060': ['CS', 'CT'],
    '00180050': ['DS', '1.5'],
    '00180060': ['DS', '120'],
    '00185100': ['CS', 'HFS'],
    '0020000d': ['UI', '1.2.3'],
    '0020000e': ['UI', '1.2.3.4'],
    '00200032': ['DS', decimals(voxelToWorld(phantom, 0, 0, k))],
    '00200037': ['DS', decimals([d[0], d[3], d[6], d[1], d[4], d[7]])],
    '00280002': ['US', 1],
    '00280004': ['CS', 'MONOCHROME2'],
    '00280010': ['US', size[1]],
    '00280011': ['US', size[0]],
    '00280030': ['DS', decimals([spacing[1], spacing[0]])],
    '00280100': ['US', bitsAllocated],
    '00280101': ['US', bitsStored],
    '00280102': ['US', bitsStored - 1],
    '00280103': ['US', signed ? 1 : 0],
    '00281052': ['DS', String(intercept)],
    '00281053': ['DS', String(slope)],
    '7fe00010': ['OW', storedPixels(phantom, k, flavour)],
    ...flavour.tags?.(k),
  };
}

/** Decimal strings of at most 16 characters. */
export const decimals = (values: readonly number[]): string =>
  values.map((x) => String(Number(x.toFixed(9))).slice(0, 16)).join('\\');

/** The files of the phantom as one series. */
export function ctSeries(phantom: Phantom, flavour: Flavour = {}): Buffer[] {
  return Array.from({ length: phantom.size[2] }, (_, k) =>
    writeDicom(ctSlice(phantom, k, flavour), flavour.syntax),
  );
}
