/**
 * The `ict` family: ICT-FaceKit Light (R. Li et al., "Learning formation of physically-based face attributes", CVPR 2020;
 * data under MIT) read from one safetensors file of the user's. The file is never part of this project.
 *
 * Expected tensors: neutral [V,3] cm, identity [I,V,3] cm for N(0,1) coefficients, expression [E,V,3] cm for weights 0 … 1,
 * triangles [T,3]; metadata `expression_names` separated by commas, sides as `_L` and `_R`.
 */

import { JokerError } from '../../core/errors.js';
import { readIntegers, readTensor, type SafetensorsFile } from '../../core/files/safetensors.js';
import { STANDARD_FACE } from '../../photo/align.js';
import { ARKIT_NAMES, type ArkitName } from './arkit.js';
import { addShape, type EyeBall, type HeadModel, PART, type SparseShape, sparsify } from './head-model.js';

/** Centimetres in a world unit. */
const CM = 10;
/** Vertices of full ICT-FaceKit Light; the order of its parts is fixed by its model description. */
const ICT_VERTICES = 26719;
/** One past the last vertex that is used: what follows are lash and tear-line strips, which need transparent textures. */
const USED = 24591;
/** Coefficients that are used by default: mode 60 moves the face by 0.13 mm (rms), a quarter of a pixel at 512². */
const DEFAULT_MODES = 60;
/** Offsets below this are rounding of the half-precision file, in world units. */
const NOTHING = 3e-4;

/** Part of each vertex range, as [one past the last vertex, part]. */
const RANGES: readonly (readonly [number, number])[] = [
  [11248, PART.skin],
  [13294, PART.mouth],
  [14062, PART.socket],
  [17039, PART.gums],
  [21451, PART.teeth],
  [USED, PART.eye],
];

/** Outer shells of the eyeballs (sclera with cornea); the inner shells with the modelled iris are left out. */
const RIGHT_EYE = [23021, 23791] as const;
const LEFT_EYE = [21451, 22221] as const;
/** Middle incisors: vertex ranges of the two teeth each. */
const UPPER_INCISORS = [18067, 18219] as const;
const LOWER_INCISORS = [20263, 20435] as const;

/** Vertices of the 68 usual landmarks on the ICT-FaceKit topology (published with it as `idx_to_landmark_verts`). */
const LANDMARKS: readonly number[] = [
  1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443, 268, 493, 1914,
  2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528,
  1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732, 5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841,
  5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,
];

/**
 * Reads the family from an opened file.
 * @param options.modes identity coefficients to use, default 60, at most what the file holds.
 * @throws JokerError bad-file when the file is not ICT-FaceKit Light.
 */
export function readIct(file: SafetensorsFile, options: { modes?: number } = {}): HeadModel {
  const shape = file.entries.get('neutral')?.shape;
  if (shape?.[0] !== ICT_VERTICES || shape[1] !== 3)
    throw new JokerError(
      'bad-file',
      `${file.path}: no tensor neutral of shape [${ICT_VERTICES}, 3]`,
      'Name a safetensors copy of ICT-FaceKit Light.',
    );
  const neutral = readTensor(file, 'neutral').slice(0, USED * 3);
  const shift = toStandardFace(neutral);
  for (let i = 0; i < neutral.length; i++) neutral[i] = neutral[i]! / CM + shift[i % 3]!;
  const eyes = [RIGHT_EYE, LEFT_EYE].map((range) => roundEye(neutral, range)) as [EyeBall, EyeBall];
  const available = file.entries.get('identity')?.shape[0] ?? 0;
  const modes = Math.min(options.modes ?? DEFAULT_MODES, available);
  const identity = used(readTensor(file, 'identity'), modes);
  const parts = new Uint8Array(USED);
  let first = 0;
  for (const [end, part] of RANGES) {
    parts.fill(part, first, end);
    first = end;
  }
  return {
    family: 'ict',
    vertexCount: USED,
    neutral,
    triangles: usedTriangles(file),
    parts,
    identityCount: modes,
    identityShape: (coefficients) => identityShape(neutral, identity, modes, coefficients),
    expressions: readExpressions(file),
    landmarks: LANDMARKS,
    eyes,
    incisors: {
      lower: bitingEdge(neutral, LOWER_INCISORS, 1),
      upper: bitingEdge(neutral, UPPER_INCISORS, -1),
    },
  };
}

/** The first `rows` blocks of [·, ICT_VERTICES, 3], cut to the used vertices, in world units. */
function used(values: Float32Array, rows: number): Float32Array {
  const out = new Float32Array(rows * USED * 3);
  for (let row = 0; row < rows; row++) {
    const from = row * ICT_VERTICES * 3;
    for (let i = 0; i < USED * 3; i++) out[row * USED * 3 + i] = values[from + i]! / CM;
  }
  return out;
}

/** Shift in world units that lays the mean head's five points best on the standard face. */
function toStandardFace(neutralCm: Float32Array): [number, number, number] {
  const at = (vertex: number, axis: number): number => neutralCm[3 * vertex + axis]! / CM;
  const pick = [[36, 39], [42, 45], [30], [48], [54]];
  const shift: [number, number, number] = [0, 0, 0];
  pick.forEach((list, i) => {
    for (let axis = 0; axis < 3; axis++) {
      const mean = list.reduce((sum, k) => sum + at(LANDMARKS[k]!, axis), 0) / list.length;
      shift[axis]! += (STANDARD_FACE[i]![axis as 0 | 1 | 2] - mean) / pick.length;
    }
  });
  shift[0] = 0; // the head is symmetric about x = 0 and stays so; the standard face is off by 1e-3
  return shift;
}

function identityShape(neutral: Float32Array, modes: Float32Array, count: number, weights: Float32Array): Float32Array {
  const out = neutral.slice();
  const size = neutral.length;
  for (let m = 0; m < Math.min(count, weights.length); m++) {
    const w = weights[m]!;
    if (w === 0) continue;
    for (let i = 0, j = m * size; i < size; i++, j++) out[i]! += w * modes[j]!;
  }
  return out;
}

/** Triangles whose corners are all used, without the inner eye shells. */
function usedTriangles(file: SafetensorsFile): Uint32Array {
  const all = readIntegers(file, 'triangles');
  const inner = (v: number): boolean =>
    v >= USED || (v >= LEFT_EYE[1] && v < RIGHT_EYE[0]) || (v >= RIGHT_EYE[1] && v < USED);
  const out: number[] = [];
  for (let t = 0; t < all.length; t += 3) {
    const [a, b, c] = [all[t]!, all[t + 1]!, all[t + 2]!];
    if (!inner(a) && !inner(b) && !inner(c)) out.push(a, b, c);
  }
  return Uint32Array.from(out);
}

/** The family's own names for an ARKit name: the side as suffix, and both sides where ARKit has one weight. */
function ictNames(name: ArkitName): string[] {
  if (name === 'browInnerUp' || name === 'cheekPuff') return [name + '_L', name + '_R'];
  return [name.replace(/Left$/, '_L').replace(/Right$/, '_R'), name];
}

function readExpressions(file: SafetensorsFile): Map<ArkitName, SparseShape> {
  const names = (file.metadata['expression_names'] ?? '').split(',');
  const all = used(readTensor(file, 'expression'), names.length);
  const size = USED * 3;
  const out = new Map<ArkitName, SparseShape>();
  for (const name of ARKIT_NAMES) {
    const rows = [...new Set(ictNames(name))].map((n) => names.indexOf(n)).filter((row) => row >= 0);
    if (!rows.length) continue;
    const dense = new Float32Array(size);
    for (const row of rows) for (let i = 0; i < size; i++) dense[i]! += all[row * size + i]!;
    out.set(name, sparsify(dense, NOTHING));
  }
  return out;
}

/** How far the ball stands back from the lids: closed lids of the scans otherwise let the ball through. */
const EYE_SHRINK = 0.975;

/**
 * Makes an eyeball round, since the gaze turns the iris and not the ball: the cornea's bulge is taken off (in place). Centre
 * and radius are found by the back of the ball.
 */
function roundEye(neutral: Float32Array, range: readonly [number, number]): EyeBall {
  const ball = eyeBall(neutral, range);
  for (let v = range[0]; v < range[1]; v++) {
    const at = neutral.subarray(3 * v, 3 * v + 3);
    const d = [0, 1, 2].map((k) => at[k]! - ball.centre[k as 0 | 1 | 2]);
    const scale = (EYE_SHRINK * ball.radius) / Math.hypot(...d);
    for (let k = 0; k < 3; k++) at[k] = ball.centre[k as 0 | 1 | 2] + scale * d[k]!;
  }
  return ball;
}

function eyeBall(neutral: Float32Array, range: readonly [number, number]): EyeBall {
  const low = [9, 9, 9];
  const high = [-9, -9, -9];
  for (let v = range[0]; v < range[1]; v++)
    for (let k = 0; k < 3; k++) {
      low[k] = Math.min(low[k]!, neutral[3 * v + k]!);
      high[k] = Math.max(high[k]!, neutral[3 * v + k]!);
    }
  const radius = (high[0]! - low[0]! + high[1]! - low[1]!) / 4;
  return { centre: [(low[0]! + high[0]!) / 2, (low[1]! + high[1]!) / 2, low[2]! + radius], radius, range };
}

/** Vertices within 1.5 mm of the highest (sign 1) or lowest (sign −1) of a range of teeth. */
function bitingEdge(neutral: Float32Array, range: readonly [number, number], sign: 1 | -1): number[] {
  const vertices = Array.from({ length: range[1] - range[0] }, (_, i) => range[0] + i);
  const edge = Math.max(...vertices.map((v) => sign * neutral[3 * v + 1]!));
  return vertices.filter((v) => sign * neutral[3 * v + 1]! > edge - 0.015);
}

/** Positions (3·V) of a person's head with an expression: a new array. */
export function expressedShape(
  model: HeadModel,
  base: Float32Array,
  weights: ReadonlyMap<ArkitName, number>,
): Float32Array {
  const out = base.slice();
  for (const [name, weight] of weights) {
    const shape = model.expressions.get(name);
    if (shape) addShape(out, shape, weight);
  }
  return out;
}
