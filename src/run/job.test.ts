/** Tests of job.ts with real threads: results, messages, errors, and the three ways to stop. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { JokerError } from '../core/errors.js';
import type { JobMessage } from '../core/progress.js';
import { jobOf, runJob } from './job.js';

type Jobs = typeof import('../../test/fixtures/jobs.js');
const module = new URL('../../test/fixtures/jobs.ts', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'joker-job-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('runJob', () => {
  it('returns the result and passes every message on, in order', async () => {
    const seen: JobMessage[] = [];
    const job = jobOf<Jobs, 'addUp'>(module, 'addUp');
    const result = await runJob(job, { values: Float32Array.of(1, 2, 4) }, { report: (message) => seen.push(message) });
    expect(result.sum).toBe(7);
    expect(seen[0]).toMatchObject({ kind: 'stage', total: 3 });
    expect(seen.slice(1).map((message) => message.kind === 'progress' && message.done)).toEqual([1, 2, 3]);
  });

  it('throws what the job throws: a JokerError with its code, a bug with its stack', async () => {
    const job = jobOf<Jobs, 'failing'>(module, 'failing');
    const joker = await runJob(job, { how: 'joker' }).catch((error: unknown) => error);
    expect(joker).toBeInstanceOf(JokerError);
    expect(joker).toMatchObject({ code: 'bad-file', what: 'x.png: broken', remedy: 'Get it again.' });
    const bug = (await runJob(job, { how: 'bug' }).catch((error: unknown) => error)) as Error;
    expect(bug.message).toBe('internal: a bug');
    expect(bug.stack).toContain('fixtures/jobs.ts');
    await expect(runJob(job, { how: 'exit' })).rejects.toThrow('ended (7) without a result');
  });

  it('says so when the function is not there', async () => {
    const job = { module: module.href, name: 'absent' };
    await expect(runJob(job, {})).rejects.toThrow('exports no function absent');
  });

  it.each([true, false])('stops a job on request and leaves nothing behind (busy %s)', async (busy) => {
    const controller = new AbortController();
    const out = join(folder, `out-${busy}`);
    const report = (message: JobMessage) => message.kind === 'stage' && controller.abort();
    const run = runJob(jobOf<Jobs, 'endless'>(module, 'endless'), { out, busy }, { signal: controller.signal, report });
    await expect(run).rejects.toMatchObject({ code: 'interrupted' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends a job that does not listen after the grace, and removes its unfinished folder', async () => {
    const controller = new AbortController();
    const out = join(folder, 'deaf');
    const control = { signal: controller.signal, report: () => controller.abort(), output: out, grace: 100 };
    await expect(runJob(jobOf<Jobs, 'deaf'>(module, 'deaf'), { out }, control)).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does not start when the signal is already aborted', async () => {
    const job = jobOf<Jobs, 'failing'>(module, 'failing');
    const run = runJob(job, { how: 'bug' }, { signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ code: 'interrupted' });
  });
});
