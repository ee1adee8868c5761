/**
 * The field's kernels: march and look (forward), back, tables, density at points; and the loop in which threads share work.
 * Source of wasm.ts, in AssemblyScript; scripts/build-kernels.mjs compiles it. The twins are march.ts, hash.ts, network.ts.
 *
 * Work comes in numbered pieces (chunks of rays, levels, blocks of points). Any thread may take any piece: a piece writes
 * only what is its own, and sums over pieces are made in the pieces' order, so the result does not depend on the threads.
 */

import { configure as readLayout, Field, Grid, Kept, Points, Rays, Scratch } from './layout';
import { exp4, sigmoid4, softplus4, splat } from './math';
import { BLOCK, layer, layerRow, ROW, secondLayerBack, weightGradient } from './network';
import { adamW, encodeLevel, scatterLevel } from './hash';
import { marchRay, seed } from './march';

/** Reads where everything lies: once per thread, and again when that changes. */
export function configure(from: usize): void {
  readLayout(from);
}

/** What a piece of work is. */
const FORWARD = 0;
const BACKWARD = 1;
const TABLES = 2;
const DENSITY = 3;

/** Takes pieces of a kind until none is left. `counter` is one word, zero at the start, shared by all threads. */
export function work(kind: i32, pieces: i32, thread: i32, counter: usize): void {
  const scratch = Scratch.base + (<usize>thread) * Scratch.bytes;
  for (;;) {
    const piece = atomic.add<i32>(counter, 1);
    if (piece >= pieces) return;
    if (kind == FORWARD) forward(piece, scratch);
    else if (kind == BACKWARD) backward(piece, scratch);
    else if (kind == TABLES) tables(piece);
    else if (kind == DENSITY) density(piece, scratch);
  }
}

@inline function roundUp(n: i32): i32 {
  return (n + 7) & ~7; // the networks take eight samples at a time
}

@inline function featureRows(): usize {
  return ((<usize>Field.levels) << 1) * ROW;
}

/** Rows of scratch after the two blocks of hidden units: x, y, z, distance, length, bias, e, T, slope of density. */
const SCRATCH_ROWS = 9;

/** A block of both networks' hidden units, which also has to hold the gradient of the features. */
function hiddenBytes(): usize {
  return <usize>max(Field.hidden << 1, ((Field.levels << 1) + 3) & ~3) * ROW;
}

/** Features of `count` points, padded to a multiple of 8 with the middle of the box, whose results nobody reads. */
function encode(x: usize, y: usize, z: usize, count: i32, out: usize): void {
  const padded = roundUp(count);
  for (let i = count; i < padded; i++) {
    const at = (<usize>i) << 2;
    store<f32>(x + at, 0.5);
    store<f32>(y + at, 0.5);
    store<f32>(z + at, 0.5);
  }
  for (let l = 0; l < Field.levels; l++)
    encodeLevel(Field.layout + ((<usize>l) << 5), Field.table, x, y, z, padded, out + ((<usize>l) << 1) * ROW);
}

/** Raw density of a block of features into a row. */
function rawDensity(features: usize, hidden: usize, count: i32, out: usize): void {
  layer(hidden, Field.weights, features, Field.hidden, Field.levels << 1, count, true);
  layerRow(out, Field.outputs, hidden, Field.hidden, count);
}

/** Samples of a chunk of rays, their density, where rays end, colour and sums. */
function forward(chunk: i32, scratch: usize): void {
  const hidden = scratch;
  const row = (<usize>Kept.capacity) << 2;
  const rows = scratch + hiddenBytes() * 2 + ROW * 4;
  const features = rows + row * SCRATCH_ROWS;
  const stretches = features + row * <usize>(Field.levels << 1);
  const firstRay = chunk * Rays.perChunk;
  const lastRay = min(Rays.count, firstRay + Rays.perChunk);
  if (Grid.jitter) seed(Rays.seeds + ((<usize>chunk) << 4));
  let marched = 0;
  for (let ray = firstRay; ray < lastRay; ray++) {
    const found = marchRay(ray, stretches, rows + ((<usize>marched) << 2), row);
    store<i32>(Rays.kept + ((<usize>ray) << 2), found);
    marched += found;
  }
  densities(marched, rows, row, features, hidden);
  const kept = endRays(chunk, firstRay, lastRay, rows, row, features);
  store<i32>(Kept.counts + ((<usize>chunk) << 2), kept);
  colors(chunk, kept, hidden);
  compose(chunk, firstRay, lastRay);
}

/** Rows e = exp(−density·length) and slope = d density / d raw of all marched samples. */
function densities(count: i32, rows: usize, row: usize, features: usize, hidden: usize): void {
  const scale = splat(Field.densityScale);
  for (let from = 0; from < count; from += BLOCK) {
    const n = min(BLOCK, count - from);
    const at = rows + ((<usize>from) << 2);
    const block = features + (<usize>(from / BLOCK)) * featureRows();
    encode(at, at + row, at + row * 2, n, block);
    const e = at + row * 6;
    rawDensity(block, hidden, roundUp(n), e);
    const end = (<usize>n) << 2;
    for (let s: usize = 0; s < end; s += 16) {
      const raw = f32x4.add(v128.load(e + s), v128.load(at + row * 5 + s));
      const length = v128.load(at + row * 4 + s);
      const thickness = f32x4.mul(f32x4.mul(scale, softplus4(raw)), length);
      v128.store(e + s, exp4(f32x4.neg(thickness)));
      v128.store(at + row * 8 + s, f32x4.mul(scale, sigmoid4(raw)));
    }
  }
}

/** Ends rays where next to nothing passes, and packs what remains into the chunk's rows and blocks. Returns how many. */
function endRays(chunk: i32, firstRay: i32, lastRay: i32, rows: usize, row: usize, features: usize): i32 {
  const to = Kept.rows + (<usize>chunk) * row * 10;
  const blocks = Kept.features + (<usize>chunk) * <usize>(Kept.capacity / BLOCK) * featureRows();
  let from = 0;
  let kept = 0;
  for (let ray = firstRay; ray < lastRay; ray++) {
    const count = load<i32>(Rays.kept + ((<usize>ray) << 2));
    const distance = Rays.distance + ((<usize>ray) << 2);
    let through: f32 = 1.0;
    let reach: f32 = 0.0;
    let k = 0;
    for (; k < count && through > Field.earlyStop; k++, kept++) {
      const at = rows + ((<usize>(from + k)) << 2);
      const out = to + ((<usize>kept) << 2);
      const e = load<f32>(at + row * 6);
      const weight = through * (<f32>1.0 - e);
      reach += weight * load<f32>(at + row * 3);
      store<f32>(out, load<f32>(at));
      store<f32>(out + row, load<f32>(at + row));
      store<f32>(out + row * 2, load<f32>(at + row * 2));
      store<f32>(out + row * 3, load<f32>(at + row * 4));
      store<f32>(out + row * 4, weight);
      through *= e;
      store<f32>(out + row * 5, through);
      store<f32>(out + row * 6, load<f32>(at + row * 8));
      copyFeatures(features, from + k, blocks, kept);
    }
    store<f32>(distance, reach);
    store<i32>(Rays.kept + ((<usize>ray) << 2), k);
    from += count;
  }
  return kept;
}

@inline function copyFeatures(from: usize, i: i32, to: usize, j: i32): void {
  let a = from + (<usize>(i / BLOCK)) * featureRows() + ((<usize>(i % BLOCK)) << 2);
  let b = to + (<usize>(j / BLOCK)) * featureRows() + ((<usize>(j % BLOCK)) << 2);
  for (const end = a + featureRows(); a < end; a += ROW, b += ROW) store<f32>(b, load<f32>(a));
}

@inline function keptRows(chunk: i32): usize {
  return Kept.rows + (<usize>chunk) * ((<usize>Kept.capacity) << 2) * 10;
}

@inline function keptBlock(chunk: i32, from: i32): usize {
  return Kept.features + (<usize>(chunk * (Kept.capacity / BLOCK) + from / BLOCK)) * featureRows();
}

/** Zeroes what lies between the last sample of a block and the next multiple of 8: stale numbers could be infinite. */
function clearTail(block: usize, count: i32): void {
  const padded = roundUp(count);
  for (let f: usize = 0; f < featureRows(); f += ROW)
    for (let i = count; i < padded; i++) store<f32>(block + f + ((<usize>i) << 2), 0.0);
}

/** Colours of the kept samples. */
function colors(chunk: i32, count: i32, hidden: usize): void {
  const row = (<usize>Kept.capacity) << 2;
  const inner = Field.levels << 1;
  const first = Field.weights + ((<usize>(Field.hidden * inner)) << 2);
  const width = (<usize>Field.hidden) << 2;
  for (let from = 0; from < count; from += BLOCK) {
    const n = min(BLOCK, count - from);
    const block = keptBlock(chunk, from);
    clearTail(block, n);
    layer(hidden, first, block, Field.hidden, inner, roundUp(n), true);
    for (let c: usize = 0; c < 3; c++) {
      const out = keptRows(chunk) + row * (7 + c) + ((<usize>from) << 2);
      layerRow(out, Field.outputs + width * (1 + c), hidden, Field.hidden, roundUp(n));
      const end = (<usize>n) << 2;
      for (let s: usize = 0; s < end; s += 16) v128.store(out + s, sigmoid4(v128.load(out + s)));
    }
  }
}

/** Σ weight·colour and Σ weight of each ray. */
function compose(chunk: i32, firstRay: i32, lastRay: i32): void {
  const row = (<usize>Kept.capacity) << 2;
  let at = keptRows(chunk);
  for (let ray = firstRay; ray < lastRay; ray++) {
    let red: f32 = 0;
    let green: f32 = 0;
    let blue: f32 = 0;
    let opacity: f32 = 0;
    const count = load<i32>(Rays.kept + ((<usize>ray) << 2));
    for (let k = 0; k < count; k++, at += 4) {
      const weight = load<f32>(at + row * 4);
      red += weight * load<f32>(at + row * 7);
      green += weight * load<f32>(at + row * 8);
      blue += weight * load<f32>(at + row * 9);
      opacity += weight;
    }
    const color = Rays.color + <usize>ray * 12;
    store<f32>(color, red);
    store<f32>(color, green, 4);
    store<f32>(color, blue, 8);
    store<f32>(Rays.opacity + ((<usize>ray) << 2), opacity);
  }
}

/**
 * Gradients of a chunk: of its share of the networks' weights, and of its features, which take the features' place.
 * With q = ∂L/∂weight: ∂L/∂τ_i = q_i·T_i·e_i − Σ of q·weight behind i.
 */
function backward(chunk: i32, scratch: usize): void {
  const gradient = Field.gradients + (<usize>chunk) * Field.gradientBytes;
  memory.fill(gradient, 0, Field.gradientBytes);
  const firstRay = chunk * Rays.perChunk;
  outputGradients(chunk, firstRay, min(Rays.count, firstRay + Rays.perChunk));
  const count = load<i32>(Kept.counts + ((<usize>chunk) << 2));
  for (let from = 0; from < count; from += BLOCK)
    blockBack(chunk, from, min(BLOCK, count - from), gradient, scratch);
}

/** ∂L/∂(raw density) into the row of the slope, ∂L/∂(raw colour) into the rows of the colour. */
function outputGradients(chunk: i32, firstRay: i32, lastRay: i32): void {
  const row = (<usize>Kept.capacity) << 2;
  let next = keptRows(chunk);
  for (let ray = firstRay; ray < lastRay; ray++) {
    const count = load<i32>(Rays.kept + ((<usize>ray) << 2));
    const color = Rays.colorGradient + <usize>ray * 12;
    const red = load<f32>(color);
    const green = load<f32>(color, 4);
    const blue = load<f32>(color, 8);
    const opacity = load<f32>(Rays.opacityGradient + ((<usize>ray) << 2));
    let behind: f32 = 0.0;
    const start = next;
    next += (<usize>count) << 2;
    for (let at = next - 4; at >= start; at -= 4) {
      const weight = load<f32>(at + row * 4);
      const r = load<f32>(at + row * 7);
      const g = load<f32>(at + row * 8);
      const b = load<f32>(at + row * 9);
      const q = red * r + green * g + blue * b + opacity;
      const thickness = q * load<f32>(at + row * 5) - behind;
      behind += q * weight;
      store<f32>(at + row * 6, thickness * load<f32>(at + row * 3) * load<f32>(at + row * 6));
      store<f32>(at + row * 7, red * weight * r * (<f32>1.0 - r));
      store<f32>(at + row * 8, green * weight * g * (<f32>1.0 - g));
      store<f32>(at + row * 9, blue * weight * b * (<f32>1.0 - b));
    }
  }
}

/** One block back through both networks; their hidden units are computed again, which costs less than keeping them. */
function blockBack(chunk: i32, from: i32, count: i32, gradient: usize, scratch: usize): void {
  const hidden = Field.hidden;
  const inner = Field.levels << 1;
  const half = (<usize>hidden) * ROW;
  const width = (<usize>hidden) << 2;
  const units = scratch;
  const d = scratch + hiddenBytes();
  const outs = d + hiddenBytes(); // 4 rows: raw density, raw colours
  const padded = roundUp(count);
  const block = keptBlock(chunk, from);
  copyOuts(chunk, from, count, outs);
  layer(units, Field.weights, block, hidden << 1, inner, padded, true);
  const second = gradient + ((<usize>(hidden * inner)) << 3);
  secondLayerBack(d, second, units, outs, Field.outputs, hidden, 1, padded);
  secondLayerBack(d + half, second + width, units + half, outs + ROW, Field.outputs + width, hidden, 3, padded);
  weightGradient(gradient, d, block, hidden << 1, inner, padded);
  layer(units, Field.transposed, d, (inner + 3) & ~3, hidden << 1, padded, false);
  for (let f: usize = 0; f < featureRows(); f += ROW) memory.copy(block + f, units + f, (<usize>count) << 2);
}

/** The four rows of gradients of a block side by side, zero behind the last sample. */
function copyOuts(chunk: i32, from: i32, count: i32, outs: usize): void {
  const row = (<usize>Kept.capacity) << 2;
  const at = keptRows(chunk) + row * 6 + ((<usize>from) << 2);
  for (let c: usize = 0; c < 4; c++) {
    memory.copy(outs + ROW * c, at + row * c, (<usize>count) << 2);
    for (let i = count; i < roundUp(count); i++) store<f32>(outs + ROW * c + ((<usize>i) << 2), 0.0);
  }
}

/**
 * One level of the table: the gradient of all samples in order, then AdamW. A step of several runs clears the gradient in
 * its first one and takes the AdamW step in its last.
 */
function tables(l: i32): void {
  const first = load<f32>(Field.settings, 28) != 0.0;
  const last = load<f32>(Field.settings, 32) != 0.0;
  const level = Field.layout + ((<usize>l) << 5);
  const at = <usize>load<u32>(level, 8);
  const bytes = <usize>load<u32>(level, 12) << 3;
  if (first) memory.fill(Field.tableGradient + at, 0, bytes);
  const row = (<usize>Kept.capacity) << 2;
  const chunks = (Rays.count + Rays.perChunk - 1) / Rays.perChunk;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const count = load<i32>(Kept.counts + ((<usize>chunk) << 2));
    for (let from = 0; from < count; from += BLOCK) {
      const x = keptRows(chunk) + ((<usize>from) << 2);
      const rows = keptBlock(chunk, from) + ((<usize>l) << 1) * ROW;
      scatterLevel(level, Field.tableGradient, x, x + row, x + row * 2, min(BLOCK, count - from), rows);
    }
  }
  if (!last) return;
  adamW(
    Field.table + at,
    Field.tableGradient + at,
    Field.first + at,
    Field.second + at,
    bytes,
    Field.settings,
  );
}

/** Density at a block of points. */
function density(piece: i32, scratch: usize): void {
  const from = (<usize>(piece * BLOCK)) << 2;
  const n = min(BLOCK, Points.count - piece * BLOCK);
  const features = scratch + hiddenBytes();
  const raw = features + featureRows();
  encode(Points.x + from, Points.y + from, Points.z + from, n, features);
  rawDensity(features, scratch, roundUp(n), raw);
  const end = (<usize>n) << 2;
  for (let s: usize = 0; s < end; s += 16) {
    const at = Points.bias + from + s;
    const sum = f32x4.add(v128.load(raw + s), v128.load(at));
    v128.store(at, f32x4.mul(splat(Field.densityScale), softplus4(sum)));
  }
}
