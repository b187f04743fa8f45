/** A case as a shaded picture without a ground, made in a thread: read and verified, its surface rendered, as PNG. */
import { readBits } from '../dataset/dataset.ts';
import { manifestGrid } from '../dataset/manifest.ts';
import { unpackBits } from '../dataset/pack.ts';
import { encodePng } from '../mesh/png.ts';
import { renderMask } from '../mesh/views.ts';
import { type Vec3, voxelCount } from '../volume/volume.ts';

export interface PictureAsk {
  /** Folder of the dataset. */
  dir: string;
  volume: string;
  sha256: string;
  size: Vec3;
  /** mm */
  spacing: number;
  /** Of a side. */
  pixels: number;
}

/** Pixels of a side: what a page may ask for. */
export const PIXELS = { least: 64, most: 640, usual: 192 };

/** The PNG. Throws `DatasetError` where the volume is missing or damaged. */
export function drawPicture({ dir, volume, sha256, size, spacing, pixels }: PictureAsk): Uint8Array {
  const voxels = voxelCount(size);
  const bits = readBits(dir, { volume, sha256 }, voxels);
  const mask = { ...manifestGrid({ size: [...size], spacing }), data: unpackBits(bits, voxels) };
  return encodePng(renderMask(mask, { size: pixels, background: null }));
}

/** The latest pictures, as many as fit into `bytes`. */
export class Pictures {
  readonly #known = new Map<string, Uint8Array>();
  readonly #most: number;
  #bytes = 0;

  constructor(bytes = 64 * 2 ** 20) {
    this.#most = bytes;
  }

  /** The key of a picture: equal bits on one grid look alike, wherever they lie. */
  static key({ sha256, size, spacing, pixels }: PictureAsk): string {
    return [sha256, size, spacing, pixels].join('/');
  }

  get(key: string): Uint8Array | undefined {
    const png = this.#known.get(key);
    if (png === undefined) return undefined;
    this.#known.delete(key);
    this.#known.set(key, png);
    return png;
  }

  set(key: string, png: Uint8Array): void {
    this.#bytes += png.length - (this.#known.get(key)?.length ?? 0);
    this.#known.delete(key);
    this.#known.set(key, png);
    for (const [oldest, { length }] of this.#known) {
      if (this.#bytes <= this.#most) return;
      this.#known.delete(oldest);
      this.#bytes -= length;
    }
  }
}
