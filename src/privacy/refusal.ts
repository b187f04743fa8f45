/** The end of an audit that found no pass: no fault of the program, and no success: exit code 3. */
import { CranioflowError } from '../errors.ts';
import type { Judgement } from './verdict.ts';

export class NotShareable extends CranioflowError {
  readonly tag = 'audit';
  override readonly exitCode = 3;
}

/** The error that tells a verdict other than a pass, with its reasons and where the page is. */
export function notShareable({ verdict, criteria }: Judgement, page: string): NotShareable {
  const reasons = criteria.filter((c) => c.result === verdict).map((c) => c.sentence);
  return new NotShareable({
    found: `verdict: ${verdict}\n  ${reasons.join('\n  ')}`,
    expected: 'a set in which no training case is found again',
    todo:
      verdict === 'fail'
        ? `do not share the set; ${page} shows what was found. Remedies: more training data or fewer steps, \`generate --candidates\`, training with --dp-epsilon`
        : `do not share the set yet; ${page} says what is needed`,
  });
}
