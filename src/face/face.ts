/**
 * The product of the face stage: pose, identity and expression of the largest face of a photo, and where its crop lies.
 *
 * Saved as JSON (`faceToJson`, `faceFromJson`). Not the pixels: crop the photo with `crop`.
 */
import { z } from 'zod';
import type { Camera } from '../core/camera.js';
import { JokerError } from '../core/errors.js';
import type { Box } from '../photo/align.js';
import { CAMERA_DISTANCE } from './fit-problem.js';
import { type MorphableModel, shapeOf } from './model/model.js';
import { type Angles, rotationMatrix } from './rotation.js';

/** Side of the crop in whose pixels a face's camera and landmarks are stated: the paper's 512. */
export const CROP_SIZE = 512;

/** A fitted face. */
export type Face = {
  /** name of the morphable model that the coefficients belong to */
  readonly model: string;
  /** K identity coefficients in standard deviations */
  readonly identity: readonly number[];
  /** E expression coefficients, see the model's `expressionRange` */
  readonly expression: readonly number[];
  /** the expression as ARKit weights 0 … 1 by name, zeros left out */
  readonly arkit: Readonly<Record<string, number>>;
  /** radians about x, y, z; Rot = Rz·Ry·Rx (rotation.ts) */
  readonly angle: readonly [number, number, number];
  /** model units (≈ dm) */
  readonly translation: readonly [number, number, number];
  /** pinhole of the 512² crop, pixels, top-left origin; the camera stands 10 units in front of the model's frame */
  readonly intrinsics: { readonly fx: number; readonly fy: number; readonly cx: number; readonly cy: number };
  /** where the 512² crop lies in the photo, photo pixels */
  readonly crop: Box;
  /** 478×3 tracker landmarks in crop pixels; empty for a face that was not tracked but composed */
  readonly landmarks: readonly number[];
  /** mean reprojection error of 68 named landmarks, percent of the inter-ocular distance; null when not fitted */
  readonly errorPercent: number | null;
  /** tracker's confidence 0 … 1; null when not tracked */
  readonly confidence: number | null;
};

const triple = z.tuple([z.number(), z.number(), z.number()]);
const schema = z.strictObject({
  format: z.literal('joker-face/1'),
  model: z.string(),
  identity: z.array(z.number()).max(1000),
  expression: z.array(z.number()).max(1000),
  arkit: z.record(z.string(), z.number()),
  angle: triple,
  translation: triple,
  intrinsics: z.strictObject({ fx: z.number().positive(), fy: z.number().positive(), cx: z.number(), cy: z.number() }),
  crop: z.strictObject({ x0: z.number(), y0: z.number(), x1: z.number(), y1: z.number() }),
  landmarks: z.array(z.number()).max(478 * 3),
  errorPercent: z.number().nullable(),
  confidence: z.number().nullable(),
});

/** JSON text of a face; numbers rounded to 6 significant digits, far below what a fit can know. */
export function faceToJson(face: Face): string {
  const round = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
  return `${JSON.stringify({ format: 'joker-face/1', ...face }, round, 1)}\n`;
}

/**
 * Reads what `faceToJson` wrote.
 * @throws JokerError bad-file, naming `source` and the first field that is wrong.
 */
export function faceFromJson(text: string, source = 'face'): Face {
  try {
    const { format: _, ...face } = schema.parse(JSON.parse(text));
    return face;
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const where = issue ? `${issue.path.join('.') || 'content'}: ${issue.message}` : 'not JSON';
    throw new JokerError('bad-file', `${source} is no face file (${where})`, 'Make one with: joker face photo.jpg', {
      cause,
    });
  }
}

/** Face vertices 3·N posed in the camera's frame: p = Rot·S + t. The camera stands at (0, 0, 10) and looks along −z. */
export function posedShape(face: Face, model: MorphableModel): Float32Array {
  checkModel(face, model);
  const shape = shapeOf(model, face);
  const r = rotationMatrix(face.angle as Angles);
  for (let i = 0; i < shape.length; i += 3) {
    const [x, y, z] = [shape[i]!, shape[i + 1]!, shape[i + 2]!];
    for (let c = 0; c < 3; c++)
      shape[i + c] = r[3 * c]! * x + r[3 * c + 1]! * y + r[3 * c + 2]! * z + face.translation[c as 0 | 1 | 2];
  }
  return shape;
}

/** The camera of a face's crop in the frame of `posedShape`, for a picture of `size`² (default 512). */
export function cropCamera(face: Face, size = CROP_SIZE): Camera {
  const s = size / CROP_SIZE;
  const { fx, fy, cx, cy } = face.intrinsics;
  return {
    width: size,
    height: size,
    intrinsics: { fx: fx * s, fy: fy * s, cx: cx * s, cy: cy * s },
    cameraToWorld: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, CAMERA_DISTANCE, 0, 0, 0, 1],
  };
}

/**
 * The same camera in the head's own frame, scaled: the head stays and the camera turns, as the 3D stage wants it. Camera to
 * world [Rotᵀ | c] with c = −k·Rotᵀ·(t − (0, 0, 10)); world units are model units × `scale` (the paper's k = 0.12).
 */
export function headCamera(face: Face, size = CROP_SIZE, scale = 0.12): Camera {
  const r = rotationMatrix(face.angle as Angles);
  const [x, y, z] = [face.translation[0], face.translation[1], face.translation[2] - CAMERA_DISTANCE];
  const centre = [0, 1, 2].map((c) => -scale * (r[c]! * x + r[3 + c]! * y + r[6 + c]! * z));
  const rows = [0, 1, 2].flatMap((c) => [r[c]!, r[3 + c]!, r[6 + c]!, centre[c]!]);
  return { ...cropCamera(face, size), cameraToWorld: [...rows, 0, 0, 0, 1] };
}

function checkModel(face: Face, model: MorphableModel): void {
  if (face.model === model.name) return;
  throw new JokerError(
    'bad-argument',
    `the face was fitted with model ${face.model}, not ${model.name}`,
    'Fit the photo again.',
  );
}
