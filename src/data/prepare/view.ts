/**
 * One picture through the steps of the data preparation: find and fit the face, crop, control image, caption, sharpness.
 *
 * The same for photos and renderings; writes nothing.
 */
import { captionOf } from '../../condition/caption.js';
import { controlImage } from '../../condition/control.js';
import { fromBytes, type Image, makeImage, toBytes } from '../../core/image.js';
import { type FaceTools, faceFromTracking } from '../../face/analyse.js';
import type { Face } from '../../face/face.js';
import type { Box } from '../../photo/align.js';
import { cropImage, type Padding } from '../../photo/crop.js';
import type { Photo } from '../../photo/photo.js';
import { type FitJson, faceless, fitJson } from './fit-json.js';
import { sharpness } from './sharpness.js';
import type { RawView } from './source.js';

/** How to prepare a picture. */
export type ViewOptions = {
  /** S, side of the crop in pixels; the paper's 512 */
  readonly size: number;
  /** surroundings of a crop that reaches outside; default `blur`, as the paper prepares its data */
  readonly padding?: Padding;
};

/** A prepared picture. */
export type PreparedView = {
  readonly fit: FitJson;
  /** S×S×3 at 8 bits */
  readonly image: Image;
  /** S×S×3; black where no face was found */
  readonly normals: Image;
  /** S×S×1; null where the source knows no matte (the paper's MODNet is not available) */
  readonly mask: Image | null;
  /** null where no face was found and the source says nothing */
  readonly caption: string | null;
  /** `sharpness(own)` of `image` */
  readonly sharpness: number;
};

/** Prepares the largest face of a picture; without a face, its middle square. */
export async function prepareView(raw: RawView, tools: FaceTools, options: ViewOptions): Promise<PreparedView> {
  const { photo, matte } = raw;
  const { size, padding = 'blur' } = options;
  const [tracked] = await tools.tracker.track(photo.image, { maxFaces: 1 });
  const face = tracked ? faceFromTracking(tracked, photo, tools.model) : null;
  const box = face?.crop ?? middle(photo.image);
  const cut = cropImage(photo.image, box, size, size, padding);
  const image = fromBytes(toBytes(cut), size, size, 3);
  return {
    fit: fitOf(face, box, photo, tools, size),
    image,
    normals: face ? controlImage(face, tools.model, size) : makeImage(size, size, 3),
    mask: matte && cropImage(matte, box, size, size, 'black'),
    caption: raw.caption ?? (face && captionOf({ expression: face.arkit })),
    sharpness: sharpness(image),
  };
}

function middle({ width, height }: Image): Box {
  const side = Math.min(width, height);
  const [x0, y0] = [(width - side) / 2, (height - side) / 2];
  return { x0, y0, x1: x0 + side, y1: y0 + side };
}

/** Boxes are stated in pixels of the file, which may have been shrunk when it was read. */
function fitOf(face: Face | null, box: Box, photo: Photo, { model }: FaceTools, size: number): FitJson {
  const frame = { width: photo.originalWidth, height: photo.originalHeight, size };
  const crop = times(box, photo.originalWidth / photo.image.width);
  return face ? fitJson({ ...face, crop }, model.expressionNames, frame) : faceless(model.name, crop, frame);
}

function times({ x0, y0, x1, y1 }: Box, s: number): Box {
  return { x0: x0 * s, y0: y0 * s, x1: x1 * s, y1: y1 * s };
}
