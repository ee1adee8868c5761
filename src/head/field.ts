/**
 * Shape of the radiance field: a multi-resolution hash grid with two small networks, inside an axis-aligned box.
 *
 * Configuration and layout only; values are in head.ts, interpolation in hash.ts, the networks in network.ts.
 * Idea: Müller et al. 2022, "Instant Neural Graphics Primitives" (grid layout as in tiny-cuda-nn, so that its tables could
 * be read), with the field of Joker (supplement, NeRF): ReLU networks without biases, density bias of a ball.
 * Letters: L levels, F = 2 features per level, N samples, E table entries.
 */

import { JokerError } from '../core/errors.js';

/** Shape and fixed constants of a field. All lengths in world units (0.12 of a decimetre-scaled head, so a head is ≈ 0.3 high). */
export type FieldConfig = {
  /** half-side of the box around the origin that holds the field; > 0 */
  readonly halfSide: number;
  /** grid levels L, 1 … 16 */
  readonly levels: number;
  /** log2 of the most table entries per level, 8 … 22 */
  readonly log2TableSize: number;
  /** grid resolution of the coarsest level, ≥ 2 */
  readonly baseResolution: number;
  /** resolution factor from level to level, ≥ 1 */
  readonly growth: number;
  /** hidden width of the density network and of the feature (colour) network */
  readonly hidden: number;
  /** hidden width of the background network */
  readonly backgroundHidden: number;
  /** height of the density bias b(x) = height·(1 − ‖x‖/radius) */
  readonly biasHeight: number;
  /** radius at which the density bias is zero */
  readonly biasRadius: number;
  /** density = scale·softplus(raw + b); above 1 the field hardens in fewer steps */
  readonly densityScale: number;
  /**
   * what the background is a function of: the ray's direction in the world (the paper), or its place in the picture. The
   * latter suits views whose camera stays while the head turns: their backgrounds are alike as pictures, and a background
   * tied to the world could only be explained by floating density.
   */
  readonly background: 'world' | 'picture';
};

/** Features per table entry. Two, as in the paper; the inner loops of hash.ts are written for exactly two. */
export const FEATURES_PER_LEVEL = 2;

/** The paper's field: 16 levels of 2^19 entries, 16 … 4096, hidden 64. About 12 M entries. */
export const paperField: FieldConfig = {
  halfSide: 0.25,
  levels: 16,
  log2TableSize: 19,
  baseResolution: 16,
  growth: 1.447269237440378, // 16 · growth^15 = 4096
  hidden: 64,
  backgroundHidden: 16,
  biasHeight: 10,
  biasRadius: 0.125,
  densityScale: 1,
  background: 'world',
};

/**
 * A field for two cores and 64²–128² pictures: 8 levels of at most 2^15 entries, 16 … 256 (a cell of the finest level is
 * 2 mm of a 28 cm picture width, about one pixel at 128²).
 */
export const draftField: FieldConfig = {
  ...paperField,
  levels: 8,
  log2TableSize: 15,
  growth: 1.4859942891369484, // 16 · growth^7 = 256
  hidden: 32,
  // Measured with a perfect teacher at 64², 300 steps: with the paper's scale of 1 surfaces need thousands of steps to
  // harden; at 10 they lie 2.7 % of the head's depth too deep, at 50 1.3 %. The start is then an opaque ball of the size of
  // a head in clear space: a fog that fills the box is pruned late and leaves floaters.
  biasHeight: 3,
  biasRadius: 0.1,
  densityScale: 50,
  background: 'picture',
};

/** Where one level lies in the table and how its cells are numbered. */
export type LevelLayout = {
  /** position factor: p = x·scale + 0.5 for x in [0, 1] (half a cell keeps levels from sharing cell borders) */
  readonly scale: number;
  /** corners per axis */
  readonly resolution: number;
  /** first entry in the table */
  readonly offset: number;
  /** entries of this level; a power of two where `hashed` */
  readonly size: number;
  /** true: spatial hash; false: x + y·resolution + z·resolution² */
  readonly hashed: boolean;
};

/** Layout of all levels and the table's length in entries E. */
export type FieldLayout = { readonly levels: readonly LevelLayout[]; readonly entries: number };

/** Layout of a config's table. Throws `bad-argument` on a config outside its ranges. */
export function fieldLayout(config: FieldConfig): FieldLayout {
  checkField(config);
  const levels: LevelLayout[] = [];
  let offset = 0;
  for (let l = 0; l < config.levels; l++) {
    const level = levelLayout(config, l, offset);
    levels.push(level);
    offset += level.size;
  }
  return { levels, entries: offset };
}

function levelLayout(config: FieldConfig, level: number, offset: number): LevelLayout {
  const scale = config.baseResolution * config.growth ** level - 1;
  // The tolerance keeps 255.0000001 from becoming 256 where growth is a rounded root.
  const resolution = Math.ceil(scale - 1e-6) + 1;
  const dense = Math.ceil(resolution ** 3 / 8) * 8; // rounded up to 8 entries, as tiny-cuda-nn aligns its levels
  const limit = 2 ** config.log2TableSize;
  return { scale, resolution, offset, size: Math.min(dense, limit), hashed: dense > limit };
}

function checkField(config: FieldConfig): void {
  const rules: [Exclude<keyof FieldConfig, 'background'>, number, number][] = [
    ['halfSide', 1e-6, 1e6],
    ['levels', 1, 16],
    ['log2TableSize', 8, 22],
    ['baseResolution', 2, 4096],
    ['growth', 1, 8],
    ['hidden', 1, 1024],
    ['backgroundHidden', 1, 1024],
    ['biasRadius', 1e-6, 1e6],
    ['densityScale', 1e-6, 1e6],
  ];
  for (const [name, low, high] of rules) {
    const value = config[name];
    if (!(value >= low && value <= high))
      throw new JokerError('bad-argument', `field.${name} is ${value}`, `Give a number from ${low} to ${high}.`);
  }
}

/** Names and shapes [out, in] of the networks' weights: none has a bias. The names are the keys in a saved head. */
export function networkShapes(config: FieldConfig): Readonly<Record<string, readonly [number, number]>> {
  const features = config.levels * FEATURES_PER_LEVEL;
  const background = config.backgroundHidden;
  return {
    'density.0.weight': [config.hidden, features],
    'density.1.weight': [1, config.hidden],
    'feature.0.weight': [config.hidden, features],
    'feature.1.weight': [3, config.hidden],
    'background.0.weight': [background, 9],
    'background.1.weight': [background, background],
    'background.2.weight': [3, background],
  };
}

/** True for a network of the background, which the kernels do not know. */
export function isBackground(network: string): boolean {
  return network.startsWith('background.');
}

/** Density bias b(x) at a world point: a ball that is dense in the middle, so that learning starts from a head-sized blob. */
export function densityBias(config: FieldConfig, x: number, y: number, z: number): number {
  return config.biasHeight * (1 - Math.sqrt(x * x + y * y + z * z) / config.biasRadius);
}
