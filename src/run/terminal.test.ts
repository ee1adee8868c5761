/** Tests of terminal.ts with a clock of our own: what a person reads, live and plain. */

import { describe, expect, it } from 'vitest';
import { duration, makeTerminal } from './terminal.js';

function recorded(options: { live?: boolean; color?: boolean; columns?: number } = {}) {
  const clock = { time: 0 };
  const texts: string[] = [];
  const terminal = makeTerminal({ ...options, write: (text) => texts.push(text), now: () => clock.time });
  return { clock, terminal, text: () => texts.join(''), last: () => texts[texts.length - 1] ?? '' };
}

describe('a terminal', () => {
  it('draws a bar with the remaining time and closes it with the duration', () => {
    const { clock, terminal, text, last } = recorded({ live: true });
    terminal.report({ kind: 'stage', stage: 'fit', text: 'Fitting', total: 4 });
    clock.time = 1000;
    terminal.report({ kind: 'progress', done: 1, total: 4, figures: { loss: 0.2 } });
    expect(last()).toContain('25 % · loss 0.2');
    clock.time = 2000;
    terminal.report({ kind: 'progress', done: 2, total: 4, figures: { loss: 0.12345 } });
    expect(last()).toContain('50 % · 2.0 s left · loss 0.123');
    expect(last().length).toBeLessThan(80 + '\r\x1b[2K'.length);
    terminal.end();
    expect(text().endsWith('✓ Fitting (2.0 s; loss 0.123)\n')).toBe(true);
  });

  it('counts what is left of a resumed stage by what it saw of it', () => {
    const { clock, terminal, last } = recorded({ live: true });
    terminal.report({ kind: 'stage', stage: 'train', text: 'Training', total: 1000 });
    clock.time = 1000;
    terminal.report({ kind: 'progress', done: 900, total: 1000 });
    clock.time = 11_000;
    terminal.report({ kind: 'progress', done: 910, total: 1000 });
    expect(last()).toContain('91 % · 1 min 30 s left');
  });

  it('redraws at most ten times a second', () => {
    const { terminal, text } = recorded({ live: true });
    terminal.report({ kind: 'stage', stage: 'fit', text: 'Fitting', total: 1000 });
    const before = text().length;
    for (let done = 1; done < 1000; done++) terminal.report({ kind: 'progress', done, total: 1000 });
    expect(text().length).toBe(before);
  });

  it('never writes a line wider than the terminal', () => {
    const { clock, terminal, last } = recorded({ live: true, columns: 30 });
    terminal.report({ kind: 'stage', stage: 'long', text: 'A stage with a rather long description', total: 2 });
    clock.time = 5000;
    terminal.report({ kind: 'progress', done: 1, total: 2 });
    expect(last().replace('\r\x1b[2K', '').length).toBeLessThan(30);
  });
});

describe('a file or pipe', () => {
  it('gets plain lines: no escape sequences, no carriage returns, one progress line in fifteen seconds', () => {
    const { clock, terminal, text } = recorded();
    terminal.report({ kind: 'stage', stage: 'fit', text: 'Fitting', total: 100 });
    for (let done = 1; done <= 40; done++) {
      clock.time = done * 1000;
      terminal.report({ kind: 'progress', done, total: 100 });
    }
    terminal.report({ kind: 'note', level: 'warning', text: 'two faces; the larger one is used' });
    terminal.report({ kind: 'file', path: 'out/head.glb', what: 'mesh' });
    terminal.end();
    expect(text()).toBe(
      'Fitting …\n  15 % · 1 min 25 s left\n  30 % · 1 min 10 s left\n' +
        '! two faces; the larger one is used\n→ out/head.glb (mesh)\n✓ Fitting (40 s)\n',
    );
  });
});

describe('duration', () => {
  it('reads like speech', () => {
    const cases: [number, string][] = [
      [0, '0.0 s'],
      [9940, '9.9 s'],
      [9960, '10 s'],
      [59_600, '1 min 0 s'],
      [185_000, '3 min 5 s'],
      [7_800_000, '2 h 10 min'],
    ];
    for (const [time, text] of cases) expect(duration(time)).toBe(text);
  });
});
