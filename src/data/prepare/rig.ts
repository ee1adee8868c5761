/**
 * The studio's sixteen cameras around the head, and how the renderer, whose camera stands still, shows what each of them sees.
 *
 * A camera on a sphere around the head's origin sees what the renderer's camera sees when head and lamp are turned the other way;
 * so the calibration is exact. Sky and ground light stay level with the camera, at most 28 degrees off.
 */

import { orbitCamera } from '../../core/camera.js';
import { anglesOf } from '../../face/rotation.js';
import { type Pose, poseMatrix } from '../synthetic/head-model.js';
import type { Shot } from '../synthetic/shot.js';
import { worldToCamera } from './fit-json.js';

/** A camera of the rig. Angles in radians: azimuth towards the face's image right, elevation upwards. */
export type RigCamera = { readonly name: string; readonly azimuth: number; readonly elevation: number };

/** Distance of every camera from the head's origin in world units (≈ dm). */
const DISTANCE = 10;
/** Focal length in picture widths: the crop's 300·10/700, and this much wider so that turned heads stay inside. */
const WIDER = 1.3;
const FOCAL = (300 * DISTANCE) / 700 / WIDER;
/** Serial of the frontal camera in NeRSemble; the rig's others are numbered from there and stand for no real device. */
const FRONTAL_SERIAL = 222200037;

/** Degrees, from the middle outwards, so that a smaller rig is the first few. As NeRSemble: about 90 degrees across, 40 in height. */
const PLACES: readonly (readonly [azimuth: number, elevation: number])[] = [
  [0, 0],
  [-45, 0],
  [45, 0],
  [-22, 0],
  [22, 0],
  [0, 14],
  [0, -12],
  [-45, 14],
  [45, 14],
  [-22, 14],
  [22, 14],
  [-22, -12],
  [22, -12],
  [-45, -12],
  [45, -12],
  [0, 28],
];

/** The rig, frontal camera first. */
export const RIG: readonly RigCamera[] = PLACES.map(([azimuth, elevation], i) => ({
  name: `cam_${FRONTAL_SERIAL + i}`,
  azimuth: (azimuth * Math.PI) / 180,
  elevation: (elevation * Math.PI) / 180,
}));

/** World → camera rotation, row-major 3×3, the camera's axes being right, up and backward. */
function viewRotation({ azimuth, elevation }: RigCamera): Float64Array {
  const { cameraToWorld: m } = rigCamera({ name: '', azimuth, elevation }, 1);
  return Float64Array.of(m[0]!, m[4]!, m[8]!, m[1]!, m[5]!, m[9]!, m[2]!, m[6]!, m[10]!);
}

/** The shot as this camera sees it: head and lamp turned into its axes. */
export function seenFrom(camera: RigCamera, shot: Shot): Shot {
  const view = viewRotation(camera);
  const [x, y, z] = shot.light.direction;
  const at = (row: number) => view[3 * row]! * x + view[3 * row + 1]! * y + view[3 * row + 2]! * z;
  return {
    ...shot,
    pose: poseOf(multiply(view, poseMatrix(shot.pose))),
    light: { ...shot.light, direction: [at(0), at(1), at(2)] },
  };
}

function multiply(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [Math.floor(i / 3), i % 3];
    return a[3 * row]! * b[column]! + a[3 * row + 1]! * b[3 + column]! + a[3 * row + 2]! * b[6 + column]!;
  });
}

function poseOf(rotation: Float64Array): Pose {
  const [pitch, yaw, roll] = anglesOf(rotation);
  return { yaw, pitch, roll };
}

/** The calibrated camera for pictures of `size`². */
export function rigCamera({ azimuth, elevation }: RigCamera, size: number) {
  return orbitCamera({ azimuth, elevation, distance: DISTANCE, focal: FOCAL * size, width: size, height: size });
}

/** Where a camera's picture must lie so that all pictures of a rig have one pinhole; see `sensorFraming`. */
export const SENSOR = { focal: FOCAL, x: 0.5, y: 0.5 } as const;

/** A pinhole in picture widths: focal length and principal point from the top left. */
export type Sensor = { readonly focal: number; readonly x: number; readonly y: number };

/**
 * The renderer aligns every picture to the face; this is the framing that undoes it for a fixed sensor.
 * @param aligned pinhole that the renderer chose for the same shot with framing {0, 0, 1}, in picture widths.
 */
export function sensorFraming(aligned: Sensor, sensor: Sensor): Shot['framing'] {
  const scale = sensor.focal / aligned.focal;
  return {
    scale,
    dx: (aligned.x - 0.5) * scale + 0.5 - sensor.x,
    dy: (aligned.y - 0.5) * scale + 0.5 - sensor.y,
  };
}

/** Text of the calibration file for raw pictures of `size`²: NeRSemble's keys, OpenCV world→camera, units ≈ dm. */
export function calibrationText(cameras: readonly RigCamera[], size: number): string {
  const { intrinsics: k } = rigCamera(cameras[0]!, size);
  const poses = cameras.map((one) => [
    one.name.replace(/^cam_/, ''),
    worldToCamera(rigCamera(one, size).cameraToWorld),
  ]);
  const round = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(9)) + 0 : value);
  const intrinsics = [
    [k.fx, 0, k.cx],
    [0, k.fy, k.cy],
    [0, 0, 1],
  ];
  return `${JSON.stringify({ world_2_cam: Object.fromEntries(poses), intrinsics }, round, 1)}\n`;
}
