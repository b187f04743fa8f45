/**
 * Seeded mutations of every format that is read. Mutation n takes one of the sound cases, changes bytes of one of its
 * files (in the header more often than behind it), and reads what is left: the outcome must be a volume that is sound, or
 * a tagged error. Any mutation can be made again from its number alone.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { unzipSync, zipSync } from 'fflate';
import { CranioflowError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { checkGrid } from '../../../src/volume/geometry.ts';
import { encodeMeta } from '../../../src/volume/io/meta.ts';
import { encodeNifti } from '../../../src/volume/io/nifti.ts';
import { encodeNrrd } from '../../../src/volume/io/nrrd.ts';
import { findScans, readScan } from '../../../src/volume/scan/index.ts';
import { type Volume, voxelCount } from '../../../src/volume/volume.ts';
import { writeVti } from '../io/writeVti.ts';
import { named, phantom, put } from './phantom.ts';
import { ctSeries } from './writeDicom.ts';

type Files = Record<string, Uint8Array>;

const COMPRESSED = join(import.meta.dirname, '../../fixtures/volume/compressed');

/** Sound cases by name: the files of each. */
export function fuzzCases(): Record<string, Files> {
  const truth = phantom();
  const { size, spacing, origin, direction } = truth;
  const data = Int16Array.from({ length: voxelCount(size) }, (_, v) =>
    truth.hu(v % size[0], Math.floor(v / size[0]) % size[1], Math.floor(v / (size[0] * size[1]))),
  );
  const volume: Volume = { data, size, spacing, origin, direction };
  const whole = ([header, bytes]: [string, Uint8Array]) => Buffer.concat([Buffer.from(header), bytes]);
  const dicom = named(ctSeries(truth));
  const cases: Record<string, Files> = {
    dicom,
    'dicom implicit': named(ctSeries(truth, { syntax: 'implicit', signed: true })),
    'dicom big endian': named(ctSeries(truth, { syntax: 'big' })),
    'dicom deflated': named(ctSeries(truth, { syntax: 'deflated' })),
    zip: { 'a.zip': zipSync(dicom, { mtime: '2000-01-01' }) },
    nifti: { 'a.nii': encodeNifti(volume, false) },
    'nifti gzip': { 'a.nii.gz': encodeNifti(volume, true) },
    nrrd: { 'a.nrrd': whole(encodeNrrd(volume, gzipSync)) },
    meta: { 'a.mha': whole(encodeMeta(volume)) },
    'vti ascii': { 'a.vti': writeVti(volume, { format: 'ascii' }) },
    'vti raw': { 'a.vti': writeVti(volume, { zlib: true, wide: true }) },
    'vti base64': { 'a.vti': writeVti(volume, { encoding: 'base64' }) },
    'vtk folder': {
      'h/index.json': Buffer.from(
        JSON.stringify({
          vtkClass: 'vtkImageData',
          origin,
          spacing,
          extent: size.flatMap((n) => [0, n - 1]),
          direction: [1, 0, 0, 0, 1, 0, 0, 0, 1],
          pointData: {
            arrays: [{ data: { dataType: 'Int16Array', ref: { basepath: 'data', id: 'x' } } }],
          },
        }),
      ),
      'h/data/x': new Uint8Array(data.buffer),
    },
  };
  for (const file of readdirSync(COMPRESSED).filter((name) => name.endsWith('-unsigned.zip')))
    cases[file] = unzipSync(readFileSync(join(COMPRESSED, file)));
  return cases;
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x2d, 0x39, 0x5c];

/** Bytes changed in one of eight ways. */
function mutate(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const out = Buffer.from(bytes);
  // Half of all changes fall into the header.
  const place = () =>
    random.integer(Math.max(1, random.uniform() < 0.5 ? Math.min(out.length, 1400) : out.length));
  const at = place();
  const length = 1 + random.integer(random.uniform() < 0.5 ? 8 : 200);
  switch (random.integer(8)) {
    case 0:
      return out.subarray(0, at);
    case 1:
      out[at] ^= 1 << random.integer(8);
      return out;
    case 2:
      for (let n = random.integer(20); n >= 0; n--) out[place()] = random.integer(256);
      return out;
    case 3:
      out.fill(EXTREMES[random.integer(EXTREMES.length)], at, Math.min(out.length, at + Math.min(length, 8)));
      return out;
    case 4:
      return Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
    case 5:
      return Buffer.concat([out.subarray(0, at + length), out.subarray(at)]);
    case 6:
      return Buffer.concat([
        out.subarray(0, at),
        Buffer.from(Array.from({ length }, () => random.integer(256))),
        out.subarray(at),
      ]);
    default: {
      // A digit of a text header becomes another, or many.
      const text = out.toString('latin1');
      const digits = [...text.slice(0, 1400).matchAll(/\d/g)].map((m) => m.index);
      const where = digits.length > 0 ? digits[random.integer(digits.length)] : at;
      const put = ['9', '0', '-1', '1e9', '99999999', 'nan', ''][random.integer(7)];
      return Buffer.from(text.slice(0, where) + put + text.slice(where + 1), 'latin1');
    }
  }
}

export interface FuzzOutcome {
  name: string;
  /** 'volume', or the tag of the error. */
  outcome: string;
}

/** Makes mutation `n` and reads it. Throws what is neither a sound volume nor a tagged error. */
export async function fuzzOne(cases: Record<string, Files>, seed: number, n: number): Promise<FuzzOutcome> {
  const random = new RandomStream(seed, 'test/fuzz-ingest', n);
  const names = Object.keys(cases);
  const name = names[n % names.length];
  const files = { ...cases[name] };
  const paths = Object.keys(files);
  const target = paths[random.integer(paths.length)];
  // The same change in every file of a series gets past the checks that hold slices against each other.
  const everywhere = random.uniform() < 0.3;
  const state = random.integer(2 ** 32);
  for (const path of everywhere ? paths : [target])
    files[path] = mutate(files[path], new RandomStream(state, 'test/fuzz-change'));
  const dir = put(mkdtempSync(join(tmpdir(), 'cranioflow-fuzz-')), files);
  try {
    let outcome = '';
    for (const source of await findScans([dir])) {
      const scan = await readScan(source, { maxVoxels: 2 ** 22 }).catch((error) => {
        if (!(error instanceof CranioflowError)) throw error;
        return error;
      });
      outcome = scan instanceof Error ? (scan as CranioflowError).tag : 'volume';
      if (!(scan instanceof Error)) checkSound(scan.volume);
    }
    return { name, outcome };
  } catch (error) {
    if (error instanceof CranioflowError) return { name, outcome: error.tag };
    throw new Error(`mutation ${n} (${name}, seed ${seed}) ended in ${(error as Error).stack}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function checkSound(volume: Volume): void {
  checkGrid(volume, 'mutated');
  if (volume.data.length !== voxelCount(volume.size)) throw new Error('voxels do not fit the size');
  if (!volume.data.every(Number.isFinite)) throw new Error('a voxel is not finite');
}
