/**
 * How a scan is refused. A message names the scan by its label (what the user typed, and a number), never by a path
 * below it or a text of its header: folder names and headers of hospitals carry the names of patients.
 */
import { ScanError } from '../../errors.ts';

/** A `ScanError` whose message opens with the scan's label. `cause` is for programs: it is never shown. */
export function refusal(
  label: string,
  found: string,
  expected: string,
  todo: string,
  cause?: unknown,
): ScanError {
  return new ScanError({ found: `${label}: ${found}`, expected, todo }, { cause });
}

/** The refusal of bytes that cannot be what they should be. */
export function damaged(label: string, what: string, cause?: unknown): ScanError {
  return refusal(label, what, 'whole, undamaged files', 'copy or export the scan again', cause);
}
