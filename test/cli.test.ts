/** The real command line, started as a person starts it: exit codes, what goes to which stream, one line per failure. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Runs `joker` from source. */
function joker(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/joker.mjs', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('joker', () => {
  it('prints its version and help on standard output', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(joker('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    const help = joker('--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: joker');
  });

  it('lists the shipped models as text and as JSON', () => {
    const list = joker('models', '--json');
    expect(list).toMatchObject({ status: 0, stderr: '' });
    expect(Array.isArray(JSON.parse(list.stdout))).toBe(true);
    expect(joker('models', 'list')).toMatchObject({ status: 0, stderr: '' });
  });

  it('answers a wrong verb or option with exit code 2 and the nearest right one', () => {
    expect(joker('modles')).toEqual({
      status: 2,
      stdout: '',
      stderr: "joker: unknown command 'modles'. Did you mean models?\n",
    });
    expect(joker('models', '--jsno')).toMatchObject({ status: 2, stderr: expect.stringContaining('--json') });
  });

  it('gives the failure as JSON when JSON was asked for', () => {
    const { status, stdout, stderr } = joker('models', 'list', 'extra', '--json');
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'bad-argument' } });
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('verifies reference outputs: 0 within the tolerance, 1 outside, 2 when there are none', () => {
    const passed = joker('verify', 'src/prior/fixtures', '--json');
    expect(passed.status).toBe(0);
    expect(JSON.parse(passed.stdout)).toMatchObject({ passed: true, tolerance: 1e-3 });
    const failed = joker('verify', 'src/prior/fixtures', '--tolerance', '1e-12');
    expect(failed.status).toBe(1);
    expect(failed.stdout).toMatch(/^FAIL /m);
    expect(failed.stderr).toMatch(/^joker: .* is off by /m);
    expect(joker('verify', 'docs')).toMatchObject({ status: 2, stderr: expect.stringContaining('nothing to verify') });
  });
});
