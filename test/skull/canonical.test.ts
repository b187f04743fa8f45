import { beforeAll, describe, expect, it } from 'vitest';
import { VolumeError } from '../../src/errors.ts';
import { landmarkFrame } from '../../src/skull/canonical.ts';
import { meanPhantomParameters } from '../../src/skull/phantom/parameters.ts';
import { makePhantom, phantomGrid } from '../../src/skull/phantom/phantom.ts';
import { type FrankfortPoints, frankfortFrame, phantomFrankfort } from '../../src/skull/register/frame.ts';
import { skullTemplate, type Template } from '../../src/skull/register/template.ts';
import type { Mask, Vec3 } from '../../src/volume/volume.ts';

describe('landmarkFrame', () => {
  let template: Template;
  let mask: Mask;
  let points: FrankfortPoints;
  beforeAll(() => {
    template = skullTemplate(meanPhantomParameters(), 5);
    const made = makePhantom({ seed: 5, index: 0, grid: phantomGrid(48), quality: 6 });
    mask = made.mask;
    points = phantomFrankfort(made.parameters);
  });

  it('is the frame of the landmarks', () => {
    const given = frankfortFrame(points);
    expect(landmarkFrame(mask, template, given, 'x').transform).toEqual(given);
  });

  it('refuses left and right exchanged, which would turn the skull upside down', () => {
    const { porionLeft, porionRight, orbitaleLeft, orbitaleRight } = points;
    const given = frankfortFrame({
      porionLeft: porionRight,
      porionRight: porionLeft,
      orbitaleLeft: orbitaleRight,
      orbitaleRight: orbitaleLeft,
    });
    expect(() => landmarkFrame(mask, template, given, 'x')).toThrow(/put the skull 1[78]\d degrees/);
  });

  it('refuses landmarks of another place', () => {
    const far = Object.fromEntries(
      Object.entries(points).map(([name, p]) => [name, (p as Vec3).map((x) => x + 100)]),
    ) as unknown as FrankfortPoints;
    expect(() => landmarkFrame(mask, template, frankfortFrame(far), 'x')).toThrow(VolumeError);
  });

  it('takes landmarks for what they say on a bone whose shape tells no pose', () => {
    const ball: Mask = { ...mask, data: new Uint8Array(mask.data.length) };
    const [nx, ny, nz] = ball.size;
    for (let k = 0, p = 0; k < nz; k++)
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++, p++)
          ball.data[p] = Math.hypot(i - nx / 2, j - ny / 2, k - nz / 2) < 10 ? 1 : 0;
    const given = frankfortFrame(points);
    expect(landmarkFrame(ball, template, given, 'x').transform).toEqual(given);
  });
});
