/**
 * Finds faces in a picture and places 478 landmarks on each: BlazeFace → FaceMesh → Iris, run on this project's engine.
 *
 * Every step looks at a turned square of the picture (region.ts); the mesh network looks twice, the second time where the
 * first put the face, which removes most of the detector's error. No memory of earlier pictures: video is tracked elsewhere.
 */
import type { Image } from '../../core/image.js';
import { attempts } from './attempts.js';
import { type Detection, decodeDetections } from './detect.js';
import { type Network, networkFromFile } from './network.js';
import { fromRegion, type Region, sampleRegion, toRegion } from './region.js';
import { ALL_POINTS, EYE_CONTOUR, EYE_CORNERS, EYE_NETWORK_CONTOUR, IRIS_START, MESH_POINTS } from './topology.js';

/** A face and its landmarks. */
export type TrackedFace = {
  /** 478×3: x, y in pixels of the picture (top-left origin), z in the same unit towards the camera, 0 near the head's centre */
  readonly landmarks: Float32Array;
  /** smallest upright box around the landmarks, pixels */
  readonly box: { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number };
  /** the mesh network's belief that it saw a face, 0 … 1 */
  readonly confidence: number;
};

/** Options of one call; each has a default. */
export type TrackOptions = {
  /** least confidence of detector and mesh network, default 0.5 (MediaPipe's default) */
  threshold?: number;
  /** most faces to return, default 4; largest first */
  maxFaces?: number;
};

/** What the detector reads: pixel values in [−1, 1]; the other two read [0, 1]. */
const DETECTOR_RANGE = { scale: 2, shift: -1 };
const MESH_RANGE = { scale: 1, shift: 0 };

/** The mesh network's square is this much larger than the face's box (MediaPipe's face_landmark graph). */
const MESH_MARGIN = 1.5;

/** The eye network's square is this much larger than the distance of the eye's corners (MediaPipe's iris graph). */
const EYE_MARGIN = 2.3;

/** The three networks, compiled. Owns native memory: call `dispose`. */
export class Tracker {
  private constructor(
    private readonly detector: Network,
    private readonly mesh: Network,
    private readonly eyes: Network,
  ) {}

  /** Loads the networks from a folder that holds blazeface, facemesh and iris .safetensors (assets/tracker). */
  static async load(folder: string, options: { threads?: number } = {}): Promise<Tracker> {
    const open = (name: string, batch: number) => networkFromFile(`${folder}/${name}.safetensors`, batch, options);
    return new Tracker(await open('blazeface', 1), await open('facemesh', 1), await open('iris', 2));
  }

  /** Frees the networks. */
  async dispose(): Promise<void> {
    for (const network of [this.detector, this.mesh, this.eyes]) await network.program.dispose();
  }

  /**
   * The faces of a picture, largest first; empty when there is none. When nothing is found in the whole picture, looks again
   * with margins (a face that fills the frame), in overlapping parts (a small face) and with stretched contrast.
   */
  async track(image: Image, options: TrackOptions = {}): Promise<TrackedFace[]> {
    for (const { picture, regions } of attempts(image)) {
      const faces: TrackedFace[] = [];
      for (const region of regions) faces.push(...(await this.look(picture(), region, options)));
      if (faces.length > 0) return distinct(faces).slice(0, options.maxFaces ?? 4);
    }
    return [];
  }

  private async look(image: Image, region: Region, options: TrackOptions): Promise<TrackedFace[]> {
    const found = await this.detect(image, region, options.threshold ?? 0.5);
    const faces: TrackedFace[] = [];
    for (const detection of found.slice(0, options.maxFaces ?? 4)) {
      const face = await this.follow(image, regionOfDetection(detection, region, this.detector.size));
      if (face.confidence >= (options.threshold ?? 0.5)) faces.push(face);
    }
    return faces;
  }

  private async detect(image: Image, region: Region, threshold: number): Promise<Detection[]> {
    const { size, program } = this.detector;
    const input = new Float32Array(3 * size * size);
    sampleRegion(image, region, size, DETECTOR_RANGE, input);
    const out = await program.run({ image: input });
    const scores = concatFloats(out['score16']!, out['score8']!);
    return decodeDetections(scores, concatFloats(out['box16']!, out['box8']!), threshold);
  }

  /** Landmarks of the face inside a region: one rough look, one exact look, then the eyes. */
  private async follow(image: Image, region: Region): Promise<TrackedFace> {
    const rough = await this.lookAtMesh(image, region);
    const exact = await this.lookAtMesh(image, regionOfLandmarks(rough.landmarks));
    await this.refineEyes(image, exact.landmarks);
    return { ...exact, box: boundingBox(exact.landmarks) };
  }

  private async lookAtMesh(image: Image, region: Region): Promise<{ landmarks: Float32Array; confidence: number }> {
    const { size, program } = this.mesh;
    const input = new Float32Array(3 * size * size);
    sampleRegion(image, region, size, MESH_RANGE, input);
    const out = await program.run({ image: input });
    const landmarks = new Float32Array(ALL_POINTS * 3);
    for (let i = 0; i < MESH_POINTS; i++) place(landmarks, i, region, out['mesh']!, i, size, false);
    return { landmarks, confidence: out['confidence']![0]! };
  }

  /** Replaces the lids by the eye network's points (x, y only: its depth is unreliable) and adds the irises. */
  private async refineEyes(image: Image, landmarks: Float32Array): Promise<void> {
    const { size, program } = this.eyes;
    const input = new Float32Array(2 * 3 * size * size);
    const sides = ['left', 'right'] as const;
    const regions = sides.map((side) => regionOfEye(landmarks, side));
    sides.forEach((side, b) => {
      sampleRegion(image, regions[b]!, size, MESH_RANGE, input, {
        offset: b * 3 * size * size,
        flip: side === 'right',
      });
    });
    const { points } = await program.run({ image: input });
    sides.forEach((side, b) => {
      const own = points!.subarray((b * points!.length) / 2, ((b + 1) * points!.length) / 2);
      applyEye(landmarks, own, regions[b]!, size, side);
    });
  }
}

function applyEye(
  landmarks: Float32Array,
  points: Float32Array,
  region: Region,
  size: number,
  side: 'left' | 'right',
): void {
  const contour = EYE_CONTOUR[side];
  const flip = side === 'right';
  const depth = landmarks[EYE_CORNERS[side][0] * 3 + 2]! / 2 + landmarks[EYE_CORNERS[side][1] * 3 + 2]! / 2;
  const keepDepth = (target: number, source: number, z: number) => {
    place(landmarks, target, region, points, source, size, flip);
    landmarks[target * 3 + 2] = z;
  };
  contour.forEach((target, k) => {
    keepDepth(target, k, landmarks[target * 3 + 2]!);
  });
  for (let k = 0; k < 5; k++) keepDepth(IRIS_START[side] + k, EYE_NETWORK_CONTOUR + k, depth);
}

/** Writes network point `from` (x, y, z in pixels of the network's input) as landmark `to` in pixels of the picture. */
function place(
  landmarks: Float32Array,
  to: number,
  region: Region,
  points: Float32Array,
  from: number,
  size: number,
  flip: boolean,
) {
  const u = points[from * 3]! / size;
  const [x, y] = fromRegion(region, flip ? 1 - u : u, points[from * 3 + 1]! / size);
  landmarks[to * 3] = x;
  landmarks[to * 3 + 1] = y;
  landmarks[to * 3 + 2] = (-points[from * 3 + 2]! * region.size) / size; // the network's z grows away from the camera
}

/** Square around a detection, 1.5 times its longer side, turned so that the eyes are level. */
function regionOfDetection(found: Detection, within: Region, size: number): Region {
  const [x, y] = fromRegion(within, found.x / size, found.y / size);
  const k = found.keypoints;
  const angle = Math.atan2(k[3]! - k[1]!, k[2]! - k[0]!) + within.angle;
  return { x, y, size: (MESH_MARGIN * Math.max(found.width, found.height) * within.size) / size, angle };
}

/** Square around landmarks in the frame of the eye line, 1.5 times the longer side. */
export function regionOfLandmarks(landmarks: Float32Array): Region {
  const at = (i: number): [number, number] => [landmarks[i * 3]!, landmarks[i * 3 + 1]!];
  const [a, b] = [at(EYE_CORNERS.left[0]), at(EYE_CORNERS.right[0])];
  const angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
  const frame: Region = { x: a[0], y: a[1], size: 1, angle };
  let [u0, v0, u1, v1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < MESH_POINTS; i++) {
    const [u, v] = toRegion(frame, ...at(i));
    [u0, v0, u1, v1] = [Math.min(u0, u), Math.min(v0, v), Math.max(u1, u), Math.max(v1, v)];
  }
  const [x, y] = fromRegion(frame, (u0 + u1) / 2, (v0 + v1) / 2);
  return { x, y, size: MESH_MARGIN * Math.max(u1 - u0, v1 - v0), angle };
}

function regionOfEye(landmarks: Float32Array, side: 'left' | 'right'): Region {
  const [outer, inner] = EYE_CORNERS[side].map((i) => [landmarks[i * 3]!, landmarks[i * 3 + 1]!] as const);
  const [a, b] = side === 'left' ? [outer!, inner!] : [inner!, outer!];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  return {
    x: (a[0] + b[0]) / 2,
    y: (a[1] + b[1]) / 2,
    size: EYE_MARGIN * Math.hypot(dx, dy),
    angle: Math.atan2(dy, dx),
  };
}

function distinct(faces: readonly TrackedFace[]): TrackedFace[] {
  const area = ({ box }: TrackedFace) => (box.x1 - box.x0) * (box.y1 - box.y0);
  const sorted = [...faces].sort((a, b) => area(b) - area(a));
  return sorted.filter((face, i) => sorted.slice(0, i).every((larger) => !centreInside(face, larger)));
}

function centreInside({ box: a }: TrackedFace, { box: b }: TrackedFace): boolean {
  const [x, y] = [(a.x0 + a.x1) / 2, (a.y0 + a.y1) / 2];
  return x > b.x0 && x < b.x1 && y > b.y0 && y < b.y1;
}

function boundingBox(landmarks: Float32Array): TrackedFace['box'] {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < landmarks.length; i += 3) {
    [x0, x1] = [Math.min(x0, landmarks[i]!), Math.max(x1, landmarks[i]!)];
    [y0, y1] = [Math.min(y0, landmarks[i + 1]!), Math.max(y1, landmarks[i + 1]!)];
  }
  return { x0, y0, x1, y1 };
}

function concatFloats(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
