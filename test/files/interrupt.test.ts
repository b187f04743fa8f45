import { expect, test, vi } from 'vitest';
import { interruptedError, onInterrupt } from '../../src/files/interrupt.ts';

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s: the first aborts the signal, the second exits with 130',
  async (name) => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    const notices: string[] = [];
    const interrupt = onInterrupt((text) => void notices.push(text));
    const aborted = new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve));
    expect(interrupt.signal.aborted).toBe(false);
    process.kill(process.pid, name);
    await aborted;
    expect(notices).toEqual([`${name}: stopping at the next safe place (once more to stop at once)`]);
    expect(exit).not.toHaveBeenCalled();
    process.kill(process.pid, name);
    await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(130));
    interrupt.dispose();
    exit.mockRestore();
  },
);

test('dispose leaves no listener; the error carries the exit code of Ctrl-C', () => {
  const before = process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');
  onInterrupt(() => {}).dispose();
  expect(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')).toBe(before);
  expect(interruptedError('step 12 is saved').exitCode).toBe(130);
  expect(interruptedError('step 12 is saved').message).toContain('step 12 is saved');
});
