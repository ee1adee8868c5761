/**
 * The one camera of the project.
 *
 * World: +x image right on a frontal face, +y up, +z out of the face. The camera looks along its own −z (OpenGL). Image:
 * top-left origin, pixel centres at +0.5. Other conventions are converted where they enter or leave, never inside.
 */

/** Pinhole camera. */
export type Camera = {
  /** pixels */
  readonly width: number;
  /** pixels */
  readonly height: number;
  /** focal lengths and principal point in pixels, top-left origin */
  readonly intrinsics: { readonly fx: number; readonly fy: number; readonly cx: number; readonly cy: number };
  /** camera→world, row-major 4×4, last row 0 0 0 1; columns are the camera's right, up, backward axes and its centre */
  readonly cameraToWorld: readonly number[];
};

/** World point → [column, row, depth along the viewing direction]. Depth ≤ 0 means behind the camera. */
export function projectPoint(camera: Camera, x: number, y: number, z: number): [number, number, number] {
  const m = camera.cameraToWorld;
  const dx = x - m[3]!;
  const dy = y - m[7]!;
  const dz = z - m[11]!;
  const cx = m[0]! * dx + m[4]! * dy + m[8]! * dz;
  const cy = m[1]! * dx + m[5]! * dy + m[9]! * dz;
  const depth = -(m[2]! * dx + m[6]! * dy + m[10]! * dz);
  const k = camera.intrinsics;
  return [k.cx + (k.fx * cx) / depth, k.cy - (k.fy * cy) / depth, depth];
}

/** Ray through continuous pixel coordinates: unit direction in the world. The origin is the camera centre. */
export function rayDirection(camera: Camera, column: number, row: number): [number, number, number] {
  const k = camera.intrinsics;
  const x = (column - k.cx) / k.fx;
  const y = -(row - k.cy) / k.fy;
  const m = camera.cameraToWorld;
  const dx = m[0]! * x + m[1]! * y - m[2]!;
  const dy = m[4]! * x + m[5]! * y - m[6]!;
  const dz = m[8]! * x + m[9]! * y - m[10]!;
  const length = Math.hypot(dx, dy, dz);
  return [dx / length, dy / length, dz / length];
}

/** World position of the camera. */
export function cameraCenter(camera: Camera): [number, number, number] {
  return [camera.cameraToWorld[3]!, camera.cameraToWorld[7]!, camera.cameraToWorld[11]!];
}

/** The same view at another picture size: intrinsics scale with the picture. */
export function resizeCamera(camera: Camera, width: number, height: number): Camera {
  const sx = width / camera.width;
  const sy = height / camera.height;
  const { fx, fy, cx, cy } = camera.intrinsics;
  return {
    width,
    height,
    intrinsics: { fx: fx * sx, fy: fy * sy, cx: cx * sx, cy: cy * sy },
    cameraToWorld: camera.cameraToWorld,
  };
}

/**
 * A camera on a sphere around `target`, looking at it, up = +y. Azimuth turns towards +x (the face's image right),
 * elevation upwards; both in radians; at 0, 0 the camera is on the +z axis.
 */
export function orbitCamera(options: {
  azimuth: number;
  elevation: number;
  /** distance from the target in world units */
  distance: number;
  target?: readonly [number, number, number];
  /** focal length in pixels of the given picture size */
  focal: number;
  width: number;
  height: number;
}): Camera {
  const { azimuth, elevation, distance, focal, width, height, target = [0, 0, 0] } = options;
  const [ca, sa, ce, se] = [Math.cos(azimuth), Math.sin(azimuth), Math.cos(elevation), Math.sin(elevation)];
  const back = [sa * ce, se, ca * ce] as const;
  const right = [ca, 0, -sa] as const;
  const up = [-sa * se, ce, -ca * se] as const;
  const [x, y, z] = [0, 1, 2].map((i) => target[i as 0 | 1 | 2] + distance * back[i as 0 | 1 | 2]);
  return {
    width,
    height,
    intrinsics: { fx: focal, fy: focal, cx: width / 2, cy: height / 2 },
    cameraToWorld: [
      right[0],
      up[0],
      back[0],
      x!,
      right[1],
      up[1],
      back[1],
      y!,
      right[2],
      up[2],
      back[2],
      z!,
      0,
      0,
      0,
      1,
    ],
  };
}
