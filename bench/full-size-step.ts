/**
 * One guided denoising step of full-size networks on the CPU: the classes and sizes of the paper's prior (Stable Diffusion 1.5
 * with reference UNet and ControlNet, 512²), random weights. Prints time and peak memory, from float32 and from float16 files.
 *
 * Writes the weights as an import leaves them (about 9.2 and 4.6 GB) into a temporary folder and removes them afterwards. A step
 * is what sampling does per timestep and view: the reference UNet, and the ControlNet with the denoising UNet, both branches.
 * Text, reference picture and control picture are encoded before, by programs that are freed again. Each precision runs in a
 * process of its own, whose memory is read five times a second; pages of the weight files count while they are mapped. Random
 * weights: values do not change the time. Nothing here asserts anything; `within` compares with the goals of 14 and 8 GB.
 *
 *   npx tsx bench/full-size-step.ts [--size full|half|small] [--precision both|fp32|fp16] [--repeat 1] [--threads N] [--json]
 *     [--branches apart|together (see `JokerPriorOptions`)] [--folder DIR (files stay there and are used again)]
 */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { placeModelFiles } from '../src/core/files/model-folder.js';
import { streamSafetensors } from '../src/core/files/safetensors-stream.js';
import type { FloatStream } from '../src/core/files/tensor-stream.js';
import { floatsToHalfs } from '../src/core/half.js';
import { makeImage } from '../src/core/image.js';
import { foldIn, RandomStream, randomKey } from '../src/core/rng.js';
import type { ParameterLike } from '../src/nets/index.js';
import {
  controlSize,
  drawLatents,
  JokerPrior,
  openPrior,
  type PriorConfig,
  parsePriorConfig,
  priorParameters,
  tokenizerJson,
  trainBpe,
} from '../src/prior/index.js';
import { configFiles, PRIOR_PARTS } from '../src/prior/prior-files.js';
import { SD15_PARTS } from '../src/prior/sd15.js';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'full' },
    precision: { type: 'string', default: 'both' },
    repeat: { type: 'string', default: '1' },
    branches: { type: 'string', default: 'apart' },
    threads: { type: 'string', default: String(cpus().length) },
    folder: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** set by this program for its own processes: the folder of weights to run */
    run: { type: 'string' },
  },
});
const PROMPT = 'a person with the mouth wide open';
const TIMESTEP = 501;
type Precision = 'fp32' | 'fp16';
/** Goals for peak memory, bytes. */
const GOAL: Readonly<Record<Precision, number>> = { fp32: 14e9, fp16: 8e9 };

/** Full: the released configs. Half: half the width at 512² too; small: a tenth at 64². Both for trying this program. */
function benchConfig(): PriorConfig {
  const tokenizer = tokenizerJson(trainBpe([PROMPT], 600)); // 600: the 514 of the alphabet, and a few words
  if (values.size === 'full') return parsePriorConfig({ ...SD15_PARTS, tokenizer, image_size: 512 }, 'bench');
  const [channels, text, side] = values.size === 'half' ? [160, 384, 512] : [32, 64, 64];
  const narrow = {
    block_out_channels: [1, 2, 4, 4].map((times) => times * channels),
    cross_attention_dim: text,
    sample_size: side / 8,
  };
  const clip = { hidden_size: text, num_attention_heads: text / 16, intermediate_size: 4 * text };
  return parsePriorConfig(
    {
      unet: { ...SD15_PARTS.unet, ...narrow },
      controlnet: { ...SD15_PARTS.controlnet, ...narrow },
      vae: { ...SD15_PARTS.vae, block_out_channels: [32, 32, 64, 64] },
      text_encoder: { ...SD15_PARTS.text_encoder, ...clip },
      scheduler: {},
      tokenizer,
      image_size: side,
    },
    'bench',
  );
}

/** Numbers drawn once and repeated: 2.3 billion fresh ones would take minutes. */
const BLOCK = 2 ** 20;
const noise = new RandomStream(randomKey(1)).normals(BLOCK);
const blocks = new Map<string, Uint8Array>();

/** The block at a scale, as bytes. */
function blockAt(scale: number, precision: Precision): Uint8Array {
  const key = `${scale} ${precision}`;
  const known = blocks.get(key);
  if (known) return known;
  const scaled = scale === 0 ? new Float32Array(BLOCK).fill(1) : noise.map((x) => x * scale);
  const { buffer } = precision === 'fp16' ? floatsToHalfs(scaled) : scaled;
  blocks.set(key, new Uint8Array(buffer as ArrayBuffer));
  return blocks.get(key)!;
}

/** Random values of a weight: ones for the scales of norms, else normals of deviation 1/√inputs, rounded to a power of two. */
function randomWeight({ name, shape }: ParameterLike, precision: Precision): FloatStream {
  const inputs = Math.max(
    1,
    shape.slice(1).reduce((a, b) => a * b, 1),
  );
  const scale = /norm[a-z0-9_]*\.weight$/.test(name) ? 0 : 2 ** -Math.ceil(Math.log2(Math.max(4, inputs)) / 2);
  const block = blockAt(scale, precision);
  const length = shape.reduce((a, b) => a * b, precision === 'fp16' ? 2 : 4);
  return {
    dtype: precision === 'fp16' ? 'F16' : 'F32',
    shape,
    pieces: function* () {
      for (let done = 0; done < length; done += block.length)
        yield block.subarray(0, Math.min(block.length, length - done));
    },
  };
}

/** Writes the prior's folder; returns its bytes. */
async function writePrior(root: string, precision: Precision): Promise<number> {
  const config = benchConfig();
  const parameters = priorParameters(config);
  let bytes = 0;
  for (const { prefix, folder, file } of PRIOR_PARTS) {
    const own = parameters.filter(({ name }) => name.startsWith(prefix));
    const streams = own.map((p) => ({ ...randomWeight(p, precision), name: p.name.slice(prefix.length) }));
    bytes += (await streamSafetensors(join(root, folder, file), streams)).bytes;
  }
  for (const [name, value] of Object.entries(configFiles(config))) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), JSON.stringify(value));
  }
  return bytes;
}

/** Seconds of the parts of a step. */
type Times = { encode: number; first: number; reference: number; denoise: number; finite: boolean };

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  return [await work(), (performance.now() - start) / 1000];
}

/** What a process of its own does with a folder of weights. */
async function step(root: string): Promise<Times> {
  const model = openPrior(root, { inPlace: true });
  const options = {
    threads: Number(values.threads),
    placer: placeModelFiles,
    batch: 1,
    branchesApart: values.branches === 'apart',
  };
  const [side, control] = [model.config.image_size, controlSize(model.config)];
  const encoder = new JokerPrior(model, options);
  const [given, encode] = await timed(async () => ({
    condition: await encoder.prepare(PROMPT, makeImage(side, side, 3), null),
    control: await encoder.controlFeatures([makeImage(control, control, 3)]),
    latents: drawLatents(encoder, [foldIn(randomKey(2), 0)]),
  }));
  await encoder.dispose();
  const prior = new JokerPrior(model, options);
  const reference = () => prior.referenceFeatures(given.condition, TIMESTEP, 2);
  const denoise = (features: Awaited<ReturnType<typeof reference>>) =>
    prior.predictNoise(given.condition, { latents: given.latents, control: given.control, features, guidance: 3 });
  const [noiseOf, first] = await timed(async () => denoise(await reference()));
  const best = { reference: Infinity, denoise: Infinity };
  for (let i = 0; i < Number(values.repeat); i++) {
    const [features, referenceTime] = await timed(reference);
    const [, denoiseTime] = await timed(() => denoise(features));
    best.reference = Math.min(best.reference, referenceTime);
    best.denoise = Math.min(best.denoise, denoiseTime);
  }
  await prior.dispose();
  return { encode, first, ...best, finite: noiseOf.every(Number.isFinite) };
}

/** Largest memory seen, bytes: all, that of the program alone, that of mapped files. Zeros where there is no /proc. */
type Memory = { total: number; own: number; files: number };

function watchMemory(pid: number, peak: Memory): NodeJS.Timeout {
  const read = (text: string, field: string) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) * 1024;
  return setInterval(() => {
    const path = `/proc/${pid}/status`;
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    peak.total = Math.max(peak.total, read(text, 'VmHWM'));
    peak.own = Math.max(peak.own, read(text, 'RssAnon'));
    peak.files = Math.max(peak.files, read(text, 'RssFile'));
  }, 200);
}

/** Runs `step` in a process of its own. */
function runApart(root: string): Promise<Times & { memory: Memory }> {
  const { size, repeat, threads, branches } = values;
  const args = ['--run', root, '--size', size, '--repeat', repeat, '--threads', threads, '--branches', branches];
  const memory = { total: 0, own: 0, files: 0 };
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), args, { execArgv: ['--import', 'tsx'] });
    const timer = watchMemory(child.pid!, memory);
    child.on('message', (message: { times: Times; maxRss: number }) => {
      memory.total = Math.max(memory.total, message.maxRss * 1024);
      resolve({ ...message.times, memory });
    });
    child.on('exit', (code) => {
      clearInterval(timer);
      reject(new Error(`the process ended (${code}) without a result`)); // changes nothing after a result
    });
  });
}

async function measure(precision: Precision, folder: string) {
  const root = join(folder, `${values.size}-${precision}`);
  const writing = performance.now();
  const bytes = existsSync(join(root, 'model_index.json')) ? null : await writePrior(root, precision);
  const write = (performance.now() - writing) / 1000;
  const times = await runApart(root);
  if (!values.folder) rmSync(root, { recursive: true, force: true });
  return { precision, bytes, write, ...times, within: times.memory.total <= GOAL[precision] };
}

function print({
  precision,
  bytes,
  write,
  encode,
  first,
  reference,
  denoise,
  memory,
  within,
  finite,
}: Awaited<ReturnType<typeof measure>>): void {
  const gb = (n: number) => `${(n / 1e9).toFixed(2)} GB`;
  const s = (n: number) => `${n.toFixed(1)} s`;
  const wrote = bytes === null ? 'found there' : `${gb(bytes)} written in ${s(write)}`;
  console.log(`${precision}: weights ${wrote}`);
  console.log(
    `  peak memory ${gb(memory.total)} (own ${gb(memory.own)}, mapped files ${gb(memory.files)}), goal ${gb(GOAL[precision])}: ${within ? 'kept' : 'missed'}`,
  );
  console.log(
    `  one guided step ${s(reference + denoise)}: reference ${s(reference)}, denoiser with ControlNet ${s(denoise)}`,
  );
  console.log(
    `  before: text and pictures ${s(encode)}, first step with building ${s(first)}${finite ? '' : '; NOT FINITE'}`,
  );
}

async function main(): Promise<void> {
  const precisions = (['fp32', 'fp16'] as const).filter((p) => values.precision === 'both' || values.precision === p);
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'joker-full-size-'));
  try {
    if (!values.json)
      console.log(`${cpus()[0]?.model}, ${values.threads} threads, Node ${process.version}, ${values.size} size`);
    for (const precision of precisions) {
      const figures = await measure(precision, folder);
      if (values.json)
        console.log(
          JSON.stringify({ cpu: cpus()[0]?.model, threads: Number(values.threads), size: values.size, ...figures }),
        );
      else print(figures);
    }
  } finally {
    if (!values.folder) rmSync(folder, { recursive: true, force: true });
  }
}

if (values.run) {
  const times = await step(values.run);
  process.send!({ times, maxRss: process.resourceUsage().maxRSS });
  process.disconnect();
} else await main();
