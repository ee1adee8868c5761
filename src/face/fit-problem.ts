/**
 * The least-squares problem of fitting a morphable model to 2D landmarks: residuals, closed-form Jacobian, normal equations.
 *
 * Unknowns, in this order: 3 angles (rad), 3 translations, K identity, E expression: P = 6 + K + E. Projection as in the
 * paper's preprocessing: p = Rot·S + t, depth d = 10 − p.z, column = cx + fx·p.x/d, row = cy − fy·p.y/d. Each prior adds
 * ((x − µ)/σ)². Not the iteration itself: fit.ts.
 */
import type { Intrinsics } from '../photo/align.js';
import type { MorphableModel } from './model/model.js';
import { type Angles, rotationDerivatives, rotationMatrix } from './rotation.js';

/** Distance of the camera from the model's origin, in model units (Deep3DFaceRecon's `camera_distance`). */
export const CAMERA_DISTANCE = 10;

/** Unknowns before the identity: 3 angles and 3 translations. */
export const POSE_UNKNOWNS = 6;

/** Landmarks to be explained, by model vertex. L of them. */
export type Observations = {
  /** L model vertices */
  readonly vertices: Int32Array;
  /** 2·L pixels: column, row */
  readonly points: Float64Array;
  /** L weights, 1/σ² in 1/pixel²; may change between iterations */
  readonly weights: Float64Array;
};

/** Gaussian priors of the P unknowns. */
export type Prior = {
  /** P means µ; what stands at an unknown without a prior does not matter, as long as it is finite */
  readonly means: Float64Array;
  /** P standard deviations σ; Infinity where there is no prior */
  readonly deviations: Float64Array;
};

/** Bases of the observed vertices only, and all buffers, so that an iteration allocates nothing. */
export class FitProblem {
  /** P */
  readonly size: number;
  /** P: the unknowns */
  readonly x: Float64Array;
  /** P×P normal matrix JᵀWJ plus priors; lower triangle */
  readonly normal: Float64Array;
  /** P: −gradient/2, i.e. JᵀW·residual minus the priors' pull */
  readonly right: Float64Array;
  /** 3·L posed observed vertices */
  readonly posed: Float64Array;
  private readonly count: number;
  private readonly modes: number;
  /** L·3·(K+E): offsets of each observed vertex, vertex-major */
  private readonly basis: Float64Array;
  private readonly mean: Float64Array;
  private readonly shape: Float64Array;
  /** P lines of 2·L: the Jacobian, one unknown a line, each entry times the root of its landmark's weight */
  private readonly jacobian: Float64Array;
  /** 2·L: residuals times the root of their weight */
  private readonly residual: Float64Array;
  private readonly rotation = new Float64Array(9);
  private readonly turns = new Float64Array(27);

  constructor(
    model: MorphableModel,
    private readonly seen: Observations,
    private readonly camera: Intrinsics,
    private readonly prior: Prior,
  ) {
    this.count = seen.vertices.length;
    this.modes = model.identityBasis.length + model.expressionBasis.length;
    this.size = POSE_UNKNOWNS + this.modes;
    this.x = new Float64Array(this.size);
    this.normal = new Float64Array(this.size * this.size);
    this.right = new Float64Array(this.size);
    this.mean = new Float64Array(3 * this.count);
    this.shape = new Float64Array(3 * this.count);
    this.posed = new Float64Array(3 * this.count);
    this.jacobian = new Float64Array(2 * this.count * this.size);
    this.residual = new Float64Array(2 * this.count);
    this.basis = new Float64Array(3 * this.count * this.modes);
    this.gather(model);
  }

  private gather(model: MorphableModel): void {
    const all = [...model.identityBasis, ...model.expressionBasis];
    for (let l = 0; l < this.count; l++)
      for (let c = 0; c < 3; c++) {
        const from = this.seen.vertices[l]! * 3 + c;
        this.mean[3 * l + c] = model.mean[from]!;
        for (let k = 0; k < this.modes; k++) this.basis[(3 * l + c) * this.modes + k] = all[k]![from]!;
      }
  }

  /** Places the observed vertices for the unknowns `x`. */
  pose(x = this.x): void {
    const { modes, basis } = this;
    rotationMatrix([x[0]!, x[1]!, x[2]!], this.rotation);
    for (let i = 0; i < 3 * this.count; i++) {
      let value = this.mean[i]!;
      const start = i * modes;
      for (let k = 0; k < modes; k++) value += basis[start + k]! * x[POSE_UNKNOWNS + k]!;
      this.shape[i] = value;
    }
    const r = this.rotation;
    for (let l = 0; l < 3 * this.count; l += 3)
      for (let c = 0; c < 3; c++)
        this.posed[l + c] =
          r[3 * c]! * this.shape[l]! +
          r[3 * c + 1]! * this.shape[l + 1]! +
          r[3 * c + 2]! * this.shape[l + 2]! +
          x[3 + c]!;
  }

  /** Pixel of observed vertex l as last posed. */
  project(l: number): [number, number] {
    const depth = CAMERA_DISTANCE - this.posed[3 * l + 2]!;
    const { fx, fy, cx, cy } = this.camera;
    return [cx + (fx * this.posed[3 * l]!) / depth, cy - (fy * this.posed[3 * l + 1]!) / depth];
  }

  /** Weighted squared residuals plus priors at `x`; poses the vertices. */
  cost(x = this.x): number {
    this.pose(x);
    let sum = 0;
    for (let l = 0; l < this.count; l++) {
      const [u, v] = this.project(l);
      const du = this.seen.points[2 * l]! - u;
      const dv = this.seen.points[2 * l + 1]! - v;
      sum += this.seen.weights[l]! * (du * du + dv * dv);
    }
    for (let k = 0; k < this.size; k++) sum += ((x[k]! - this.prior.means[k]!) / this.prior.deviations[k]!) ** 2;
    return sum;
  }

  /** Fills `normal` and `right` at the current unknowns for the first `active` of them (6 = pose only); returns the cost. */
  linearise(active = this.size): number {
    const cost = this.cost();
    rotationDerivatives(this.x.subarray(0, 3) as unknown as Angles, this.turns);
    for (let l = 0; l < this.count; l++) this.fillColumns(l, active);
    const rows = 2 * this.count;
    for (let i = 0; i < active; i++) {
      gramRow(this.jacobian, rows, i, this.normal, this.size);
      this.right[i] = dot(this.jacobian, i * rows, this.residual, rows);
    }
    for (let k = 0; k < active; k++) {
      const inverse = 1 / (this.prior.deviations[k]! * this.prior.deviations[k]!);
      this.normal[k * this.size + k]! += inverse;
      this.right[k]! -= (this.x[k]! - this.prior.means[k]!) * inverse;
    }
    return cost;
  }

  /** ∂(column, row)/∂x of observed vertex l times √weight: entries 2l and 2l + 1 of each unknown's line, and the residual. */
  private fillColumns(l: number, active: number): void {
    const { turns, rotation: r, shape, modes, basis } = this;
    const root = Math.sqrt(this.seen.weights[l]!);
    const depth = CAMERA_DISTANCE - this.posed[3 * l + 2]!;
    const [u, v] = this.project(l);
    this.residual[2 * l] = root * (this.seen.points[2 * l]! - u);
    this.residual[2 * l + 1] = root * (this.seen.points[2 * l + 1]! - v);
    const gx = (root * this.camera.fx) / depth;
    const gy = (-root * this.camera.fy) / depth;
    const hx = (gx * this.posed[3 * l]!) / depth; // ∂column/∂p.z, since depth falls as p.z grows
    const hy = (gy * this.posed[3 * l + 1]!) / depth;
    const [sx, sy, sz] = [shape[3 * l]!, shape[3 * l + 1]!, shape[3 * l + 2]!];
    for (let a = 0; a < 3; a++) {
      const o = 9 * a;
      const z = turns[o + 6]! * sx + turns[o + 7]! * sy + turns[o + 8]! * sz;
      const x = turns[o]! * sx + turns[o + 1]! * sy + turns[o + 2]! * sz;
      const y = turns[o + 3]! * sx + turns[o + 4]! * sy + turns[o + 5]! * sz;
      this.put(a, l, gx * x + hx * z, gy * y + hy * z);
    }
    this.put(3, l, gx, 0);
    this.put(4, l, 0, gy);
    this.put(5, l, hx, hy);
    const [ux, uy, uz] = [gx * r[0]! + hx * r[6]!, gx * r[1]! + hx * r[7]!, gx * r[2]! + hx * r[8]!];
    const [vx, vy, vz] = [gy * r[3]! + hy * r[6]!, gy * r[4]! + hy * r[7]!, gy * r[5]! + hy * r[8]!];
    const [bx, by, bz] = [3 * l * modes, (3 * l + 1) * modes, (3 * l + 2) * modes];
    for (let k = 0; k < active - POSE_UNKNOWNS; k++) {
      const [x, y, z] = [basis[bx + k]!, basis[by + k]!, basis[bz + k]!];
      this.put(POSE_UNKNOWNS + k, l, ux * x + uy * y + uz * z, vx * x + vy * y + vz * z);
    }
  }

  private put(unknown: number, l: number, column: number, row: number): void {
    const at = 2 * (unknown * this.count + l);
    this.jacobian[at] = column;
    this.jacobian[at + 1] = row;
  }
}

function dot(a: Float64Array, from: number, b: Float64Array, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[from + i]! * b[i]!;
  return sum;
}

/**
 * Line i of the Gram matrix, entries 0 … i: dot products of line i of `lines` (each `length` long) with itself and the lines
 * before it, four at a time, so that line i is read once for four products.
 */
function gramRow(lines: Float64Array, length: number, i: number, out: Float64Array, stride: number): void {
  const own = i * length;
  let j = 0;
  for (; j + 3 <= i; j += 4) {
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    const a = j * length;
    const [b, c, d] = [a + length, a + 2 * length, a + 3 * length];
    for (let k = 0; k < length; k++) {
      const value = lines[own + k]!;
      s0 += value * lines[a + k]!;
      s1 += value * lines[b + k]!;
      s2 += value * lines[c + k]!;
      s3 += value * lines[d + k]!;
    }
    out[i * stride + j] = s0;
    out[i * stride + j + 1] = s1;
    out[i * stride + j + 2] = s2;
    out[i * stride + j + 3] = s3;
  }
  for (; j <= i; j++) {
    let sum = 0;
    for (let k = 0; k < length; k++) sum += lines[own + k]! * lines[j * length + k]!;
    out[i * stride + j] = sum;
  }
}
