/** Help, usage errors and exit codes: what every command shares. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { gridSize, list, real, thresholdValue, whole } from '../../src/cli/options.ts';
import { runCli } from '../../src/cli/program.ts';
import { run, temporaryFolder } from './helpers.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(() => void vi.unstubAllEnvs());

test('--help names every command, on stdout, with exit 0', async () => {
  const { code, out, err } = await run(['--help']);
  expect(code).toBe(0);
  expect(err).toBe('');
  for (const name of ['phantom', 'ingest', 'train', 'generate', 'export', 'evaluate', 'report', 'demo'])
    expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(out).toContain('Not a medical device');
});

test.each([
  [['phantom'], ['--count <n>', 'default: 200', '240 mm']],
  [['ingest'], ['--spacing <mm>', '--subject-pattern', '--align-to', '--max-cut', 'otsu']],
  [
    ['train', 'autoencoder'],
    ['--preset <name>', '--set <key=value>', '--resume', 'tiny'],
  ],
  [
    ['train', 'generator'],
    ['--objective <name>', '--autoencoder <run>', 'otfm'],
  ],
  [
    ['train', 'settings'],
    ['file for --config', '--preset <name>'],
  ],
  [['generate'], ['--solver <name>', 'dopri5', 'ddim', '--guidance <scale>', 'default: 1.5', '--clean']],
  [['export'], ['--simplify <ratio>', '--half', 'velocity.onnx']],
  [['report'], ['--run <run>', '--evaluation <file>', 'report.html']],
  [['demo'], ['--out <dir>', '--seed <n>', 'phantom']],
  [['evaluate'], ['--real <dir>', '--fake <dir>', '--json']],
])('%s --help explains itself with an example', async (command, words) => {
  const { code, out, err } = await run([...command, '--help']);
  expect([code, err]).toEqual([0, '']);
  for (const word of words) expect(out).toContain(word);
  expect(out).toMatch(/Examples?:\n {2}cranioflow/);
  expect(out).toContain('--quiet');
});

test('--version prints the version of the package', async () => {
  const { out, code } = await run(['--version']);
  expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(code).toBe(0);
});

test.each([
  ['no command', [], 'Usage: cranioflow'],
  ['an unknown command', ['phantm'], 'Did you mean phantom?'],
  ['an unknown option', ['phantom', '--out', 'x', '--cuont', '3'], 'Did you mean --count?'],
  ['a missing option', ['generate'], "required option '--out <dir>'"],
  ['a missing argument', ['ingest', '--out', 'x', '--spacing', '2', '--grid', '8'], "argument 'inputs'"],
  ['a number that is none', ['phantom', '--out', 'x', '--count', 'many'], 'whole number from 1 on'],
  ['a number out of range', ['phantom', '--out', 'x', '--quality', '7'], 'from 2 to 6'],
  ['a grid too small for a skull', ['phantom', '--out', 'x', '--grid', '8'], 'from 16 to 1024'],
  ['a bad grid', ['ingest', 'm', '--out', 'x', '--spacing', '2', '--grid', '64x56'], 'such as 64x56x48'],
  ['an unknown choice', ['generate', '--out', 'x', '--solver', 'rk5'], 'heun, euler, midpoint'],
  ['an unknown format', ['generate', '--out', 'x', '--format', 'foo'], 'stl, ply, glb, or none alone'],
  [
    'no format beside one',
    ['generate', '--out', 'x', '--format', 'none,stl'],
    'the format none beside others',
  ],
  [
    'steps without effect',
    ['generate', '--out', 'x', '--solver', 'dopri5', '--steps', '3'],
    'leave --steps out',
  ],
  ['bones without end', ['generate', '--out', 'x', '--count', '1e12'], 'from 1 to 1000000'],
  ['neither volume nor run', ['export', '--out', 'x'], 'neither --volume nor --run'],
])('%s ends with exit 2 and says what to do', async (_, argv, words) => {
  const { code, out, err } = await run(argv);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(words);
  expect(err).not.toMatch(/^\s+at /m);
  expect(existsSync('x')).toBe(false);
});

/** Makes any command fail in a way no command foresees: the first word about it cannot be written. */
function failing() {
  const wrote: string[] = [];
  const stdout = {
    write() {
      throw new TypeError('first line\nsecond line');
    },
  };
  return { wrote, streams: { stdout, stderr: { write: (text: string) => wrote.push(text) } } };
}

test('a fault of ours is one line without a stack', async () => {
  const { wrote, streams } = failing();
  vi.stubEnv('CRANIOFLOW_DEBUG', '0');
  expect(await runCli(['phantom', '--help'], streams)).toBe(1);
  expect(wrote.join('')).toMatch(/^this is a bug in cranioflow: first line second line .*\n$/);
});

test('CRANIOFLOW_DEBUG=1 adds the stack', async () => {
  const { wrote, streams } = failing();
  vi.stubEnv('CRANIOFLOW_DEBUG', '1');
  expect(await runCli(['phantom', '--help'], streams)).toBe(1);
  expect(wrote.join('')).toMatch(/^\s+at /m);
});

test('an interrupted command ends with 130 and says how to go on', async () => {
  const { code, out, err } = await run(
    ['phantom', '--out', folder.path('stopped'), '--count', '3', '--grid', '16'],
    AbortSignal.abort(),
  );
  expect([code, out]).toEqual([130, '']);
  expect(err).toContain('0 of 3 phantoms');
  expect(err).toContain('run the same command again');
  expect(err).not.toContain('--resume');
});

test('phantom: --quiet says nothing, --json one object, the summary goes to stderr', async () => {
  const argv = [
    'phantom',
    '--out',
    folder.path('phantoms'),
    '--count',
    '3',
    '--grid',
    '16',
    '--quality',
    '6',
  ];
  expect(await run([...argv, '--quiet'])).toEqual({ code: 0, out: '', err: '' });
  const { out, err } = await run([...argv, '--json', '--quiet']);
  expect(err).toBe('');
  expect(JSON.parse(out)).toMatchObject({ cases: 3, phantom: true, size: [16, 16, 16], spacing: 15 });
  const spoken = await run(argv);
  expect(spoken.out).toBe('');
  expect(spoken.err).toContain('3 phantom skulls of 16x16x16 voxels, 15 mm');
});

test('option parsers take what they say and no more', () => {
  expect(whole(0)('12')).toBe(12);
  for (const bad of ['', ' ', '1.5', '-1', '1e300', 'NaN', '0x'])
    expect(() => whole(0)(bad)).toThrow('whole number');
  expect(real(0, 1)('0.25')).toBe(0.25);
  for (const bad of ['', 'Infinity', '1.01', '-0.1', '2 mm'])
    expect(() => real(0, 1)(bad)).toThrow('from 0 up to 1');
  expect(gridSize('64x56x48')).toEqual([64, 56, 48]);
  expect(gridSize('32')).toEqual([32, 32, 32]);
  for (const bad of ['', 'x', '64x', '64x56x48x2', '1e2', '-4', '8x0x8'])
    expect(() => gridSize(bad)).toThrow();
  expect(thresholdValue('otsu')).toBe('otsu');
  expect(thresholdValue('-150')).toBe(-150);
  expect(list('.NRRD, stl,')).toEqual(['nrrd', 'stl']);
  expect(() => list(',')).toThrow('such as nrrd,stl');
});

test('a reader of stderr that goes away does not end the work', async () => {
  const out = folder.path('unread');
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const code = await new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', main, 'phantom', '--out', out, '--count', '12', '--grid', '16'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child.stderr.destroy();
    child.on('error', reject);
    child.on('exit', resolve);
  });
  expect(code).toBe(0);
  expect(existsSync(join(out, 'dataset.json'))).toBe(true);
});

test('train settings prints a file for --config, of the preset asked for', async () => {
  const { code, out } = await run(['train', 'settings', 'generator', '--preset', 'small']);
  expect(code).toBe(0);
  expect(out).toMatch(/^# cranioflow train generator --preset small\n/);
  expect(out).toContain('\n# Cases a step\nbatch: 8\n');
  expect((await run(['train', 'settings', 'autoencoder'])).out).toContain('codes: 512');
  const wrong = await run(['train', 'settings', 'discriminator']);
  expect([wrong.code, wrong.out]).toEqual([2, '']);
  expect(wrong.err).toMatch(/'discriminator' is invalid.*autoencoder, decoder, encoder, generator/);
  expect(JSON.parse((await run(['train', 'settings', 'generator', '--json'])).out)).toMatchObject({
    batch: 8,
  });
});
