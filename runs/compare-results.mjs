// Puts studies into the results: NAME/compare.json without what each set was made of, NAME/bones.png (the first sheet of
// compare.html), and README.md with a table a study. Usage: node runs/compare-results.mjs OUT NAME=STUDY...
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [out, ...studies] = process.argv.slice(2);
const number = (x) => (x === null || x === undefined ? '–' : `${Number(x.toPrecision(3))}`);
const shown = (e) => (e === null ? '–' : `${number(e.value)} (${number(e.low)} to ${number(e.high)})`);
const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
const NAMES = {
  oneNnaSidedDice: '1-NNA, two-sided',
  mmdChamfer: 'MMD, mm²',
  coverageFeatures: 'coverage',
  kidFeatures: 'KID',
};

const outcome = ({ low, high }) => (low > 0 ? 'OTFM' : high < 0 ? 'DDPM' : 'open');

/** A line of the overview: how the four figures came out. */
function summary(name, { figures, settings }) {
  const heads = figures.rows.filter((r) => r.headline);
  const named = (who) =>
    heads
      .filter((r) => r.advantage !== null && outcome(r.advantage) === who)
      .map((r) => NAMES[r.name].replace(/,.*/, ''))
      .join(', ') || '–';
  const { prediction } = settings.generator.diffusion;
  return [name, prediction === 'v' ? 'v' : 'noise', named('OTFM'), named('DDPM'), named('open')];
}

function section(name, d) {
  const { figures, data, settings, trainings, verdict } = d;
  const heads = figures.rows.filter((r) => r.headline);
  const judged = table(
    ['', 'better', 'OTFM', 'DDPM', 'real', 'OTFM ahead by', 'better arm'],
    heads.map((r) => [
      NAMES[r.name],
      r.better,
      shown(r.otfm),
      shown(r.ddpm),
      number(r.reference),
      shown(r.advantage),
      r.advantage === null ? '–' : outcome(r.advantage),
    ]),
  );
  const axis = table(
    ['arm', 'evaluations', ...heads.map((r) => NAMES[r.name]), 's a bone'],
    figures.points
      .filter((p) => p.axis === 'evaluations')
      .map((p) => [
        `${p.arm.toUpperCase()}, ${p.solver}`,
        p.nfe,
        ...heads.map((r) => number(p.figures?.[r.name]?.value)),
        number(p.seconds),
      ]),
  );
  const steps = settings.generator.steps;
  return `## ${data.name}${settings.generator.diffusion.prediction === 'v' ? ', DDPM predicting v' : ''}
${data.size.join('x')} voxels of ${data.spacing} mm, ${data.train} training cases, ${data.heldOut} held out; ${settings.seeds} training seeds of ${steps}
steps, ${settings.samples.main} bones of each in the main sets; ${trainings.length} trainings, ${d.sets.length} sets.${d.phantom ? ' Phantoms: procedural shapes, no anatomy.' : ''} Command:
\`runs/compare.sh ${name}\`; all figures: [compare.json](${name}/compare.json).

${judged}

Fewer evaluations (one training seed, ${settings.samples.axis} bones):

${axis}

What the program makes of it, in its own words:

${verdict.paragraphs.map(({ about, text }) => `- **${about}.** ${text}`).join('\n')}

![bones at equal seeds](${name}/bones.png)
`;
}

const rows = [];
const sections = studies.map((study) => {
  const [name, folder] = study.split('=');
  const d = JSON.parse(readFileSync(join(folder, 'compare.json'), 'utf8'));
  mkdirSync(join(out, name), { recursive: true });
  writeFileSync(join(out, name, 'compare.json'), `${JSON.stringify({ ...d, sets: d.sets.length })}\n`);
  const page = readFileSync(join(folder, 'compare.html'), 'utf8');
  const picture = page.match(/data:image\/png;base64,([A-Za-z0-9+/=]+)/);
  if (picture !== null) writeFileSync(join(out, name, 'bones.png'), Buffer.from(picture[1], 'base64'));
  rows.push(summary(name, d));
  return section(name, d);
});
const overview = table(
  ['study', 'DDPM predicts', 'OTFM better in', 'DDPM better in', 'not told apart'],
  rows,
);
writeFileSync(
  join(out, 'README.md'),
  `# OTFM against DDPM

Studies of \`cranioflow compare\`: one autoencoder, one network, the same data order, noise and number of steps for both arms;
they differ in the objective alone. "Real" puts training cases in the place of generated ones. Ahead is above 0 where OTFM is
better, paired by held-out case, noise and training seed, with its 95 % interval. Seconds were taken with one thread while
other work shared the machine: trust the evaluations, not the seconds. Research use, not a medical device.

**What decides is what DDPM predicts.** As published first it predicts the noise (epsilon). At the noisy end of its chain the data is
a small difference of large numbers, so a network that learnt for minutes gives rubble, by DDIM more than by the ancestral chain;
against that OTFM is ahead on phantoms, leans so on mandibles, and on mouse skulls neither makes bones near real ones. Where DDPM predicts v (\`diffusion.prediction=v\`) it learns as fast, on the same chain:

${overview}

Both arms learnt for 600 or 700 steps of 8 cases, minutes on two cores: the studies show which objective gets further on such a
budget, not what either reaches after days on an accelerator. OTFM's sets in the two studies of one bone are the same, byte for byte.

${sections.join('\n')}`,
);
