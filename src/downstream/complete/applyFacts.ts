/** What `implant.json` says of an implant, and what lies beside it. */

export const FACTS = 'implant.json';
export const PICTURE = 'implant.png';
export const REST = 'bone.stl';

/** One answer. Lengths in mm. */
export interface ImplantFacts {
  stl: string;
  nrrd: string;
  /** Enclosed by the surface of the STL, and of the voxels of the NRRD: gaps and smoothing make them differ. */
  volumeCm3: { stl: number; nrrd: number };
  /** Of the whole bone, what is left and the implant together. */
  shareOfBone: number;
  /** Sides of its box along the voxels of the input. */
  sizeMm: [number, number, number];
  /** LPS mm, in the patient's space. */
  centroid: [number, number, number];
  /** Between the faces of implant and bone: asked for; measured, the least of the STL's surface, and along the rim of the NRRD's voxels. */
  gapMm: { asked: number; surface: number; voxels: { least: number; median: number; p95: number } };
  /** Local thickness, 5th percentile and median. */
  thicknessMm: { least: number; median: number };
  pieces: number;
  notes: string[];
}

export interface ApplyFacts {
  statement: string;
  units: string;
  /** Of the input's bone, the settings and the network: the same key, the same implant. */
  key: string;
  method: {
    name: string;
    words: string;
    /** What the method learnt, where it learns: whether from phantoms alone. Of the input nothing tells whose it is. */
    network?: { dataset: string; step: number; sha256: string; phantom?: boolean };
  };
  bone?: string;
  input: { kind: string; format: string; spacing: number[]; size: number[] };
  pose: {
    /** Row-major 4x4: LPS mm of the patient to LPS mm of the method's frame. */
    matrix: number[];
    words: string;
    fit?: number;
    /** Of the aligner's answer, before any refinement that the words tell of. */
    uncertaintyAtStart?: { rotationDeg: number; translationMm: number };
  };
  gridOfMethod: { size: number[]; spacingMm: number };
  /** The bone that is there, to look at: made on voxels of this size. Absent in folders of before there was one. */
  rest?: { stl: string; voxelMm: number };
  implants: ImplantFacts[];
  warnings: string[];
}
