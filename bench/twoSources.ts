/**
 * `tsx bench/twoSources.ts [--spacing 2.5] [--grid 80x104x104]`: do two sources of one head lie alike on the grid? Each pair
 * goes the way of `ingest --frame frankfort` (read, bone, clean, align, resample); then Dice, ASSD and HD95 (pooled) of the
 * two results on the grid, and the mean distance of each way alone (from the first to the second: there). JSON lines.
 *
 * - `one scan, two files`: the Visible Human's CT as DICOM, and the same CT turned by known oblique poses, resampled
 *   (linear, 1 mm) and written as NIfTI with a straight header. Same head, other format, grid and pose: agreement is due.
 *   Also the angle and shift between the two alignments, for the pose is known.
 * - `CT and mask of the Visible Human`: as they come out, and after the one was laid on the other as well as a rigid move,
 *   and one with scale, can (`registerRigid`), so that what remains is no fault of the alignment.
 *
 * Needs ../shared/data.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collectCases } from '../src/dataset/inputs.ts';
import { readCase } from '../src/dataset/readCase.ts';
import { diceOf, overlap } from '../src/evaluation/overlap.ts';
import { mean } from '../src/evaluation/statistics.ts';
import { assd, hd95Pooled, surfaceDistances } from '../src/evaluation/surfaceDistance.ts';
import { type Canonical, canonicalFrame } from '../src/skull/canonical.ts';
import { toFrame } from '../src/skull/orient.ts';
import { registerRigid } from '../src/skull/register/registerRigid.ts';
import { skullTemplate, templateOf } from '../src/skull/register/template.ts';
import {
  applyTransform,
  composeTransforms,
  IDENTITY_TRANSFORM,
  rotationAngle,
  type Transform,
  transformGrid,
} from '../src/skull/register/transform.ts';
import { multiply3, rotationAbout } from '../src/volume/geometry.ts';
import { writeVolume } from '../src/volume/io/index.ts';
import { resample, resampleMask } from '../src/volume/resample.ts';
import { IDENTITY, type Mask, type Vec3, type Volume, voxelToWorld } from '../src/volume/volume.ts';

const DATA = join(import.meta.dirname, '../../shared/data');
const CT = join(DATA, 'vhm_head_dicom_NLM-public');
const MASK = join(DATA, 'visible_human_skull_mask_BSD-3/visibleHuman_headCT_mask1300.nii.gz');
const DEGREE = Math.PI / 180;
/** Turns about x, y and z in degrees, and a shift in mm: as heads lie in scanners, and far off. */
const POSES: Transform[] = [
  [8, -5, 12],
  [25, -15, 35],
].map(([x, y, z]) => ({
  rotation: multiply3(
    rotationAbout(0, x * DEGREE),
    multiply3(rotationAbout(1, y * DEGREE), rotationAbout(2, z * DEGREE)),
  ),
  translation: [31, -47, 12],
  scale: 1,
}));

const { values: flags } = parseArgs({
  options: {
    spacing: { type: 'string', default: '2.5' },
    grid: { type: 'string', default: '80x104x104' },
  },
});
const spacing = Number(flags.spacing);
const size = flags.grid.split('x').map(Number) as unknown as Vec3;
const round = (x: number): number => Number(x.toPrecision(4));
const print = (line: object): void => console.log(JSON.stringify(line));
const template = skullTemplate();

interface Made extends Canonical {
  /** As read and cleaned, in the file's space. */
  bone: Mask;
  /** On the grid. */
  mask: Mask;
  scan?: Volume<Int16Array | Float32Array>;
}

async function make(path: string): Promise<Made> {
  const [input] = await collectCases([path]);
  const { mask: bone, scan } = await readCase(input, { clean: true, spacing });
  const canonical = canonicalFrame(bone, template, path);
  return { ...canonical, bone, scan, mask: toFrame(bone, canonical.frame, size, spacing) };
}

function compare(pair: string, a: Mask, b: Mask, more: object = {}): void {
  const distances = surfaceDistances(a, b);
  print({
    pair,
    dice: round(diceOf(overlap(a.data, b.data))),
    assd_mm: round(assd(distances)),
    there_mm: round(mean(distances.aToB)),
    back_mm: round(mean(distances.bToA)),
    hd95_pooled_mm: round(hd95Pooled(distances)),
    ...more,
  });
}

/** The scan with its patient moved by `pose`, on a straight grid of 1 mm that holds all of it; air (-1024 HU) around. */
function moved(scan: Volume<Int16Array | Float32Array>, pose: Transform): Volume<Int16Array> {
  // Shifted up so that air is 0, which is what lies outside of a volume. (`from` would make lists of 64 million numbers.)
  const up = new Float32Array(scan.data.length);
  for (let i = 0; i < up.length; i++) up[i] = scan.data[i] + 1024;
  const there = { ...transformGrid(scan, pose), data: up };
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const at = there.size.map((n, a) => ((corner >> a) & 1 ? n - 1 : 0));
    const p = voxelToWorld(there, at[0], at[1], at[2]);
    for (let c = 0; c < 3; c++) {
      low[c] = Math.min(low[c], p[c]);
      high[c] = Math.max(high[c], p[c]);
    }
  }
  const grid = {
    size: low.map((l, c) => Math.ceil(high[c] - l) + 1) as unknown as Vec3,
    spacing: [1, 1, 1] as Vec3,
    origin: low as unknown as Vec3,
    direction: IDENTITY,
  };
  const soft = resample(there, grid).data;
  const data = new Int16Array(soft.length);
  for (let i = 0; i < data.length; i++) data[i] = Math.round(soft[i] - 1024);
  return { ...grid, data };
}

const ct = await make(CT);
if (ct.scan === undefined) throw new Error('the CT was not read as a scan');

const folder = mkdtempSync(join(tmpdir(), 'two-sources-'));
try {
  const file = join(folder, 'turned.nii.gz');
  for (const pose of POSES) {
    await writeVolume(file, moved(ct.scan, pose));
    const turned = await make(file);
    const both = composeTransforms(turned.transform, pose);
    const { centre } = ct.frame;
    const [p, q] = [both, ct.transform].map((t) => applyTransform(t, centre));
    compare('one scan, two files', ct.mask, turned.mask, {
      turned_by_degrees: round(rotationAngle(pose.rotation, IDENTITY)),
      angle_degrees: round(rotationAngle(both.rotation, ct.transform.rotation)),
      shift_mm: round(Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])),
    });
  }
} finally {
  rmSync(folder, { recursive: true });
}

const other = await make(MASK);
compare('CT and mask of the Visible Human', ct.mask, other.mask);
const target = templateOf(ct.mask, IDENTITY_TRANSFORM);
for (const scale of [false, true]) {
  const fit = registerRigid(other.mask, target, { scale });
  const laid = resampleMask(transformGrid(other.mask, fit), ct.mask);
  compare(`the same, the mask laid on the CT ${scale ? 'with scale' : 'rigidly'}`, ct.mask, laid, {
    scale: round(fit.scale),
  });
}
