import { describe, expect, it } from 'vitest';
import { cameraOf, frameOf, VIEWS } from '../../src/mesh/camera.ts';

/** LPS axes rounded to -1, 0, 1, as words of anatomy. */
const word = (v: readonly number[]): string => {
  const a = v.findIndex((x) => Math.abs(x) > 0.99);
  return (
    [
      ['right', 'left'],
      ['anterior', 'posterior'],
      ['foot', 'head'],
    ][a]?.[v[a] > 0 ? 1 : 0] ?? 'oblique'
  );
};

describe('cameraOf', () => {
  it('shows each side as an anatomist expects it', () => {
    const shown = Object.fromEntries(
      (['front', 'back', 'left', 'right', 'top', 'below'] as const).map((view) => {
        const { right, up } = cameraOf(view);
        return [view, [word(right), word(up)]];
      }),
    );
    expect(shown).toEqual({
      front: ['left', 'head'],
      back: ['right', 'head'],
      left: ['posterior', 'head'],
      right: ['anterior', 'head'],
      top: ['right', 'anterior'],
      below: ['left', 'anterior'],
    });
  });

  it('is a right-handed orthonormal frame from everywhere', () => {
    const all = [...Object.values(VIEWS), { azimuth_deg: -130, elevation_deg: 47 }];
    for (const view of all) {
      const { right: r, up: u, forward: f } = cameraOf(view);
      const cross = [r[1] * u[2] - r[2] * u[1], r[2] * u[0] - r[0] * u[2], r[0] * u[1] - r[1] * u[0]];
      // Toward the viewer is right x up.
      for (const i of [0, 1, 2]) expect(cross[i]).toBeCloseTo(-f[i], 12);
      expect(Math.hypot(...r)).toBeCloseTo(1, 12);
      expect(Math.hypot(...u)).toBeCloseTo(1, 12);
    }
  });
});

describe('frameOf', () => {
  const box = [-30, 0, -10, 50, 20, 10];
  it('centres the points and holds the longer side, whatever the shape of the image', () => {
    const wide = frameOf(box, cameraOf('front'), 1, 0);
    expect(wide.centre.map((v) => Math.round(v * 1e9) / 1e9)).toEqual([10, 10, 0]);
    expect(wide.halfWidth_mm).toBeCloseTo(40, 9);
    expect(frameOf(box, cameraOf('front'), 4, 0).halfWidth_mm).toBeCloseTo(10, 9);
    expect(frameOf(box, cameraOf('front'), 0.5, 0).halfWidth_mm).toBeCloseTo(40, 9);
    expect(frameOf(box, cameraOf('left'), 1, 0.05).halfWidth_mm).toBeCloseTo(11, 9);
  });

  it('has some frame for no points', () => {
    expect(frameOf([], cameraOf('front'))).toEqual({ centre: [0, 0, 0], halfWidth_mm: 1 });
  });
});
