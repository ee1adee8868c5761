/**
 * Alignment of a face by five landmarks: which square of the picture is "the crop" that the networks see.
 *
 * Scale and shift only, never rotation: the head keeps its roll, as in Deep3DFaceRecon (`align_img`), EG3D and Joker, whose
 * preprocessing this reproduces, rounding included. Not a resampler: `crop.ts` takes the pixels.
 */

/** Five points [x, y] in pixels, image order: left eye, right eye, nose tip, left mouth corner, right mouth corner. */
export type FivePoints = readonly (readonly [number, number])[];

/**
 * Where the five landmarks of a mean face stand, in the units of the 3DMM (≈ dm, y up): Deep3DFaceRecon's standard landmark
 * file reduced to five points. The alignment and the `builtin` model's origin are both tied to it.
 */
export const STANDARD_FACE: readonly (readonly [number, number, number])[] = [
  [-0.311, 0.29, 0.134],
  [0.31, 0.29, 0.132],
  [0.003, -0.046, 0.552],
  [-0.252, -0.381, 0.224],
  [0.248, -0.381, 0.222],
];

/** A rectangle in pixel-edge coordinates: a pixel i covers [i, i + 1]. */
export type Box = { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number };

/** Scale and position of the standard face in a picture. */
export type FaceScale = {
  /** pixels per unit of the standard face */
  readonly scale: number;
  /** where the standard face's origin falls: x from the left, pixels */
  readonly x: number;
  /** where the standard face's origin falls: y from the bottom, pixels (y' = H − 1 − row, as the original counts) */
  readonly yUp: number;
};

/** Which crop to cut: the frame of `target` px in which a standard-face unit is `unit` px, and the part of it that is kept. */
export type CropRecipe = {
  /** pixels per standard-face unit in the frame */
  readonly unit: number;
  /** side of the frame in pixels */
  readonly target: number;
  /** side of the centred square that is kept, pixels of the frame */
  readonly kept: number;
};

/** The 512² crop of EG3D and Joker: 300 px a unit in a frame of 1024, of which the middle 700 are kept. */
export const JOKER_CROP: CropRecipe = { unit: 300, target: 1024, kept: 700 };

/** The 224² input of the 3DMM regressor: defines the camera of a fit inside any crop. */
export const MODEL_CROP: CropRecipe = { unit: 102, target: 224, kept: 224 };

/** Least-squares scale and origin of the standard face under an affine camera (two rows of four unknowns). */
export function faceScale(points: FivePoints, pictureHeight: number): FaceScale {
  const [r1, tx] = solveRow(points.map((p) => p[0]));
  const [r2, ty] = solveRow(points.map((p) => pictureHeight - 1 - p[1]));
  return { scale: (Math.hypot(...r1) + Math.hypot(...r2)) / 2, x: tx, yUp: ty };
}

/**
 * The source square of a crop, in pixels of the picture; it may reach outside of the picture.
 *
 * `width`, `height`: size of the picture in pixels. Reproduces the original's whole-pixel arithmetic: the picture is thought
 * to be resized to whole pixels and the frame to start at a whole pixel of that.
 *
 * @throws Error (internal) when the five points have no extent; callers check landmarks first.
 */
export function cropBox(points: FivePoints, width: number, height: number, recipe: CropRecipe = JOKER_CROP): Box {
  const { scale, x, yUp } = faceScale(points, height);
  if (!(scale > 1e-6)) throw new Error('internal: five landmarks at one place have no scale'); // 1e-6 px a unit: no face
  const s = recipe.unit / scale;
  const w = Math.trunc(width * s);
  const h = Math.trunc(height * s);
  const left = Math.trunc(w / 2 - recipe.target / 2 + (x - width / 2) * s);
  const top = Math.trunc(h / 2 - recipe.target / 2 + (height / 2 - yUp) * s);
  const inset = (recipe.target - recipe.kept) / 2;
  const [sx, sy] = [width / w, height / h];
  return {
    x0: (left + inset) * sx,
    y0: (top + inset) * sy,
    x1: (left + inset + recipe.kept) * sx,
    y1: (top + inset + recipe.kept) * sy,
  };
}

/** Picture pixels → pixels of a crop of `size`² cut from `box`. */
export function toCrop(box: Box, size: number, x: number, y: number): [number, number] {
  return [((x - box.x0) * size) / (box.x1 - box.x0), ((y - box.y0) * size) / (box.y1 - box.y0)];
}

/** Pixels of a crop of `size`² cut from `box` → picture pixels: the inverse of `toCrop`. */
export function fromCrop(box: Box, size: number, x: number, y: number): [number, number] {
  return [box.x0 + (x * (box.x1 - box.x0)) / size, box.y0 + (y * (box.y1 - box.y0)) / size];
}

/** Pinhole intrinsics in pixels, top-left origin. */
export type Intrinsics = { readonly fx: number; readonly fy: number; readonly cx: number; readonly cy: number };

/** Intrinsics of the picture → intrinsics of a crop of `size`² cut from `box`. */
export function intrinsicsToCrop(k: Intrinsics, box: Box, size: number): Intrinsics {
  const sx = size / (box.x1 - box.x0);
  const sy = size / (box.y1 - box.y0);
  return { fx: k.fx * sx, fy: k.fy * sy, cx: (k.cx - box.x0) * sx, cy: (k.cy - box.y0) * sy };
}

/** Focal length of the regressor's 224² camera in its pixels (Deep3DFaceRecon); with 10 units of distance ≈ 102 px a unit. */
const MODEL_FOCAL = 1015;

/**
 * Intrinsics of the 3DMM camera for a picture or crop of `width`×`height` that shows these five points (pixels of the same
 * picture): f = 1015 in the 224² model crop, centred there (paper's preprocessing: fx = 1015·box width/224).
 */
export function modelIntrinsics(points: FivePoints, width: number, height: number): Intrinsics {
  const box = cropBox(points, width, height, MODEL_CROP);
  const [w, h] = [box.x1 - box.x0, box.y1 - box.y0];
  return {
    fx: (MODEL_FOCAL * w) / MODEL_CROP.target,
    fy: (MODEL_FOCAL * h) / MODEL_CROP.target,
    cx: box.x0 + w / 2,
    cy: box.y0 + h / 2,
  };
}

/** Least squares of `values[i] ≈ r·L_i + t` over the standard face: [r (3), t]. */
function solveRow(values: readonly number[]): [[number, number, number], number] {
  const normal = new Float64Array(16);
  const right = new Float64Array(4);
  STANDARD_FACE.forEach((point, i) => {
    const row = [point[0], point[1], point[2], 1];
    for (let a = 0; a < 4; a++) {
      right[a]! += row[a]! * values[i]!;
      for (let b = 0; b < 4; b++) normal[a * 4 + b]! += row[a]! * row[b]!;
    }
  });
  const [x, y, z, t] = solve4(normal, right);
  return [[x!, y!, z!], t!];
}

/** Gauss elimination with partial pivoting, 4×4 in place; the standard face is fixed and not degenerate. */
function solve4(m: Float64Array, v: Float64Array): Float64Array {
  for (let column = 0; column < 4; column++) {
    let pivot = column;
    for (let row = column + 1; row < 4; row++)
      if (Math.abs(m[row * 4 + column]!) > Math.abs(m[pivot * 4 + column]!)) pivot = row;
    swapRows(m, v, column, pivot);
    for (let row = 0; row < 4; row++) {
      if (row === column) continue;
      const factor = m[row * 4 + column]! / m[column * 4 + column]!;
      for (let k = column; k < 4; k++) m[row * 4 + k]! -= factor * m[column * 4 + k]!;
      v[row]! -= factor * v[column]!;
    }
  }
  return v.map((value, i) => value / m[i * 5]!);
}

function swapRows(m: Float64Array, v: Float64Array, a: number, b: number): void {
  if (a === b) return;
  for (let k = 0; k < 4; k++) [m[a * 4 + k], m[b * 4 + k]] = [m[b * 4 + k]!, m[a * 4 + k]!];
  [v[a], v[b]] = [v[b]!, v[a]!];
}
