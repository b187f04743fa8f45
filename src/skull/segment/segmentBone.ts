/**
 * Bone out of a head CT: the steps of this folder in their order, each leaving a note, and on request its mask.
 *
 *   head CT? -> head -> threshold -> bone -> metal -> neck -> islands -> holes -> coverage -> facts
 *
 * The result lies on the scan's own grid, cut to the head's bone with a margin. Memory is the scan, its crop, and about
 * six bytes a voxel of the crop.
 */
import type { Mask, Volume } from '../../volume/volume.ts';
import { cropToBone } from '../orient.ts';
import type { QualityFacts } from '../quality.ts';
import { humanTemplate } from '../register/template.ts';
import { boneVoxels } from './bone.ts';
import { type Braincase, findBraincase } from './braincase.ts';
import { checkCoverage, checkHeadCt } from './checkHeadCt.ts';
import { measureQuality } from './facts.ts';
import { isolateHead } from './head.ts';
import { headPose } from './headPose.ts';
import { fillSmallHoles } from './holes.ts';
import { removeIslands } from './islands.ts';
import { limitMetal } from './metal.ts';
import { removePins } from './pins.ts';
import { cutNeck, type SkullBase, skullBase } from './skullBase.ts';
import type { SegmentStep } from './step.ts';
import { boneThreshold } from './threshold.ts';

export interface SegmentOptions {
  /** HU from which a voxel is bone; found from the histogram when absent. */
  threshold?: number;
  /** mm: the thickest slices of a scan. Default 3.5. */
  thickest?: number;
  /** Cut off the neck below the skull base. Default true. */
  cutNeck?: boolean;
  /** Take away thin parts that stand out of the skull. Default true. */
  pins?: boolean;
  /** Told of each step as it ends, with its mask. */
  onStep?: (step: SegmentStep) => void;
}

export interface Segmentation {
  /** The skull on the scan's grid, cut to it. */
  mask: Mask;
  /** Notes of the steps, without masks. */
  steps: SegmentStep[];
  facts: QualityFacts;
  /** HU used. */
  threshold?: number;
  braincase?: Braincase;
  /** How the head lies and the plane under its foramen magnum; absent where the bone is not like a skull. */
  base?: SkullBase;
}

/**
 * Segments the skull of a head CT. Throws `VolumeError` when the volume is not a head CT in HU, is too thick, covers too
 * little, or holds no head.
 */
export function segmentBone(volume: Volume, options: SegmentOptions = {}): Segmentation {
  const log = new StepLog(options.onStep);
  const { levels, step } = checkHeadCt(volume, options.thickest);
  log.add(step);
  const head = isolateHead(volume, levels);
  log.add(head.step);
  const threshold = boneThreshold(levels, options.threshold);
  log.add(threshold.step);
  const bone = log.take(boneVoxels(head, levels, threshold));
  const metal = limitMetal(head.volume, bone, levels, threshold);
  log.take(metal);
  const cleaned = cleanSkull(metal.mask, options, log);
  return {
    ...cleaned,
    threshold: threshold.bone,
    facts: measureQuality(cleaned.mask, {
      braincase: cleaned.braincase,
      pose: cleaned.base?.pose,
      metal_mm3: metal.metal_mm3,
    }),
  };
}

/**
 * The same cleaning for a mask that somebody else made: neck, islands, pins, small holes, coverage. Throws `VolumeError`
 * when the mask is empty or covers too little.
 */
export function cleanMask(mask: Mask, options: SegmentOptions = {}): Segmentation {
  const cleaned = cleanSkull(cropToBone(mask, 3), options, new StepLog(options.onStep));
  return {
    ...cleaned,
    facts: measureQuality(cleaned.mask, {
      braincase: cleaned.braincase,
      pose: cleaned.base?.pose,
    }),
  };
}

function cleanSkull(
  mask: Mask,
  options: SegmentOptions,
  log: StepLog,
): Omit<Segmentation, 'facts' | 'threshold'> {
  const braincase = findBraincase(mask);
  const pose = headPose(mask, humanTemplate(), braincase);
  const base = pose && skullBase(pose, braincase);
  let skull = mask;
  if (options.cutNeck !== false) {
    if (base) skull = log.take(cutNeck(skull, base));
    else
      log.add({ name: 'neck', mask: skull, count: 0, note: 'the bone is not like a skull: nothing cut off' });
  }
  skull = log.take(removeIslands(skull));
  if (options.pins !== false) {
    const pins = removePins(skull);
    skull = log.take(pins);
    // Stumps and splinters of pins.
    if (pins.step.count) skull = removeIslands(skull).mask;
  }
  skull = log.take(fillSmallHoles(skull));
  log.add(checkCoverage(skull, pose));
  return { mask: skull, steps: log.steps, braincase, base };
}

/** Hands each step out with its mask, keeps its note without (a mask a step would be gigabytes). */
class StepLog {
  readonly steps: SegmentStep[] = [];
  private readonly onStep?: (step: SegmentStep) => void;

  constructor(onStep?: (step: SegmentStep) => void) {
    this.onStep = onStep;
  }

  add(step: SegmentStep): void {
    const { mask: _, ...note } = step;
    this.steps.push(note);
    this.onStep?.(step);
  }

  take({ mask, step }: { mask: Mask; step: SegmentStep }): Mask {
    this.add({ ...step, mask });
    return mask;
  }
}
