/** What `task complete apply` warns of and what it refuses: half bones, other units, other bones, no defect, other folders. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ApplyOptions, applyCompletion } from '../../../src/downstream/complete/apply.ts';
import { lengthOnGrid } from '../../../src/downstream/complete/applyChecks.ts';
import { gridAround } from '../../../src/downstream/complete/applyGrid.ts';
import type { OpenedMethod } from '../../../src/downstream/complete/methods.ts';
import { CheckpointError, GridError, UsageError, VolumeError } from '../../../src/errors.ts';
import {
  applyTransform,
  composeTransforms,
  invertTransform,
  type Transform,
  transformFromMatrix,
} from '../../../src/skull/register/transform.ts';
import { rotationAbout } from '../../../src/volume/geometry.ts';
import { readVolume } from '../../../src/volume/io/index.ts';
import { writeVolume } from '../../../src/volume/io/write.ts';
import { centredGrid, type Mask, type Vec3 } from '../../../src/volume/volume.ts';
import { horseshoe, without } from '../helpers.ts';
import {
  AXES,
  aligned,
  apply,
  bone,
  centroid,
  distance,
  drawn,
  file,
  folder,
  inHole,
  OWN,
  oracle,
  patientGrid,
  root,
  STILL,
} from './applyBench.ts';

describe('the mirror without a run', () => {
  test('does not mirror half a bone across the middle of that half', async () => {
    const input = join(root, 'half.nrrd');
    await writeVolume(
      input,
      without(horseshoe(), (x) => x > 6),
    );
    const half = { input, method: 'mirror', picture: false, gapMm: 0 } as const;
    await expect(applyCompletion({ ...half, out: folder() })).rejects.toThrow(
      /no plane of symmetry was found.*the middle of what is left/s,
    );
    const { facts } = await applyCompletion({ ...half, out: folder(), aligned: true });
    expect(facts.warnings[0]).toMatch(/no plane of symmetry was found/);
  });

  // Without the knob the shell is symmetric about x = 0, and the hole lies on the left.
  const own = { method: 'mirror', picture: false, aligned: true, gapMm: 0 } as const;
  test.each([
    ['a mouse skull', 0.2, 0.7],
    ['a head', 1.7, 3.5],
  ])('takes %s', async (_, scale, spacing) => {
    const side = Math.ceil((130 * scale) / spacing);
    const grid = centredGrid([side, side, side], [spacing, spacing, spacing]);
    const at = (p: Vec3) => p.map((x) => x / scale) as unknown as Vec3;
    const input = join(root, 'mirrored.nrrd');
    await writeVolume(
      input,
      drawn(grid, STILL, (p) => bone(at(p), true)),
    );
    const { facts } = await applyCompletion({ ...own, input, out: folder() });
    const want = centroid(drawn(grid, STILL, (p) => bone(at(p), false) && inHole(at(p))));
    expect(distance(facts.implants[0].centroid, want)).toBeLessThan(2 * spacing);
    expect(facts.gridOfMethod.spacingMm).toBeCloseTo(spacing, 6);
    expect(facts.warnings).toEqual([expect.stringContaining('--region')]);
  });
  test('refuses a bone in metres', async () => {
    const grid = centredGrid([60, 60, 60], [0.004, 0.004, 0.004]);
    const input = join(root, 'metres.nrrd');
    await writeVolume(
      input,
      drawn(grid, STILL, (p) => bone(p.map((x) => 1000 * x) as unknown as Vec3, true)),
    );
    await expect(applyCompletion({ ...own, input, out: folder() })).rejects.toThrow(/check the unit/);
  });
  test('has some 128 voxels of a fine scan, where the bone lies', () => {
    const fine = centredGrid([400, 20, 20], [0.5, 0.5, 0.5]);
    const bar = drawn({ ...fine, origin: [300, 0, 0] }, STILL, () => true);
    const there: Transform = { ...STILL, translation: [-400, 0, 0] };
    const { size, spacing, origin } = gridAround(bar, there);
    // 200 mm from -100.25 to 99.75: as wide about the middle as to the longer side.
    expect(spacing[0]).toBeCloseTo(200.5 / 128, 6);
    expect(size).toEqual([145, 18, 18]);
    expect(origin[0]).toBeCloseTo(-72 * spacing[0], 6);
    // A bone far from the middle is not followed there.
    expect(Math.max(...gridAround(bar, STILL).size)).toBeLessThan(300);
  });
});

describe('warnings', () => {
  const taught: NonNullable<OpenedMethod['taught']> = {
    augment: { shift: 1, rotation: 3, scale: 0, flip: false },
    whole: 0.1,
    defects: { kinds: ['spherical'], roughness: 1 },
    diameterMm: [20, 60],
    share: [0.001, 0.004],
    centre: [
      [-40, -60, -60],
      [-10, 60, -20],
    ],
    extentMm: [
      [80, 100, 90],
      [100, 130, 110],
    ],
    fit: [0.9, 0.95],
    sites: {},
    kinds: {},
  };
  const template = { grid: OWN, data: drawn(OWN, STILL, (p) => bone(p, false)).data.map((v) => 230 * v) };
  test('of a defect larger and elsewhere than those of the training, of phantoms, and of the edge of the view', async () => {
    const input = await file('warned.nrrd', true, {
      ...OWN,
      size: [40, 48, 34],
    });
    const opened = oracle({ taught, template, phantom: true });
    const { facts } = await apply({ input, ...aligned }, opened);
    const all = facts.warnings.join('; ');
    expect(all).toMatch(/larger \(.* of the bone\) than those of the training/);
    expect(all).toMatch(/another site/);
    expect(all).toMatch(/learnt from phantoms/);
    expect(all).toMatch(/edge of the field of view/);
    expect(facts.pose.fit).toBeCloseTo(230 / 255, 6);
    const kind = {
      ...taught,
      share: [0.01, 0.2] as [number, number],
      centre: [
        [-80, -80, -80],
        [80, 80, 80],
      ] as never,
    };
    const like = await apply(
      { input: await file('like.nrrd'), ...aligned },
      oracle({ taught: { ...kind, fit: [0.8, 0.9] }, template }),
    );
    expect(like.facts.warnings).toEqual([]);
  });

  test('a bone turned aside is laid on the mean bone; one that fits nowhere is refused', async () => {
    const move: Transform = { rotation: rotationAbout(2, 0.25), translation: [12, -9, 5], scale: 1 };
    const grid = patientGrid(move, AXES[0], [3, 3, 3]);
    const input = join(root, 'turned.nrrd');
    await writeVolume(
      input,
      drawn(grid, move, (p) => bone(p, true)),
    );
    const wide = { ...taught, share: [0.01, 0.2] as [number, number], fit: [0.6, 0.8] as [number, number] };
    const { facts } = await apply({ input, gapMm: 0 }, oracle({ taught: wide, template }));
    const error = composeTransforms(transformFromMatrix(facts.pose.matrix), invertTransform(move));
    // Of a shell nearly of revolution little but the knob and the three axes tell how it lies.
    expect(distance(applyTransform(error, [25, 5, 38]), [25, 5, 38])).toBeLessThan(5);
    expect(facts.pose.words).toContain('mean training bone');
    // More is missing than is left; or another bone.
    const crumb = join(root, 'crumb.nrrd');
    await writeVolume(
      crumb,
      drawn(OWN, STILL, (p) => bone(p, true) && p[2] > 20),
    );
    await expect(apply({ input: crumb, aligned: true }, oracle({ taught: wide, template }))).rejects.toThrow(
      /its bone has \d+ % of the volume of a mean test bone of the training/,
    );
    const ball = join(root, 'ball.nrrd');
    await writeVolume(
      ball,
      drawn(OWN, STILL, (p) => Math.hypot(...p) < 42),
    );
    await expect(apply({ input: ball }, oracle({ taught: wide, template }))).rejects.toThrow(
      /does not lie where a test bone of the training does/,
    );
  });
});

describe('refusals', () => {
  const refused = async (options: Partial<ApplyOptions> & { input: string }, opened?: OpenedMethod) => {
    const out = folder();
    const error = await apply({ out, ...options }, opened).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(existsSync(out)).toBe(false);
    return error;
  };
  test('no bone, no defect, more defect than bone, a bone elsewhere', async () => {
    const empty = join(root, 'empty.nrrd');
    await writeVolume(empty, { ...OWN, data: new Uint8Array(40 * 48 * 40) });
    expect(await refused({ input: empty, aligned: true })).toBeInstanceOf(VolumeError);
    const input = await file('refused.nrrd');
    const same = oracle({}, (defective) => defective);
    expect(`${await refused({ input, aligned: true }, same)}`).toMatch(/no bone missing/);
    const full = oracle({}, (defective) => ({ ...defective, data: defective.data.map(() => 1) }));
    expect(`${await refused({ input, aligned: true }, full)}`).toMatch(/more defect than bone/);
    const far = await file('far.nrrd', true, OWN);
    const away = join(root, 'away.nrrd');
    await writeVolume(away, { ...((await readVolume(far)) as Mask), origin: [900, 0, 0] });
    expect(await refused({ input: away, aligned: true })).toBeInstanceOf(GridError);
  });

  test('a spacing in another unit', async () => {
    const input = join(root, 'metres.nrrd');
    const mask = drawn(OWN, STILL, (p) => bone(p, true));
    await writeVolume(input, { ...mask, spacing: [0.0035, 0.0035, 0.0035], origin: [0, 0, 0] });
    const taught = {
      extentMm: [
        [80, 100, 90],
        [100, 130, 110],
      ],
    } as unknown as OpenedMethod['taught'];
    expect(`${await refused({ input, aligned: true }, oracle({ taught }))}`).toMatch(/unit of the spacing/);
    // Of a generator its grid tells: 140 x 168 x 140 mm.
    const lengthMm = lengthOnGrid(OWN);
    expect(lengthMm.map(Math.round)).toEqual([50, 273]);
    expect(`${await refused({ input, aligned: true }, oracle({ lengthMm }))}`).toMatch(/unit of the spacing/);
    const cm = join(root, 'tenfold.nrrd');
    await writeVolume(cm, { ...mask, spacing: [35, 35, 35], origin: [0, 0, 0] });
    expect(`${await refused({ input: cm, aligned: true }, oracle({ lengthMm }))}`).toMatch(
      /50.4 to 273 mm long/,
    );
    await apply({ input: await file('fits.nrrd'), ...aligned }, oracle({ lengthMm }));
  });

  test('two poses, an unknown method, a run that is none or damaged, a folder with other content', async () => {
    const input = await file('usage.nrrd');
    expect(await refused({ input, aligned: true, frame: 'patient' })).toBeInstanceOf(UsageError);
    expect(await refused({ input, frame: 'sideways' })).toBeInstanceOf(UsageError);
    expect(`${await refused({ input, aligned: true, answers: 65 })}`).toMatch(/from 1 to 64/);
    const real = (o: Partial<ApplyOptions>) =>
      applyCompletion({ input, out: folder(), method: 'unet', ...o });
    await expect(real({ method: 'magic' })).rejects.toThrow(UsageError);
    await expect(real({})).rejects.toThrow(/without --run/);
    const run = join(root, 'norun');
    mkdirSync(run);
    await expect(real({ run })).rejects.toThrow(CheckpointError);
    writeFileSync(join(run, 'model.safetensors'), 'no weights');
    await expect(real({ run })).rejects.toThrow(CheckpointError);
    await expect(real({ run, method: 'prior' })).rejects.toThrow(/train generator/);
    const out = folder();
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    await expect(apply({ input, out, ...aligned })).rejects.toThrow(/already holds notes.txt/);
  });

  test('asked to stop, it writes nothing', async () => {
    const input = await file('stopped.nrrd');
    const stop = new AbortController();
    const opened = oracle({}, (defective) => {
      stop.abort();
      return defective;
    });
    const error = await refused({ input, aligned: true, signal: stop.signal }, opened);
    expect((error as { exitCode?: number }).exitCode).toBe(130);
  });
});
