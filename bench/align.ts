/**
 * `tsx bench/align.ts [--trials 5] [--mice 40] [--only human,phantom,mice,landmarks] [--seed 1]`: how well alignment
 * (`src/skull/register`) undoes a known pose. Each skull is aligned as it is, then turned uniformly at random and shifted
 * by up to 50 mm along each axis (mice: by the same share of their size), resampled onto a grid that lies straight in its
 * new space, and aligned again. With P the pose and T, T' the two results, T' P should be T: the error is the angle
 * between their rotations and the distance between what they make of the bone's centre. Mice also in
 * `scaled_mm`, as if they had the template skull's size. JSON lines: one a trial, then one a group with quantiles.
 *
 * For mice whose experts' landmarks lie in the scan's own space: the distance of the landmarks, after alignment to one
 * mouse, from that mouse's, beside the least that any rigid move (or similarity) of the landmarks could reach.
 *
 * Needs ../shared/data; what is not there is named and left out.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../src/random/stream.ts';
import { boneMask } from '../src/skull/bone-mask.ts';
import { readMarkups } from '../src/skull/landmarks.ts';
import { boneBounds, boneFrame, cropToBone } from '../src/skull/orient.ts';
import { makePhantom, phantomGrid } from '../src/skull/phantom/phantom.ts';
import type { Quality } from '../src/skull/phantom/quality.ts';
import { fitPoints, pairedRms } from '../src/skull/register/fit.ts';
import { lookUp } from '../src/skull/register/nearestGrid.ts';
import { type Registration, registerRigid } from '../src/skull/register/registerRigid.ts';
import { randomRotation } from '../src/skull/register/rotations.ts';
import { skullTemplate, type Template, templateOf } from '../src/skull/register/template.ts';
import {
  applyTransform,
  composeTransforms,
  IDENTITY_TRANSFORM,
  rotationAngle,
  type Transform,
  transformGrid,
} from '../src/skull/register/transform.ts';
import { largestComponents } from '../src/volume/components.ts';
import { transpose3 } from '../src/volume/geometry.ts';
import { readVolume } from '../src/volume/io/index.ts';
import { resampleMask } from '../src/volume/resample.ts';
import { IDENTITY, type Mask, type Vec3, voxelToWorld } from '../src/volume/volume.ts';

const DATA = join(import.meta.dirname, '../../shared/data');
const MICE = join(DATA, 'mouse_skull_microct_GPL-3');
/** The mouse the others are aligned to: the strain that reference atlases show. */
const MOUSE = 'C57BL6_J_';
const SHIFT_MM = 50;

const { values: flags } = parseArgs({
  options: {
    trials: { type: 'string', default: '5' },
    mice: { type: 'string', default: '40' },
    only: { type: 'string', default: 'human,phantom,mice,landmarks' },
    seed: { type: 'string', default: '1' },
  },
});
const trials = Number(flags.trials);
const parts = new Set(flags.only.split(','));
const print = (line: object): void => console.log(JSON.stringify(line));
const round = (x: number): number => Number(x.toPrecision(4));

/** A bone at another pose, on a straight grid of `spacing` mm around it. */
function posed(mask: Mask, pose: Transform, spacing: number): Mask {
  const there = transformGrid(mask, pose);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  const [nx, ny, nz] = mask.size;
  for (let corner = 0; corner < 8; corner++) {
    const p = voxelToWorld(there, corner & 1 ? nx : -1, corner & 2 ? ny : -1, corner & 4 ? nz : -1);
    for (let c = 0; c < 3; c++) {
      low[c] = Math.min(low[c], p[c]);
      high[c] = Math.max(high[c], p[c]);
    }
  }
  const size = low.map((l, c) => Math.ceil((high[c] - l) / spacing) + 1) as unknown as Vec3;
  const grid = {
    size,
    spacing: [spacing, spacing, spacing] as Vec3,
    origin: low as unknown as Vec3,
    direction: IDENTITY,
  };
  return resampleMask(there, grid);
}

interface Trial {
  angle: number;
  shift: number;
  cpu_s: number;
}

const cpu = (start?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

/** Aligns a bone as it is and in random poses; prints each trial. */
function measure(
  group: string,
  name: string,
  original: Mask,
  template: Template,
  spacing: number,
  count: number,
  scale: boolean,
): Trial[] {
  const mask = cropToBone(original);
  const base = registerRigid(original, template, { scale });
  const bounds = boneBounds(mask)!;
  const centre = voxelToWorld(
    mask,
    ...(bounds[0].map((l, c) => (l + bounds[1][c]) / 2) as [number, number, number]),
  );
  const shift = SHIFT_MM * Math.min(1, template.surface.radius / human.surface.radius);
  return Array.from({ length: count }, (_, t) => {
    const stream = new RandomStream(Number(flags.seed), `bench/align/${name}`, t);
    const pose: Transform = {
      rotation: randomRotation(stream),
      translation: [
        stream.between(-shift, shift),
        stream.between(-shift, shift),
        stream.between(-shift, shift),
      ],
      scale: 1,
    };
    const copy = posed(mask, pose, spacing);
    const start = process.cpuUsage();
    const found: Registration = registerRigid(copy, template, { scale });
    const cpu_s = cpu(start);
    const both = composeTransforms(found, pose);
    const a = applyTransform(both, centre);
    const b = applyTransform(base, centre);
    const trial = {
      angle: rotationAngle(both.rotation, base.rotation),
      shift: Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]),
      cpu_s,
    };
    print({
      group,
      name,
      trial: t,
      turned_by: round(rotationAngle(pose.rotation, IDENTITY)),
      angle_degrees: round(trial.angle),
      shift_mm: round(trial.shift),
      ...(scale ? { scale_ratio: round(found.scale / base.scale) } : {}),
      score: round(found.score),
      base_score: round(base.score),
      runner_up: round(found.runnerUp),
      cpu_s: round(cpu_s),
    });
    return trial;
  });
}

function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const i = Math.floor(at);
  return round(sorted[i] + (at - i) * ((sorted[i + 1] ?? sorted[i]) - sorted[i]));
}

function summary(group: string, list: Trial[], perHuman = 1): void {
  if (list.length === 0) return;
  const angles = list.map((t) => t.angle);
  const shifts = list.map((t) => t.shift);
  print({
    summary: group,
    trials: list.length,
    angle_degrees: { median: quantile(angles, 0.5), p95: quantile(angles, 0.95), max: quantile(angles, 1) },
    shift_mm: { median: quantile(shifts, 0.5), p95: quantile(shifts, 0.95), max: quantile(shifts, 1) },
    ...(perHuman === 1
      ? {}
      : {
          scaled_mm: {
            median: quantile(
              shifts.map((s) => s * perHuman),
              0.5,
            ),
            p95: quantile(
              shifts.map((s) => s * perHuman),
              0.95,
            ),
          },
        }),
    cpu_s: {
      median: quantile(
        list.map((t) => t.cpu_s),
        0.5,
      ),
      max: quantile(
        list.map((t) => t.cpu_s),
        1,
      ),
    },
  });
}

const there = (path: string): boolean => {
  if (!existsSync(path)) console.error(`left out: ${path} is not there`);
  return existsSync(path);
};

const human = skullTemplate();
const humans: Trial[] = [];

if (parts.has('human')) {
  const visible = join(DATA, 'visible_human_skull_mask_BSD-3/visibleHuman_headCT_mask1300.nii.gz');
  if (there(visible)) {
    const mask = boneMask(await readVolume(visible), visible);
    const list = measure('human', 'visible human', mask, human, 1, trials, false);
    summary('visible human', list);
    humans.push(...list);
  }
  const cranium = join(DATA, 'invesalius_cranium_GPL-2/cranium_ct.nii.gz');
  if (there(cranium)) {
    const mask = boneMask(await readVolume(cranium), cranium, { threshold: 300 });
    const bone = { ...mask, data: largestComponents(mask.data, mask.size) };
    const list = measure('human', 'invesalius', bone, human, 1, trials, false);
    summary('invesalius', list);
    humans.push(...list);
  }
}

if (parts.has('phantom')) {
  const list = ([6, 4, 3, 2] as Quality[]).flatMap((quality) => {
    const { mask } = makePhantom({ seed: 11, index: quality, grid: phantomGrid(120), quality });
    return measure('phantom', `phantom of class ${quality}`, mask, human, 2, trials, false);
  });
  summary('phantoms', list);
  humans.push(...list);
}
summary('all human skulls', humans);

if ((parts.has('mice') || parts.has('landmarks')) && there(MICE)) {
  const load = async (name: string): Promise<Mask> => {
    const path = join(MICE, 'targets', `${name}.nii.gz`);
    return boneMask(await readVolume(path), path, { threshold: 'otsu' });
  };
  const reference = await load(MOUSE);
  const { axes, centre } = boneFrame(reference, 'principal');
  const rotation = transpose3(axes);
  const frame = composeTransforms(
    { ...IDENTITY_TRANSFORM, rotation },
    { ...IDENTITY_TRANSFORM, translation: [-centre[0], -centre[1], -centre[2]] },
  );
  const mouse = templateOf(reference, frame);
  const names = readdirSync(join(MICE, 'targets'))
    .map((f) => f.replace('.nii.gz', ''))
    .filter((name) => name !== MOUSE)
    .slice(0, Number(flags.mice));
  const landmarksOf = (name: string): Vec3[] =>
    readMarkups(join(MICE, 'target_LMs', `${name}.mrk.json`)).points.map((p) => p.position);
  const target = landmarksOf(MOUSE).map((p) => applyTransform(frame, p));
  const rigid: Trial[] = [];
  const scaled: Trial[] = [];
  const errors: number[][] = [];
  for (const name of names) {
    const mask = await load(name);
    if (parts.has('mice')) {
      rigid.push(...measure('mouse', name, mask, mouse, 0.141, trials, false));
      scaled.push(...measure('mouse, scale', name, mask, mouse, 0.141, trials, true));
    }
    if (!parts.has('landmarks') || !existsSync(join(MICE, 'target_LMs', `${name}.mrk.json`))) continue;
    const points = landmarksOf(name);
    const own = templateOf(mask, IDENTITY_TRANSFORM);
    const off = points.reduce((sum, [x, y, z]) => {
      const q = 3 * lookUp(own.grid, x, y, z);
      const p = own.surface.points;
      return sum + Math.hypot(p[q] - x, p[q + 1] - y, p[q + 2] - z) / points.length;
    }, 0);
    if (off > 0.5 || points.length !== target.length) {
      print({ landmarks: name, left_out: `its landmarks lie ${round(off)} mm off its surface` });
      continue;
    }
    const row = [false, true].flatMap((scale) => [
      pairedRms(registerRigid(mask, mouse, { scale }), points, target),
      fitPoints(points, target, { scale }).rms_mm,
    ]);
    errors.push(row);
    print({
      landmarks: name,
      rigid_rms_mm: round(row[0]),
      rigid_best_mm: round(row[1]),
      scaled_rms_mm: round(row[2]),
      scaled_best_mm: round(row[3]),
    });
  }
  const ratio = human.surface.radius / mouse.surface.radius;
  summary('mice', rigid, ratio);
  summary('mice, with scale', scaled, ratio);
  if (errors.length > 0) {
    const column = (c: number) => ({
      median: quantile(
        errors.map((e) => e[c]),
        0.5,
      ),
      p95: quantile(
        errors.map((e) => e[c]),
        0.95,
      ),
    });
    print({
      summary: 'mouse landmarks',
      mice: errors.length,
      rigid_rms_mm: column(0),
      rigid_best_mm: column(1),
      scaled_rms_mm: column(2),
      scaled_best_mm: column(3),
    });
  }
}
