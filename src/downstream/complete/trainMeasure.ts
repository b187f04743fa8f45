/**
 * How well a completer does on held-out bones in the course of its training: each bone is given one fixed defect, the same
 * whatever the network and its seed, and the answer is held against the bone.
 *
 *   Dice            of the whole bone and the answer; that of the defective bone is what doing nothing gets
 *   implant Dice    of what was removed and what is added, uncut and uncleaned; doing nothing gets 0
 */
import type { CompleterConfig } from '../../config/completer.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import type { DatasetCase } from '../../dataset/manifest.ts';
import { diceOf, overlap } from '../../evaluation/overlap.ts';
import { RandomStream } from '../../random/stream.ts';
import type { Mask } from '../../volume/volume.ts';
import { applyDefect } from '../defects/defect.ts';
import { defectOf } from './trainExamples.ts';

export interface HeldOut {
  whole: Mask;
  defective: Mask;
}

/** The cases with a fixed defect each, drawn by the case's name; without those that have no room for one. */
export function heldOutDefects(
  dataset: Dataset,
  cases: readonly DatasetCase[],
  defects: CompleterConfig['defects'],
): HeldOut[] {
  return cases.flatMap((c) => {
    const whole = dataset.loadMask(c);
    const stream = new RandomStream(0, `completer/heldOut/${c.id}`);
    const defect = defectOf(whole, dataset.manifest.bone, stream, defects);
    return defect === undefined ? [] : [{ whole, defective: applyDefect(whole, defect) }];
  });
}

/** Mean Dice of wholes and of implants, and the Dice of doing nothing. */
export interface CompletionFigures {
  heldOutDice: number;
  heldOutImplantDice: number;
  heldOutNothingDice: number;
}

/** `believe` gives the belief in bone of each voxel for a mask in +-1. */
export async function measureHeldOut(
  cases: readonly HeldOut[],
  believe: (mask: Float32Array) => Promise<Float32Array> | Float32Array,
): Promise<CompletionFigures> {
  const sums = [0, 0, 0];
  for (const { whole, defective } of cases) {
    const p = await believe(Float32Array.from(defective.data, (v) => (v !== 0 ? 1 : -1)));
    const answer = defective.data.map((v, i) => (v !== 0 || p[i] >= 0.5 ? 1 : 0));
    const beyond = (mask: Uint8Array) => mask.map((v, i) => (v !== 0 && defective.data[i] === 0 ? 1 : 0));
    sums[0] += diceOf(overlap(whole.data, answer));
    sums[1] += diceOf(overlap(beyond(whole.data), beyond(answer)));
    sums[2] += diceOf(overlap(whole.data, defective.data));
  }
  const [heldOutDice, heldOutImplantDice, heldOutNothingDice] = sums.map((s) => s / cases.length);
  return { heldOutDice, heldOutImplantDice, heldOutNothingDice };
}
