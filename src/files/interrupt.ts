/**
 * Ctrl-C (SIGINT) and SIGTERM: the first asks the work to stop at the next good place, where it writes a checkpoint and
 * throws `InterruptedError`; the second ends the process at once with status 130 (locks are given back even so).
 */
import { InterruptedError } from '../errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface Interrupt {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** Stops listening; signals end the process again as they do by default. */
  dispose(): void;
}

/** Starts listening. `notice` is told that the first signal came; stderr. */
export function onInterrupt(notice = (text: string) => void process.stderr.write(`\n${text}\n`)): Interrupt {
  const controller = new AbortController();
  const listen = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    notice(`${name}: stopping at the next safe place (once more to stop at once)`);
    controller.abort(name);
  };
  for (const name of SIGNALS) process.on(name, listen);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of SIGNALS) process.off(name, listen);
    },
  };
}

/** Lets the event loop turn once: work that blocks it hears signals, and closes what is closed, only here. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The error to end with once `signal` is aborted and what was finished is on disk; `kept` says where. */
export function interruptedError(
  kept: string,
  todo = 'run the same command with --resume to go on',
): InterruptedError {
  return new InterruptedError({
    found: `interrupted; ${kept}`,
    expected: 'to run to the end',
    todo,
  });
}
