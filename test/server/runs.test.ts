/** Runs: what they tell, live events, weights; and a real training that is stopped and resumed from the page. */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { holderOf } from '../../src/files/lock.ts';
import { encodeSafetensors } from '../../src/files/safetensors.ts';
import { AUTOENCODER_FILE } from '../../src/sampling/autoencoder.ts';
import type { RunDetail, RunState } from '../../src/server/api.ts';
import { commandOf } from '../../src/server/resume.ts';
import { AUTOENCODER } from '../../src/server/runRoutes.ts';
import { learningRate } from '../../src/training/loop.ts';
import { metricsLines, run as runCommand, TINY_AUTOENCODER } from '../cli/helpers.ts';
import { logOf, put, putRun, refusal, serve, temporaryFolder } from './helpers.ts';

const SETTINGS = 'steps: 400\nlearningRate: 0.01\nwarmup: 20\nfinalRate: 0.1\ncommitment: 1\n';

async function withRun(settings = SETTINGS) {
  const root = temporaryFolder();
  const dir = join(root, 'run');
  putRun(dir, 3, settings);
  const viewer = serve(root);
  const [item] = await viewer.items('run');
  return { ...viewer, root, dir, item, base: `/api/runs/${item.id}` };
}

/** The events of a stream, one after another; `close` goes away as a browser does. */
function listen(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<{ event: string; data: never }> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const lines = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        const field = (name: string) =>
          lines.find((l) => l.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
        return { event: field('event'), data: JSON.parse(field('data')) as never };
      }
      const { value, done } = await reader.read();
      if (done) throw new Error('the stream ended');
      text += value;
    }
  };
  /** The next event of a name. */
  const until = async <T>(event: string, is: (data: T) => boolean = () => true): Promise<T> => {
    for (;;) {
      const found = await next();
      if (found.event === event && is(found.data)) return found.data;
    }
  };
  return { next, until, close: () => reader.cancel() };
}

describe('what a run tells', () => {
  test('settings, learning rate, checkpoints and how far it is', async () => {
    const { json, base, dir, item } = await withRun();
    for (const step of ['000001', '000002'])
      put(join(dir, 'checkpoints', `step-${step}`, 'state.json'), '{}');
    const { config, learningRate: rates, checkpoints, state } = await json<RunDetail>(base);
    expect(config).toBe(SETTINGS);
    expect(checkpoints).toEqual([1, 2]);
    expect(state).toEqual({
      running: false,
      canStop: false,
      canResume: false,
      step: 3,
      steps: 400,
      rate: null,
    });
    expect(rates).toHaveLength(200);
    expect([rates[0].step, rates[199].step]).toEqual([1, 400]);
    const made = { steps: 400, learningRate: 0.01, warmup: 20, finalRate: 0.1 };
    for (const { step, rate } of rates) expect(rate).toBe(learningRate(step, made));
    expect(item).toMatchObject({ network: 'autoencoder', step: 3 });
  });

  test('of settings without a schedule no learning rate; of few steps each', async () => {
    const { json, base, dir } = await withRun('steps: 5\n');
    expect(await json(base)).toMatchObject({ learningRate: [], state: { steps: 5 } });
    writeFileSync(join(dir, 'config.yaml'), SETTINGS.replace('400', '5'));
    const { learningRate: rates } = await json<RunDetail>(base);
    expect(rates.map((r) => r.step)).toEqual([1, 2, 3, 4, 5]);
    writeFileSync(join(dir, 'config.yaml'), 'text');
    expect(await json('/api/project')).toMatchObject({ items: [{ kind: 'broken' }] });
  });

  test('a run of another machine runs, as far as anybody knows, and is not stopped from here', async () => {
    const { json, base, dir, post } = await withRun();
    put(
      join(dir, 'run.lock'),
      JSON.stringify({ pid: process.pid, ticks: '1', host: 'elsewhere', since: 'then' }),
    );
    expect((await json<RunDetail>(base)).state).toMatchObject({
      running: true,
      canStop: false,
      canResume: false,
    });
    expect(await refusal(await post(`${base}/stop`))).toEqual([
      409,
      expect.stringContaining('on elsewhere since then'),
    ]);
    expect((await refusal(await post(`${base}/resume`)))[0]).toBe(409);
  });

  test('a lock that is a link to what never ends is none', async () => {
    const { json, base, dir } = await withRun();
    symlinkSync('/dev/zero', join(dir, 'run.lock'));
    expect((await json<RunDetail>(base)).state.running).toBe(false);
  });

  test('a pid without its start, of everyone, or of the server itself takes no signal', async () => {
    const { json, base, dir, post } = await withRun();
    const stat = existsSync('/proc/self/stat') ? readFileSync('/proc/self/stat', 'utf8') : '';
    const ticks = stat.split(') ')[1]?.split(' ')[19] ?? null;
    for (const holder of [
      { pid: process.pid, ticks: null },
      { pid: -1, ticks: '1' },
      { pid: 0, ticks: null },
      { pid: process.pid, ticks },
    ]) {
      put(join(dir, 'run.lock'), JSON.stringify({ ...holder, host: hostname(), since: 'then' }));
      expect((await json<RunDetail>(base)).state).toMatchObject({ running: true, canStop: false });
      expect((await refusal(await post(`${base}/stop`)))[0]).toBe(409);
    }
    rmSync(join(dir, 'run.lock'));
    expect(await refusal(await post(`${base}/stop`))).toEqual([409, 'the training does not run']);
  });
});

describe('events', () => {
  test('all that is logged, then what is new, then the log rolled back', async () => {
    const { ask, base, dir } = await withRun();
    const response = await ask(`${base}/events`);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { until, close } = listen(response);
    expect(await until('metrics')).toEqual({
      first: true,
      lines: [1, 2, 3].map((step) => ({ step, loss: 1 / step })),
    });
    expect(await until<RunState>('state')).toMatchObject({ step: 3, steps: 400, running: false, rate: null });
    appendFileSync(join(dir, 'metrics.jsonl'), logOf(2, 4));
    expect(await until('metrics')).toMatchObject({ first: false, lines: [{ step: 4 }, { step: 5 }] });
    expect((await until<RunState>('state')).step).toBe(5);
    writeFileSync(join(dir, 'metrics.jsonl'), logOf(2));
    expect(await until('metrics')).toMatchObject({ first: true, lines: [{ step: 1 }, { step: 2 }] });
    expect((await until<RunState>('state')).step).toBe(2);
    // Nothing happens, and still there is a sign of life.
    expect((await until<RunState>('state')).step).toBe(2);
    await close();
  });

  test('a long log comes thinned, a log that is not there yet is awaited', async () => {
    const { ask, base, dir } = await withRun();
    writeFileSync(join(dir, 'metrics.jsonl'), logOf(20_000));
    const long = listen(await ask(`${base}/events`));
    const { lines } = await long.until<{ lines: { step: number }[] }>('metrics');
    expect(lines.length).toBeLessThanOrEqual(4001);
    expect(lines.at(-1)!.step).toBe(20_000);
    await long.close();
    rmSync(join(dir, 'metrics.jsonl'));
    put(join(dir, 'run.lock'), JSON.stringify({ pid: 1, ticks: null, host: 'elsewhere', since: 'then' }));
    const early = listen(await ask(`${base}/events`));
    expect(await early.until('metrics')).toEqual({ first: true, lines: [] });
    writeFileSync(join(dir, 'metrics.jsonl'), logOf(1));
    expect(await early.until('metrics')).toMatchObject({ first: true, lines: [{ step: 1 }] });
    await early.close();
  });

  test('the rate is measured while the page watches', async () => {
    const { ask, base, dir } = await withRun();
    put(join(dir, 'run.lock'), JSON.stringify({ pid: 1, ticks: null, host: 'elsewhere', since: 'then' }));
    const { until, close } = listen(await ask(`${base}/events`));
    expect((await until<RunState>('state')).rate).toBeNull();
    appendFileSync(join(dir, 'metrics.jsonl'), logOf(10, 4));
    const { rate, step } = await until<RunState>('state', (s) => s.rate !== null);
    expect(step).toBe(13);
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThan(1000);
    await close();
  });

  test('the end of the server ends them', async () => {
    const { ask, base, app } = await withRun();
    const { until, next } = listen(await ask(`${base}/events`));
    await until('state');
    await app.close();
    await expect(next()).rejects.toThrow('the stream ended');
  });
});

describe('weights', () => {
  const bytes = (value: number): Buffer =>
    Buffer.concat(
      encodeSafetensors(
        new Map([['w', { dtype: 'F32', shape: [1000], data: new Float32Array(1000).fill(value) }]]),
      ),
    );

  test('of the newest checkpoint and the autoencoder beside it, whole', async () => {
    const { json, ask, base, dir } = await withRun();
    expect(AUTOENCODER).toBe(AUTOENCODER_FILE);
    expect(await json(`${base}/weights`)).toEqual({ files: [] });
    for (const [step, value] of [
      ['000001', 1],
      ['000002', 2],
    ] as const)
      put(join(dir, 'checkpoints', `step-${step}`, 'model.safetensors'), bytes(value));
    put(join(dir, 'autoencoder.safetensors'), bytes(3));
    put(join(dir, 'optimizer.safetensors'), bytes(4));
    const list = await json(`${base}/weights`);
    const size = bytes(1).length;
    expect(list).toEqual({
      files: [
        { name: 'model.safetensors', bytes: size },
        { name: 'autoencoder.safetensors', bytes: size },
      ],
    });
    const model = await ask(`${base}/weights/model.safetensors`);
    expect(model.headers.get('content-length')).toBe(String(size));
    expect(Buffer.from(await model.arrayBuffer()).equals(bytes(2))).toBe(true);
    for (const name of ['optimizer.safetensors', 'config.yaml', '..%2fconfig.yaml', '%2e%2e'])
      expect((await refusal(await ask(`${base}/weights/${name}`)))[0], name).toBe(404);
  });

  test('that a link leads out to are not there', async () => {
    const { json, base, dir } = await withRun();
    const elsewhere = put(join(temporaryFolder(), 'x.safetensors'), bytes(1));
    symlinkSync(elsewhere, join(dir, 'autoencoder.safetensors'));
    expect(await json(`${base}/weights`)).toEqual({ files: [] });
  });
});

describe('the command that began a run', () => {
  const noted = (dir: string, command: unknown) => put(join(dir, 'command.json'), JSON.stringify(command));

  test('is believed where it is a training of this very folder', () => {
    const root = temporaryFolder();
    const dir = join(root, 'run');
    putRun(dir);
    const known = (argv: unknown, cwd: unknown = root): boolean => {
      noted(dir, { argv, cwd });
      return commandOf({ root, dir }) !== undefined;
    };
    expect(known(['train', 'autoencoder', '--data', 'd', '--out', 'run'])).toBe(true);
    expect(known(['--json', 'task', 'align', 'train', `--out=${dir}`])).toBe(true);
    expect(known(['train', 'reflow', '--out', '../run'], dir)).toBe(true);
    // Another folder, another command, or no command at all.
    expect(known(['train', 'autoencoder', '--out', 'other'])).toBe(false);
    expect(known(['train', 'autoencoder', '--out', 'run'], '/')).toBe(false);
    expect(known(['train', 'autoencoder', '--out', 'run', '--out', '..'])).toBe(false);
    expect(known(['train', 'autoencoder'])).toBe(false);
    // The last is the value of --data for the command line, and the first its --out.
    expect(known(['train', 'autoencoder', '--out', '/else', '--data', '--out=run'])).toBe(false);
    expect(known(['train', 'autoencoder', '--out', 'run', '--out=run'])).toBe(false);
    expect(known(['train', 'settings', '--out', 'run'])).toBe(false);
    expect(known(['ingest', '/', '--out', 'run'])).toBe(false);
    expect(known(['generate', 'train', 'autoencoder', '--out', 'run'])).toBe(false);
    expect(known('train autoencoder --out run')).toBe(false);
    expect(known([1, 2])).toBe(false);
    expect(known(['train', 'autoencoder', '--out', 'run'], 7)).toBe(false);
    noted(dir, null);
    expect(commandOf({ root, dir })).toBeUndefined();
    put(join(dir, 'command.json'), '{');
    expect(commandOf({ root, dir })).toBeUndefined();
  });

  test('a run at its end, by steps or by patience, is not resumed', async () => {
    const { json, base, dir, root, post } = await withRun();
    noted(dir, { argv: ['train', 'autoencoder', '--out', 'run'], cwd: root });
    const canResume = async () => (await json<RunDetail>(base)).state.canResume;
    expect(await canResume()).toBe(true);
    writeFileSync(join(dir, 'metrics.jsonl'), logOf(400));
    expect(await canResume()).toBe(false);
    expect(await refusal(await post(`${base}/resume`))).toEqual([409, 'the training is at its end']);
    writeFileSync(join(dir, 'metrics.jsonl'), logOf(300));
    writeFileSync(join(dir, 'config.yaml'), `${SETTINGS}keep:\n  patience: 2\n`);
    const state = (stale: number) =>
      put(join(dir, 'checkpoints', 'step-000300', 'state.json'), JSON.stringify({ state: { stale } }));
    state(1);
    expect(await canResume()).toBe(true);
    state(2);
    expect(await canResume()).toBe(false);
  });

  test('one that cannot be started, or fails, is told', async () => {
    const root = temporaryFolder();
    const dir = join(root, 'run');
    putRun(dir, 3, SETTINGS);
    noted(dir, { argv: ['train', 'autoencoder', '--out', 'run'], cwd: root });
    const precious = put(join(root, 'precious'), 'mine');
    symlinkSync(precious, join(dir, 'resume.log'));
    const says = `console.error(process.argv.slice(1).join(' ')); process.exit(3)`;
    const { items, post, json } = serve(root, { cli: [process.execPath, '-e', says, '--'] });
    const [{ id }] = await items('run');
    const answer = (await (await post(`/api/runs/${id}/resume`)).json()) as RunState;
    expect(answer).toMatchObject({
      running: false,
      canResume: true,
      failed: 'train autoencoder --out run --resume',
    });
    expect(readFileSync(precious, 'utf8')).toBe('mine');
    expect(readFileSync(join(dir, 'resume.log'), 'utf8')).toContain('--resume');
    const gone = serve(root, { cli: [join(root, 'nowhere')] });
    const told = (await (await gone.post(`/api/runs/${id}/resume`)).json()) as RunState;
    expect(told.failed).toMatch(/cannot be started: .*ENOENT/);
    expect((await json<RunDetail>(`/api/runs/${id}`)).state.failed).toContain('train autoencoder');
  });
});

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const CLI = [process.execPath, '--import', 'tsx', MAIN];

/** Whatever a test leaves running. */
const runs: string[] = [];
afterEach(() => {
  for (const dir of runs.splice(0)) {
    const pid = holderOf(join(dir, 'run.lock'))?.pid;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }
});

test.skipIf(!existsSync('/proc/self/stat'))(
  'a training is stopped, goes on where it was, and outlives the server',
  async () => {
    const root = temporaryFolder();
    const [data, dir] = [join(root, 'data'), join(root, 'run')];
    runs.push(dir);
    await runCommand(['phantom', '--out', data, '--count', '6', '--grid', '16', '--quiet']);
    const argv = ['train', 'autoencoder', '--data', data, '--out', dir, ...TINY_AUTOENCODER];
    const endless = [
      '--set',
      'steps=1000000',
      '--set',
      'evaluateEvery=1000000',
      '--threads',
      '1',
      '--quiet',
      '--no-report',
    ];
    const began = spawn(CLI[0], [...CLI.slice(1), ...argv, ...endless], { stdio: 'ignore' });
    const ended = new Promise((resolve) => began.on('exit', resolve));
    const waitFor = async (is: () => boolean): Promise<void> => {
      while (!is()) await new Promise((next) => setTimeout(next, 50));
    };
    await waitFor(() => metricsLines(dir) >= 3);

    const { items, ask, post, json, app } = serve(root, { cli: CLI });
    const [{ id, ...item }] = await items('run');
    expect(item).toMatchObject({ network: 'autoencoder', running: true });
    const base = `/api/runs/${id}`;
    const events = listen(await ask(`${base}/events`));
    const moving = await events.until<RunState>('state', (s) => s.rate !== null);
    expect(moving).toMatchObject({ running: true, canStop: true, canResume: false, steps: 1_000_000 });
    expect((await refusal(await post(`${base}/resume`)))[0]).toBe(409);

    expect((await post(`${base}/stop`)).status).toBe(200);
    expect(await ended).toBe(130);
    const stopped = await events.until<RunState>('state', (s) => !s.running);
    expect(stopped).toMatchObject({ canStop: false, canResume: true, rate: null });
    const saved = (await json<RunDetail>(base)).checkpoints.at(-1)!;
    expect(saved).toBe(stopped.step);

    const resumed = await post(`${base}/resume`);
    expect(await resumed.json()).toMatchObject({ running: true, canStop: true, canResume: false });
    await waitFor(() => metricsLines(dir) > saved + 2);
    const after = await events.until<RunState>('state', (s) => s.step > saved);
    expect(after.running).toBe(true);
    expect(holderOf(join(dir, 'run.lock'))?.pid).not.toBe(began.pid);
    expect(readFileSync(join(dir, 'resume.log'), 'utf8')).toBe('');

    await app.close();
    const at = metricsLines(dir);
    await waitFor(() => metricsLines(dir) > at);
    const other = serve(root, { cli: CLI });
    expect((await other.post(`${base}/stop`)).status).toBe(200);
    await waitFor(() => holderOf(join(dir, 'run.lock')) === undefined);
    const steps = readFileSync(join(dir, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l).step);
    expect(steps).toEqual(steps.map((_, i) => i + 1));
  },
  240_000,
);
