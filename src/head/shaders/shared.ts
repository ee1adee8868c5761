/**
 * What the field's shaders share: sizes of their groups, buffers and parameters, numbers as WGSL writes them, fixed-point sums.
 *
 * Text and constants; the shaders are put together in wgsl.ts. Letters: R rays, S slots of a ray, N = R·S, F features.
 */
import type { LevelLayout } from '../field.js';

/** Threads of a workgroup: WebGPU allows 256 everywhere; 64 fill a wave of every vendor. */
export const GROUP = 64;
/** Workgroups along x at most (WebGPU's guaranteed limit); more go along y. */
export const GROUPS_PER_ROW = 65535;
/** Samples of a tile of `weightGradients`. */
export const TILE = 32;
/** Tiles that a workgroup sums. */
export const TILES = 16;
/** Rows of the first layers' weights that a workgroup sums. */
export const TILE_ROWS = 16;

/** Bits after the point of the fixed-point sums: steps of 4e-15, up to 32 768. Gradients of a mean over 10⁵ rays are about 1e-9. */
export const FRACTION_BITS = 48;

/** A number as WGSL reads it. */
export function literal(x: number): string {
  const text = String(Math.fround(x));
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A level's numbers as arguments; written out, so that the compiler specialises each call. */
export function levelArguments({ scale, resolution, offset, size, hashed }: LevelLayout): string {
  return `${literal(scale)}, ${resolution}u, ${offset}u, ${size}u, ${hashed}`;
}

/** One 64-bit addition on a buffer of pairs of words, low first: two atomic ones, and the second only when it must be. */
export function fixedPoint(name: string, buffer: string): string {
  const unit = 2 ** (FRACTION_BITS - 32);
  return /* wgsl */ `
fn add${name}(index: u32, value: f32) {
  let scaled = abs(value) * ${literal(unit)};
  let whole = floor(scaled);
  var low = u32((scaled - whole) * 4294967296.0);
  var high = u32(whole);
  if (value < 0.0) {
    low = ~low + 1u;
    high = ~high + select(0u, 1u, low == 0u);
  }
  if (low != 0u && atomicAdd(&${buffer}[index * 2u], low) + low < low) { high += 1u; }
  if (high != 0u) { atomicAdd(&${buffer}[index * 2u + 1u], high); }
}
`;
}

/** Parameters, buffers, and what several entry points call. */
export const HEADER = /* wgsl */ `
struct Params {
  rays: u32, points: u32, jitter: u32, entries: u32,
  seed: vec2u, step: f32, stop: f32,
  earlyStop: f32, beta1: f32, rest1: f32, beta2: f32,
  rest2: f32, rate: f32, correction: f32, keep: f32,
  epsilon: f32,
}
struct Ray { used: u32, kept: u32, length: f32, distance: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rays: array<f32>;
@group(0) @binding(2) var<storage, read> grid: array<f32>;
@group(0) @binding(3) var<storage, read_write> samples: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> state: array<Ray>;
@group(0) @binding(5) var<storage, read_write> table: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> features: array<f32>;
@group(0) @binding(7) var<storage, read> weights: array<f32>;
@group(0) @binding(8) var<storage, read_write> shade: array<vec4f>;
@group(0) @binding(9) var<storage, read_write> color: array<vec4f>;
@group(0) @binding(10) var<storage, read_write> seen: array<vec4f>;
@group(0) @binding(11) var<storage, read> rayGradient: array<vec4f>;
@group(0) @binding(12) var<storage, read_write> networkGradient: array<atomic<u32>>;
@group(0) @binding(13) var<storage, read_write> tableGradient: array<atomic<u32>>;
@group(0) @binding(14) var<storage, read_write> moments: array<vec4f>;

/** Number of a thread in a dispatch that may have several rows of workgroups. */
fn threadOf(id: vec3u) -> u32 { return id.x + id.y * ${GROUPS_PER_ROW * GROUP}u; }
fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }
fn softplus(x: f32) -> f32 { return max(x, 0.0) + log(1.0 + exp(-abs(x))); }
fn slots() -> u32 { return params.rays * S; }
`;
