/**
 * GLB (binary glTF 2.0) for viewers and 3D software. glTF measures in metres with +y up and +z toward the viewer of the
 * model's front, so LPS mm become
 *
 *   x' = x / 1000 (patient's left, on the viewer's right),  y' = z / 1000 (head, up),  z' = -y / 1000 (face, to the viewer)
 *
 * a rotation by -90 degrees about x and a scale: nothing is mirrored. The asset's extras repeat this, and the way back.
 */
import { Document, WebIO } from '@gltf-transform/core';
import { BONE, type Colour } from './colours.ts';
import { type Mesh, requireSoundMesh, vertexNormals } from './mesh.ts';

export const extensions = ['.glb'];

export interface GlbOptions {
  /** Name of the node and mesh. */
  name: string;
  /** sRGB base colour. */
  colour: Colour;
}

const linear = (v: number): number => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);

/** LPS -> glTF axes, times `scale`. */
function turned(from: Float32Array, scale: number): Float32Array<ArrayBuffer> {
  const to = new Float32Array(from.length);
  for (let v = 0; v < from.length; v += 3) {
    to[v] = from[v] * scale;
    to[v + 1] = from[v + 2] * scale;
    to[v + 2] = -from[v + 1] * scale;
  }
  return to;
}

/** The bytes of a GLB file: one mesh, one bone-coloured material. Throws `VolumeError` for an empty or unsound mesh. */
export async function encodeGlb(mesh: Mesh, options: Partial<GlbOptions> = {}): Promise<Uint8Array> {
  requireSoundMesh(mesh, 'GLB');
  const { name, colour } = { name: 'bone', colour: BONE, ...options };
  const document = new Document();
  const buffer = document.createBuffer();
  const accessor = (type: 'VEC3' | 'SCALAR', array: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>) =>
    document.createAccessor().setType(type).setArray(array).setBuffer(buffer);
  const primitive = document
    .createPrimitive()
    .setAttribute('POSITION', accessor('VEC3', turned(mesh.positions, 1e-3)))
    .setAttribute('NORMAL', accessor('VEC3', turned(mesh.normals ?? vertexNormals(mesh), 1)))
    .setIndices(accessor('SCALAR', new Uint32Array(mesh.indices)));
  const tint = mesh.colours;
  if (tint) primitive.setAttribute('COLOR_0', accessor('VEC3', Float32Array.from(tint, linear)));
  const [r, g, b] = tint ? [1, 1, 1] : colour.map(linear);
  primitive.setMaterial(
    document
      .createMaterial(name)
      .setBaseColorFactor([r, g, b, 1])
      .setRoughnessFactor(0.8)
      .setMetallicFactor(0),
  );
  const node = document.createNode(name).setMesh(document.createMesh(name).addPrimitive(primitive));
  document.getRoot().setDefaultScene(document.createScene(name).addChild(node));
  const asset = document.getRoot().getAsset();
  asset.generator = 'cranioflow';
  asset.extras = {
    note: 'research use, not a medical device',
    units: 'metre',
    axes: 'x patient left, y head, z face',
    toLpsMm: 'x = 1000 X, y = -1000 Z, z = 1000 Y',
  };
  // All in memory: the one for the web needs nothing of a browser.
  return new WebIO().writeBinary(document);
}
