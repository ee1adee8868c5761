/**
 * What a family of heads offers to the renderer of synthetic people: shapes, parts and landmarks. Two families exist: `ict`
 * (scanned heads, from a file of the user's) and `formula` (our own, from no file).
 *
 * Not the morphable model that is fitted to photos: that one knows no teeth, eyes or scalp, on purpose.
 *
 * Units: 1 = 10 cm, axes +x image right on a frontal face, +y up, +z out of the face, origin where the five landmarks of the
 * family's mean head lie best (shift only) on the standard face of Deep3DFaceRecon, so that every camera and crop of the
 * paper's preprocessing applies unchanged. The person's left side is +x.
 */

import type { ArkitName } from './arkit.js';

/** What a vertex belongs to. Values are stored in label images, so they never change. */
export const PART = {
  none: 0,
  skin: 1,
  mouth: 2,
  socket: 3,
  gums: 4,
  teeth: 5,
  eye: 6,
  tongue: 7,
  hair: 8,
  glasses: 9,
  hat: 10,
} as const;

/** Offsets of the vertices that one expression moves at weight 1. */
export type SparseShape = {
  /** M vertex indices */
  readonly vertices: Uint32Array;
  /** 3·M, world units */
  readonly offsets: Float32Array;
};

/** One eyeball on the neutral mean head. */
export type EyeBall = {
  /** world units */
  readonly centre: readonly [number, number, number];
  /** world units */
  readonly radius: number;
  /** first vertex and one past the last */
  readonly range: readonly [number, number];
};

/** A family of heads. All arrays are read-only by agreement. */
export type HeadModel = {
  readonly family: 'ict' | 'formula';
  /** V vertices */
  readonly vertexCount: number;
  /** 3·V: the mean head without expression */
  readonly neutral: Float32Array;
  /** 3·T, counter-clockwise from outside */
  readonly triangles: Uint32Array;
  /** V part labels, values of PART */
  readonly parts: Uint8Array;
  /** number of identity coefficients, each N(0, 1) over people */
  readonly identityCount: number;
  /** a person's head without expression: 3·V */
  readonly identityShape: (coefficients: Float32Array) => Float32Array;
  /** what each ARKit name moves; names that this family does not have are absent, tongueOut always is */
  readonly expressions: ReadonlyMap<ArkitName, SparseShape>;
  /** 68 vertices in the order of the usual 68-point annotation (image order: jaw from image left, brows, nose, eyes, lips) */
  readonly landmarks: readonly number[];
  /** the person's right eye (image left) first */
  readonly eyes: readonly [EyeBall, EyeBall];
  /** vertices on the biting edge of the middle lower and upper incisors: they say where a tongue may pass */
  readonly incisors: { readonly lower: readonly number[]; readonly upper: readonly number[] };
};

/** Head → world: x' = R x + t; the camera stays. */
export type Pose = {
  /** radians, right-handed about +y: positive turns the face towards image right */
  readonly yaw: number;
  /** radians about +x: positive looks down */
  readonly pitch: number;
  /** radians about +z: positive tilts the head's top towards image left */
  readonly roll: number;
};

/** Row-major 3×3 of R = Rz(roll)·Ry(yaw)·Rx(pitch). */
export function poseMatrix(pose: Pose): Float64Array {
  const [cx, sx] = [Math.cos(pose.pitch), Math.sin(pose.pitch)];
  const [cy, sy] = [Math.cos(pose.yaw), Math.sin(pose.yaw)];
  const [cz, sz] = [Math.cos(pose.roll), Math.sin(pose.roll)];
  return Float64Array.of(
    cz * cy,
    cz * sy * sx - sz * cx,
    cz * sy * cx + sz * sx,
    sz * cy,
    sz * sy * sx + cz * cx,
    sz * sy * cx - cz * sx,
    -sy,
    cy * sx,
    cy * cx,
  );
}

/** Adds weight × shape to positions (3·V) in place. */
export function addShape(positions: Float32Array, shape: SparseShape, weight: number): void {
  const { vertices, offsets } = shape;
  for (let i = 0, j = 0; i < vertices.length; i++, j += 3) {
    const v = vertices[i]! * 3;
    positions[v]! += weight * offsets[j]!;
    positions[v + 1]! += weight * offsets[j + 1]!;
    positions[v + 2]! += weight * offsets[j + 2]!;
  }
}

/** The vertices that a dense offset field (3·V) moves by more than `threshold` world units. */
export function sparsify(dense: Float32Array, threshold: number): SparseShape {
  const vertices: number[] = [];
  for (let i = 0; i < dense.length; i += 3)
    if (Math.hypot(dense[i]!, dense[i + 1]!, dense[i + 2]!) > threshold) vertices.push(i / 3);
  const offsets = new Float32Array(vertices.length * 3);
  vertices.forEach((v, i) => {
    offsets.set(dense.subarray(3 * v, 3 * v + 3), 3 * i);
  });
  return { vertices: Uint32Array.from(vertices), offsets };
}

/** The five alignment points from 68: eye centres (outer and inner corner), nose tip, mouth corners; D coordinates each. */
export function fivePoints(points68: readonly (readonly number[])[]): [number, number][] {
  const middle = (a: number, b: number): [number, number] => [
    (points68[a]![0]! + points68[b]![0]!) / 2,
    (points68[a]![1]! + points68[b]![1]!) / 2,
  ];
  const at = (i: number): [number, number] => [points68[i]![0]!, points68[i]![1]!];
  return [middle(36, 39), middle(42, 45), at(30), at(48), at(54)];
}
