/**
 * A z-buffer triangle rasteriser over already projected vertices: which triangle is seen at each pixel centre, how deep,
 * and with which barycentric weights; then any per-vertex attributes interpolated there.
 *
 * It knows no materials, lights or faces, does no clipping (a triangle with a vertex at or behind the camera is left out)
 * and no antialiasing (the caller renders larger and averages).
 *
 * Coverage follows the usual rule of graphics hardware: vertices are snapped to 1/256 pixel, edge functions are exact
 * whole numbers, and a pixel centre that lies on an edge belongs to the triangle for which that edge is top or left, so
 * that two triangles sharing an edge draw each pixel exactly once (J. Pineda, "A parallel algorithm for polygon
 * rasterization", 1988; the fill rule is Direct3D's and OpenGL's).
 */

import type { Camera } from './camera.js';

/** What is seen at each pixel of an H×W picture, row by row from the top left. Reused from picture to picture. */
export type RasterTarget = {
  readonly width: number;
  readonly height: number;
  /** H·W: 1 / depth along the viewing direction, 0 where nothing is */
  readonly inverseDepth: Float32Array;
  /** H·W: index of the triangle, −1 where nothing is */
  readonly triangle: Int32Array;
};

/** What to draw and how. */
export type RasterOptions = {
  /** 'back' leaves out triangles that run clockwise on the picture (y up); 'none' (default) draws both sides */
  readonly cull?: 'back' | 'none';
  /** first triangle to draw, default 0 */
  readonly first?: number;
  /** one past the last triangle to draw, default all */
  readonly end?: number;
};

/** Snapping grid: 1/256 pixel, as in Direct3D 11. */
const SUBPIXEL = 256;
/** Vertices farther out than this many pixels are left out: edge products then stay below 2^52 and are exact. */
const LIMIT = 1 << 17;
/** Snapped coordinate of a vertex that cannot be drawn. */
const OUTSIDE = 0x7fffffff;

/** An empty target of W×H pixels. */
export function makeRasterTarget(width: number, height: number): RasterTarget {
  const target = {
    width,
    height,
    inverseDepth: new Float32Array(width * height),
    triangle: new Int32Array(width * height),
  };
  target.triangle.fill(-1);
  return target;
}

/** Empties a target for the next picture. */
export function clearRaster(target: RasterTarget): void {
  target.inverseDepth.fill(0);
  target.triangle.fill(-1);
}

/**
 * World points (3·N) → [column, row, 1/depth] each (3·N) in pixels with centres at +0.5. Points at or behind the camera
 * get 1/depth = 0, which leaves their triangles out.
 */
export function projectVertices(camera: Camera, positions: Float32Array, out: Float32Array): void {
  const m = camera.cameraToWorld as readonly number[];
  const [m0, m1, m2, m3] = [m[0]!, m[1]!, m[2]!, m[3]!];
  const [m4, m5, m6, m7] = [m[4]!, m[5]!, m[6]!, m[7]!];
  const [m8, m9, m10, m11] = [m[8]!, m[9]!, m[10]!, m[11]!];
  const { fx, fy, cx, cy } = camera.intrinsics;
  for (let i = 0; i < positions.length; i += 3) {
    const x = positions[i]! - m3;
    const y = positions[i + 1]! - m7;
    const z = positions[i + 2]! - m11;
    const depth = -(m2 * x + m6 * y + m10 * z);
    const w = depth > 0 ? 1 / depth : 0;
    out[i] = cx + fx * (m0 * x + m4 * y + m8 * z) * w;
    out[i + 1] = cy - fy * (m1 * x + m5 * y + m9 * z) * w;
    out[i + 2] = w;
  }
}

/**
 * Draws triangles into the target; nearer ones win, and of two at the same depth the one drawn first.
 * @param projected 3·N: column, row, 1/depth, as from `projectVertices`.
 * @param triangles 3·T vertex indices.
 */
export function rasterize(
  target: RasterTarget,
  projected: Float32Array,
  triangles: Uint32Array | Int32Array,
  options: RasterOptions = {},
): void {
  const { first = 0, end = triangles.length / 3, cull = 'none' } = options;
  const cullBack = cull === 'back';
  const snapped = snap(projected);
  for (let t = first; t < end; t++) {
    const a = triangles[3 * t]!;
    const b = triangles[3 * t + 1]!;
    const c = triangles[3 * t + 2]!;
    drawTriangle(target, snapped, projected, a, b, c, t, cullBack);
  }
}

/** Columns and rows on the subpixel grid, 2·N; vertices that cannot be drawn get OUTSIDE. */
function snap(projected: Float32Array): Int32Array {
  const out = new Int32Array((projected.length / 3) * 2);
  for (let i = 0, j = 0; i < projected.length; i += 3, j += 2) {
    const x = projected[i]!;
    const y = projected[i + 1]!;
    const good = projected[i + 2]! > 0 && x > -LIMIT && x < LIMIT && y > -LIMIT && y < LIMIT; // false for NaN as well
    out[j] = good ? Math.floor(x * SUBPIXEL + 0.5) : OUTSIDE;
    out[j + 1] = good ? Math.floor(y * SUBPIXEL + 0.5) : OUTSIDE;
  }
  return out;
}

/**
 * One triangle. With rows running down, a triangle that is counter-clockwise to the eye has negative screen area here;
 * its last two corners are exchanged so that the inside is where all three edge functions are positive.
 */
function drawTriangle(
  target: RasterTarget,
  snapped: Int32Array,
  p: Float32Array,
  a: number,
  b: number,
  c: number,
  id: number,
  cullBack: boolean,
): void {
  const ax = snapped[2 * a]!;
  const ay = snapped[2 * a + 1]!;
  let bx = snapped[2 * b]!;
  let by = snapped[2 * b + 1]!;
  let cx = snapped[2 * c]!;
  let cy = snapped[2 * c + 1]!;
  let area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (area === 0 || (cullBack && area > 0)) return;
  if (ax === OUTSIDE || bx === OUTSIDE || cx === OUTSIDE) return;
  const left = ax < bx ? (ax < cx ? ax : cx) : bx < cx ? bx : cx;
  const right = ax > bx ? (ax > cx ? ax : cx) : bx > cx ? bx : cx;
  const top = ay < by ? (ay < cy ? ay : cy) : by < cy ? by : cy;
  const bottom = ay > by ? (ay > cy ? ay : cy) : by > cy ? by : cy;
  const wa = p[3 * a + 2]!;
  let wb = p[3 * b + 2]!;
  let wc = p[3 * c + 2]!;
  if (area < 0) {
    let keep = bx;
    bx = cx;
    cx = keep;
    keep = by;
    by = cy;
    cy = keep;
    keep = wb;
    wb = wc;
    wc = keep;
    area = -area;
  }
  const half = SUBPIXEL / 2;
  const x0 = Math.max(0, Math.ceil((left - half) / SUBPIXEL));
  const x1 = Math.min(target.width - 1, Math.floor((right - half) / SUBPIXEL));
  const y0 = Math.max(0, Math.ceil((top - half) / SUBPIXEL));
  const y1 = Math.min(target.height - 1, Math.floor((bottom - half) / SUBPIXEL));
  if (x0 > x1 || y0 > y1) return;
  // Edge functions at the first pixel centre; e0 belongs to corner a, and so on. −1 shuts out edges that are not top or left.
  const px = x0 * SUBPIXEL + half;
  const py = y0 * SUBPIXEL + half;
  const bias0 = topLeft(cx - bx, cy - by) ? 0 : -1;
  const bias1 = topLeft(ax - cx, ay - cy) ? 0 : -1;
  const bias2 = topLeft(bx - ax, by - ay) ? 0 : -1;
  let row0 = (cx - bx) * (py - by) - (cy - by) * (px - bx) + bias0;
  let row1 = (ax - cx) * (py - cy) - (ay - cy) * (px - cx) + bias1;
  let row2 = (bx - ax) * (py - ay) - (by - ay) * (px - ax) + bias2;
  const dx0 = -(cy - by) * SUBPIXEL;
  const dx1 = -(ay - cy) * SUBPIXEL;
  const dx2 = -(by - ay) * SUBPIXEL;
  const dy0 = (cx - bx) * SUBPIXEL;
  const dy1 = (ax - cx) * SUBPIXEL;
  const dy2 = (bx - ax) * SUBPIXEL;
  const scale = 1 / area;
  const { width, inverseDepth, triangle } = target;
  for (let y = y0; y <= y1; y++) {
    let e0 = row0;
    let e1 = row1;
    let e2 = row2;
    for (let x = x0, i = y * width + x0; x <= x1; x++, i++) {
      if (e0 >= 0 && e1 >= 0 && e2 >= 0) {
        const w = ((e0 - bias0) * wa + (e1 - bias1) * wb + (e2 - bias2) * wc) * scale;
        if (w > inverseDepth[i]!) {
          inverseDepth[i] = w;
          triangle[i] = id;
        }
      }
      e0 += dx0;
      e1 += dx1;
      e2 += dx2;
    }
    row0 += dy0;
    row1 += dy1;
    row2 += dy2;
  }
}

/** With rows running down and the inside to the right of each edge's direction: a left edge goes up, a top edge goes right. */
function topLeft(dx: number, dy: number): boolean {
  return dy < 0 || (dy === 0 && dx > 0);
}

/**
 * Weights of a triangle's three corners at a continuous picture position, written to `out[0…2]`; they add up to 1.
 * @param perspective true: weights of the point in space seen there (attributes are then linear on the surface);
 * false: weights linear on the picture.
 */
export function barycentrics(
  projected: Float32Array,
  corners: readonly [number, number, number],
  column: number,
  row: number,
  out: Float32Array | number[],
  perspective = true,
): void {
  const [a, b, c] = [corners[0] * 3, corners[1] * 3, corners[2] * 3];
  const bx = projected[b]! - projected[a]!;
  const by = projected[b + 1]! - projected[a + 1]!;
  const cx = projected[c]! - projected[a]!;
  const cy = projected[c + 1]! - projected[a + 1]!;
  const x = column - projected[a]!;
  const y = row - projected[a + 1]!;
  const area = bx * cy - by * cx;
  let wb = (x * cy - y * cx) / area;
  let wc = (bx * y - by * x) / area;
  let wa = 1 - wb - wc;
  if (perspective) {
    wa *= projected[a + 2]!;
    wb *= projected[b + 2]!;
    wc *= projected[c + 2]!;
    const sum = wa + wb + wc;
    wa /= sum;
    wb /= sum;
    wc /= sum;
  }
  out[0] = wa;
  out[1] = wb;
  out[2] = wc;
}

/**
 * Weights of every pixel's triangle, 3 per pixel (H·W·3), 0 where nothing is. Values can leave [0, 1] by 1/256 pixel's
 * worth, since coverage is decided on snapped vertices and weights on exact ones.
 */
export function resolveBarycentrics(
  target: RasterTarget,
  projected: Float32Array,
  triangles: Uint32Array | Int32Array,
  perspective = true,
): Float32Array {
  const out = new Float32Array(target.width * target.height * 3);
  const weights = [0, 0, 0];
  const corners: [number, number, number] = [0, 0, 0];
  for (let y = 0, i = 0; y < target.height; y++)
    for (let x = 0; x < target.width; x++, i++) {
      const t = target.triangle[i]!;
      if (t < 0) continue;
      for (let k = 0; k < 3; k++) corners[k] = triangles[3 * t + k]!;
      barycentrics(projected, corners, x + 0.5, y + 0.5, weights, perspective);
      out.set(weights, 3 * i);
    }
  return out;
}

/**
 * Per-vertex attributes (N×K) on the picture (H·W·K), 0 where nothing is.
 * @param weights as from `resolveBarycentrics`.
 */
export function interpolateAttributes(
  target: RasterTarget,
  triangles: Uint32Array | Int32Array,
  weights: Float32Array,
  attributes: Float32Array,
  channels: number,
): Float32Array {
  const pixels = target.width * target.height;
  const out = new Float32Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    const t = target.triangle[i]!;
    if (t < 0) continue;
    for (let k = 0; k < 3; k++) {
      const from = triangles[3 * t + k]! * channels;
      const weight = weights[3 * i + k]!;
      for (let c = 0; c < channels; c++) out[i * channels + c]! += weight * attributes[from + c]!;
    }
  }
  return out;
}
