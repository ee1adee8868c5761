/**
 * `joker head` survives `kill -9` at any moment: resumed, it delivers the head of the undisturbed run, bit by bit.
 *
 * The real command line on a tiny random prior, killed at random lines of its progress and a random while later. Slower than
 * other tests (about a minute of processor time): two whole heads are made.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RandomStream, randomKey } from '../src/core/rng.js';
import { workFolder } from '../src/run/head-work.js';
import { writePerson } from './fixtures/person.js';
import { writeTinyPrior } from './fixtures/tiny-prior.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-head-kill-'));
const [photo, weights] = [join(folder, 'person.jpg'), join(folder, 'prior.safetensors')];
beforeAll(async () => {
  await writePerson(photo);
  await writeTinyPrior(weights, 'v_prediction');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** After so many lines of progress and so many milliseconds the process is killed. */
type Moment = { readonly lines: number; readonly delay: number };

/** Runs the command to its end or its violent end; the number of progress lines it wrote, and its exit code (null: killed). */
async function head(
  out: string,
  moment: Moment | null,
  ...more: string[]
): Promise<{ lines: number; code: number | null }> {
  const plan = ['--preset', 'table', '--steps', '30', '--threads', '1', '--seed', '5', '--text', 'a person smiling'];
  const command = ['bin/joker.mjs', 'head', photo, '--out', out, '--weights', weights, '--tune', '2'];
  const child = spawn(process.execPath, [...command, ...plan, ...more], { stdio: ['ignore', 'ignore', 'pipe'] });
  let lines = 0;
  let killer: NodeJS.Timeout | undefined;
  child.stderr.on('data', (chunk: Buffer) => {
    lines += chunk.toString().split('\n').length - 1;
    if (moment && lines >= moment.lines) killer ??= setTimeout(() => child.kill('SIGKILL'), moment.delay);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(killer);
  return { lines, code };
}

test('a head that was killed several times is the head of the undisturbed run', { timeout: 600_000 }, async () => {
  const [calm, troubled] = [join(folder, 'calm'), join(folder, 'troubled')];
  const whole = await head(calm, null);
  expect(whole.code).toBe(0);
  const random = new RandomStream(randomKey(Number(process.env['JOKER_KILL_SEED'] ?? 1)));
  const moments: Moment[] = [];
  for (let k = 0; k < 2; k++) {
    // A resumed run writes fewer lines: the first four tenths are loading, targets and steps, in every run.
    moments.push({ lines: 1 + random.integer(Math.ceil(0.4 * whole.lines)), delay: random.integer(500) });
    const { code } = await head(troubled, moments.at(-1)!, '--resume');
    expect([null, 0]).toContain(code); // 0: it was done before the moment came
  }
  expect((await head(troubled, null, '--resume')).code, `killed at ${JSON.stringify(moments)}`).toBe(0);
  const bytes = (out: string) => readFileSync(join(out, 'head.safetensors'));
  expect(bytes(troubled).equals(bytes(calm)), `killed at ${JSON.stringify(moments)}`).toBe(true);
  // What was trained on the photo is what drew: without it the head is another one.
  const untrained = join(folder, 'untrained');
  expect((await head(untrained, null, '--tune', '0')).code).toBe(0);
  expect(bytes(untrained).equals(bytes(calm))).toBe(false);
  // Neither work nor half a delivery stays: hidden names are for unfinished things.
  expect(existsSync(workFolder(troubled))).toBe(false);
  expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
});
