/** PyTorch as a peer: a process with the same network that does one step for each line it is sent (engine_peer.py). */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { UNetConfig } from '../src/models/unet.ts';

export interface PeerConfig {
  /** Of the state: samples, channels, z, y, x. */
  size: readonly number[];
  threads: number;
  network: UNetConfig;
}

export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor({ network, ...rest }: PeerConfig) {
    const script = new URL('engine_peer.py', import.meta.url).pathname;
    this.#child = spawn(
      '/usr/bin/python3',
      [script, JSON.stringify({ ...rest, groups: network.groups, network })],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    this.#child.on('error', () => undefined);
    this.#child.stdin!.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** The next line of the process; undefined when it ended, as it does where PyTorch is not installed. */
  async answer(): Promise<Record<string, number> | undefined> {
    const { value: line, done } = await this.#lines.next();
    return done ? undefined : JSON.parse(line);
  }

  /** Does one `train` or `sample`; `sample N K` evaluates a batch of N, K times. */
  async ask(command: string): Promise<{ ms: number; peakGb: number }> {
    this.#child.stdin!.write(`${command}\n`);
    const reply = await this.answer();
    if (reply === undefined) throw new Error('the PyTorch peer ended');
    return reply as { ms: number; peakGb: number };
  }

  end(): void {
    this.#child.stdin!.end();
  }
}
