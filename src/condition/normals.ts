/**
 * The control image: per-vertex normals of a posed face mesh, rasterised; n·0.5 + 0.5 inside of the silhouette, exactly 0
 * outside (Joker, section on the driving signal; arithmetic of its preprocessing).
 *
 * Axes +x image right, +y up, +z towards the camera, so a surface that faces the camera is (0.5, 0.5, 1). No antialiasing, no
 * renormalisation between vertices. Faces turned away are not drawn: what is seen through an open mouth stays black.
 */
import type { Camera } from '../core/camera.js';
import { type Image, makeImage } from '../core/image.js';
import type { Mesh } from '../core/mesh.js';
import {
  interpolateAttributes,
  makeRasterTarget,
  projectVertices,
  rasterize,
  resolveBarycentrics,
} from '../core/raster.js';
import { cropCamera, type Face, posedShape } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';

/** A control image and where it is not background. */
export type NormalMap = {
  /** H×W×3 in [0, 1] */
  readonly normals: Image;
  /** H×W×1, 1 on the face, 0 elsewhere */
  readonly mask: Image;
};

/** The control image of a face at `size`² (its own crop camera). */
export function faceNormals(face: Face, model: MorphableModel, size: number): NormalMap {
  return renderNormals({ positions: posedShape(face, model), triangles: model.triangles }, cropCamera(face, size));
}

/**
 * Rasterises the normals of a mesh as a camera sees it. Normals are stated in the camera's axes, which for the crop camera are
 * the world's.
 */
export function renderNormals(mesh: Mesh, camera: Camera): NormalMap {
  const target = makeRasterTarget(camera.width, camera.height);
  const projected = new Float32Array(mesh.positions.length);
  projectVertices(camera, mesh.positions, projected);
  rasterize(target, projected, mesh.triangles, { cull: 'back' });
  const weights = resolveBarycentrics(target, projected, mesh.triangles);
  const values = interpolateAttributes(target, mesh.triangles, weights, viewNormals(equalNormals(mesh), camera), 3);
  const normals = makeImage(camera.width, camera.height, 3);
  const mask = makeImage(camera.width, camera.height, 1);
  for (let i = 0; i < target.triangle.length; i++) {
    if (target.triangle[i]! < 0) continue;
    mask.data[i] = 1;
    for (let c = 0; c < 3; c++) normals.data[3 * i + c] = Math.max(0, Math.min(1, values[3 * i + c]! * 0.5 + 0.5));
  }
  return { normals, mask };
}

/**
 * Vertex normals 3·N as the 3DMM regressor computes them: normalised sum of the adjacent faces' *normalised* normals, every
 * face counting alike (core/mesh.ts weights by area instead).
 */
export function equalNormals(mesh: Mesh): Float32Array {
  const { positions: p, triangles } = mesh;
  const out = new Float32Array(p.length);
  const n = [0, 0, 0];
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]! * 3, triangles[t + 1]! * 3, triangles[t + 2]! * 3];
    faceNormal(p, a, b, c, n);
    for (const v of [a, b, c]) for (let k = 0; k < 3; k++) out[v + k]! += n[k]!;
  }
  for (let i = 0; i < out.length; i += 3) {
    const length = Math.hypot(out[i]!, out[i + 1]!, out[i + 2]!) || 1; // a vertex without faces keeps (0, 0, 0)
    for (let k = 0; k < 3; k++) out[i + k]! /= length;
  }
  return out;
}

function faceNormal(p: Float32Array, a: number, b: number, c: number, out: number[]): void {
  const [ux, uy, uz] = [p[b]! - p[a]!, p[b + 1]! - p[a + 1]!, p[b + 2]! - p[a + 2]!];
  const [vx, vy, vz] = [p[c]! - p[a]!, p[c + 1]! - p[a + 1]!, p[c + 2]! - p[a + 2]!];
  const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const length = Math.hypot(x, y, z) || 1; // a triangle without area has no normal and adds nothing
  out[0] = x / length;
  out[1] = y / length;
  out[2] = z / length;
}

/** World directions → the camera's axes (right, up, backward). */
function viewNormals(normals: Float32Array, camera: Camera): Float32Array {
  const m = camera.cameraToWorld;
  const out = new Float32Array(normals.length);
  for (let i = 0; i < normals.length; i += 3)
    for (let c = 0; c < 3; c++)
      out[i + c] = m[c]! * normals[i]! + m[4 + c]! * normals[i + 1]! + m[8 + c]! * normals[i + 2]!;
  return out;
}
