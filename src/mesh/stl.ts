/**
 * Binary STL: an 80-byte header, a count, 50 bytes a triangle (normal, three corners, two unused bytes), little endian. STL
 * has no units and no shared vertices; by custom of medical tools the numbers are mm, here LPS, which the header says.
 */
import { type Mesh, requireSoundMesh } from './mesh.ts';

export const extensions = ['.stl'];

// A binary file must not begin with "solid", by which readers recognise the text form.
const HEADER = 'cranioflow binary STL; units mm; space LPS; research use, not a medical device';

/** The bytes of a binary STL file. Throws `VolumeError` for an empty or unsound mesh. */
export function encodeStl(mesh: Mesh): Uint8Array {
  requireSoundMesh(mesh, 'STL');
  const { positions: p, indices } = mesh;
  const triangles = indices.length / 3;
  const bytes = new Uint8Array(84 + 50 * triangles);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(HEADER, bytes.subarray(0, 80));
  view.setUint32(80, triangles, true);
  for (let t = 0, offset = 84; t < indices.length; t += 3, offset += 50) {
    const corners = [3 * indices[t], 3 * indices[t + 1], 3 * indices[t + 2]];
    const [a, b, c] = corners;
    const u = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]];
    const v = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]];
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    const length = Math.hypot(n[0], n[1], n[2]) || 1;
    for (let s = 0; s < 3; s++) {
      view.setFloat32(offset + 4 * s, n[s] / length, true);
      for (let corner = 0; corner < 3; corner++)
        view.setFloat32(offset + 12 + 12 * corner + 4 * s, p[corners[corner] + s], true);
    }
  }
  return bytes;
}
