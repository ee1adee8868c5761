/** The examples that take seconds, as a reader would start them; `head.ts` is the main job, which has tests of its own, and is type-checked. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

function run(name: string): string {
  const { status, stdout, stderr } = spawnSync('npx', ['tsx', `examples/${name}.ts`], { encoding: 'utf8' });
  expect(stderr).not.toMatch(/Error/);
  expect(status).toBe(0);
  return stdout;
}

it('face.ts says how a face is turned and what it does', { timeout: 60_000 }, () => {
  expect(run('face')).toMatch(
    /pitch, yaw, roll: .*; fit error \d\.\d %[\s\S]*expression: [a-z]\w+ 0\.\d\d[\s\S]*surprised, .* \d\d %/,
  );
});

it('teacher.ts makes a head that shows a view between those that were taught', { timeout: 120_000 }, () => {
  const decibels = Number(/([\d.]+) dB/.exec(run('teacher'))![1]);
  expect(decibels).toBeGreaterThan(26); // the gate of heads with a perfect teacher; it reaches 30.7
});
