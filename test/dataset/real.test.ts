/**
 * Real bones. The 45 landmarks that experts set on each mouse skull are the truth that alignment is held against: after
 * it, the landmarks of different skulls must lie where those of the others lie. (Over the 30 skulls whose landmarks are
 * in the scan's own space the mean distance to the mean landmark is 0.35 mm; the best rigid alignment of the landmarks
 * themselves gives 0.32 mm; skulls are 23 mm long.)
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ingest } from '../../src/dataset/ingest.ts';
import { subjectsByPattern } from '../../src/dataset/inputs.ts';
import { alignedFrame, alignReference } from '../../src/skull/align.ts';
import { boneMask } from '../../src/skull/bone-mask.ts';
import { cropToBone, type Frame } from '../../src/skull/orient.ts';
import { labelComponents, largestComponents } from '../../src/volume/components.ts';
import { apply3, transpose3 } from '../../src/volume/geometry.ts';
import { readVolume } from '../../src/volume/io/index.ts';
import type { Mask, Vec3 } from '../../src/volume/volume.ts';
import { temporaryFolder } from './helpers.ts';

const DATA = join(import.meta.dirname, '../../../shared/data');
const MANDIBLES = join(DATA, 'tcia_mandibles_CC-BY-4.0/nrrds/validation');
const MICE = join(DATA, 'mouse_skull_microct_GPL-3');
const missing = [MANDIBLES, MICE].filter((path) => !existsSync(path));
if (missing.length > 0 && process.env.CI === 'true')
  throw new Error(`real data missing: ${missing.join(', ')}`);
const title = missing.length > 0 ? `real bones (skipped: ${missing.join(', ')} missing)` : 'real bones';

async function skull(name: string): Promise<Mask> {
  const path = join(MICE, 'targets', `${name}_.nii.gz`);
  const mask = cropToBone(boneMask(await readVolume(path), path, { threshold: 'otsu' }));
  return cropToBone({ ...mask, data: largestComponents(mask.data, mask.size) });
}

/** The landmarks of a skull, LPS mm, as coordinates of a frame. */
function landmarks(name: string, frame: Frame): Vec3[] {
  const { markups } = JSON.parse(readFileSync(join(MICE, 'target_LMs', `${name}_.mrk.json`), 'utf8'));
  expect(markups[0].coordinateSystem).toBe('LPS');
  const { centre: c } = frame;
  return markups[0].controlPoints.map(({ position: p }: { position: Vec3 }) =>
    apply3(transpose3(frame.axes), [p[0] - c[0], p[1] - c[1], p[2] - c[2]]),
  );
}

describe.skipIf(missing.length > 0)(title, () => {
  it('mouse skulls that lie any way round come to lie landmark on landmark', async () => {
    const reference = alignReference(await skull('TALLYHO_JNGJ'), 'principal');
    const truth = landmarks('TALLYHO_JNGJ', reference.frame);
    // BALB_CBYJ has a leg before its face, SJL_J a long neck.
    for (const name of ['FVB_NJ', 'BALB_CBYJ', 'SJL_J']) {
      const points = landmarks(name, alignedFrame(await skull(name), reference));
      const far = points.map((p, i) =>
        Math.hypot(p[0] - truth[i][0], p[1] - truth[i][1], p[2] - truth[i][2]),
      );
      expect(far.reduce((a, b) => a + b, 0) / far.length, name).toBeLessThan(0.8);
    }
  });

  it('mandibles are taken in, two scans of one patient on one side', async () => {
    const ids = ['0522c0727a', '0522c0727b', 'TCGA-CV-5977'];
    const inputs = ids.map((id) => join(MANDIBLES, 'oncologist', id, 'segmentations/Mandible.nrrd'));
    const { dataset, refused } = await ingest({
      inputs,
      out: temporaryFolder(),
      grid: [64, 48, 48],
      spacing: 2.4,
      bone: 'mandible',
      keepNames: true,
      withoutPictures: true,
      jobs: 1,
      alignTo: inputs[0],
      subjects: subjectsByPattern('(0522c\\d+|TCGA-CV-\\w+)'),
    });
    expect(refused).toEqual([]);
    expect(dataset.cases.map((c) => c.subject).sort()).toEqual(['0522c0727', '0522c0727', 'TCGA-CV-5977']);
    expect(new Set(dataset.cases.filter((c) => c.subject === '0522c0727').map((c) => c.split)).size).toBe(1);
    for (const c of dataset.cases) {
      const { data, size } = dataset.loadMask(c);
      expect(labelComponents(data, size).sizes[0] / c.voxels).toBeGreaterThan(0.98);
      // An adult mandible with its teeth: 40 to 100 cm^3.
      const cubicCm = (c.voxels * 2.4 ** 3) / 1000;
      expect(cubicCm).toBeGreaterThan(40);
      expect(cubicCm).toBeLessThan(100);
      // Chin forward: the lowest bone lies in front of (-y) the highest.
      const meanY = (k: number) => {
        let [n, sum] = [0, 0];
        for (let p = 0; p < size[0] * size[1]; p++)
          if (data[p + size[0] * size[1] * k]) {
            n++;
            sum += Math.floor(p / size[0]);
          }
        return n > 0 ? sum / n : undefined;
      };
      const slices = Array.from({ length: size[2] }, (_, k) => meanY(k)).filter((y) => y !== undefined);
      expect(slices[1]).toBeLessThan(slices[slices.length - 2] - 10);
    }
  });
});
