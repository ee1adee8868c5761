/**
 * What heads of one photo share, in seconds of processor time: opening the session, the first head (which compiles the prior's
 * programs), and further heads. A tiny random prior and few steps, so that the shared part shows.
 *
 * Usage: npx tsx bench/heads-session.ts [steps]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadSession, type HeadSessionOptions } from '../src/run/head-session.js';
import { writePerson } from '../test/fixtures/person.js';
import { writeTinyPrior } from '../test/fixtures/tiny-prior.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-bench-'));
const at = (name: string) => join(folder, name);
const context = { report: () => {}, signal: new AbortController().signal };
const shared: HeadSessionOptions = {
  ...{ photo: at('person.jpg'), weights: at('prior.safetensors'), threads: 1 },
  preset: 'table',
  ...{ steps: Number(process.argv[2] ?? 30), frames: 3, views: 1, resolution: 32, splats: 500 },
};

/** Prints what `work` took and returns it, seconds. */
async function timed(name: string, work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  console.log(`${name}: ${seconds.toFixed(1)} s`);
  return seconds;
}

try {
  await writePerson(shared.photo);
  await writeTinyPrior(at('prior.safetensors'));
  let session!: HeadSession;
  const open = await timed('opening', async () => {
    session = await HeadSession.open(shared, context);
  });
  const make = (name: string) =>
    timed(name, () => session.make({ ...shared, out: at(name), expression: name }, context));
  const first = await make('smile');
  const second = await make('shout');
  const third = await make('surprise');
  await session.dispose();
  console.log(`two heads together / two alone: ${((open + first + second) / (2 * (open + first))).toFixed(2)}`);
  console.log(`a further head / a head alone: ${((second + third) / 2 / (open + first)).toFixed(2)}`);
} finally {
  rmSync(folder, { recursive: true });
}
