/**
 * `readScan`: a source becomes a volume in Hounsfield units, LPS mm, with the facts of its acquisition, or is refused.
 * One scan is in memory at a time: its volume, one slice (or one batch of compressed ones), and when a tilt is taken
 * out, the volume twice.
 */
import { CranioflowError } from '../../errors.ts';
import { checkGrid } from '../geometry.ts';
import { MAX_VOXELS } from '../io/bound.ts';
import type { Mat3, Vec3, Volume } from '../volume.ts';
import { checkCt } from './checkCt.ts';
import { PATIENT_POSITIONS, SYNTAXES } from './dicomTables.ts';
import type { Slice } from './header.ts';
import { AIR, HounsfieldStack } from './hounsfield.ts';
import { eachFrame } from './pixels.ts';
import { damaged, refusal } from './refuse.ts';
import { shearedVoxels, unshear } from './shear.ts';
import type { ScanSource } from './source.ts';
import { STACK_DEFAULTS, type StackOptions, stackSlices } from './stack.ts';
import { readVolumeScan } from './volumeScan.ts';

export interface ScanOptions extends StackOptions {
  /** Most voxels of a scan, in memory at 2 or 4 bytes each. Default 2^29 (512 x 512 x 2048). */
  maxVoxels?: number;
}

/** All that may be told of a scan: numbers and closed lists, no text of the header. */
export interface ScanFacts {
  format: 'DICOM' | 'NIfTI' | 'NRRD' | 'MetaImage' | 'VTK';
  /** 'CT' for DICOM; the other formats do not say. */
  modality?: 'CT';
  /** Slices in the volume. */
  slices: number;
  /** mm along the volume's axes. */
  spacing: Vec3;
  /** mm. */
  sliceThickness?: number;
  kVp?: number;
  /** Degrees, by the positions of the slices; 0 when they stand straight. */
  gantryTilt?: number;
  /** One of DICOM's eight, such as HFS. */
  patientPosition?: string;
  bitsStored?: number;
  transferSyntax?: string;
  /** What was changed or assumed on the way, in words. */
  corrections: string[];
}

export interface Scan {
  /** HU where `kind` is 'ct'. */
  volume: Volume<Int16Array | Float32Array>;
  /** 'ct' is certain by the header; of 'unknown' only the values can tell. */
  kind: 'ct' | 'unknown';
  facts: ScanFacts;
}

/**
 * Reads a scan. Throws `ScanError` for what is no usable CT stack or is damaged, `FileError` or `VolumeError` for a
 * volume file that is.
 */
export async function readScan(source: ScanSource, options: ScanOptions = {}): Promise<Scan> {
  const { label, content } = source;
  try {
    if (content.kind === 'refused') throw content.error;
    if (content.kind !== 'dicom')
      return await readVolumeScan(label, content, options.maxVoxels ?? MAX_VOXELS);
    return await readSeries(label, content.slices, options);
  } catch (error) {
    if (error instanceof CranioflowError) throw error;
    // Files may vanish or change between finding and reading; what a library says of them may quote them.
    throw damaged(label, 'files that cannot be read', error);
  }
}

async function readSeries(label: string, all: readonly Slice[], options: ScanOptions): Promise<Scan> {
  const corrections: string[] = [];
  const slices = checkCt(label, all, corrections);
  const stack = stackSlices(label, slices, options);
  corrections.push(...stack.notes);
  const { rows, columns } = slices[0];
  const count = stack.places.length;
  const { spacing, drift } = stack;
  const pixelDrift = [drift[0] / spacing[0], drift[1] / spacing[1]];
  const voxels = shearedVoxels([columns, rows, count], pixelDrift);
  const most = options.maxVoxels ?? MAX_VOXELS;
  if (voxels > most)
    throw refusal(label, `${voxels} voxels`, `at most ${most}`, 'export the head alone, or allow more');
  const limit = options.maxSliceSpacing ?? STACK_DEFAULTS.maxSliceSpacing;
  const thickness = stack.places[0][0].thickness;
  if (thickness !== undefined && thickness > limit * (1 + 1e-3))
    throw refusal(
      label,
      `slices are ${thickness} mm thick`,
      `at most ${limit} mm, so that thin bone is seen`,
      'use a thinner reconstruction of the scan, or allow more: --max-slice-spacing',
    );
  const filled = await fill(label, stack, rows * columns, corrections);
  let data = filled;
  let size: [number, number, number] = [columns, rows, count];
  let shift: [number, number] = [0, 0];
  if (stack.tilt > 0) {
    const straight = unshear(data, size, spacing, drift);
    ({ data, shift } = straight);
    size = [straight.columns, straight.rows, count];
    corrections.push(`gantry tilt of ${stack.tilt.toFixed(1)} degrees sheared out`);
  }
  const tagged = stack.places[0][0].tilt;
  if (stack.tilt === 0 && tagged !== undefined && Math.abs(tagged) > 0.5 && isUpright(stack))
    corrections.push(
      `the header names a gantry tilt of ${Number(tagged.toFixed(1))} degrees; the slices' positions show none`,
    );
  const { r, c, n } = stack;
  const p = stack.places[0][0].position!;
  const at = (a: number) => p[a] + r[a] * shift[0] + c[a] * shift[1] + 0;
  const direction: Mat3 = [r[0], c[0], n[0], r[1], c[1], n[1], r[2], c[2], n[2]];
  const volume = { data, size: size as Vec3, spacing, origin: [at(0), at(1), at(2)] as Vec3, direction };
  checkGrid(volume, label);
  const first = stack.places[0][0];
  const facts: ScanFacts = {
    format: 'DICOM',
    modality: 'CT',
    slices: count,
    spacing,
    sliceThickness: within(first.thickness, 0.01, 100),
    kVp: within(first.kVp, 20, 300),
    gantryTilt: Number(stack.tilt.toFixed(2)),
    patientPosition: PATIENT_POSITIONS.has(first.patientPosition) ? first.patientPosition : undefined,
    bitsStored: first.bitsStored,
    transferSyntax: SYNTAXES[first.transferSyntax].name,
    corrections,
  };
  return { volume, kind: 'ct', facts };
}

/** A number that can be what it is said to be, else nothing: digits too may tell who someone is. */
function within(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

/** Slices lie along two of the patient's axes: nothing of a tilt is in their direction. */
function isUpright({ n }: { n: Vec3 }): boolean {
  return n.some((x) => Math.abs(x) > 1 - 1e-6);
}

/** The values of all slices; of several at one place, the first, if they are equal. */
async function fill<T extends Slice>(
  label: string,
  stack: { places: T[][] },
  frame: number,
  corrections: string[],
): Promise<Int16Array | Float32Array> {
  const { places } = stack;
  const firsts = places.map((place) => place[0]);
  const volume = new HounsfieldStack(frame, places.length);
  await eachFrame(label, firsts, (values, k) => volume.set(k, values, firsts[k]));
  const { padded, below } = volume.padding;
  const doubles = places.flatMap((place, k) => place.slice(1).map((slice) => ({ slice, k })));
  if (doubles.length > 0) {
    await eachFrame(
      label,
      doubles.map((d) => d.slice),
      (values, i) => {
        const { k, slice } = doubles[i];
        const one = new HounsfieldStack(frame, 1);
        one.set(0, values, slice);
        const offset = k * frame;
        for (let v = 0; v < frame; v++)
          if (one.data[v] !== volume.data[offset + v])
            throw refusal(
              label,
              `${doubles.length} of ${places.length + doubles.length} slices share a position with another whose content differs (first at slice ${k + 1})`,
              'one image a position',
              'export one reconstruction, phase or energy alone',
            );
      },
    );
    corrections.push(
      doubles.length === 1
        ? 'one slice that was there twice taken once'
        : `${doubles.length} slices that were there twice taken once`,
    );
  }
  if (padded > 0) {
    const first = firsts.find((s) => s.padding !== undefined)!;
    const value = first.padding! * first.slope! + first.intercept!;
    corrections.push(`padding ${Number(value.toFixed(2))} set to ${AIR} (${padded} voxels)`);
  }
  if (below > 0) corrections.push(`values below ${AIR} HU raised to it (${below} voxels)`);
  return volume.data;
}
