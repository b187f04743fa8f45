/**
 * What takes long on bones, off the page's thread: surfaces, distances between surfaces, files to download. One request,
 * one answer; errors travel as explanations.
 */
import { CranioflowError } from '../../src/errors.ts';
import { encodeGlb } from '../../src/mesh/glb.ts';
import { type Mesh, vertexNormals } from '../../src/mesh/mesh.ts';
import { parseStl } from '../../src/mesh/read/stl.ts';
import { weldVertices } from '../../src/mesh/read/weld.ts';
import { encodeStl } from '../../src/mesh/stl.ts';
import { maskSurface } from '../../src/mesh/surface.ts';
import { encodeNrrd } from '../../src/volume/io/nrrd.ts';
import { surfaceDistances } from './distances.ts';
import { gzip } from './gzip.ts';
import { type PackedMask, unpack } from './mask.ts';

/** What can be asked. */
export interface Jobs {
  surface: { ask: { mask: PackedMask }; answer: Mesh };
  stl: { ask: { bytes: Uint8Array; name: string }; answer: Mesh };
  distances: { ask: { of: Mesh; to: Mesh }; answer: Float32Array };
  file: { ask: { mask: PackedMask; format: 'stl' | 'glb' | 'nrrd' }; answer: Uint8Array };
}

export type JobName = keyof Jobs;
export type Request = { [K in JobName]: { id: number; job: K; ask: Jobs[K]['ask'] } }[JobName];
export type Answer = {
  id: number;
  answer?: unknown;
  error?: { message: string; explanation?: CranioflowError['explanation'] };
};

async function work(request: Request): Promise<unknown> {
  switch (request.job) {
    case 'surface':
      return maskSurface(unpack(request.ask.mask));
    case 'stl': {
      const mesh = weldVertices(parseStl(request.ask.bytes, request.ask.name).mesh);
      return { ...mesh, normals: vertexNormals(mesh) };
    }
    case 'distances':
      return surfaceDistances(request.ask.of, request.ask.to);
    case 'file': {
      const mask = unpack(request.ask.mask);
      if (request.ask.format === 'nrrd') {
        const [head, packed] = encodeNrrd(mask, gzip);
        return joined(new TextEncoder().encode(head), await packed);
      }
      const mesh = maskSurface(mask);
      return request.ask.format === 'stl' ? encodeStl(mesh) : encodeGlb(mesh);
    }
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

self.onmessage = async ({ data: request }: MessageEvent<Request>) => {
  try {
    self.postMessage({ id: request.id, answer: await work(request) } satisfies Answer);
  } catch (error) {
    const explanation = error instanceof CranioflowError ? error.explanation : undefined;
    const message = error instanceof Error ? error.message : String(error);
    self.postMessage({ id: request.id, error: { message, explanation } } satisfies Answer);
  }
};
