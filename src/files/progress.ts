/**
 * How far a long job is, on stderr; stdout belongs to results. In a terminal one line is redrawn in place:
 *
 *   train generator ━━━━━━━━━━────────── 512/1000 steps · 8.3/s · 59 s left · loss 0.123
 *
 * and elsewhere (a log file, CI) a plain line appears every 10 % of the way, but at most one in five seconds and at least
 * one a minute.
 */
import { styleText } from 'node:util';

export interface ProgressOptions {
  /** What is being done: "train generator". */
  title: string;
  /** How many units there are; 0 is done at once. */
  total: number;
  /** Plural: "steps", "skulls". */
  unit: string;
  /** Units that an earlier run did; they count as done, not toward the rate. */
  start?: number;
  /** Says nothing at all. */
  quiet?: boolean;
  /** For tests: where the lines go, and the time in ms. */
  stream?: ProgressStream;
  now?: () => number;
}

export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  /** `done` units are finished; `note` is shown beside them ("loss 0.123"). Cheap: call it for every unit. */
  update(done: number, note?: string): void;
  /** Ends the line, with the time it all took. Later calls do nothing. */
  finish(note?: string): void;
}

const REDRAW_MS = 100;
const LINE_MS = 5000;
const SIGN_OF_LIFE_MS = 60_000;
const BAR_CELLS = 20;

/** `75` -> `1 min 15 s`; under 10 s with one decimal. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  const minutes = Math.round(s / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Units a second, or seconds a unit where that reads better. */
function formatRate(perSecond: number): string {
  if (perSecond >= 100) return `${Math.round(perSecond)}/s`;
  return perSecond >= 1 ? `${perSecond.toFixed(1)}/s` : `${formatSeconds(1 / perSecond)} each`;
}

/** Colour for a terminal, unless the environment asks for none (no-color.org). */
function colour(format: 'cyan' | 'dim', text: string): string {
  return process.env.NO_COLOR ? text : styleText(format, text, { validateStream: false });
}

/** Starts a progress display. It never throws: a closed stderr is no reason to stop a training. */
export function createProgress(options: ProgressOptions): Progress {
  const { title, total, unit, start = 0, quiet = false, stream = process.stderr, now = Date.now } = options;
  const began = now();
  const terminal = stream.isTTY === true;
  let lastDrawn = terminal ? Number.NEGATIVE_INFINITY : began;
  let lastTenth = Math.floor((10 * start) / total);
  let latest = start;
  let latestNote = '';
  let finished = quiet;

  const print = (text: string): void => {
    try {
      stream.write(text);
    } catch {
      finished = true;
    }
  };
  const parts = (done: number, note: string): string[] => {
    const rate = (done - start) / ((now() - began) / 1000);
    const known = Number.isFinite(rate) && rate > 0;
    return [
      `${done}/${total} ${unit}`,
      ...(known ? [formatRate(rate)] : []),
      ...(known && done < total ? [`${formatSeconds((total - done) / rate)} left`] : []),
      ...(note === '' ? [] : [note]),
    ];
  };
  const draw = (done: number, note: string): void => {
    const share = total > 0 ? Math.min(1, done / total) : 1;
    const cells = Math.round(share * BAR_CELLS);
    // The bar gives way first where the terminal is narrow; a line that wraps could not be redrawn.
    const width = (stream.columns ?? 80) - 1;
    const text = parts(done, note).join(' · ');
    const showBar = title.length + BAR_CELLS + 2 + text.length <= width;
    const bar = showBar
      ? `${colour('cyan', '━'.repeat(cells))}${colour('dim', '─'.repeat(BAR_CELLS - cells))} `
      : '';
    const room = width - title.length - 1;
    print(`\r\x1b[2K${title.slice(0, width)} ${bar}${showBar ? text : text.slice(0, Math.max(0, room))}`);
  };

  return {
    update(done, note = '') {
      if (finished) return;
      latest = done;
      latestNote = note;
      const time = now();
      if (terminal) {
        if (time - lastDrawn < REDRAW_MS) return;
        lastDrawn = time;
        draw(done, note);
        return;
      }
      const tenth = Math.floor((10 * done) / total);
      const since = time - lastDrawn;
      if (done >= total || since < LINE_MS || (tenth <= lastTenth && since < SIGN_OF_LIFE_MS)) return;
      lastTenth = tenth;
      lastDrawn = time;
      print(`${title}: ${Math.round((100 * done) / total)} %, ${parts(done, note).join(', ')}\n`);
    },
    finish(note = latestNote) {
      if (finished) return;
      finished = true;
      const took = formatSeconds((now() - began) / 1000);
      const mark = latest >= total ? 'done' : 'stopped';
      const text = `${title}: ${mark}, ${latest}/${total} ${unit} in ${took}${note === '' ? '' : `, ${note}`}\n`;
      print(terminal ? `\r\x1b[2K${text}` : text);
    },
  };
}
