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
 * | share found of a quarter of the vault, below | 0.6 | 0.5 | 0.4 | 0.25 |
 * | of the skull base | 0.55 | 0.45 | 0.35 | |
 * | of an orbital rim, a cheekbone, a zygomatic arch | 0.5 | 0.45 | 0.4 | |
 * | of a half of the upper jaw | 0.42 | 0.38 | 0.35 | |
 * | of a ramus, a body of the mandible, the chin | 0.65 | 0.55 | 0.45 | |
 * | metal, mm^3 | 20 | 500 | | |
 *
 * 200 mm^2 is less than a slice through a jaw's two rami; one at the height of the upper teeth is 2000. A face that only
 * grazes the crown shows much bone for little loss (a disc of 1000 mm^2 is a cap of 2 mm, of 3400 one of 8), so for the
 * vault the area weighs less, and what is lost of it is asked by `vaultCutShare`.
 *
 * The shares found are those of `regions.ts`. Of what four real heads have they are at least 0.68 in the vault, 0.60 in the
 * base, 0.62 in orbits and zygoma, 0.52 in the upper jaw (a toothless one) and 0.73 in the mandible; where the part was
 * cut out of two of them, 0.38 and less, of one left orbit 0.46 (`docs/ingest.md`). Two regions of one part are one
 * finding, and what the field of view cuts off and is therefore not found counts once.
 */
import { SKULL_REGIONS, type SkullPart, type SkullRegion } from './phantom/parts.ts';

/** 2 truncated or damaged .. 6 complete. */
export type QualityScore = 2 | 3 | 4 | 5 | 6;

/** What is measured of one case; what is absent was not measured and lowers nothing. */
export interface QualityFacts {
  /** Bone on the faces of the field of view, by the side of the patient they look to; `vault` when away from the feet. */
  faces?: readonly { side: string; area_mm2: number; vault?: boolean }[];
  /** Share of the vault that the field of view cuts off. */
  vaultCutShare?: number;
  /** mm^2 of holes in the vault. */
  vaultOpen_mm2?: number;
  /** Share of the template's surface, by region, at which the case has bone (`regions.ts`). */
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
  metal_mm3: [20, 500, Infinity, Infinity],
} as const;

/** Of a region: 1 - the share found, from which the ceiling is 5, 4, 3, 2. */
export const REGION_LIMITS: Record<SkullPart, readonly number[]> = {
  vault: [0.4, 0.5, 0.6, 0.75],
  base: [0.45, 0.55, 0.65, Infinity],
  orbits: [0.5, 0.55, 0.6, Infinity],
  zygoma: [0.5, 0.55, 0.6, Infinity],
  maxilla: [0.58, 0.62, 0.65, Infinity],
  mandible: [0.35, 0.45, 0.55, Infinity],
};

interface Finding {
  kind: keyof typeof QUALITY_LIMITS | SkullPart;
  ceiling: number;
  text: string;
}

/** The ceiling that limits set to a value; undefined below all of them and for what is not a number. */
function ceilingOf(value: number, limits: readonly number[]): number | undefined {
  const worst = Number.isFinite(value) ? limits.findLastIndex((limit) => value >= limit) : -1;
  return worst < 0 ? undefined : 5 - worst;
}

/** The score of a case, and its reasons with the figures. A figure that is not a number counts as not measured. */
export function qualityScore(facts: QualityFacts): Quality {
  const found: Finding[] = lostRegions(facts.regions ?? {});
  const weigh = (
    kind: keyof typeof QUALITY_LIMITS,
    value: number | undefined,
    text: (v: number) => string,
  ): void => {
    if (value === undefined) return;
    const ceiling = ceilingOf(value, QUALITY_LIMITS[kind]);
    if (ceiling !== undefined) found.push({ kind, ceiling, text: text(value) });
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
  weigh('metal_mm3', facts.metal_mm3, (v) => `${v.toFixed(0)} mm^3 of metal`);
  found.sort((a, b) => a.ceiling - b.ceiling);
  const least = found[0]?.ceiling ?? 6;
  return {
    score: (least <= 3 && severeLosses(found) >= 2 ? 2 : least) as QualityScore,
    reasons: found.map((f) => f.text),
  };
}

/** A finding for each part of which a region is missing: `only 12 % of the chin, 35 % of the left ramus of the mandible is there`. */
function lostRegions(regions: NonNullable<QualityFacts['regions']>): Finding[] {
  const found = new Map<SkullPart, { ceiling: number; lost: { share: number; name: string }[] }>();
  for (const [region, share] of Object.entries(regions) as [SkullRegion, number][]) {
    const { part, name } = SKULL_REGIONS[region];
    const ceiling = ceilingOf(1 - share, REGION_LIMITS[part]);
    if (ceiling === undefined) continue;
    const { ceiling: before, lost } = found.get(part) ?? { ceiling: 6, lost: [] };
    found.set(part, { ceiling: Math.min(before, ceiling), lost: [...lost, { share, name }] });
  }
  return [...found].map(([kind, { ceiling, lost }]) => {
    const all = lost.sort((a, b) => a.share - b.share);
    const text = all.map(({ share, name }) => `${(100 * share).toFixed(0)} % of the ${name}`).join(', ');
    return { kind, ceiling, text: `only ${text} is there` };
  });
}

const VAULT: readonly Finding['kind'][] = ['vaultFaces_mm2', 'vaultCutShare', 'vaultOpen_mm2'];
const PARTS: readonly Finding['kind'][] = ['base', 'orbits', 'zygoma', 'maxilla', 'mandible'];

/** How many losses the severe findings are: bone that a face of the field of view cuts off is a region that is not found. */
function severeLosses(found: readonly Finding[]): number {
  const severe = found.filter((f) => f.ceiling <= 3 || (f.kind === 'vaultOpen_mm2' && f.ceiling === 4));
  const has = (kinds: readonly Finding['kind'][]): boolean => severe.some((f) => kinds.includes(f.kind));
  return severe.filter(
    ({ kind }) => !((kind === 'faces_mm2' && has(PARTS)) || (kind === 'vault' && has(VAULT))),
  ).length;
}
