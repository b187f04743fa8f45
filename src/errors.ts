/**
 * Errors are part of the product. Every failure a user can cause is a `CranioflowError`: it carries a tag for
 * programs, and for people a message of three parts: what was found, what was expected, what to do. The CLI prints
 * the message alone and ends with `exitCode`; a stack trace is printed only for errors that are our own bugs.
 */

/** The three parts of a message: the fact, the rule it broke, the way out. */
export interface Explanation {
  /** What was found, with names and numbers: `"mask.nrrd has no voxel above 0"`. */
  found: string;
  /** What was expected: `"a bone mask with at least one bone voxel"`. */
  expected: string;
  /** What to do about it: `"check the segmentation, or leave this file out"`. */
  todo: string;
}

/** Base class: `message` reads `found; expected ...; to mend it: ...`. */
export abstract class CranioflowError extends Error {
  abstract readonly tag: string;
  readonly exitCode: number = 1;
  readonly explanation: Explanation;

  constructor(explanation: Explanation, options?: ErrorOptions) {
    super(
      `${explanation.found}\n  expected: ${explanation.expected}\n  to mend:  ${explanation.todo}`,
      options,
    );
    this.explanation = explanation;
    this.name = new.target.name;
  }
}

/** A file that is missing, truncated, of an unknown format or not what its name says. */
export class FileError extends CranioflowError {
  readonly tag = 'file';
}

/** A volume whose values or geometry cannot be used: NaN, empty, full, singular direction, zero spacing. */
export class VolumeError extends CranioflowError {
  readonly tag = 'volume';
}

/** A scan that is no usable head CT: another modality, missing or thick slices, contradictory positions, damage. */
export class ScanError extends CranioflowError {
  readonly tag = 'scan';
}

/** A grid that does not fit: bone larger than the grid, or two sets of different grids. */
export class GridError extends CranioflowError {
  readonly tag = 'grid';
}

/** A dataset folder that is missing, incomplete or contradicts its manifest. */
export class DatasetError extends CranioflowError {
  readonly tag = 'dataset';
}

/** A configuration with an unknown key or a value out of range. */
export class ConfigError extends CranioflowError {
  readonly tag = 'config';
}

/** A checkpoint cut short, of another configuration, or altered since it was written. */
export class CheckpointError extends CranioflowError {
  readonly tag = 'checkpoint';
}

/** A run folder that is in use, or already holds another run. */
export class RunFolderError extends CranioflowError {
  readonly tag = 'run-folder';
}

/** The disk refused a write: full, read-only, no permission. */
export class DiskError extends CranioflowError {
  readonly tag = 'disk';
}

/** An operation was given tensors whose shapes, types or names do not fit. */
export class ShapeError extends CranioflowError {
  readonly tag = 'shape';
}

/** The numbers left the range a computation can go on with: a loss that is NaN, a set too small for a metric. */
export class NumericsError extends CranioflowError {
  readonly tag = 'numerics';
}

/** The command line itself was wrong. */
export class UsageError extends CranioflowError {
  readonly tag = 'usage';
  override readonly exitCode = 2;
}

/** Ctrl-C or SIGTERM arrived; what was finished is on disk. */
export class InterruptedError extends CranioflowError {
  readonly tag = 'interrupted';
  override readonly exitCode = 130;
}
