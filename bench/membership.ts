/**
 * `tsx bench/membership.ts [--steps 600] [--threads 2] [--out DIR]`: does membership inference find what it should? Phantoms
 * of 16^3 voxels, one autoencoder, and three generators that differ in how much they can have memorised:
 *
 *   memorised      about 10 cases as they are, again and again: an AUC near 1
 *   regularised    128 cases in augmented copies, the same steps: near 0.5, what is left is its true leak
 *   reference      128 cases of another seed: never attacked, only set against the others
 *
 * and, of the first two, cases that none of them saw, dealt into pretended members and non-members 400 times: the AUC
 * must be 0.5, its interval hold that in 95 %, and p < 0.05 in 5 %. JSON lines.
 *
 * `tsx bench/membership.ts --run RUN --data DATA`: the three attacks on a run, and what a case costs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { autoencoderSchema, generatorSchema } from '../src/config/schemas.ts';
import { type Dataset, openDataset } from '../src/dataset/dataset.ts';
import { Loader } from '../src/dataset/loader.ts';
import { makePhantomDataset } from '../src/dataset/phantoms.ts';
import { describeCases } from '../src/privacy/membership/descriptors.ts';
import { judge, type MembershipResult } from '../src/privacy/membership/judge.ts';
import {
  type MembershipOptions,
  membershipInference,
} from '../src/privacy/membership/membershipInference.ts';
import { velocityErrors } from '../src/privacy/membership/velocityErrors.ts';
import { RandomStream } from '../src/random/stream.ts';
import { readGenerator } from '../src/sampling/readGenerator.ts';
import { trainAutoencoder } from '../src/training/autoencoder.ts';
import { trainGenerator } from '../src/training/generator.ts';

const { values: flags } = parseArgs({
  options: {
    run: { type: 'string' },
    data: { type: 'string' },
    steps: { type: 'string', default: '600' },
    threads: { type: 'string', default: '2' },
    out: { type: 'string' },
  },
});
const threads = Number(flags.threads);
const GRID = 16;
/** Deals of the cases that no one saw. */
const DEALS = 400;

const round = (v: number) => Number(v.toPrecision(3));
const print = (line: object) => console.log(JSON.stringify(line));

function figures(name: string, r: MembershipResult): void {
  const leaking = r.parts.filter((p) => p.adjusted < 0.01).map((p) => p.name);
  print({
    name,
    attack: r.attack,
    members: r.members,
    nonMembers: r.nonMembers,
    auc: [r.auc.value, r.auc.low, r.auc.high].map(round),
    tprAtFpr1: round(r.tprAtFpr1.value),
    pValue: round(r.pValue),
    blind: r.blind && round(r.blind.auc.value),
    evidence: r.evidence,
    leaking,
  });
}

/** One attack, and the processor's time that a case took. */
async function attack(name: string, options: MembershipOptions): Promise<void> {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  const found = await membershipInference({ threads, ...options });
  const { user, system } = process.cpuUsage(cpu);
  figures(name, found);
  const cases = found.members + found.nonMembers;
  print({
    name,
    msACase: round((performance.now() - wall) / cases),
    cpuMsACase: round((user + system) / 1000 / cases),
  });
}

const ATTACKS = ['velocity', 'reference', 'autoencoder'] as const;

if (flags.run !== undefined && flags.data !== undefined) {
  const dataset = openDataset(flags.data);
  for (const kind of ATTACKS) await attack(kind, { attack: kind, run: flags.run, dataset });
} else await proof();

async function proof(): Promise<void> {
  const root = flags.out ?? mkdtempSync(join(tmpdir(), 'cranioflow-membership-'));
  const path = (name: string) => join(root, name);
  const phantoms = (name: string, seed: number) =>
    makePhantomDataset({ out: path(name), count: 160, grid: GRID, seed });
  const [own, other, unseen] = [
    await phantoms('own', 5),
    await phantoms('other', 6),
    await phantoms('unseen', 7),
  ];
  const common = { quiet: true, threads, resume: false };
  await trainAutoencoder({
    ...common,
    dataset: own,
    out: path('autoencoder'),
    config: autoencoderSchema.parse({
      steps: 150,
      learningRate: 4e-3,
      finalRate: 0.05,
      model: {
        patch: 2,
        widths: [16, 32],
        encoderBlocks: [1],
        decoderBlocks: [0, 1],
        latentChannels: 4,
        codes: 256,
      },
      augment: { shift: 0.5, rotation: 3, scale: 0.03 },
    }),
  });
  const generator = async (name: string, dataset: Dataset, settings: object) => {
    await trainGenerator({
      ...common,
      dataset,
      autoencoder: path('autoencoder'),
      out: path(name),
      config: generatorSchema.parse({
        steps: Number(flags.steps),
        batch: 8,
        learningRate: 3e-3,
        finalRate: 0.05,
        evaluateEvery: 1e6,
        checkpointEvery: 1e6,
        ema: 0.98,
        model: { width: 32, multipliers: [1, 2], blocks: 1, attention: [], headChannels: 16 },
        ...settings,
      }),
    });
  };
  const augmented = { copies: 6, augment: { shift: 0.5, rotation: 4, scale: 0.03 } };
  await generator('memorised', own, { share: 10 / 128 });
  await generator('regularised', own, augmented);
  await generator('reference', other, augmented);

  const references = [{ run: path('reference'), dataset: other }];
  for (const name of ['memorised', 'regularised']) {
    const settings = { run: path(name), dataset: own };
    await attack(`${name}, plain`, { ...settings, attack: 'velocity' });
    await attack(`${name}, no class`, { ...settings, attack: 'velocity', condition: 'none' });
    await attack(`${name}, less descriptors`, { ...settings, attack: 'reference' });
    await attack(`${name}, less a reference`, { ...settings, attack: 'reference', references });
  }
  await attack('autoencoder', { attack: 'autoencoder', run: path('autoencoder'), dataset: own });
  for (const name of ['memorised', 'regularised']) await never(name, path(name), unseen);
  if (flags.out === undefined) rmSync(root, { recursive: true, force: true });
}

/** Cases that a generator never saw, dealt into pretended members and non-members. */
async function never(name: string, run: string, unseen: Dataset): Promise<void> {
  const table = await velocityErrors(readGenerator(run), new Loader(unseen), {}, { threads });
  const { cases } = unseen;
  const described = describeCases(cases, (i) => unseen.loadMask(cases[i]));
  const width = table.columns.length;
  for (const byDescriptors of [false, true]) {
    const aucs: number[] = [];
    let [held, significant, shown] = [0, 0, 0];
    for (let deal = 0; deal < DEALS; deal++) {
      const order = new RandomStream(1, 'bench/membership', deal).permutation(cases.length);
      const values = new Float64Array(table.values.length);
      order.forEach(
        (from, to) => void values.set(table.values.subarray(from * width, (from + 1) * width), to * width),
      );
      const members = cases.length / 2;
      const input = { attack: 'velocity' as const, words: '', table: { ...table, values }, members };
      const plain = Array.from(order, (i) => described.plain[i]);
      const unusual = Array.from(order, (i) => described.unusual[i]);
      const found = judge({
        ...input,
        byDescriptors,
        withoutBlind: true,
        described: { plain, unusual, boxes: [] },
      });
      aucs.push(found.auc.value);
      if (found.auc.low <= 0.5 && found.auc.high >= 0.5) held++;
      if (found.pValue < 0.05) significant++;
      if (found.auc.low > 0.5 && found.pValue < 0.01) shown++;
    }
    print({
      name: `${name}, cases it never saw${byDescriptors ? ', less descriptors' : ''}`,
      deals: DEALS,
      members: cases.length / 2,
      meanAuc: round(aucs.reduce((a, b) => a + b) / DEALS),
      intervalHoldsHalf: round(held / DEALS),
      pBelow05: round(significant / DEALS),
      leakShown: round(shown / DEALS),
    });
  }
}
