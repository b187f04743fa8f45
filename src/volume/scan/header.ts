/**
 * What is taken from the header of a DICOM file: numbers, closed lists, and the two identifiers that tell series and
 * images apart (they stay in memory). No other text is ever read out, so no name can travel further.
 *
 * Only the start of a file is read, up to the pixels; `dicom-parser` finds the elements. An enhanced CT file holds many
 * frames with a header each (PS3.3 C.7.6.16) and becomes that many slices; any other file is one.
 */
import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet } from 'dicom-parser';
import { ENHANCED_CT_IMAGE, SYNTAXES } from './dicomTables.ts';
import type { Item } from './item.ts';
import { keyOf } from './source.ts';

/** One image of a series. Fields that the header does not give, or gives as no number, are undefined. */
export interface Slice {
  item: Item;
  /** Frame within the file, from 0, and how many the file has. */
  frame: number;
  frames: number;
  seriesUid: string;
  instanceUid: string;
  classUid: string;
  transferSyntax: string;
  modality: string;
  /** Values of ImageType, or of the frame's FrameType. */
  imageType: string[];
  rows: number;
  columns: number;
  samples: number;
  bitsAllocated: number;
  bitsStored: number;
  highBit: number;
  signed: boolean;
  /** Where the pixels begin and how many bytes they are; undefined without pixels. */
  pixelOffset?: number;
  pixelLength?: number;
  encapsulated: boolean;
  /** mm between rows, mm between columns. */
  pixelSpacing?: number[];
  /** LPS mm of the first pixel's centre. */
  position?: number[];
  /** LPS unit vectors along a row and along a column. */
  orientation?: number[];
  slope?: number;
  intercept?: number;
  /** False when the header says that rescaled values are something else than Hounsfield units. */
  hounsfield: boolean;
  padding?: number;
  paddingLimit?: number;
  /** mm. */
  thickness?: number;
  kVp?: number;
  /** Degrees, as the header has it. */
  tilt?: number;
  patientPosition: string;
  /** A hash of the patient's id and its issuer, else of the study; tells scans of one patient apart from others'. */
  subjectKey: string;
}

const PIXELS = 'x7fe00010';
/** Headers are a few KB; private elements and the frames of an enhanced file make them longer. */
const STEPS = [1 << 14, 1 << 17, 1 << 20, 1 << 23];
/** Longest dataset that is unpacked from a deflated file. */
const MAX_DEFLATED = 2 ** 29;

/** True when the bytes carry the DICOM magic: `DICM` after 128 bytes of anything. */
export function isDicom(head: Uint8Array): boolean {
  return head[128] === 0x44 && head[129] === 0x49 && head[130] === 0x43 && head[131] === 0x4d;
}

/**
 * The slices of a file that `isDicom`; undefined when its header cannot be read to its end (damaged, cut short), or names
 * no series.
 */
export function readSlices(item: Item): Slice[] | undefined {
  for (const step of STEPS) {
    const whole = step >= item.size || step === STEPS.at(-1);
    try {
      const bytes = whole ? item.range(0, item.size) : item.head(step);
      const data = parse(bytes);
      if (data.elements[PIXELS] === undefined && !whole) continue;
      return slicesOf(item, data);
    } catch {
      // Cut where the header still goes on, or damaged: with the whole file in hand it is the latter.
      if (whole) return undefined;
    }
  }
  return undefined;
}

/** The bytes that offsets of a slice count in: the file's own, or those of an unpacked deflated dataset. */
export function contentRange(slice: Slice, start: number, end: number): Uint8Array {
  if (!SYNTAXES[slice.transferSyntax]?.deflated) return slice.item.range(start, end);
  const { byteArray } = parse(slice.item.range(0, slice.item.size));
  return byteArray.subarray(start, end);
}

function parse(bytes: Uint8Array): DataSet {
  return dicomParser.parseDicom(bytes, {
    untilTag: PIXELS,
    inflater: (array: Uint8Array, position: number) => {
      const rest = inflateRawSync(array.subarray(position), { maxOutputLength: MAX_DEFLATED });
      const all = new Uint8Array(position + rest.length);
      all.set(array.subarray(0, position));
      all.set(rest, position);
      return all;
    },
  } as Parameters<typeof dicomParser.parseDicom>[1]);
}

function slicesOf(item: Item, data: DataSet): Slice[] | undefined {
  const pixels = data.elements[PIXELS];
  const classUid = uid(data, 'x00080016');
  const seriesUid = uid(data, 'x0020000e');
  if (seriesUid === '') return undefined;
  const signed = data.uint16('x00280103') === 1;
  const stored = (tag: string) => data.elements[tag] && (signed ? data.int16(tag) : data.uint16(tag));
  const bitsAllocated = data.uint16('x00280100') ?? 0;
  const bitsStored = data.uint16('x00280101') ?? bitsAllocated;
  const common: Slice = {
    item,
    frame: 0,
    frames: numbers(data, 'x00280008')?.[0] ?? 1,
    seriesUid,
    instanceUid: uid(data, 'x00080018'),
    classUid,
    transferSyntax: uid(data, 'x00020010'),
    modality: text(data, 'x00080060'),
    imageType: words(data, 'x00080008'),
    rows: data.uint16('x00280010') ?? 0,
    columns: data.uint16('x00280011') ?? 0,
    samples: data.uint16('x00280002') ?? 1,
    bitsAllocated,
    bitsStored,
    highBit: data.uint16('x00280102') ?? bitsStored - 1,
    signed,
    pixelOffset: pixels?.dataOffset,
    pixelLength: pixels && (pixels.hadUndefinedLength ? Number.POSITIVE_INFINITY : pixels.length),
    encapsulated: pixels?.hadUndefinedLength === true,
    padding: stored('x00280120'),
    paddingLimit: stored('x00280121'),
    patientPosition: text(data, 'x00185100'),
    subjectKey: subjectKey(data),
    ...geometry(data, data, data),
    ...rescale(data),
    thickness: numbers(data, 'x00180050')?.[0],
    kVp: numbers(data, 'x00180060')?.[0],
    tilt: numbers(data, 'x00181120')?.[0],
  };
  return classUid === ENHANCED_CT_IMAGE ? frameSlices(data, common) : [common];
}

function subjectKey(data: DataSet): string {
  const patient = [text(data, 'x00100020'), text(data, 'x00100021')];
  return patient[0] === '' ? keyOf('study', uid(data, 'x0020000d')) : keyOf('patient', ...patient);
}

/** One slice a frame: what its own functional groups say, else the shared ones. */
function frameSlices(data: DataSet, common: Slice): Slice[] {
  const shared = data.elements.x52009229?.items?.[0]?.dataSet;
  const own = data.elements.x52009230?.items ?? [];
  return own.map((entry, frame) => {
    const group = (tag: string): DataSet | undefined =>
      (entry.dataSet?.elements[tag] ?? shared?.elements[tag])?.items?.[0]?.dataSet;
    const measures = group('x00289110');
    const type = group('x00189329');
    const acquisition = group('x00189304');
    return {
      ...common,
      frame,
      frames: own.length === common.frames ? common.frames : Number.NaN,
      imageType: type ? words(type, 'x00089007') : common.imageType,
      ...geometry(group('x00209113'), group('x00209116'), measures),
      ...rescale(group('x00289145')),
      thickness: numbers(measures, 'x00180050')?.[0],
      kVp: numbers(group('x00189325'), 'x00180060')?.[0],
      tilt: numbers(acquisition, 'x00181120')?.[0],
    };
  });
}

function geometry(position?: DataSet, orientation?: DataSet, measures?: DataSet): Partial<Slice> {
  return {
    position: numbers(position, 'x00200032', 3),
    orientation: numbers(orientation, 'x00200037', 6),
    pixelSpacing: numbers(measures, 'x00280030', 2),
  };
}

/** RescaleType absent, HU or US (unspecified) is taken as Hounsfield units for CT. */
function rescale(data?: DataSet): Pick<Slice, 'slope' | 'intercept' | 'hounsfield'> {
  return {
    slope: numbers(data, 'x00281053')?.[0],
    intercept: numbers(data, 'x00281052')?.[0],
    hounsfield: ['', 'HU', 'US'].includes(text(data, 'x00281054')),
  };
}

/** Decimal strings of an element, all finite; undefined when absent, of another count, or no numbers. */
function numbers(data: DataSet | undefined, tag: string, count?: number): number[] | undefined {
  const values = data?.string(tag)?.split('\\');
  if (values === undefined || values.some((v) => v.trim() === '')) return undefined;
  const found = values.map(Number);
  if (!found.every(Number.isFinite) || (count !== undefined && found.length !== count)) return undefined;
  return found;
}

function uid(data: DataSet, tag: string): string {
  return /^[0-9.]{1,64}/.exec(data.string(tag) ?? '')?.[0] ?? '';
}

function text(data: DataSet | undefined, tag: string): string {
  return (data?.string(tag) ?? '').trim();
}

function words(data: DataSet, tag: string): string[] {
  return text(data, tag)
    .split('\\')
    .map((word) => word.trim());
}
