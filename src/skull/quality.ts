/**
 * The score of quality, 2 truncated or damaged .. 6 complete, from what can be measured, as a person who grades head CT
 * would give it: 6 a complete skull; 5 small faults; 4 metal in the teeth, a hole or a thin region; 3 the field of view
 * cuts off part of the skull, or a region is missing; 2 much is missing. Each finding sets a ceiling, the score is the
 * lowest, and a second finding of ceiling 3, or a hole of ceiling 4, beside one of 3 makes a 2. The limits:
 *
 * | measured | ceiling 5 | 4 | 3 | 2 |
 * | --- | --- | --- | --- | --- |
 * | bone on faces of the field of view that look up from the vault, mm^2 | 100 | 1000 | 5000 | |
 * | bone on other faces, mm^2 together | 10 | 60 | 200 | |
 * | vault cut off by the field of view, share | | 0.005 | 0.02 | 0.2 |
 * | holes in the vault, mm^2 | 60 | 200 | 1000 | 4000 |
 * | a region's overlap with the template, below | 0.8 | 0.65 | 0.4 | |
 * | metal, mm^3 | 20 | 500 | | |
 *
 * 200 mm^2 is less than a slice through a jaw's two rami; one at the height of the upper teeth is 2000. A face that only
 * grazes the crown shows much bone for little loss (a disc of 1000 mm^2 is a cap of 2 mm, of 3400 one of 8), so for the
 * vault the area weighs less, and what is lost of it is asked by `vaultCutShare`.
 */

/** 2 truncated or damaged .. 6 complete. */
export type QualityScore = 2 | 3 | 4 | 5 | 6;

export type SkullRegion = 'vault' | 'face' | 'orbit' | 'maxilla' | 'mandible' | 'base';

/** What is measured of one case; what is absent was not measured and lowers nothing. */
export interface QualityFacts {
  /** Bone on the faces of the field of view, by the side of the patient they look to; `vault` when away from the feet. */
  faces?: readonly { side: string; area_mm2: number; vault?: boolean }[];
  /** Share of the vault that the field of view cuts off. */
  vaultCutShare?: number;
  /** mm^2 of holes in the vault. */
  vaultOpen_mm2?: number;
  /** Share of the template's bone, by region, that lies on or near the case's bone. */
  regions?: Partial<Record<SkullRegion, number>>;
  metal_mm3?: number;
}

export interface Quality {
  score: QualityScore;
  /** Why it is not 6, worst first. */
  reasons: string[];
}

/** Values from which the ceiling is 5, 4, 3, 2. */
export const QUALITY_LIMITS = {
  vaultFaces_mm2: [100, 1000, 5000, Infinity],
  faces_mm2: [10, 60, 200, Infinity],
  vaultCutShare: [Infinity, 0.005, 0.02, 0.2],
  vaultOpen_mm2: [60, 200, 1000, 4000],
  /** Overlap lost: 1 - overlap. */
  regionLost: [0.2, 0.35, 0.6, Infinity],
  metal_mm3: [20, 500, Infinity, Infinity],
} as const;

/** The score of a case, and its reasons with the figures. A figure that is not a number counts as not measured. */
export function qualityScore(facts: QualityFacts): Quality {
  const found: { kind: string; ceiling: number; text: string }[] = [];
  const weigh = (
    kind: keyof typeof QUALITY_LIMITS,
    value: number | undefined,
    text: (v: number) => string,
  ): void => {
    const limits: readonly number[] = QUALITY_LIMITS[kind];
    if (value === undefined || !Number.isFinite(value)) return;
    const worst = limits.findLastIndex((limit) => value >= limit);
    if (worst >= 0) found.push({ kind, ceiling: 5 - worst, text: text(value) });
  };
  for (const vault of [true, false]) {
    const cut = (facts.faces ?? []).filter((f) => f.area_mm2 > 0 && (f.vault ?? false) === vault);
    weigh(
      vault ? 'vaultFaces_mm2' : 'faces_mm2',
      cut.reduce((sum, f) => sum + f.area_mm2, 0),
      () =>
        `the field of view cuts bone: ${cut.map((f) => `${f.side} ${f.area_mm2.toFixed(0)} mm^2`).join(', ')}`,
    );
  }
  weigh(
    'vaultCutShare',
    facts.vaultCutShare,
    (v) => `${(100 * v).toFixed(1)} % of the vault lie outside the field of view`,
  );
  weigh('vaultOpen_mm2', facts.vaultOpen_mm2, (v) => `holes of ${v.toFixed(0)} mm^2 in the vault`);
  for (const [region, overlap] of Object.entries(facts.regions ?? {}))
    weigh('regionLost', 1 - overlap, () => `only ${(100 * overlap).toFixed(0)} % of the ${region} is there`);
  weigh('metal_mm3', facts.metal_mm3, (v) => `${v.toFixed(0)} mm^3 of metal`);
  found.sort((a, b) => a.ceiling - b.ceiling);
  const severe = found.filter(
    (f) => f.ceiling <= 3 || (f.kind === 'vaultOpen_mm2' && f.ceiling === 4),
  ).length;
  const least = found[0]?.ceiling ?? 6;
  return {
    score: (least <= 3 && severe >= 2 ? 2 : least) as QualityScore,
    reasons: found.map((f) => f.text),
  };
}
