/**
 * `joker heads` and `joker export` on the real command line with a tiny random prior: a sequence that is killed goes on, what is
 * shared changes no bit of a head, and a finished head is written again in other forms.
 *
 * Slower than other tests (about a minute and a half of processor time): three whole heads are made.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workFolder } from '../src/run/head-work.js';
import { writePerson } from './fixtures/person.js';
import { writeTinyPrior } from './fixtures/tiny-prior.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-heads-'));
const at = (...names: string[]) => join(folder, ...names);
const photo = at('person.jpg');
const PLAN = [
  '--weights',
  at('prior.safetensors'),
  '--preset',
  'table',
  '--steps',
  '30',
  '--threads',
  '1',
  '--seed',
  '5',
];
const SMALL = ['--resolution', '32', '--splats', '500', '--frames', '3', '--views', '1'];
const command = ['bin/joker.mjs'];

function joker(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], { encoding: 'utf8' });
  return { status, stdout, last: stderr.trimEnd().split('\n').at(-1) };
}

/** Runs `joker heads`, and kills it at once when a line of its progress matches. */
async function heads(killAt: RegExp | null, ...more: string[]): Promise<{ code: number | null; stderr: string }> {
  const args = ['heads', photo, '--list', at('list.json'), '--out', at('out'), ...PLAN, ...SMALL, ...more];
  const child = spawn(process.execPath, [...command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
    if (killAt?.test(stderr)) child.kill('SIGKILL');
  });
  return { code: await new Promise((resolve) => child.on('close', resolve)), stderr };
}

const json = (...names: string[]) => JSON.parse(readFileSync(at(...names), 'utf8'));

beforeAll(async () => {
  await writePerson(photo);
  await writeTinyPrior(at('prior.safetensors'));
  const list = [
    { name: 'smile', expression: 'smile' },
    { name: 'shout', expression: { jawOpen: 0.9 }, text: 'a <person> "shouting"' },
  ];
  writeFileSync(at('list.json'), JSON.stringify(list));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('joker heads', () => {
  it('refuses a list that makes no sense, and a folder that holds something, before any work', {
    timeout: 600_000,
  }, () => {
    const run = (...args: string[]) => joker('heads', photo, '--list', at('list.json'), ...PLAN, ...args);
    mkdirSync(at('full'));
    writeFileSync(at('full/index.html'), 'mine');
    expect(run('--out', at('full'))).toMatchObject({ status: 1, last: expect.stringContaining('add --resume') });
    expect(run('--out', at('full'), '--resume')).toMatchObject({
      status: 1,
      last: expect.stringContaining('no sequence of heads in it'),
    });
    expect(readFileSync(at('full/index.html'), 'utf8')).toBe('mine');
    writeFileSync(at('bad.json'), '[{"name": "../a"}]');
    const bad = joker('heads', photo, '--list', at('bad.json'), '--out', at('never'));
    expect(bad).toMatchObject({ status: 1, last: expect.stringContaining('entry 0.name') });
    expect(existsSync(at('never'))).toBe(false);
  });

  it('goes on after a kill: a finished head stays, the other is resumed, the page comes last', {
    timeout: 1_800_000,
  }, async () => {
    const first = await heads(/head 2 of 2: shout[\s\S]*noise level 6/);
    expect(first.code, first.stderr).toBeNull();
    expect(existsSync(at('out', 'index.html'))).toBe(false);
    expect(json('out', 'manifest.json')).toMatchObject({ format: 'joker-heads-manifest', finished: false });
    expect(existsSync(join(workFolder(at('out', 'shout')), 'state.safetensors'))).toBe(true);
    const made = statSync(at('out', 'smile', 'manifest.json')).mtimeMs;

    const second = await heads(null, '--resume');
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).toContain('head 1 of 1: shout');
    expect(second.stderr).not.toContain('noise level 999'); // that target was made before the kill
    expect(statSync(at('out', 'smile', 'manifest.json')).mtimeMs).toBe(made);
    expect(readdirSync(at('out')).sort()).toEqual(['index.html', 'manifest.json', 'shout', 'smile']);
    const manifest = json('out', 'manifest.json');
    expect(manifest).toMatchObject({ finished: true, synthetic: true, photo: 'person.jpg' });
    expect(manifest.heads.map(({ name }: { name: string }) => name)).toEqual(['smile', 'shout']);
    const page = readFileSync(at('out', 'index.html'), 'utf8');
    expect(page).toContain('href="./shout/viewer.html"');
    expect(page).toContain('a &lt;person&gt; &quot;shouting&quot;');
    expect(page).not.toContain('<person>');
    expect(page.match(/data:image\/webp;base64|data:video\/mp4;base64/g)).toHaveLength(2);

    // All are there: nothing is opened or made again.
    const third = await heads(null, '--resume');
    expect(third.code, third.stderr).toBe(0);
    expect(third.stderr).not.toContain('Reading');
  });

  it('makes the head that `joker head` makes, bit by bit', { timeout: 1_200_000 }, () => {
    const asked = ['--expression', '{"jawOpen":0.9}', '--text', 'a <person> "shouting"'];
    const { status, last } = joker('head', photo, '--out', at('alone'), ...asked, ...PLAN, ...SMALL);
    expect(status, last).toBe(0);
    const field = (...names: string[]) => readFileSync(at(...names, 'head.safetensors'));
    expect(field('out', 'shout').equals(field('alone'))).toBe(true);
    expect(json('alone', 'manifest.json').settings.request).toBe(
      json('out', 'shout', 'manifest.json').settings.request,
    );
  });
});

describe('joker export', () => {
  it('writes a head of a folder in the forms asked for, with its words and marks', { timeout: 600_000 }, async () => {
    const forms = ['--what', 'spz,splat-glb,views,sweep', '--sweep', 'spiral'];
    const { status, stdout, last } = joker(
      'export',
      at('out', 'shout'),
      '--out',
      at('forms'),
      ...forms,
      ...SMALL,
      '--json',
    );
    expect(status, last).toBe(0);
    const paths = (JSON.parse(stdout) as { files: { path: string }[] }).files.map(({ path }) => path);
    const expected = [
      'head.spz',
      'head-splats.glb',
      'views/view_000.png',
      'normals/normals_000.png',
      'transforms.json',
    ];
    expect(paths).toEqual(expect.arrayContaining(expected));
    expect(paths.some((path) => /^spiral\.(webp|mp4)$/.test(path))).toBe(true);
    expect(paths).not.toContain('viewer.html');
    const depth = await sharp(at('forms', 'depth/depth_000.png')).metadata();
    expect([depth.bitsPerSample, depth.width]).toEqual([16, 64]); // twice the prior's side, as it was delivered
    const manifest = json('forms', 'manifest.json');
    expect(manifest.settings.head).toMatchObject({ text: 'a <person> "shouting"', preset: 'table' });
    expect(manifest.marks.watermark).toBe('joker watermark 1');
    const inspected = joker('inspect', at('forms', 'head.spz'), '--json');
    expect(JSON.parse(inspected.stdout)).toMatchObject({ verdict: 'valid', place: 'beside' });
    expect(inspected.stdout).toContain('volumetric head');
    // The same view of the same head: what was delivered first and what is exported differ by their marks alone.
    const pixels = (name: string) => sharp(at(name, 'views/view_000.png')).raw().toBuffer();
    const [a, b] = [await pixels('out/shout'), await pixels('forms')];
    const difference = a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
    expect(difference).toBeLessThan(4);
  });

  it('takes a field file alone, and refuses to write over the head it reads', { timeout: 600_000 }, () => {
    const file = at('out', 'smile', 'head.safetensors');
    const run = joker('export', file, '--out', at('mesh'), '--what', 'mesh', '--no-marks', ...SMALL);
    expect(run.status, run.last).toBe(0);
    expect(readdirSync(at('mesh')).sort()).toEqual(['head.glb', 'manifest.json']);
    for (const out of [at('out', 'smile'), at('out')])
      expect(joker('export', file, '--out', out)).toMatchObject({
        status: 2,
        last: expect.stringContaining('head itself'),
      });
    expect(joker('export', at('list.json'), '--out', at('x'))).toMatchObject({ status: 1 });
    expect(joker('export', at('absent'), '--out', at('x'))).toMatchObject({
      status: 1,
      last: expect.stringContaining('no such file'),
    });
    expect(joker('export', file, '--out', at('x'), '--what', 'mesh,obj').status).toBe(2);
  });
});
