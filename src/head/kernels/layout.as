/**
 * Where everything lies in memory: numbers that TypeScript writes (layout.ts, the same order) and every thread reads once.
 */

/** Rays of the run. */
export namespace Rays {
  /** [R, 3] */
  export let origins: usize = 0;
  export let directions: usize = 0;
  /** R; rays per chunk; chunks */
  export let count: i32 = 0;
  export let perChunk: i32 = 0;
  /** [chunks, 4] words of the jitter */
  export let seeds: usize = 0;
  /** [R] samples that carry weight; [R, 3] colour, [R] opacity and [R] Σ weight·distance without the background */
  export let kept: usize = 0;
  export let color: usize = 0;
  export let opacity: usize = 0;
  export let distance: usize = 0;
  /** gradients of the loss: [R, 3] and [R] */
  export let colorGradient: usize = 0;
  export let opacityGradient: usize = 0;
}

/** Occupancy grid and marching. */
export namespace Grid {
  export let occupied: usize = 0;
  export let values: usize = 0;
  export let resolution: i32 = 0;
  export let slots: i32 = 0;
  export let jitter: bool = false;
  export let halfSide: f64 = 0;
  export let step: f64 = 0;
  export let stop: f64 = 0;
  export let perLength: f64 = 0;
  export let biasHeight: f64 = 0;
  export let biasRadius: f64 = 0;
}

/** The field: tables, networks, their gradients. */
export namespace Field {
  export let levels: i32 = 0;
  /** level descriptions, 8 words each */
  export let layout: usize = 0;
  export let table: usize = 0;
  export let tableGradient: usize = 0;
  export let first: usize = 0;
  export let second: usize = 0;
  export let settings: usize = 0;
  /** hidden width, a multiple of 4 */
  export let hidden: i32 = 0;
  /** density.0 then feature.0, [2·hidden, F]; the same transposed, [F, 2·hidden]; density.1 and feature.1, [4, hidden] */
  export let weights: usize = 0;
  export let transposed: usize = 0;
  export let outputs: usize = 0;
  /** per chunk: the gradient of weights, then of outputs */
  export let gradients: usize = 0;
  export let gradientBytes: usize = 0;
  export let densityScale: f32 = 0;
  /** transmittance below which a ray ends */
  export let earlyStop: f32 = 0;
}

/** Samples that carry weight, chunk by chunk. */
export namespace Kept {
  /** samples of a chunk, a multiple of BLOCK */
  export let capacity: i32 = 0;
  /** [chunks] */
  export let counts: usize = 0;
  /** per chunk rows of `capacity`: x, y, z, length, weight, T·e, slope of density, red, green, blue */
  export let rows: usize = 0;
  /** per chunk blocks [F, BLOCK]: features, later their gradient */
  export let features: usize = 0;
}

/** Scratch of each thread. */
export namespace Scratch {
  export let base: usize = 0;
  export let bytes: usize = 0;
}

/** Points whose density is asked for: x, y, z and bias apart, [P] each; the density goes where the bias was. */
export namespace Points {
  export let x: usize = 0;
  export let y: usize = 0;
  export let z: usize = 0;
  export let bias: usize = 0;
  export let count: i32 = 0;
}

/** Reads the numbers, f64 each, in the order in which layout.ts names them. */
export function configure(from: usize): void {
  let p = from;
  Rays.origins = <usize>load<f64>(p); p += 8;
  Rays.directions = <usize>load<f64>(p); p += 8;
  Rays.count = <i32>load<f64>(p); p += 8;
  Rays.perChunk = <i32>load<f64>(p); p += 8;
  Rays.seeds = <usize>load<f64>(p); p += 8;
  Rays.kept = <usize>load<f64>(p); p += 8;
  Rays.color = <usize>load<f64>(p); p += 8;
  Rays.opacity = <usize>load<f64>(p); p += 8;
  Rays.distance = <usize>load<f64>(p); p += 8;
  Rays.colorGradient = <usize>load<f64>(p); p += 8;
  Rays.opacityGradient = <usize>load<f64>(p); p += 8;
  Grid.occupied = <usize>load<f64>(p); p += 8;
  Grid.values = <usize>load<f64>(p); p += 8;
  Grid.resolution = <i32>load<f64>(p); p += 8;
  Grid.slots = <i32>load<f64>(p); p += 8;
  Grid.jitter = load<f64>(p) != 0; p += 8;
  Grid.halfSide = load<f64>(p); p += 8;
  Grid.step = load<f64>(p); p += 8;
  Grid.stop = load<f64>(p); p += 8;
  Grid.perLength = load<f64>(p); p += 8;
  Grid.biasHeight = load<f64>(p); p += 8;
  Grid.biasRadius = load<f64>(p); p += 8;
  Field.levels = <i32>load<f64>(p); p += 8;
  Field.layout = <usize>load<f64>(p); p += 8;
  Field.table = <usize>load<f64>(p); p += 8;
  Field.tableGradient = <usize>load<f64>(p); p += 8;
  Field.first = <usize>load<f64>(p); p += 8;
  Field.second = <usize>load<f64>(p); p += 8;
  Field.settings = <usize>load<f64>(p); p += 8;
  Field.hidden = <i32>load<f64>(p); p += 8;
  Field.weights = <usize>load<f64>(p); p += 8;
  Field.transposed = <usize>load<f64>(p); p += 8;
  Field.outputs = <usize>load<f64>(p); p += 8;
  Field.gradients = <usize>load<f64>(p); p += 8;
  Field.gradientBytes = <usize>load<f64>(p); p += 8;
  Field.densityScale = <f32>load<f64>(p); p += 8;
  Field.earlyStop = <f32>load<f64>(p); p += 8;
  Kept.capacity = <i32>load<f64>(p); p += 8;
  Kept.counts = <usize>load<f64>(p); p += 8;
  Kept.rows = <usize>load<f64>(p); p += 8;
  Kept.features = <usize>load<f64>(p); p += 8;
  Scratch.base = <usize>load<f64>(p); p += 8;
  Scratch.bytes = <usize>load<f64>(p); p += 8;
  Points.x = <usize>load<f64>(p); p += 8;
  Points.y = <usize>load<f64>(p); p += 8;
  Points.z = <usize>load<f64>(p); p += 8;
  Points.bias = <usize>load<f64>(p); p += 8;
  Points.count = <i32>load<f64>(p);
}
