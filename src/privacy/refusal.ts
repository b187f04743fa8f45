/** The end of an audit that found no pass: no fault of the program, and no success: exit code 3. */
import { CranioflowError } from '../errors.ts';
import type { Judgement } from './verdict.ts';

export class NotShareable extends CranioflowError {
  readonly tag = 'audit';
  override readonly exitCode = 3;
}

/** The error that tells a verdict other than a pass, with its reasons and where the page is. */
export function notShareable(judgement: Judgement, what: 'set' | 'network', page: string): NotShareable {
  const verdict = what === 'set' ? judgement.verdict : judgement.network;
  const reasons = judgement.criteria
    .filter((c) => c.result === verdict && (what === 'network' || c.network === undefined))
    .map((c) => c.sentence);
  return new NotShareable({
    found: `verdict on the ${what}: ${verdict}${reasons.map((reason) => `\n  ${reason}`).join('')}`,
    expected:
      what === 'set'
        ? 'a set in which no training case is found again'
        : 'a network that gives away no training case, and a set in which none is found again',
    todo:
      verdict === 'fail'
        ? `do not share the ${what}; ${page} shows what was found. Remedies: more training data or fewer steps, \`generate --candidates\`, training with --dp-epsilon`
        : `do not share the ${what} yet; ${page} says what is needed`,
  });
}
