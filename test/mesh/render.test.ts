import { describe, expect, it } from 'vitest';
import type { View } from '../../src/mesh/camera.ts';
import { PAPER } from '../../src/mesh/colours.ts';
import { type Mesh, vertexNormals } from '../../src/mesh/mesh.ts';
import type { Image } from '../../src/mesh/png.ts';
import { renderMesh } from '../../src/mesh/render.ts';
import { extractSurface } from '../../src/mesh/surface.ts';
import { ball, cube, sampled, shell } from './shapes.ts';

const surfaceOf = (field: (x: number, y: number, z: number) => number, n = 40): Mesh => {
  const mesh = extractSurface(sampled(cube(n), field), 0);
  return { ...mesh, normals: vertexNormals(mesh) };
};
const round = surfaceOf(ball(12));
const frame = { centre: [0, 0, 0] as const, halfWidth_mm: 20 };

const pixel = (image: Image, x: number, y: number): number[] => [
  ...image.data.subarray(4 * (y * image.width + x), 4 * (y * image.width + x) + 3),
];
const luma = (image: Image, x: number, y: number): number =>
  pixel(image, x, y).reduce((a, b) => a + b, 0) / 3;
const isGround = (image: Image, x: number, y: number): boolean =>
  pixel(image, x, y).every((v, s) => v === PAPER[s]);

/** Light of a byte of sRGB, and back (IEC 61966-2-1). */
const linear = (v: number): number => (v <= 10.31 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
const encoded = (l: number): number => 255 * (l <= 0.0031308 ? 12.92 * l : 1.055 * l ** (1 / 2.4) - 0.055);

/** The middle of all pixels that are not ground, and their number. */
function silhouette(image: Image): { x: number; y: number; area: number } {
  let [x, y, area] = [0, 0, 0];
  for (let row = 0; row < image.height; row++)
    for (let column = 0; column < image.width; column++)
      if (!isGround(image, column, row)) {
        x += column + 0.5;
        y += row + 0.5;
        area++;
      }
  return { x: x / area, y: y / area, area };
}

describe('renderMesh', () => {
  it('shows a ball as a disc of pi r^2 in the middle, from every side and off square', () => {
    const scale = 200 / 40;
    for (const view of ['front', 'top', 'threeQuarter'] as View[]) {
      const seen = silhouette(renderMesh(round, { view, size: 200, frame }));
      // Pixels that the edge cuts count whole: at most the 8 r of the outline, half of each outside.
      const r = 12 * scale;
      expect(seen.area).toBeGreaterThan(0.995 * Math.PI * r * r);
      expect(seen.area).toBeLessThan(Math.PI * r * r + 4 * r);
      expect(Math.hypot(seen.x - 100, seen.y - 100)).toBeLessThan(0.2);
    }
    const oblong = silhouette(renderMesh(round, { view: 'front', size: [300, 200], frame }));
    expect(oblong.x).toBeCloseTo(150, 0);
  });

  it('puts each side of the patient where the view promises', () => {
    const at = (p: readonly [number, number, number], view: View) =>
      silhouette(renderMesh(surfaceOf(ball(3, p)), { view, size: 80, frame }));
    const [left, face, head] = [
      [12, 0, 0],
      [0, -12, 0],
      [0, 0, 12],
    ] as const;
    expect(at(left, 'front').x).toBeCloseTo(64, 0);
    expect(at(left, 'back').x).toBeCloseTo(16, 0);
    expect(at(left, 'top').x).toBeCloseTo(16, 0);
    expect(at(left, 'below').x).toBeCloseTo(64, 0);
    expect(at(face, 'left').x).toBeCloseTo(16, 0);
    expect(at(face, 'right').x).toBeCloseTo(64, 0);
    for (const view of ['top', 'below'] as View[]) expect(at(face, view).y).toBeCloseTo(16, 0);
    for (const view of ['front', 'left', 'back'] as View[]) expect(at(head, view).y).toBeCloseTo(16, 0);
  });

  it('hides what lies behind', () => {
    const near = surfaceOf(ball(8, [0, -10, 0]));
    const far = surfaceOf(ball(5, [0, 10, 0]));
    const shift = near.positions.length / 3;
    const paint = (mesh: Mesh, rgb: number[]) => Array.from(mesh.positions, (_, i) => rgb[i % 3]);
    const both: Mesh = {
      positions: Float32Array.of(...far.positions, ...near.positions),
      indices: Uint32Array.of(...far.indices, ...near.indices.map((i) => i + far.positions.length / 3)),
      colours: Uint8Array.of(...paint(far, [0, 200, 0]), ...paint(near, [200, 0, 0])),
    };
    expect(shift).toBeGreaterThan(100);
    const greener = (image: Image) => {
      let count = 0;
      for (let p = 0; p < image.data.length; p += 4) if (image.data[p + 1] > image.data[p] + 40) count++;
      return count;
    };
    expect(greener(renderMesh(both, { view: 'front', size: 100, frame }))).toBe(0);
    expect(greener(renderMesh(both, { view: 'back', size: 100, frame }))).toBeGreaterThan(300);
  });

  it('lights from the upper left, and darkens a cavity by occlusion', () => {
    const image = renderMesh(round, { view: 'front', size: 200, frame });
    expect(luma(image, 75, 75)).toBeGreaterThan(luma(image, 125, 125) + 30);
    // A thick bowl open to the front, in the picture as large as an orbit is in a skull's. Its floor faces the viewer as
    // the top of a ball does.
    const hollow = shell(9, 5);
    const bowl = surfaceOf((x, y, z) => Math.min(hollow(x, y, z), y + 1.2));
    const options = { view: 'front', size: 200, frame } as const;
    const shaded = luma(renderMesh(bowl, options), 100, 100);
    const bare = luma(renderMesh(bowl, { ...options, occlusion: 0 }), 100, 100);
    expect(shaded).toBeLessThan(0.8 * bare);
    const open =
      luma(renderMesh(round, options), 100, 100) /
      luma(renderMesh(round, { ...options, occlusion: 0 }), 100, 100);
    expect(open).toBeGreaterThan(0.97);
  });

  it('gives the bare ground for no mesh, the same bytes for the same mesh, opaque always', () => {
    const empty = renderMesh(
      { positions: new Float32Array(0), indices: new Uint32Array(0) },
      { size: [30, 20] },
    );
    expect([empty.width, empty.height]).toEqual([30, 20]);
    for (let p = 0; p < 600; p++) expect(isGround(empty, p % 30, Math.floor(p / 30))).toBe(true);
    const [a, b] = [1, 2].map(() => renderMesh(round, { size: 90 }));
    expect(Buffer.compare(a.data, b.data)).toBe(0);
    expect(a.data.filter((_, i) => i % 4 === 3).every((v) => v === 255)).toBe(true);
  });

  it('leaves a ground that is null free: laid over paper it looks as drawn on paper', () => {
    const [free, paper] = [null, PAPER].map((background) => renderMesh(round, { size: 90, background }));
    const shares = new Set<number>();
    for (let p = 0; p < 90 * 90; p++) {
      const alpha = free.data[4 * p + 3];
      shares.add(alpha);
      for (let s = 0; s < 3; s++) {
        const [over, drawn] = [free.data[4 * p + s], paper.data[4 * p + s]];
        const laid = encoded((linear(over) * alpha + linear(PAPER[s]) * (255 - alpha)) / 255);
        if (alpha === 255) expect(over).toBe(drawn);
        else expect(Math.abs(laid - drawn)).toBeLessThan(1.5);
      }
    }
    expect([...shares].sort((a, b) => a - b)).toEqual([0, 64, 128, 191, 255]);
  });
});
