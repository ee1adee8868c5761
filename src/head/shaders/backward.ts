/**
 * Shaders from gradients of pictures to those of networks and table, and AdamW on the table. Text only, see wgsl.ts.
 */
import type { LevelLayout } from '../field.js';
import { FRACTION_BITS, fixedPoint, GROUP, levelArguments, literal, TILE, TILE_ROWS, TILES } from './shared.js';

/** Entry points from rays back to features and to the networks' weights. */
export const BACKWARD = /* wgsl */ `
/** Gradients of raw density and raw colour of a ray's samples. With q = ∂L/∂weight: ∂L/∂τ_i = q_i·T_i·e_i − Σ of q·weight behind i. */
@compute @workgroup_size(${GROUP}) fn rayGradients(@builtin(global_invocation_id) id: vec3u) {
  let ray = threadOf(id);
  if (ray >= params.rays) { return; }
  let g = rayGradient[ray];
  let length = state[ray].length;
  var behind = 0.0;
  for (var k = state[ray].kept; k > 0u; k--) {
    let slot = ray * S + k - 1u;
    let s = shade[slot];
    let c = color[slot].rgb;
    let q = dot(g.rgb, c) + g.w;
    let thickness = q * s.w - behind;
    behind += q * s.z;
    color[slot] = vec4f(thickness * length * s.y, g.rgb * s.z * c * (1.0 - c));
  }
}

/** Gradient of a hidden unit from those of what it feeds: raw density (rows below H) or raw colours. */
fn hiddenGradient(row: u32, out: vec4f) -> f32 {
  if (row < H) { return out.x * weights[SECOND + row]; }
  return dot(out.yzw, secondColor(row - H));
}
${fixedPoint('Network', 'networkGradient')}
const STRIDE: u32 = ${TILE + 1}u; // one more than a tile, so that threads that read a column meet different banks
const ENTRIES: u32 = (${TILE_ROWS}u * F + ${GROUP - 1}u) / ${GROUP}u;
var<workgroup> tileFeatures: array<f32, F * STRIDE>;
var<workgroup> tileHidden: array<f32, ${TILE_ROWS}u * STRIDE>;
var<workgroup> tileGradient: array<f32, ${TILE_ROWS}u * STRIDE>;
var<workgroup> tileOut: array<vec4f, ${TILE}>;

/**
 * Gradients of the networks' weights: a workgroup sums ${TILES} tiles of ${TILE} samples for ${TILE_ROWS} rows of the first layers and for what
 * their units feed. Hidden units are computed again, which costs less than keeping them.
 */
@compute @workgroup_size(${GROUP}) fn weightGradients(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let firstRow = group.y * ${TILE_ROWS}u;
  var first: array<f32, ENTRIES>;
  var second = 0.0;
  for (var tile = 0u; tile < ${TILES}u; tile++) {
    loadTile((group.x * ${TILES}u + tile) * ${TILE}u, thread);
    workgroupBarrier();
    let s = thread % ${TILE}u;
    for (var r = thread / ${TILE}u; r < ${TILE_ROWS}u; r += ${GROUP / TILE}u) {
      let row = firstRow + r;
      var h = 0.0;
      var d = 0.0;
      if (row < 2u * H) {
        for (var f = 0u; f < F; f++) { h += weights[row * F + f] * tileFeatures[f * STRIDE + s]; }
        h = max(h, 0.0);
        d = select(0.0, hiddenGradient(row, tileOut[s]), h > 0.0);
      }
      tileHidden[r * STRIDE + s] = h;
      tileGradient[r * STRIDE + s] = d;
    }
    workgroupBarrier();
    for (var i = 0u; i < ENTRIES; i++) {
      let entry = min(thread + i * ${GROUP}u, ${TILE_ROWS}u * F - 1u);
      let d = entry / F * STRIDE;
      let f = entry % F * STRIDE;
      for (var k = 0u; k < ${TILE}u; k++) { first[i] += tileGradient[d + k] * tileFeatures[f + k]; }
    }
    if (thread < 3u * ${TILE_ROWS}u) {
      let out = select(thread % 3u + 1u, 0u, firstRow + thread / 3u < H);
      for (var k = 0u; k < ${TILE}u; k++) { second += tileHidden[thread / 3u * STRIDE + k] * tileOut[k][out]; }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < ENTRIES; i++) {
    let entry = thread + i * ${GROUP}u;
    let row = firstRow + entry / F;
    if (entry < ${TILE_ROWS}u * F && row < 2u * H) { addNetwork(row * F + entry % F, first[i]); }
  }
  let row = firstRow + thread / 3u;
  if (thread >= 3u * ${TILE_ROWS}u || row >= 2u * H) { return; }
  if (row >= H) { addNetwork(SECOND + H + thread % 3u * H + row - H, second); }
  else if (thread % 3u == 0u) { addNetwork(SECOND + row, second); }
}

/** Features and output gradients of a tile of slots; zero where a ray has no sample. */
fn loadTile(start: u32, thread: u32) {
  for (var i = thread; i < F * ${TILE}u; i += ${GROUP}u) {
    let slot = start + i % ${TILE}u;
    tileFeatures[i / ${TILE}u * STRIDE + i % ${TILE}u] = select(0.0, features[i / ${TILE}u * slots() + slot], isKept(slot));
  }
  if (thread < ${TILE}u) {
    let slot = start + thread;
    tileOut[thread] = select(vec4f(0.0), color[slot], isKept(slot));
  }
}

fn isKept(slot: u32) -> bool { return slot < slots() && slot % S < state[slot / S].kept; }

/** Gradients of the features, in their place. */
@compute @workgroup_size(${GROUP}) fn featureGradients(@builtin(global_invocation_id) id: vec3u) {
  let slot = threadOf(id);
  if (!isKept(slot)) { return; }
  for (var f = 0u; f < F; f++) { x[f] = features[f * slots() + slot]; }
  var dx: array<f32, F>;
  let out = color[slot];
  for (var row = 0u; row < 2u * H; row++) {
    if (hiddenUnit(row) > 0.0) {
      let d = hiddenGradient(row, out);
      for (var f = 0u; f < F; f++) { dx[f] += d * weights[row * F + f]; }
    }
  }
  for (var f = 0u; f < F; f++) { features[f * slots() + slot] = dx[f]; }
}
`;

/** Entry points that change the table. */
export function tableFunctions(levels: readonly LevelLayout[]): string {
  const cases = levels.map((level, l) => `    case ${l}u: { scatterLevel(p, value, ${levelArguments(level)}); }`);
  const unit = 2 ** (FRACTION_BITS - 32);
  return /* wgsl */ `
${fixedPoint('Table', 'tableGradient')}
fn scatterLevel(p: vec3f, value: vec2f, scale: f32, down: u32, offset: u32, size: u32, hashed: bool) {
  let q = p * scale + 0.5;
  let c = vec3u(q);
  let f = q - vec3f(c);
  for (var i = 0u; i < 8u; i++) {
    let bits = vec3u(i & 1u, (i >> 1u) & 1u, i >> 2u);
    let w = select(1.0 - f, f, bits == vec3u(1u));
    let share = w.x * w.y * w.z * value;
    let entry = entryOf(c + bits, down, offset, size, hashed);
    addTable(entry * 2u, share.x);
    addTable(entry * 2u + 1u, share.y);
  }
}

/** Adds the features' gradients to the table's; level by the dispatch's third dimension. */
@compute @workgroup_size(${GROUP}) fn scatter(@builtin(global_invocation_id) id: vec3u) {
  let slot = threadOf(id);
  if (!isKept(slot)) { return; }
  let row = id.z * 2u * slots() + slot;
  let value = vec2f(features[row], features[row + slots()]);
  if (all(value == vec2f(0.0))) { return; }
  let p = clamp(samples[slot].xyz, vec3f(0.0), vec3f(1.0));
  switch id.z {
${cases.join('\n')}
    default: {}
  }
}

fn fromFixed(lowWord: u32, highWord: u32) -> f32 {
  var low = lowWord;
  var high = highWord;
  let negative = high >= 0x80000000u;
  if (negative) {
    low = ~low + 1u;
    high = ~high + select(0u, 1u, low == 0u);
  }
  let value = (f32(high) + f32(low) / 4294967296.0) / ${literal(unit)};
  return select(value, -value, negative);
}

fn takeGradient(index: u32) -> f32 {
  return fromFixed(atomicLoad(&tableGradient[index * 2u]), atomicLoad(&tableGradient[index * 2u + 1u]));
}

/** AdamW on an entry, as in distill/adamw.ts. */
@compute @workgroup_size(${GROUP}) fn adamW(@builtin(global_invocation_id) id: vec3u) {
  let entry = threadOf(id);
  if (entry >= params.entries) { return; }
  let g = vec2f(takeGradient(entry * 2u), takeGradient(entry * 2u + 1u));
  let m = params.beta1 * moments[entry].xy + params.rest1 * g;
  let v = params.beta2 * moments[entry].zw + params.rest2 * g * g;
  moments[entry] = vec4f(m, v);
  table[entry] = table[entry] * params.keep - params.rate * m / (sqrt(v * params.correction) + params.epsilon);
}
`;
}
