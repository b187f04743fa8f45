/** A method that refuses a bone has given no answer, which counts. That the machine is out of memory or disk counts for nothing. */
import { type CranioflowError, GridError, NumericsError, VolumeError } from '../errors.ts';
import { ImplantError } from './implant/cutImplant.ts';

const REFUSALS = [VolumeError, GridError, NumericsError, ImplantError];

/** Whether an error is a method's answer to a bone that it cannot take. */
export const isNoAnswer = (error: unknown): error is CranioflowError =>
  REFUSALS.some((kind) => error instanceof kind);
