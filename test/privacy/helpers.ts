/** Phantoms for the audit's tests, made once: coarse enough to be quick, fine enough to tell people apart. */
import type { AuditSets } from '../../src/privacy/auditSets.ts';
import { makePhantom, phantomGrid } from '../../src/skull/phantom/phantom.ts';
import type { Mask } from '../../src/volume/volume.ts';

const GRID = phantomGrid(24);

/** Phantoms `first` to `first + count - 1` of one world. */
export function phantoms(count: number, first = 0, seed = 77): Mask[] {
  return Array.from({ length: count }, (_, i) => makePhantom({ seed, index: first + i, grid: GRID }).mask);
}

const list = (masks: readonly Mask[]) => ({ count: masks.length, at: (i: number) => masks[i] });

/** Sets for an audit; every mask a subject of its own, unless told. */
export function setsOf(
  train: readonly Mask[],
  heldOut: readonly Mask[],
  fake: readonly Mask[],
  subjects = train.map((_, i) => `train-${i}`),
): AuditSets {
  return {
    train: { ...list(train), subjects, names: train.map((_, i) => `t${i}`), classes: train.map(() => 6) },
    heldOut: {
      ...list(heldOut),
      subjects: heldOut.map((_, i) => `test-${i}`),
      names: heldOut.map((_, i) => `h${i}`),
    },
    fake: list(fake),
  };
}
