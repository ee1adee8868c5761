/**
 * The file `bfm_eg3d/<camera>.json`: a fitted face, its crop and its camera, under the keys of Joker's released preparation.
 *
 * The keys are those of a fit of BFM 2009 by Deep3DFaceRecon (257 coefficients); the numbers belong to the model that `model`
 * names. For our own model `id` and `exp` have its K and E entries, and `tex` and `gamma` are empty: it knows no texture
 * and no light. `exp_names`, `confidence` and `error_percent` are ours. A file without `model` is taken for `bfm09`.
 *
 * All pixels have a top-left origin unless the key is one of the two matrices of the rasteriser, which count rows from below.
 */
import { z } from 'zod';
import { JokerError } from '../../core/errors.js';
import { parseJsonStrict } from '../../core/files/json.js';
import { CROP_SIZE, type Face, headCamera } from '../../face/face.js';
import { fivePoints } from '../../face/fit.js';
import type { Box } from '../../photo/align.js';
import { fromCrop } from '../../photo/align.js';

/** Focal length and side of the 3DMM regressor's picture (Deep3DFaceRecon): they define `bbx_orig`. */
const [MODEL_FOCAL, MODEL_SIDE] = [1015, 224];
/** Clip planes of the rasteriser, model units in front of the camera. */
const [NEAR, FAR] = [5, 15];

const finite = z.number();
/** 1000: above any model's modes (FLAME: 400), far below what could exhaust memory. */
const coefficients = z.array(finite).max(1000).nullable();
const box = z.tuple([finite, finite, finite, finite]);
const triple = z.tuple([finite, finite, finite]);
const points = z.array(z.tuple([finite, finite])).length(5);
const size = z.tuple([finite.positive(), finite.positive()]);
const square = (n: number) => z.array(z.array(finite).length(n)).length(n);

const schema = z.strictObject({
  model: z.string().max(80).default('bfm09'),
  id: coefficients,
  exp: coefficients,
  tex: coefficients,
  angle: triple.nullable(),
  gamma: coefficients,
  trans: triple.nullable(),
  facemodel_perc_proj: square(3).nullable(),
  ndc_proj: square(4).nullable(),
  rasterize_size: finite.positive(),
  bbx_orig: box.nullable(),
  hw_orig: size,
  bbx_crop: box,
  lmks_cropped: points.nullable(),
  lmks_uncropped: points.nullable(),
  hw_uncropped: size,
  hw_cropped: size,
  intrinsics: square(3).nullable(),
  extrinsics: square(4).nullable(),
  exp_names: z.array(z.string().max(80)).max(1000).default([]),
  confidence: finite.nullable().default(null),
  error_percent: finite.nullable().default(null),
});

/** Content of the file; see the head of this module. Null where no face was found. Boxes are [x0, y0, x1, y1]. */
export type FitJson = z.infer<typeof schema>;

/** A fit with a face in it. */
export type FittedJson = FitJson & {
  readonly id: number[];
  readonly exp: number[];
  readonly angle: [number, number, number];
  readonly trans: [number, number, number];
  readonly intrinsics: number[][];
};

/** True when a face was found. */
export function hasFace(fit: FitJson): fit is FittedJson {
  return fit.id !== null && fit.exp !== null && fit.angle !== null && fit.trans !== null && fit.intrinsics !== null;
}

/** What a picture without a face and one with a face have in common. */
type Frame = {
  /** width and height of the picture that the crop was cut from, pixels */
  readonly width: number;
  readonly height: number;
  /** side of the stored crop */
  readonly size: number;
};

/** The content for a fitted face; pixel numbers are stated for crops of `size`² (the paper's 512). */
export function fitJson(face: Face, expressionNames: readonly string[], frame: Frame): FittedJson {
  const s = frame.size / CROP_SIZE;
  const { fx, fy, cx, cy } = scaled(face.intrinsics, s);
  const up = frame.size - cy;
  const side = [(fx * MODEL_SIDE) / MODEL_FOCAL, (fy * MODEL_SIDE) / MODEL_FOCAL] as const;
  const five = fivePoints(Float32Array.from(face.landmarks)).map(([x, y]): [number, number] => [x, y]);
  return {
    model: face.model,
    id: [...face.identity],
    exp: [...face.expression],
    tex: [],
    angle: [...face.angle],
    gamma: [],
    trans: [...face.translation],
    // transposed: row vectors, as the regressor multiplies
    facemodel_perc_proj: [
      [fx, 0, 0],
      [0, fy, 0],
      [cx, up, 1],
    ],
    ndc_proj: clipMatrix(fx, fy, cx, up, frame.size),
    rasterize_size: frame.size,
    bbx_orig: [cx - side[0] / 2, cy - side[1] / 2, cx + side[0] / 2, cy + side[1] / 2],
    bbx_crop: corners(face.crop),
    lmks_cropped: five.map(([x, y]): [number, number] => [x * s, y * s]),
    lmks_uncropped: five.map(([x, y]) => fromCrop(face.crop, CROP_SIZE, x, y)),
    ...sizes(frame),
    intrinsics: [
      [fx, 0, cx],
      [0, fy, cy],
      [0, 0, 1],
    ],
    extrinsics: worldToCamera(headCamera(face, frame.size, 1).cameraToWorld),
    exp_names: [...expressionNames],
    confidence: face.confidence,
    error_percent: face.errorPercent,
  };
}

/** The content for a picture without a face: a centred square stands in for the crop. */
export function faceless(model: string, crop: Box, frame: Frame): FitJson {
  const none = { id: null, exp: null, tex: null, angle: null, gamma: null, trans: null };
  const noCamera = { facemodel_perc_proj: null, ndc_proj: null, intrinsics: null, extrinsics: null };
  const noPoints = { bbx_orig: null, lmks_cropped: null, lmks_uncropped: null };
  return {
    model,
    ...none,
    ...noCamera,
    ...noPoints,
    rasterize_size: frame.size,
    bbx_crop: corners(crop),
    ...sizes(frame),
    exp_names: [],
    confidence: null,
    error_percent: null,
  };
}

/** The face again, in the pixels of a 512² crop; landmarks are not kept, so it counts as composed. */
export function faceOf(fit: FittedJson): Face {
  const s = CROP_SIZE / fit.hw_cropped[1];
  const [[fx = 0, , cx = 0] = [], [, fy = 0, cy = 0] = []] = fit.intrinsics;
  const [x0, y0, x1, y1] = fit.bbx_crop;
  return {
    model: fit.model,
    identity: fit.id,
    expression: fit.exp,
    arkit: arkitOf(fit),
    angle: fit.angle,
    translation: fit.trans,
    intrinsics: scaled({ fx, fy, cx, cy }, s),
    crop: { x0, y0, x1, y1 },
    landmarks: [],
    errorPercent: fit.error_percent,
    confidence: fit.confidence,
  };
}

/** Expression weights by name, zeros left out. */
export function arkitOf(fit: FitJson): Record<string, number> {
  const entries = fit.exp_names.map((name, i) => [name, fit.exp?.[i] ?? 0] as const);
  return Object.fromEntries(entries.filter(([, weight]) => weight !== 0));
}

/** JSON text; 9 significant digits, more than float32 holds. */
export function fitToText(fit: FitJson): string {
  const round = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value);
  return `${JSON.stringify(fit, round)}\n`;
}

/**
 * Reads the file. Unknown keys, wrong lengths, values that are no numbers and lists above 1000 entries are refused.
 * @throws JokerError bad-file naming `path` and the first key that is wrong.
 */
export function fitFromText(text: string, path: string): FitJson {
  const parsed = schema.safeParse(parseJsonStrict(text, path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = `${issue?.path.join('.') || 'content'}: ${issue?.message}`;
  throw new JokerError(
    'bad-file',
    `${path}: no bfm_eg3d file (${where})`,
    'Prepare the frame again: remove its folder.',
  );
}

type Intrinsics = Face['intrinsics'];

function scaled({ fx, fy, cx, cy }: Intrinsics, s: number): Intrinsics {
  return { fx: fx * s, fy: fy * s, cx: cx * s, cy: cy * s };
}

function corners({ x0, y0, x1, y1 }: Box): [number, number, number, number] {
  return [x0, y0, x1, y1];
}

function sizes({ width, height, size: side }: Frame) {
  const cropped: [number, number] = [side, side];
  return { hw_orig: cropped, hw_cropped: cropped, hw_uncropped: [height, width] as [number, number] };
}

/**
 * Row-major 4×4 on columns (x, y, z, 1) in the regressor's camera space, z in front of the camera: clip coordinates whose
 * division gives the picture's [−1, 1], rows counted from below. `up`: the principal point's height from below, pixels.
 */
function clipMatrix(fx: number, fy: number, cx: number, up: number, side: number): number[][] {
  return [
    [(2 * fx) / side, 0, (2 * cx) / side - 1, 0],
    [0, (2 * fy) / side, (2 * up) / side - 1, 0],
    [0, 0, (FAR + NEAR) / (FAR - NEAR), (-2 * FAR * NEAR) / (FAR - NEAR)],
    [0, 0, 1, 0],
  ];
}

/** OpenGL camera→world (row-major 16) to OpenCV world→camera 4×4: transpose of the rotation with y and z turned over. */
export function worldToCamera(m: readonly number[]): number[][] {
  const signs = [1, -1, -1];
  const rows = signs.map((sign, axis) => {
    const column = [0, 1, 2].map((row) => sign * m[4 * row + axis]!);
    const shift = -column.reduce((sum, value, row) => sum + value * m[4 * row + 3]!, 0);
    return [...column, shift];
  });
  return [...rows, [0, 0, 0, 1]];
}
