/**
 * The one door to itk-wasm, which decodes NRRD, NIfTI and MetaImage files. Its WebAssembly modules print to the console
 * and throw bare numbers when a file is bad; here the console is borrowed while they run and what they said becomes the
 * cause of a proper error.
 */
import { resolve } from 'node:path';
import { metaReadImageNode, niftiReadImageNode, nrrdReadImageNode } from '@itk-wasm/image-io';
import { FileError } from '../../errors.ts';
import type { Format } from './formats.ts';

type Decoder = typeof nrrdReadImageNode;
/** The formats that ITK decodes; VTI is read by our own code. */
type ItkFormat = Exclude<Format, 'vti'>;
export type ItkImage = Awaited<ReturnType<Decoder>>['image'];

const DECODERS: Record<ItkFormat, Decoder> = {
  nrrd: nrrdReadImageNode,
  nifti: niftiReadImageNode,
  meta: metaReadImageNode,
};

/** What the decoders print when they go on after a fault (a checksum that fails leaves the voxels undefined). */
const FAULT = /fail|error|not read|truncat|corrupt|invalid/i;

/** One decoding at a time: the console is shared. */
let queue: Promise<unknown> = Promise.resolve();

/** Decodes a file, called `name` in messages. Throws `FileError` when the decoder fails, or reports a fault and goes on. */
export async function decode(path: string, format: ItkFormat, name = path): Promise<ItkImage> {
  try {
    return await quietly(async (fault) => {
      const { couldRead, image } = await DECODERS[format](resolve(path));
      if (!couldRead || !image?.data) throw new Error(fault() ?? 'the decoder does not recognise the file');
      return image;
    });
  } catch (error) {
    const reason = (error as Error).message;
    throw new FileError(
      {
        found: `${name} cannot be decoded as ${format === 'meta' ? 'MetaImage' : format.toUpperCase()}: ${oneLine(reason)}`,
        expected: 'a whole, undamaged file of the format its name says',
        todo: 'copy or export the file again; it may be cut short, or be of another format than its extension',
      },
      { cause: error },
    );
  }
}

/**
 * Runs one decoding with the console borrowed, when those before it are done. Throws an `Error` with the decoder's own
 * words when it fails, or reports a fault and goes on.
 */
export function quietly<T>(work: (fault: () => string | undefined) => Promise<T>): Promise<T> {
  const turn = queue.then(async () => {
    const said: string[] = [];
    const release = borrowConsole(said);
    const fault = () => said.find((line) => FAULT.test(line));
    try {
      const result = await work(fault);
      const reason = fault();
      if (reason !== undefined) throw new Error(reason);
      return result;
    } catch (error) {
      const reason = fault() ?? (error instanceof Error ? error.message : 'the decoder gave up');
      throw new Error(reason, { cause: error });
    } finally {
      release();
    }
  });
  queue = turn.catch(() => undefined);
  return turn;
}

/** Collects everything written to the console until the returned function is called. */
function borrowConsole(said: string[]): () => void {
  const names = ['log', 'info', 'warn', 'error', 'debug'] as const;
  const original = names.map((name) => console[name]);
  for (const name of names)
    console[name] = (...parts: unknown[]) => void said.push(parts.map(String).join(' '));
  return () => {
    names.forEach((name, i) => {
      console[name] = original[i];
    });
  };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 160);
}
