/**
 * Any ONNX model as a space, such as the backbone of a network trained on other scans (Med3D and the like). The model must
 * take one float32 tensor [N, 1, D, H, W] (z, y, x; bone 1, background 0) with N, D, H, W fixed or open, and give float32
 * numbers whose first axis is the case: [N, F] as they are, [N, F, ..] averaged over the rest, [N] as one number.
 *
 * Where the model fixes D, H, W otherwise than the masks, they are resampled (trilinearly where it is finer, averaged where it
 * is coarser, resize.ts); proportions change where the sides do not scale alike. Cases pass in batches of the model's N, or of a few where it is
 * open, and of the first batch one case is described alone too: features that depend on the company are refused.
 */

import { existsSync, statSync } from 'node:fs';
import { CranioflowError, FileError, NumericsError, ShapeError } from '../../errors.ts';
import { nextTurn } from '../../files/interrupt.ts';
import { type Port, Session, type SessionOptions, type Value, value } from '../../runtime/session.ts';
import { requireSameGrid } from '../../volume/sameGrid.ts';
import { type Mask, type Vec3, voxelCount } from '../../volume/volume.ts';
import { resizeMask } from './resize.ts';
import { type FeatureSpace, stackRows } from './space.ts';

export interface ExtractorOptions extends SessionOptions {
  /** The output to take, where the model has several. */
  output?: string;
  /** Cases a run where the model leaves N open; default 4, fewer on large grids. The features do not depend on it. */
  batch?: number;
}

/** Most voxels of a batch: 64 MB of input. */
const MOST_VOXELS = 2 ** 24;
/** How far the features of a case may differ by the cases beside it, as a share of the largest: rounding. */
const COMPANY = 1e-3;

/**
 * Opens an ONNX model as a space. Throws `FileError` where the file is missing or is no ONNX model, `ShapeError` where its
 * input or output are not as above.
 */
export async function openExtractorSpace(
  file: string,
  options: ExtractorOptions = {},
): Promise<FeatureSpace> {
  const { output, batch = 4, ...session } = options;
  requireModelFile(file);
  const model = await open(file, session);
  try {
    const input = theInput(file, model.inputs);
    const out = theOutput(file, model.outputs, output);
    return spaceOf(file, model, input, out, batch);
  } catch (error) {
    await model.release();
    throw error;
  }
}

function requireModelFile(file: string): void {
  const refuse = (what: string): never => {
    throw new FileError({
      found: `${file} ${what}`,
      expected: 'an ONNX model',
      todo: 'name the .onnx file of the feature extractor (--extractor model.onnx)',
    });
  };
  if (!existsSync(file)) refuse('does not exist');
  if (!statSync(file).isFile()) refuse('is no file');
  if (statSync(file).size === 0) refuse('is empty');
}

async function open(file: string, options: SessionOptions): Promise<Session> {
  try {
    return await Session.create(file, options);
  } catch (cause) {
    if (!(cause instanceof CranioflowError)) throw cause;
    throw new FileError(
      {
        found: `${file} does not open as an ONNX model: ${cause.explanation.found.replace(/^.*?: /, '')}`,
        expected: 'a whole ONNX model of operators that ONNX Runtime knows, its external weights beside it',
        todo: 'export the feature extractor again (opset 18 or below)',
      },
      { cause },
    );
  }
}

const shown = ({ name, type, shape }: Port): string =>
  `'${name}' ${type} [${shape.map((d) => (isOpen(d) ? '?' : d)).join(', ')}]`;
const isOpen = (d: number | string): boolean => typeof d === 'string' || d < 0;

function theInput(file: string, inputs: readonly Port[]): Port {
  const refuse = (found: string, todo: string): never => {
    throw new ShapeError({ found, expected: 'one float32 input [N, 1, D, H, W]', todo });
  };
  if (inputs.length !== 1)
    refuse(
      `${file} has ${inputs.length} inputs: ${inputs.map(shown).join(', ')}`,
      'export a model that takes the masks alone, with all else as constants',
    );
  const [input] = inputs;
  const { shape } = input;
  if (input.type !== 'float32')
    refuse(
      `the input of ${file} is ${shown(input)}`,
      'export the model with a float32 input, a cast behind it where it needs another type',
    );
  if (shape.length !== 5)
    refuse(
      `the input of ${file} is ${shown(input)}`,
      'export a model of volumes; a model of slices cannot describe a shape',
    );
  if (!isOpen(shape[1]) && shape[1] !== 1)
    refuse(`the input of ${file} is ${shown(input)}`, 'export a model of one channel: a mask has no more');
  if (shape.some((d) => d === 0)) refuse(`the input of ${file} is ${shown(input)}`, 'export it again');
  return input;
}

function theOutput(file: string, outputs: readonly Port[], wanted: string | undefined): Port {
  const names = outputs.map((o) => o.name).join(', ');
  const found = outputs.find((o) => o.name === wanted) ?? (outputs.length === 1 ? outputs[0] : undefined);
  if (found === undefined || (wanted !== undefined && found.name !== wanted))
    throw new ShapeError({
      found:
        wanted === undefined
          ? `${file} has ${outputs.length} outputs: ${names}`
          : `${file} has no output '${wanted}'`,
      expected: wanted === undefined ? 'one, or its name' : `one of ${names}`,
      todo: 'name the output that holds the features (--extractor-output NAME)',
    });
  if (found.type !== 'float32')
    throw new ShapeError({
      found: `the output of ${file} is ${shown(found)}`,
      expected: 'float32 features',
      todo: 'name another output (--extractor-output NAME), or export the layer before it',
    });
  return found;
}

function spaceOf(file: string, model: Session, input: Port, output: Port, batch: number): FeatureSpace {
  const [n, , ...sides] = input.shape;
  const name = 'Extractor';
  const notes: string[] = [];
  let grid: Mask | undefined;
  let checked = false;
  const space: FeatureSpace = {
    name,
    words: 'features of the extractor',
    notes,
    async describe(masks, onCase) {
      if (masks.length === 0) return { values: new Float32Array(0), count: 0, dim: 0 };
      const [first] = masks;
      const [x, y, z] = first.size;
      const size = [z, y, x].map((side, a) => (isOpen(sides[a]) ? side : Number(sides[a])));
      const seen: Vec3 = [size[2], size[1], size[0]];
      const resized = seen.join() !== first.size.join();
      if (grid === undefined) {
        grid = first;
        if (resized)
          notes.push(
            `the extractor is for ${seen.join('x')} voxels: masks of ${first.size.join('x')} were resampled to them`,
          );
      }
      const voxels = voxelCount(seen);
      const fixed = isOpen(n) ? undefined : Number(n);
      const most = fixed ?? Math.max(1, Math.min(Math.floor(batch), Math.floor(MOST_VOXELS / voxels)));
      const pixels = new Float32Array(most * voxels);
      const run = async (indices: readonly number[]): Promise<Float32Array[]> => {
        // A fixed batch is filled up with copies of its last case.
        const rows = fixed ?? indices.length;
        const data = pixels.subarray(0, rows * voxels);
        for (let b = 0; b < rows; b++)
          fillMask(masks[indices[Math.min(b, indices.length - 1)]], seen, resized, data, b * voxels);
        const fed = value(data, [rows, 1, ...size]);
        return rowsOf(await runModel(file, model, input, output, fed), rows, file).slice(0, indices.length);
      };

      const all: Float32Array[] = [];
      for (let at = 0; at < masks.length; at += most) {
        const indices = Array.from({ length: Math.min(most, masks.length - at) }, (_, i) => at + i);
        for (const i of indices) requireSameGrid(grid, masks[i], 'the first mask', `mask ${i}`);
        const rows = await run(indices);
        if (!checked && indices.length > 1) {
          requireAlone(rows[0], (await run([at]))[0], file);
          checked = true;
        }
        all.push(...rows);
        for (const _ of indices) onCase?.();
        await nextTurn();
      }
      const features = stackRows(all, file);
      if (!notes.some((note) => note.startsWith('extractor: ')))
        notes.push(`extractor: ${features.dim} numbers, output '${output.name}'`);
      return features;
    },
    release: () => model.release(),
  };
  return space;
}

/** Bone 1, background 0 on `size` voxels. */
function fillMask(mask: Mask, size: Vec3, resized: boolean, out: Float32Array, at: number): void {
  if (!resized) {
    for (let i = 0; i < mask.data.length; i++) out[at + i] = mask.data[i] !== 0 ? 1 : 0;
    return;
  }
  out.set(resizeMask(mask.data, mask.size, size), at);
}

async function runModel(file: string, model: Session, input: Port, output: Port, fed: Value): Promise<Value> {
  try {
    return (await model.run({ [input.name]: fed }, { [output.name]: null }))[output.name];
  } catch (cause) {
    if (!(cause instanceof CranioflowError)) throw cause;
    throw new ShapeError(
      {
        found: `${file} cannot describe volumes [${fed.dims.join(', ')}]: ${cause.explanation.found.replace(/^.*?: /, '')}`,
        expected: 'a model that takes masks of this grid',
        todo: 'export it with the sizes D, H, W it needs: masks are then resampled to them',
      },
      { cause },
    );
  }
}

/** One row a case, averaged over all axes behind the second. */
function rowsOf(result: Value, cases: number, file: string): Float32Array[] {
  const [n, features = 1, ...rest] = result.dims;
  if (result.dims.length === 0 || n !== cases || features === 0)
    throw new ShapeError({
      found: `${file} gives [${result.dims.join(', ')}] for ${cases} case${cases === 1 ? '' : 's'}`,
      expected: `${cases} rows: [${cases}, F] or [${cases}, F, D, H, W]`,
      todo: 'export a model whose first axis is the case',
    });
  const cells = rest.reduce((a, b) => a * b, 1);
  const data = result.data as Float32Array;
  return Array.from({ length: cases }, (_, i) => {
    const row = new Float32Array(features);
    for (let f = 0, at = i * features * cells; f < features; f++) {
      let sum = 0;
      for (let c = 0; c < cells; c++, at++) sum += data[at];
      row[f] = sum / cells;
    }
    return row;
  });
}

/** Throws `NumericsError` where a case's features depend on the cases beside it. */
function requireAlone(among: Float32Array, alone: Float32Array, file: string): void {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < alone.length; i++) {
    worst = Math.max(worst, Math.abs(among[i] - alone[i]));
    largest = Math.max(largest, Math.abs(alone[i]));
  }
  if (!(worst > COMPANY * largest)) return;
  throw new NumericsError({
    found: `${file} gives other features for a case when others are beside it (by ${((100 * worst) / largest).toFixed(1)} %)`,
    expected: 'features of each case alone',
    todo: 'export the model for inference (model.eval(): batch norm and dropout off)',
  });
}
