/**
 * What is noted of a case while it is made, so that a person can accept or drop it in seconds: a small picture of every
 * step, the figures, the slices with the contour and the shaded bone; written as a record when the case ends, whether it
 * was accepted or refused.
 */
import type { CranioflowError } from '../errors.ts';
import { renderCase, renderMissing, renderStep, renderViews } from '../report/casePictures.ts';
import { type CaseRecord, writeCaseRecord } from '../report/cases.ts';
import { REGION_NAMES, SKULL_REGIONS } from '../skull/phantom/parts.ts';
import type { Quality } from '../skull/quality.ts';
import type { RegionPresence } from '../skull/regions.ts';
import { type Transform, transformFromMatrix, transformGrid } from '../skull/register/transform.ts';
import type { SegmentStep } from '../skull/segment/step.ts';
import type { Grid, Mask, Vec3, Volume } from '../volume/volume.ts';
import type { Provenance } from './manifest.ts';
import type { ReadCase } from './readCase.ts';

export class CaseSheet {
  readonly #id: string;
  readonly #dir: string;
  readonly #off: boolean;
  readonly #steps: NonNullable<Parameters<typeof renderCase>[0]['steps']>[number][] = [];
  readonly #numbers: CaseRecord['numbers'] = [];
  readonly #warnings: string[] = [];
  #read?: ReadCase;
  #scan?: Volume;
  #placed?: Mask;
  #pose?: Transform;
  #quality?: Quality;

  constructor(id: string, { out, withoutPictures }: { out: string; withoutPictures?: boolean }) {
    this.#id = id;
    this.#dir = out;
    this.#off = withoutPictures === true;
  }

  /** A step of the segmentation, with the bone it leaves. */
  step({ name, note, mask }: SegmentStep): void {
    if (this.#off) return;
    const image = mask && renderStep(mask);
    this.#steps.push({ title: name, note, image });
  }

  /** A scan, before anything is known of it. */
  scan(scan: Volume): void {
    this.#scan = scan;
  }

  /** The case as it was read, before it is placed. */
  read(read: ReadCase): void {
    this.#read = read;
    this.#number('kind', read.kind);
    this.#number('spacing', read.spacing.map((s) => Number(s.toFixed(3))).join(' x '), 'mm');
    if (read.threshold !== undefined) this.#number('threshold', Math.round(read.threshold), 'HU');
    for (const note of read.notes) if (!note.includes(': ')) this.#warnings.push(note);
  }

  /** Which regions were found: what is not there is drawn over the bone on the grid, whose middle lies at `centre`. */
  regions({ shares, missing }: RegionPresence, mask: Mask, centre: Vec3): void {
    if (this.#off) return;
    const points = missing.map((v, i) => v - centre[i % 3]);
    const worst = [...REGION_NAMES].sort((a, b) => shares[a] - shares[b]).slice(0, 3);
    const least = worst.map((r) => `${SKULL_REGIONS[r].name} ${(100 * shares[r]).toFixed(0)} %`);
    this.#steps.push({
      title: 'regions',
      note: `${REGION_NAMES.length} regions looked for (blue: template without bone); found least: ${least.join(', ')}`,
      image: renderMissing(mask, points),
    });
  }

  /** The bone on the grid, and how it got there. */
  placed(mask: Mask, { alignment, aligner, cutShare, transform }: Provenance, quality: Quality): void {
    this.#pose = transformFromMatrix(transform);
    this.#placed = mask;
    this.#quality = quality;
    const [x, y, z] = mask.spacing;
    let voxels = 0;
    for (const v of mask.data) voxels += v;
    this.#number('bone', Number(((voxels * x * y * z) / 1000).toPrecision(4)), 'cm^3');
    if (alignment !== undefined) {
      this.#number('distance to the template', Number(alignment.rms_mm.toFixed(2)), 'mm');
      this.#number('fit to the template', Number(alignment.score.toFixed(2)));
    }
    if (aligner !== undefined) {
      this.#number('uncertainty of its turn', Number(aligner.rotationDeg.toPrecision(2)), 'degrees');
      this.#number('uncertainty of its place', Number(aligner.translationMm.toPrecision(2)), 'mm');
    }
    if (cutShare > 0) this.#number('cut off by the grid', Number((100 * cutShare).toPrecision(2)), '%');
  }

  accept(): void {
    this.#write('accepted');
  }

  /** `names` is what the user typed: for the terminal; the page goes along with the dataset. */
  refuse(error: CranioflowError, names: readonly string[]): void {
    const { found, todo } = error.explanation;
    this.#write(
      'refused',
      `${names.reduce((text, name) => text.replaceAll(name, 'the case'), found)}; ${todo}`,
    );
  }

  #number(label: string, value: number | string, unit?: string): void {
    this.#numbers.push(unit === undefined ? { label, value } : { label, value, unit });
  }

  #write(status: 'accepted' | 'refused', reason?: string): void {
    if (this.#off) return;
    const { scan = this.#scan, mask } = this.#read ?? {};
    // Slices of a scan with the contour of its own bone; all as it lies in the dataset, once it does.
    const shown = this.#placed ?? mask;
    const pose = this.#pose;
    const posed = <T extends Grid | undefined>(grid: T) => (grid && pose ? transformGrid(grid, pose) : grid);
    const slices = renderCase(
      {
        ...(scan === undefined ? { mask: shown } : { scan: posed(scan), mask: posed(mask) }),
        steps: this.#steps,
      },
      { views: [] },
    );
    const views = shown === undefined ? [] : renderViews(shown);
    writeCaseRecord(this.#dir, {
      id: this.#id,
      status,
      ...(reason !== undefined && { reason }),
      numbers: this.#numbers,
      ...(this.#quality && { quality: this.#quality }),
      warnings: this.#warnings,
      ...slices,
      views,
    });
  }
}
