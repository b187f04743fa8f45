/**
 * Binary little-endian PLY (Turk 1994): shared vertices with normals and, when the mesh has them, colours; faces as lists of
 * three. Positions are LPS mm, as a comment in the header says.
 */
import { type Mesh, requireSoundMesh, vertexNormals } from './mesh.ts';

export const extensions = ['.ply'];

/** The bytes of a PLY file. Throws `VolumeError` for an empty or unsound mesh. */
export function encodePly(mesh: Mesh): Uint8Array {
  requireSoundMesh(mesh, 'PLY');
  const { positions, indices, colours } = mesh;
  const normals = mesh.normals ?? vertexNormals(mesh);
  const vertices = positions.length / 3;
  const triangles = indices.length / 3;
  const floats = ['x', 'y', 'z', 'nx', 'ny', 'nz'].map((name) => `property float ${name}`);
  const bytesOfColour = colours ? ['red', 'green', 'blue'].map((name) => `property uchar ${name}`) : [];
  const header = new TextEncoder().encode(
    [
      'ply',
      'format binary_little_endian 1.0',
      'comment cranioflow; units mm; space LPS; research use, not a medical device',
      `element vertex ${vertices}`,
      ...floats,
      ...bytesOfColour,
      `element face ${triangles}`,
      'property list uchar int vertex_indices',
      'end_header\n',
    ].join('\n'),
  );
  const stride = 24 + bytesOfColour.length;
  const bytes = new Uint8Array(header.length + stride * vertices + 13 * triangles);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  let offset = header.length;
  for (let v = 0; v < positions.length; v += 3, offset += stride) {
    for (let s = 0; s < 3; s++) {
      view.setFloat32(offset + 4 * s, positions[v + s], true);
      view.setFloat32(offset + 12 + 4 * s, normals[v + s], true);
      if (colours) bytes[offset + 24 + s] = colours[v + s];
    }
  }
  for (let t = 0; t < indices.length; t += 3, offset += 13) {
    bytes[offset] = 3;
    for (let s = 0; s < 3; s++) view.setInt32(offset + 1 + 4 * s, indices[t + s], true);
  }
  return bytes;
}
