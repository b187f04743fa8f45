/** Threads: how many there are changes nothing of what is made; one that dies, and Ctrl-C, lose the case at hand alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type CaseJob, runCases } from '../../src/dataset/casePool.ts';
import { type IngestOptions, ingest } from '../../src/dataset/ingest.ts';
import { collectCases } from '../../src/dataset/inputs.ts';
import { writeVolume } from '../../src/volume/io/index.ts';
import { centredGrid, type Mask } from '../../src/volume/volume.ts';
import { syntheticCt } from '../skull/segment/ct.ts';
import { temporaryFolder } from './helpers.ts';

/** A box of 8 x 8 x n mm in 16^3 voxels of 1 mm. */
function box(n: number): Mask {
  const data = new Uint8Array(4096);
  for (let p = 0; p < 4096; p++)
    if (p % 16 >= 4 && p % 16 < 12 && (p >> 4) % 16 >= 4 && (p >> 4) % 16 < 12 && p >> 8 < n) data[p] = 1;
  return { ...centredGrid([16, 16, 16], [1, 1, 1]), data };
}

const base = { grid: [16, 16, 16], spacing: 1, keepNames: true } satisfies Partial<IngestOptions>;

/** Everything under a folder, by name. */
function contents(dir: string): Record<string, string> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(dir, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(dir, name)).toString('hex')]));
}

it('one thread and two leave the same folder, byte for byte', async () => {
  const [inputs, out] = [temporaryFolder(), temporaryFolder()];
  for (const [i, name] of ['a', 'b'].entries())
    await writeVolume(join(inputs, `${name}.nrrd`), box(8 + 2 * i));
  writeFileSync(join(inputs, 'd.nrrd'), 'no volume');
  for (const [name, jobs] of [
    ['one', 1],
    ['two', 2],
  ] as const) {
    const { refused } = await ingest({ ...base, inputs: [inputs], out: join(out, name), jobs });
    expect(refused.map((r) => r.file)).toEqual([join(inputs, 'd.nrrd')]);
  }
  const [one, two] = ['one', 'two'].map((name) => contents(join(out, name)));
  expect(Object.keys(one)).toContain('cases/d.json');
  expect(two).toEqual(one);
});

it('a thread whose memory is full refuses its case, and is never remembered for it', async () => {
  const inputs = temporaryFolder();
  for (const name of ['a', 'b', 'c']) await writeVolume(join(inputs, `${name}.nrrd`), box(9));
  const jobs = (await collectCases([inputs])).map(
    (input, i): CaseJob => ({ input, task: { id: `c-${i}`, label: `case ${i}` } }),
  );
  // Too little for a thread to start in.
  const options = { ...base, inputs: [inputs], out: temporaryFolder(), jobs: 2, withoutPictures: true };
  const refused: string[] = [];
  for await (const { job, outcome } of runCases(jobs, {
    ...options,
    resourceLimits: { maxOldGenerationSizeMb: 4, maxYoungGenerationSizeMb: 1 },
  })) {
    expect(outcome).toMatchObject({ transient: true });
    if ('refused' in outcome && outcome.refused.found.startsWith(job.task.label)) refused.push(job.task.id);
  }
  expect(refused.sort()).toEqual(['c-0', 'c-1', 'c-2']);
});

it('Ctrl-C in the middle of a case ends the command with 130; finished cases are kept', async () => {
  const [inputs, out] = [temporaryFolder(), join(temporaryFolder(), 'out')];
  await writeVolume(join(inputs, 'a.nrrd'), box(9));
  await writeVolume(join(inputs, 'b.nii'), syntheticCt({ spacing: [3, 3, 3], size: [74, 87, 90] }).volume);
  const flags = ['--out', out, '--grid', '96x96x96', '--spacing', '2.5', '--keep-names', '--jobs', '1'];
  const argv = ['--import', 'tsx', 'src/cli/main.ts', 'ingest', inputs, ...flags, '--no-pictures'];
  const child = spawn(process.execPath, argv, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const finished = () =>
    existsSync(join(out, 'cases.jsonl'))
      ? readFileSync(join(out, 'cases.jsonl'), 'utf8').split('\n').length - 2
      : 0;
  while (finished() < 1 && child.exitCode === null) await wait(20);
  child.kill('SIGINT');
  const [code] = await ended;
  expect(code).toBe(130);
  expect(finished()).toBe(1);
  expect(existsSync(join(out, 'dataset.lock'))).toBe(false);
  const { kept, accepted } = await ingest({
    ...base,
    inputs: [join(inputs, 'a.nrrd')],
    out,
    grid: [96, 96, 96],
    spacing: 2.5,
    withoutPictures: true,
  });
  expect([kept, accepted]).toEqual([['a'], []]);
});
