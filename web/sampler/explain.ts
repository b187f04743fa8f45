/** Any error in the three parts that people are shown. */
import { CranioflowError, type Explanation } from '../../src/errors.ts';
import { RuntimeError } from '../../src/runtime/session.ts';

const SMALLER = 'close other pages, or generate with the command line: cranioflow generate';

export function explain(error: unknown): Explanation {
  if (error instanceof RuntimeError)
    return {
      ...error.explanation,
      expected: 'a device with memory enough for this generator, that does not fail on the way',
      todo: `compute on the processor; if that is what failed, ${SMALLER}`,
    };
  if (error instanceof CranioflowError) return error.explanation;
  const found = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError)
    return {
      found: `the browser has not enough memory: ${found}`,
      expected: 'room for the weights and the network beside them',
      todo: SMALLER,
    };
  return {
    found,
    expected: 'this to work',
    todo: 'reload the page; if it stays, try another browser, or report it',
  };
}
