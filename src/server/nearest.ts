/**
 * The cases that a bone is most like, looked for in a thread:
 *
 *   Dice with every case, over packed bits -> the six highest -> their mean surface distance (ASSD, mm)
 *
 * A plain search in the place where the bones lie: a copy that was mirrored or moved is found by the audit, not here.
 */
import { type Dataset, openDataset } from '../dataset/dataset.ts';
import { type DatasetCase, MANIFEST } from '../dataset/manifest.ts';
import { DatasetError } from '../errors.ts';
import { diceOf, type PackedMask, packedMask, packedOverlap } from '../evaluation/overlap.ts';
import { assd, surfaceDistances } from '../evaluation/surfaceDistance.ts';
import { requireSameGrid } from '../volume/sameGrid.ts';
import type { Nearest } from './api.ts';
import { notThere, ServerError } from './errors.ts';
import { Kept, requireInside } from './files.ts';

export interface NearestAsk {
  /** Real path of the folder that is viewed. */
  root: string;
  /** Folder of the bone's set, and its id there. */
  set: string;
  id: string;
  /** Folder of the dataset that is searched. */
  data: string;
}

const TOLD = 6;
/** Bits kept from one search to the next, of one thread. */
const KEPT_BYTES = 256 * 2 ** 20;

const datasets = new Kept<Dataset>();
const packed = new Map<string, PackedMask>();
let bytes = 0;

function bitsOf(dataset: Dataset, c: DatasetCase): PackedMask {
  const known = packed.get(c.sha256);
  if (known !== undefined) return known;
  const mask = packedMask(dataset.loadBits(c));
  if (bytes + mask.words.byteLength <= KEPT_BYTES) {
    packed.set(c.sha256, mask);
    bytes += mask.words.byteLength;
  }
  return mask;
}

/** A dataset whose volumes are only read where they lie in `root`. */
function opened(root: string, dir: string): Dataset {
  const dataset = datasets.get(dir, [`${dir}/${MANIFEST}`], () => openDataset(dir));
  const checked = (c: DatasetCase): DatasetCase => {
    requireInside({ root, dir }, c.volume);
    return c;
  };
  return {
    ...dataset,
    loadBits: (c) => dataset.loadBits(checked(c)),
    loadMask: (c) => dataset.loadMask(checked(c)),
  };
}

/**
 * The most alike first. Cases whose volume is missing or damaged are passed over and named. Throws `GridError` for another grid,
 * `DatasetError` where the bone itself cannot be read, `ServerError` where it is not there.
 */
export function findNearest({ root, set, id, data }: NearestAsk): Nearest {
  const [own, dataset] = [opened(root, set), opened(root, data)];
  const bone = own.cases.find((c) => c.id === id);
  if (bone === undefined) throw notThere(`the case ${id}`);
  requireSameGrid(own.grid, dataset.grid, own.manifest.name, dataset.manifest.name);
  const bits = packedMask(own.loadBits(bone));
  const unreadable: string[] = [];
  // A case is always most like itself.
  const others = set === data ? dataset.cases.filter((c) => c.id !== id) : dataset.cases;
  const compared = others.flatMap((c) => {
    try {
      return [{ c, dice: diceOf(packedOverlap(bits, bitsOf(dataset, c))) }];
    } catch (error) {
      if (!(error instanceof DatasetError || error instanceof ServerError)) throw error;
      unreadable.push(c.id);
      return [];
    }
  });
  const mask = own.loadMask(bone);
  const cases = compared
    .sort((a, b) => b.dice - a.dice)
    .slice(0, TOLD)
    .map(({ c, dice }) => ({
      id: c.id,
      dice,
      assd_mm: assd(surfaceDistances(mask, dataset.loadMask(c))),
    }));
  return { cases, compared: compared.length, ...(unreadable.length > 0 && { unreadable }) };
}
