/** Imports of a tiny prior in every form that weights of others come in, and the refusals: strict, named, nothing left behind. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyConfig, tinyWeights } from '../../test/fixtures/tiny-prior.js';
import { floats, pickle, type TensorPiece, torchBytes, zip } from '../../test/fixtures/torch-writer.js';
import { type TensorToWrite, writeSafetensors } from '../core/files/safetensors.js';
import { floatToHalf, halfToFloat } from '../core/half.js';
import type { JobMessage } from '../core/progress.js';
import { ldmName, olderVaeKey } from '../nets/index.js';
import { type NamedWeight, openPrior, priorParameters, savePriorFolder } from '../prior/index.js';
import { type ImportOptions, importModel } from './import-model.js';
import { verifyOrigins } from './origins.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-import-'));
const at = (...parts: string[]): string => join(folder, ...parts);
const weights = tinyWeights();
const values = new Map(weights.map(({ name, data }) => [name, data]));
const shapes = new Map(weights.map(({ name, shape }) => [name, shape]));
const messages: JobMessage[] = [];
const signal = new AbortController().signal;
const run = (options: ImportOptions) => importModel(options, { report: (message) => messages.push(message), signal });

let count = 0;
const fresh = (ending = ''): string => at(`out-${count++}${ending}`);

/** The paper's form: old names of the autoencoder's attention, positions beside the embeddings. */
function paperState(change: (state: Map<string, TensorPiece>) => void = () => {}): Map<string, TensorPiece> {
  const state = new Map(weights.map(({ name, shape, data }) => [olderVaeKey(name), floats(shape, data)]));
  const positions = new Uint8Array(BigInt64Array.from({ length: 8 }, (_, i) => BigInt(i)).buffer);
  state.set('text_encoder.embeddings.position_ids', { shape: [1, 8], type: 'LongStorage', data: positions, count: 8 });
  change(state);
  return state;
}

function paperFile(change?: (state: Map<string, TensorPiece>) => void): string {
  const path = fresh('.bin');
  writeFileSync(path, torchBytes(paperState(change)));
  return path;
}

/** An original single file: other names, the autoencoder's attention as 1×1 convolutions, noise schedule inside. */
async function singleFile(): Promise<string> {
  const tensors = weights.flatMap(({ name, shape, data }): TensorToWrite[] => {
    const theirs = ldmName(name, tinyConfig);
    const convolution = /attn_1\.(q|k|v|proj_out)\.weight$/.test(theirs ?? '');
    return theirs ? [{ name: theirs, dtype: 'F32', shape: convolution ? [...shape, 1, 1] : shape, data }] : [];
  });
  const extras: TensorToWrite[] = ['betas', 'alphas_cumprod', 'model_ema.decay'].map((name) => {
    return { name, dtype: 'F32', shape: [1], data: Float32Array.of(0.5) };
  });
  const ids = { name: 'cond_stage_model.transformer.text_model.embeddings.position_ids', dtype: 'I32' as const };
  const path = fresh('.safetensors');
  await writeSafetensors(path, [...tensors, ...extras, { ...ids, shape: [1, 8], data: new Int32Array(8) }]);
  return path;
}

function expectWeights(path: string, expected: (name: string) => Float32Array): void {
  const { weights: source, names } = openPrior(path);
  expect([...names].sort()).toEqual([...values.keys()].sort());
  for (const [name, shape] of shapes) {
    const found = source(name, shape);
    expect(found.kind === 'memory' && found.data, name).toEqual(expected(name));
  }
}

const exact = (name: string): Float32Array => values.get(name)!;
const configs = at('configs');

beforeAll(async () => {
  await savePriorFolder(configs, tinyConfig, weights);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the paper's checkpoint", () => {
  it('becomes a folder with every weight in place and a list of origins that verifies', async () => {
    const source = paperFile();
    const out = fresh();
    messages.length = 0;
    const result = await run({ source, out, configs });
    expect(result).toMatchObject({
      kind: 'paper',
      started: [],
      values: weights.reduce((n, w) => n + w.data.length, 0),
    });
    expectWeights(out, exact);
    expect(openPrior(out).config).toEqual(tinyConfig);
    const verified = verifyOrigins(out);
    expect(verified.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(verified[0]!.origin!.origin).toContain(result.sources[0]!.sha256);
    expect(messages).toContainEqual(
      expect.objectContaining({ kind: 'note', text: expect.stringContaining('sd-vae-ft-mse') }),
    );
    const last = messages.filter((message) => message.kind === 'progress').at(-1);
    expect(last).toMatchObject({ done: last!.total });
  });

  it('becomes one compact file of float16', async () => {
    const out = fresh('.safetensors');
    await run({ source: paperFile(), out, configs, half: true });
    expectWeights(out, (name) => exact(name).map((x) => halfToFloat(floatToHalf(x))));
    expect(openPrior(out).config).toEqual(tinyConfig);
  });

  it('takes another autoencoder when told, in either spelling, from a file or a folder', async () => {
    const other = (name: string): Float32Array => (name.startsWith('vae.') ? exact(name).map((x) => -x) : exact(name));
    const own = weights.filter(({ name }) => name.startsWith('vae.'));
    const tensors = (rename: (name: string) => string): TensorToWrite[] =>
      own.map(({ name, shape }) => ({ name: rename(name), dtype: 'F32', shape, data: other(name) }));
    const diffusers = fresh('.safetensors');
    await writeSafetensors(
      diffusers,
      tensors((name) => olderVaeKey(name).slice('vae.'.length)),
    );
    const original = fresh('.safetensors');
    await writeSafetensors(
      original,
      tensors((name) => ldmName(name, tinyConfig)!.slice('first_stage_model.'.length)),
    );
    const vaeFolder = fresh();
    mkdirSync(vaeFolder);
    writeFileSync(join(vaeFolder, 'diffusion_pytorch_model.safetensors'), readFileSync(diffusers));
    // The checkpoint's own autoencoder is not looked at: it may even be incomplete.
    const source = paperFile((state) => state.delete('vae.quant_conv.weight'));
    for (const vae of [diffusers, original, vaeFolder]) {
      const out = fresh('.safetensors');
      const { sources } = await run({ source, out, configs, vae });
      expect(sources).toHaveLength(2);
      expectWeights(out, other);
    }
  });
});

describe('Stable Diffusion', () => {
  /** What the parts that it lacks must start as: copies of the UNet, and layers that do nothing yet. */
  function started(path: string): void {
    const { weights: source, config } = openPrior(path);
    for (const { name, shape } of priorParameters(config)) {
      const found = source(name, shape);
      const data = found.kind === 'memory' ? found.data : null;
      const copied = values.get(name.replace(/^(ref_unet|controlnet)\./, 'unet.'));
      if (!name.startsWith('controlnet.') || copied) expect(data, name).toEqual(copied);
      else if (/controlnet_(down|mid)|cond_embedding\.conv_out/.test(name))
        expect(data!.every((x) => x === 0)).toBe(true);
      else
        expect(
          data!.some((x) => x !== 0),
          name,
        ).toBe(true);
    }
  }

  it('as a single file becomes a prior whose other parts start as in the paper', async () => {
    const out = fresh();
    messages.length = 0;
    expect(await run({ source: await singleFile(), out, configs: sdFolder() })).toMatchObject({
      kind: 'single-file',
      started: ['ref_unet', 'controlnet'],
    });
    expect(messages).toContainEqual(expect.objectContaining({ text: expect.stringContaining('before training') }));
    started(out);
  });

  it('as a diffusers folder, with a part as a torch file, too', async () => {
    const source = sdFolder();
    rmSync(join(source, 'unet', 'diffusion_pytorch_model.safetensors'));
    const unet = weights.filter(({ name }) => name.startsWith('unet.'));
    const state = new Map(unet.map(({ name, shape, data }) => [name.slice('unet.'.length), floats(shape, data)]));
    writeFileSync(join(source, 'unet', 'diffusion_pytorch_model.bin'), torchBytes(state));
    const out = fresh();
    expect(await run({ source, out })).toMatchObject({ kind: 'diffusers', started: ['ref_unet', 'controlnet'] });
    started(out);
  });

  it('a folder of all five parts comes through unchanged', async () => {
    const out = fresh('.safetensors');
    expect(await run({ source: configs, out })).toMatchObject({ kind: 'diffusers', started: [] });
    expectWeights(out, exact);
  });

  /** A folder without the parts that the paper adds. */
  function sdFolder(): string {
    const path = fresh();
    for (const part of ['unet', 'vae', 'text_encoder', 'tokenizer', 'scheduler']) {
      mkdirSync(join(path, part), { recursive: true });
      for (const name of readdirSync(join(configs, part)))
        writeFileSync(join(path, part, name), readFileSync(join(configs, part, name)));
    }
    writeFileSync(join(path, 'model_index.json'), readFileSync(join(configs, 'model_index.json')));
    return path;
  }
});

describe('refusals', () => {
  const refused = async (options: Partial<ImportOptions> & { source: string }, message: RegExp) => {
    const out = options.out ?? fresh();
    await expect(run({ configs, ...options, out })).rejects.toThrow(message);
    if (!options.out) expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  };
  const key = 'controlnet.controlnet_mid_block.weight';

  it('name missing, unexpected and misshapen weights', async () => {
    await refused(
      { source: paperFile((state) => state.delete(key)) },
      /lacks weight 'controlnet\.controlnet_mid_block\.weight'/,
    );
    await refused(
      { source: paperFile((state) => state.set('unet.lora.weight', floats([1], Float32Array.of(1)))) },
      /holds the unexpected weight 'unet\.lora\.weight'/,
    );
    const renamed = (state: Map<string, TensorPiece>) => {
      for (const name of [...state.keys()].filter((each) => each.startsWith('ref_unet.up_blocks.1.attentions')))
        state.delete(name);
    };
    await refused({ source: paperFile(renamed) }, /lacks \d\d weights 'ref_unet.*'.* …/);
    await refused(
      { source: paperFile((state) => state.set(key, floats([256], new Float32Array(256)))) },
      /'controlnet\.controlnet_mid_block\.weight' is \[256\], the config asks for \[16,16,1,1\]/,
    );
    const twice = (state: Map<string, TensorPiece>) =>
      state.set('vae.encoder.mid_block.attentions.0.to_q.bias', floats([8], new Float32Array(8)));
    await refused({ source: paperFile(twice) }, /both mean/);
    const whole: TensorPiece = { shape: [2], type: 'LongStorage', data: new Uint8Array(16), count: 2 };
    await refused({ source: paperFile((state) => state.set('vae.quant_conv.bias', whole)) }, /shape|\[2\]|type I64/);
  });

  it('refuse pickles that ask for more, damage, and other files', async () => {
    const source = fresh('.bin');
    writeFileSync(source, zip([['archive/data.pkl', pickle('cos\nsystem\n', 'X', 2, 0, 0, 0, 'id', 0x85, 'R')]]));
    await refused({ source }, /"os\.system" \(GLOBAL\), which is not on the list.*Nothing in it was run/);
    const damaged = paperFile();
    const bytes = readFileSync(damaged);
    bytes[bytes.indexOf('archive/data/3') + 200]! ^= 1;
    writeFileSync(damaged, bytes);
    await refused({ source: damaged }, /is damaged/);
    const other = fresh('.safetensors');
    await writeSafetensors(other, [{ name: 'layer.weight', dtype: 'F32', shape: [1], data: Float32Array.of(1) }]);
    await refused({ source: other }, /neither of the paper's checkpoint nor/);
    await refused({ source: at('nowhere.bin') }, /no such file/);
    await refused({ source: paperFile(), configs: undefined }, /no tokenizer.*--configs/);
    await refused({ source: paperFile(), vae: other }, /lacks \d+ weights 'vae\./);
    const large = (state: Map<string, TensorPiece>) => {
      const { data, shape } = weights.find(({ name }) => name === key) as NamedWeight;
      state.set(
        key,
        floats(
          shape,
          data.map(() => 1e6),
        ),
      );
    };
    await refused({ source: paperFile(large), half: true }, /controlnet_mid_block\.weight" holds 1000000/);
  });

  it('refuse to write over anything, and stop when asked with nothing left behind', async () => {
    const source = paperFile();
    await refused({ source, out: configs }, /already holds/);
    const file = fresh('.safetensors');
    writeFileSync(file, 'x');
    await refused({ source, out: file }, /exists already/);
    const controller = new AbortController();
    const report = (message: JobMessage) => message.kind === 'stage' && message.stage === 'write' && controller.abort();
    const out = fresh();
    await expect(importModel({ source, out, configs }, { report, signal: controller.signal })).rejects.toThrow(
      /stopped/,
    );
    expect(existsSync(out)).toBe(false);
  });
});
