/**
 * BlazeFace's output → boxes: anchors, decoding and suppression of overlaps (Bazarevsky et al. 2019, the variant that reads
 * 256²). Plain arithmetic; the network itself runs in tracker.ts.
 */

/** A face found, in pixels of the network's square input. */
export type Detection = {
  readonly x: number;
  readonly y: number;
  /** width and height */
  readonly width: number;
  readonly height: number;
  /** 0 … 1 */
  readonly score: number;
  /** eye on the image's left, eye on its right, nose, mouth, ear on the left, ear on the right: 6×2 */
  readonly keypoints: Float32Array;
};

/** Two grids of anchors: stride in pixels and anchors per cell. */
const GRIDS = [
  { stride: 16, perCell: 2 },
  { stride: 32, perCell: 6 },
] as const;

/** Centres of all anchors [896×2] of a 256² input, in the network's order. */
export function anchorCentres(size = 256): Float32Array {
  const out: number[] = [];
  for (const { stride, perCell } of GRIDS)
    for (let y = 0; y < size / stride; y++)
      for (let x = 0; x < size / stride; x++)
        for (let n = 0; n < perCell; n++) out.push(stride * (x + 0.5), stride * (y + 0.5));
  return Float32Array.from(out);
}

/**
 * The network's scores (logits, [N]) and boxes ([N×16]: centre offset, size, six keypoint offsets, all in input pixels
 * relative to the anchor) → detections above `threshold`, best first, overlaps removed.
 */
export function decodeDetections(scores: Float32Array, boxes: Float32Array, threshold = 0.5): Detection[] {
  const anchors = anchorCentres();
  const found: Detection[] = [];
  for (let i = 0; i < scores.length; i++) {
    const score = 1 / (1 + Math.exp(-scores[i]!));
    if (score >= threshold)
      found.push(decodeOne(boxes.subarray(i * 16, i * 16 + 16), anchors[2 * i]!, anchors[2 * i + 1]!, score));
  }
  return suppress(found.sort((a, b) => b.score - a.score));
}

function decodeOne(box: Float32Array, ax: number, ay: number, score: number): Detection {
  const keypoints = Float32Array.from(box.subarray(4), (value, k) => value + (k % 2 === 0 ? ax : ay));
  return { x: ax + box[0]!, y: ay + box[1]!, width: box[2]!, height: box[3]!, score, keypoints };
}

/** Drops each box that overlaps a better one by more than 30 % of their union (MediaPipe's suppression threshold). */
function suppress(sorted: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of sorted) if (kept.every((other) => overlap(candidate, other) <= 0.3)) kept.push(candidate);
  return kept;
}

/** Intersection over union of two boxes given by centre and size. */
export function overlap(a: Detection, b: Detection): number {
  const w = Math.min(a.x + a.width / 2, b.x + b.width / 2) - Math.max(a.x - a.width / 2, b.x - b.width / 2);
  const h = Math.min(a.y + a.height / 2, b.y + b.height / 2) - Math.max(a.y - a.height / 2, b.y - b.height / 2);
  if (w <= 0 || h <= 0) return 0;
  return (w * h) / (a.width * a.height + b.width * b.height - w * h);
}
