/**
 * Crews: threads that train copies and average them. Stated properties: a meeting gives everybody the mean; all members end
 * with the same bits; a stopped and resumed crew is the undisturbed one; a member that fails stops the others.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runJob } from '../src/run/job.js';
import { makeCrewMemory } from '../src/train/crew.js';
import { type MemberOptions, meetMemberJob, TRUE_WEIGHTS, trainMemberJob } from './fixtures/crew-member.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-crew-'));
afterAll(() => rmSync(folder, { recursive: true }));

function crewOf(count: number, options: MemberOptions, only?: (index: number) => Partial<MemberOptions>) {
  const shared = makeCrewMemory();
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      runJob(trainMemberJob, { ...options, ...only?.(index), crew: { index, count, shared } }),
    ),
  );
}

test('a meeting gives every member the mean, and the wish of the leader', async () => {
  const shared = makeCrewMemory();
  const all = await Promise.all(
    [0, 1, 2].map((index) => runJob(meetMemberJob, { crew: { index, count: 3, shared }, rounds: 20 })),
  );
  const expected = Array.from({ length: 20 }, (_, round) => ({ values: [1, round, 10], ending: round === 19 }));
  for (const meetings of all) expect(meetings).toEqual(expected);
});

test('two members learn the answer and end with the same bits', async () => {
  const [first, second] = await crewOf(2, { folder: join(folder, 'two'), steps: 301 });
  expect(first).toEqual(second);
  expect(first!.step).toBe(301);
  // noise of 0.3 over thousands of rows: its mean error is below 0.02
  first!.weights.forEach((w, i) => {
    expect(Math.abs(w - TRUE_WEIGHTS[i]!)).toBeLessThan(0.1);
  });
  const alone = await runJob(trainMemberJob, { folder: join(folder, 'alone'), steps: 301 });
  expect(alone.weights).not.toEqual(first!.weights); // the second member's batches did count
});

test('a crew that was stopped and resumed ends as the undisturbed one', async () => {
  const [whole] = await crewOf(2, { folder: join(folder, 'whole'), steps: 64 });
  const [stopped] = await crewOf(2, { folder: join(folder, 'cut'), steps: 64, seconds: 4 });
  expect(stopped!.step).toBeGreaterThan(0);
  expect(stopped!.step).toBeLessThan(64);
  expect(stopped!.step % 8).toBe(0); // at a meeting
  const [resumed] = await crewOf(2, { folder: join(folder, 'cut'), steps: 64 });
  expect(resumed).toEqual(whole);
});

test('a member that fails stops the others', async () => {
  const failing = (index: number) => (index === 1 ? { failAtStep: 13 } : {});
  await expect(crewOf(2, { folder: join(folder, 'fails'), steps: 64 }, failing)).rejects.toThrow(/step 13|has failed/);
});
