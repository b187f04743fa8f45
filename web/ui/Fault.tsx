/** What went wrong, as everywhere in cranioflow: what was found, what was expected, what to do. */
import type { Explanation } from '../../src/errors.ts';

export function Fault({ error }: { error: Explanation }) {
  return (
    <div className="fault" role="alert">
      <strong>{error.found}</strong>
      <p>Expected: {error.expected}.</p>
      <p>To mend it: {error.todo}.</p>
    </div>
  );
}
