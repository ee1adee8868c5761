/** `joker models` as a person starts it: a checkpoint in the paper's form comes in, is listed, verified, and draws as before. */

import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeModelFiles } from '../src/core/files/model-folder.js';
import { olderVaeKey } from '../src/nets/index.js';
import { JokerPrior, openPrior, savePriorFolder } from '../src/prior/index.js';
import { tinyConfig, tinyWeights } from './fixtures/tiny-prior.js';
import { floats, pickle, torchBytes, zip } from './fixtures/torch-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-models-'));
const [source, configs, out] = ['paper.bin', 'configs', 'out'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];

function joker(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/joker.mjs', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

beforeAll(async () => {
  const weights = tinyWeights();
  writeFileSync(
    source,
    torchBytes(new Map(weights.map(({ name, shape, data }) => [olderVaeKey(name), floats(shape, data)]))),
  );
  await savePriorFolder(configs, tinyConfig, weights);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('joker models', () => {
  it('imports, lists, verifies and explains a checkpoint; the prior then computes what the original does', async () => {
    const made = joker('models', 'import', source, '--configs', configs, '--out', out, '--json');
    expect(made.status, made.stderr).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ kind: 'paper', started: [], files: { length: 5 } });
    expect(made.stderr).toContain('sd-vae-ft-mse');

    const list = JSON.parse(joker('models', 'list', '--folder', out, '--json').stdout) as { name: string }[];
    expect(list.map(({ name }) => name)).toContain('reference_unet/diffusion_pytorch_model');
    expect(joker('models', 'verify', '--folder', out)).toMatchObject({ status: 0, stderr: '' });
    expect(joker('models', 'licences', '--folder', out).stdout).toMatch(/commercial use: unknown/);

    const [theirs, ours] = await Promise.all(
      [configs, out].map(async (path) => {
        const prior = new JokerPrior(openPrior(path, { inPlace: true }), { threads: 1, placer: placeModelFiles });
        const tokens = await prior.encodeText(['a person smiling']);
        await prior.dispose();
        return tokens;
      }),
    );
    expect(ours).toEqual(theirs);

    appendFileSync(join(out, 'vae', 'diffusion_pytorch_model.safetensors'), 'x');
    const damaged = joker('models', 'verify', '--folder', out);
    expect(damaged).toMatchObject({ status: 1, stderr: expect.stringMatching(/^joker: 1 of 5 files .*vae.*changed/) });
    expect(damaged.stdout).toMatch(/^changed /m);
  });

  it('refuses a malicious checkpoint by name, in one line, with nothing written', () => {
    const bad = join(folder, 'bad.bin');
    writeFileSync(bad, zip([['archive/data.pkl', pickle('cposix\nsystem\n', 'X', 2, 0, 0, 0, 'id', 0x85, 'R')]]));
    const target = join(folder, 'never');
    const { status, stdout, stderr } = joker('models', 'import', bad, '--configs', configs, '--out', target, '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'bad-file', what: expect.stringContaining('posix.system') },
    });
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^joker: .*posix\.system.*Nothing in it was run/);
    expect(existsSync(target)).toBe(false);
  });

  it('explains what ships with the package', () => {
    const { status, stdout } = joker('models', 'licences');
    expect(status).toBe(0);
    expect(stdout).toMatch(/tracker\/iris.*\n {2}from: MediaPipe.*\n {2}licence: Apache-2\.0; commercial use: yes/);
    expect(joker('models', 'import', source)).toMatchObject({ status: 2, stderr: expect.stringContaining('--out') });
  });
});
