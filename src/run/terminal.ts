/**
 * A job's messages for a person at a terminal: one bar with the remaining time where lines can be rewritten, plain lines
 * elsewhere.
 *
 * Writes to the stream it is given (stderr in the command line) and nowhere else; standard output stays for results.
 */

import type { JobMessage, Report } from '../core/progress.js';

/** Where and how to write. */
export type TerminalOptions = {
  /** receives text */
  readonly write: (text: string) => void;
  /** lines can be rewritten in place; default false */
  readonly live?: boolean;
  /** colours may be used; default false */
  readonly color?: boolean;
  /** characters per line, default 80 */
  readonly columns?: number;
  /** milliseconds since some fixed moment; default the system's monotonic clock */
  readonly now?: () => number;
};

/** A display that owns the current bar. */
export type Terminal = {
  readonly report: Report;
  /** a line for the person, above the bar */
  readonly line: (text: string) => void;
  /** ends the bar; nothing is rewritten afterwards. `finished` false: the stage is left without a word. Default true. */
  readonly end: (finished?: boolean) => void;
};

type Stage = {
  readonly text: string;
  readonly began: number;
  done: number;
  total: number;
  figures: string;
  /** where the stage stood when it first said so: a resumed one does not begin at 0 */
  first?: { readonly done: number; readonly at: number };
};

/** Least time between two redraws of a bar, ms: ten a second look continuous. */
const REDRAW_MS = 100;
/** Least time between two progress lines where nothing can be rewritten, ms: logs stay short. */
const PLAIN_MS = 15_000;

/** Makes a display for one run. */
export function makeTerminal(options: TerminalOptions): Terminal {
  const { write, live = false, columns = 80 } = options;
  const now = options.now ?? (() => performance.now());
  const paint = painter(options.color ?? false);
  let stage: Stage | null = null;
  let drawn = Number.NEGATIVE_INFINITY;

  const clear = () => live && write('\r\x1b[2K');
  const line = (text: string) => {
    clear();
    write(`${text}\n`);
    drawn = Number.NEGATIVE_INFINITY;
  };
  const draw = () => {
    if (!stage || now() - drawn < (live ? REDRAW_MS : PLAIN_MS)) return;
    drawn = now();
    if (live) write(`\r\x1b[2K${bar(stage, now(), columns)}`);
    else write(`  ${progressText(stage, now())}\n`);
  };
  const close = () => {
    if (!stage) return;
    line(`${paint.good('✓')} ${stage.text} (${duration(now() - stage.began)}${stage.figures && `; ${stage.figures}`})`);
    stage = null;
  };
  const report = (message: JobMessage) => {
    if (message.kind === 'stage') {
      close();
      stage = { text: message.text, began: now(), done: 0, total: message.total ?? 0, figures: '' };
      if (!live) line(`${message.text} …`);
      drawn = live ? Number.NEGATIVE_INFINITY : now();
      draw();
    } else if (message.kind === 'progress' && stage) {
      const { done, total, figures } = message;
      Object.assign(stage, { done, total, figures: figuresText(figures) });
      stage.first ??= { done, at: now() };
      draw();
    } else if (message.kind === 'note') line(`${message.level === 'warning' ? paint.warn('!') : '·'} ${message.text}`);
    else if (message.kind === 'file') line(`${paint.good('→')} ${message.path} (${message.what})`);
  };
  const end = (finished = true) => {
    if (!finished && stage) clear();
    if (!finished) stage = null;
    close();
  };
  return { report, line, end };
}

function painter(color: boolean): { good: (text: string) => string; warn: (text: string) => string } {
  const wrap = (code: number) => (text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { good: wrap(32), warn: wrap(33) };
}

function figuresText(figures: Record<string, number> | undefined): string {
  return Object.entries(figures ?? {})
    .map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)
    .join(', ');
}

/** "42 % · 12 s left · loss 0.1": the remaining time assumes that the rest goes as what was seen of the stage. */
function progressText(stage: Stage, now: number): string {
  const { done, total, began, figures, first } = stage;
  const parts = [total > 0 ? `${Math.floor((100 * done) / total)} %` : duration(now - began)];
  if (first && done > first.done && total > done)
    parts.push(`${duration(((now - first.at) / (done - first.done)) * (total - done))} left`);
  if (figures) parts.push(figures);
  return parts.join(' · ');
}

function bar(stage: Stage, now: number, columns: number): string {
  const text = `${stage.text} `;
  const after = ` ${progressText(stage, now)}`;
  const room = Math.min(30, columns - 1 - text.length - after.length);
  if (stage.total === 0 || room < 5) return `${text}${after}`.slice(0, columns - 1);
  const full = Math.round((room * Math.min(stage.done, stage.total)) / stage.total);
  return `${text}${'█'.repeat(full)}${'░'.repeat(room - full)}${after}`;
}

/** Milliseconds in words: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min". */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
