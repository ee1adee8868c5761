/**
 * A picture for people to judge a fit by: the crop with the fitted mesh's edges and the tracker's landmarks drawn over it.
 */
import { type Image, makeImage } from '../core/image.js';
import { projectVertices } from '../core/raster.js';
import { CROP_SIZE, cropCamera, type Face, posedShape } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';

type Colour = readonly [number, number, number];
const MESH_COLOUR: Colour = [0.2, 0.75, 1];
const POINT_COLOUR: Colour = [1, 0.9, 0.1];
const FITTED_COLOUR: Colour = [1, 0.2, 0.3];

/**
 * Draws over a copy of `crop` (square): mesh edges turned towards the camera in blue, tracked landmarks in yellow, the fit's
 * 68 named landmarks in red.
 */
export function drawFace(crop: Image, face: Face, model: MorphableModel): Image {
  const out = { ...makeImage(crop.width, crop.height, 3), data: crop.data.slice() };
  const camera = cropCamera(face, crop.width);
  const projected = new Float32Array(model.vertexCount * 3);
  projectVertices(camera, posedShape(face, model), projected);
  drawEdges(out, projected, model.triangles);
  const scale = crop.width / CROP_SIZE;
  for (let i = 0; i < face.landmarks.length; i += 3)
    dot(out, face.landmarks[i]! * scale, face.landmarks[i + 1]! * scale, 0.7, POINT_COLOUR);
  for (const v of model.landmarks68) if (v >= 0) dot(out, projected[3 * v]!, projected[3 * v + 1]!, 1.4, FITTED_COLOUR);
  return out;
}

function drawEdges(out: Image, p: Float32Array, triangles: Uint32Array): void {
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]! * 3, triangles[t + 1]! * 3, triangles[t + 2]! * 3];
    const area = (p[b]! - p[a]!) * (p[c + 1]! - p[a + 1]!) - (p[b + 1]! - p[a + 1]!) * (p[c]! - p[a]!);
    if (area >= 0) continue; // rows run down: counter-clockwise towards the eye is negative
    for (const [from, to] of [
      [a, b],
      [b, c],
      [c, a],
    ] as const)
      line(out, p[from]!, p[from + 1]!, p[to]!, p[to + 1]!);
  }
}

function line(out: Image, x0: number, y0: number, x1: number, y1: number): void {
  const steps = Math.ceil(Math.hypot(x1 - x0, y1 - y0));
  for (let s = 0; s <= steps; s++) {
    const t = steps === 0 ? 0 : s / steps;
    blend(out, Math.floor(x0 + (x1 - x0) * t), Math.floor(y0 + (y1 - y0) * t), MESH_COLOUR, 0.2); // faint: each edge is drawn twice
  }
}

function dot(out: Image, x: number, y: number, radius: number, colour: Colour): void {
  for (let row = Math.floor(y - radius); row <= y + radius; row++)
    for (let column = Math.floor(x - radius); column <= x + radius; column++)
      if (Math.hypot(column + 0.5 - x, row + 0.5 - y) <= radius) blend(out, column, row, colour, 0.9);
}

function blend(out: Image, x: number, y: number, colour: Colour, amount: number): void {
  if (x < 0 || y < 0 || x >= out.width || y >= out.height) return;
  const i = (y * out.width + x) * 3;
  for (let c = 0; c < 3; c++) out.data[i + c]! += (colour[c as 0 | 1 | 2] - out.data[i + c]!) * amount;
}
