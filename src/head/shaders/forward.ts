/**
 * Shaders from samples to pictures: hash grid (../hash.ts), networks and volume rendering (../network.ts). Text only, see wgsl.ts.
 */
import type { LevelLayout } from '../field.js';
import { GROUP, levelArguments } from './shared.js';

/** Functions of the field at a point, written out for its levels. */
export function fieldFunctions(levels: readonly LevelLayout[]): string {
  const encode = levels.map((level, l) => {
    const value = `encodeLevel(p, ${levelArguments(level)})`;
    return `  { let v = ${value}; x[${2 * l}] = v.x; x[${2 * l + 1}] = v.y; }`;
  });
  return /* wgsl */ `
/** Entry of a grid's corner; far corners of the last cells lie outside and wrap within the level. */
fn entryOf(c: vec3u, down: u32, offset: u32, size: u32, hashed: bool) -> u32 {
  if (hashed) { return offset + ((c.x ^ (c.y * 2654435761u) ^ (c.z * 805459861u)) & (size - 1u)); }
  let index = c.x + down * (c.y + down * c.z);
  return offset + select(index - size, index, index < size);
}

fn encodeLevel(p: vec3f, scale: f32, down: u32, offset: u32, size: u32, hashed: bool) -> vec2f {
  let q = p * scale + 0.5;
  let c = vec3u(q);
  let f = q - vec3f(c);
  var sum = vec2f(0.0);
  for (var i = 0u; i < 8u; i++) {
    let bits = vec3u(i & 1u, (i >> 1u) & 1u, i >> 2u);
    let w = select(1.0 - f, f, bits == vec3u(1u));
    sum += w.x * w.y * w.z * table[entryOf(c + bits, down, offset, size, hashed)];
  }
  return sum;
}

var<private> x: array<f32, F>;

fn encode(point: vec3f) {
  let p = clamp(point, vec3f(0.0), vec3f(1.0));
${encode.join('\n')}
}

/** Hidden unit of the rows of both first layers, before its threshold. */
fn hiddenUnit(row: u32) -> f32 {
  var sum = 0.0;
  for (var f = 0u; f < F; f++) { sum += weights[row * F + f] * x[f]; }
  return sum;
}

fn rawDensity(point: vec3f) -> f32 {
  var raw = BIAS_HEIGHT * (1.0 - length(point * 2.0 - 1.0) * (HALF_SIDE / BIAS_RADIUS));
  for (var j = 0u; j < H; j++) { raw += weights[SECOND + j] * max(hiddenUnit(j), 0.0); }
  return raw;
}
`;
}

/** Entry points of a picture, after `march`, and of densities alone. */
export const FORWARD = /* wgsl */ `
/** Features, e and slope of the marched samples. */
@compute @workgroup_size(${GROUP}) fn densities(@builtin(global_invocation_id) id: vec3u) {
  let slot = threadOf(id);
  if (slot >= slots()) { return; }
  let ray = state[slot / S];
  if (slot % S >= ray.used) { return; }
  let point = samples[slot].xyz;
  encode(point);
  for (var f = 0u; f < F; f++) { features[f * slots() + slot] = x[f]; }
  let raw = rawDensity(point);
  let e = exp(-DENSITY_SCALE * softplus(raw) * ray.length);
  shade[slot] = vec4f(e, DENSITY_SCALE * sigmoid(raw), 0.0, 0.0);
}

/** Density at points of the unit cube, into the first number of \`shade\`. */
@compute @workgroup_size(${GROUP}) fn densityAt(@builtin(global_invocation_id) id: vec3u) {
  let i = threadOf(id);
  if (i >= params.points) { return; }
  let point = samples[i].xyz;
  encode(point);
  shade[i] = vec4f(DENSITY_SCALE * softplus(rawDensity(point)), 0.0, 0.0, 0.0);
}

/** Weights of a ray's samples; it ends where next to nothing passes. */
@compute @workgroup_size(${GROUP}) fn endRays(@builtin(global_invocation_id) id: vec3u) {
  let ray = threadOf(id);
  if (ray >= params.rays) { return; }
  let used = state[ray].used;
  var through = 1.0;
  var reach = 0.0;
  var k = 0u;
  while (k < used && through > params.earlyStop) {
    let slot = ray * S + k;
    let s = shade[slot];
    let weight = through * (1.0 - s.x);
    reach += weight * samples[slot].w;
    through *= s.x;
    shade[slot] = vec4f(s.x, s.y, weight, through);
    k++;
  }
  state[ray].kept = k;
  state[ray].distance = reach;
}

@compute @workgroup_size(${GROUP}) fn colors(@builtin(global_invocation_id) id: vec3u) {
  let slot = threadOf(id);
  if (slot >= slots() || slot % S >= state[slot / S].kept) { return; }
  for (var f = 0u; f < F; f++) { x[f] = features[f * slots() + slot]; }
  var raw = vec3f(0.0);
  for (var j = 0u; j < H; j++) {
    let h = max(hiddenUnit(H + j), 0.0);
    raw += h * secondColor(j);
  }
  color[slot] = vec4f(1.0 / (1.0 + exp(-raw)), 0.0);
}

fn secondColor(j: u32) -> vec3f {
  let at = SECOND + H + j;
  return vec3f(weights[at], weights[at + H], weights[at + 2u * H]);
}

/** Σ weight·colour and Σ weight of each ray. */
@compute @workgroup_size(${GROUP}) fn compose(@builtin(global_invocation_id) id: vec3u) {
  let ray = threadOf(id);
  if (ray >= params.rays) { return; }
  var sum = vec4f(0.0);
  for (var k = 0u; k < state[ray].kept; k++) {
    let slot = ray * S + k;
    sum += shade[slot].z * vec4f(color[slot].rgb, 1.0);
  }
  seen[ray] = sum;
}
`;
