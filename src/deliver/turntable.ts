/**
 * Camera paths around a head, and the frames along them.
 *
 * Angles are azimuth (towards +x) and elevation (upwards) in radians, as in `orbitCamera`.
 */

import { type Camera, orbitCamera } from '../core/camera.js';
import { JokerError } from '../core/errors.js';
import type { Image } from '../core/image.js';
import { type Report, silent } from '../core/progress.js';
import type { FrameRenderer } from './field.js';

/** One direction from which the head is seen. */
export type Viewpoint = { readonly azimuth: number; readonly elevation: number };

/** What stays the same along a path: where the camera looks, how far away it is, and the picture. */
export type OrbitView = {
  /** world point that the camera looks at; default the origin */
  readonly target?: readonly [number, number, number];
  /** world units from the target */
  readonly distance: number;
  /** pixels of the picture below */
  readonly focal: number;
  readonly width: number;
  readonly height: number;
};

const DEGREE = Math.PI / 180;

/** How far a path swings: the paper's showcase sweeps reach ±45° and ±20°. */
export type SweepOptions = {
  /** frames, ≥ 1 */
  readonly frames: number;
  /** radians; default 45° */
  readonly azimuth?: number;
  /** radians; default 20° for the spiral, 10° for the turntable */
  readonly elevation?: number;
};

/** A closed lying eight: once left and right, twice gently up and down; the last frame leads into the first. */
export function turntablePath(options: SweepOptions): Viewpoint[] {
  const { frames, azimuth = 45 * DEGREE, elevation = 10 * DEGREE } = options;
  return Array.from({ length: frames }, (_, i) => {
    const phase = (2 * Math.PI * i) / frames;
    return { azimuth: azimuth * Math.sin(phase), elevation: elevation * Math.sin(2 * phase) };
  });
}

/** The paper's SPIRAL sweep (released code): three turns, the radius grows in the first and shrinks in the last. */
export function spiralPath(options: SweepOptions): Viewpoint[] {
  const { frames, azimuth = 45 * DEGREE, elevation = 20 * DEGREE } = options;
  return Array.from({ length: frames }, (_, i) => {
    const turns = (3 * i) / frames;
    const radius = Math.min(1, turns, 3 - turns);
    const phase = 2 * Math.PI * turns;
    return { azimuth: azimuth * radius * Math.cos(phase), elevation: elevation * radius * Math.sin(phase) };
  });
}

/** The paper's VAL sweep (released code): evenly from −azimuth to +azimuth, ends included, at elevation 0. */
export function horizontalPath(options: { frames: number; azimuth?: number }): Viewpoint[] {
  const { frames, azimuth = 45 * DEGREE } = options;
  const share = (i: number) => (frames === 1 ? 0 : (2 * i) / (frames - 1) - 1);
  return Array.from({ length: frames }, (_, i) => ({ azimuth: azimuth * share(i), elevation: 0 }));
}

/** Sweeps by name, and how many frames each has where nothing else is asked: 3 s at 20 a second, and the paper's numbers. */
export const SWEEPS = { turntable: 60, spiral: 300, val: 15 } as const;

/** A sweep's name. */
export type Sweep = keyof typeof SWEEPS;

/** The path of a sweep. @param options.azimuth, options.elevation as for the path itself. */
export function sweepPath(sweep: Sweep, options: Partial<SweepOptions> = {}): Viewpoint[] {
  const frames = options.frames ?? SWEEPS[sweep];
  switch (sweep) {
    case 'turntable':
      return turntablePath({ ...options, frames });
    case 'spiral':
      return spiralPath({ ...options, frames });
    case 'val':
      return horizontalPath({ ...options, frames });
  }
}

/** Most pixels of all frames together: 2^27 take 1.6 GB while the animation is encoded. */
const MAX_PIXELS = 2 ** 27;

/** Refuses a sweep that would not fit into memory: call it before long work. @throws JokerError bad-argument. */
export function checkSweepSize(frames: number, size: number): void {
  if (frames * size * size <= MAX_PIXELS) return;
  const most = Math.floor(MAX_PIXELS / (size * size));
  throw new JokerError(
    'bad-argument',
    `a sweep of ${frames} frames of ${size}×${size} pixels does not fit into memory`,
    `Ask for at most ${most} frames, or for smaller pictures.`,
  );
}

/** Cameras of a path. */
export function camerasAlong(path: readonly Viewpoint[], view: OrbitView): Camera[] {
  return path.map((point) => orbitCamera({ ...view, ...point }));
}

/** Renders the colours of all cameras in order, one message a frame; `signal` stops it between frames. */
export async function renderFrames(
  render: FrameRenderer,
  cameras: readonly Camera[],
  options: { report?: Report; signal?: AbortSignal } = {},
): Promise<Image[]> {
  const { report = silent, signal } = options;
  const frames: Image[] = [];
  for (const camera of cameras) {
    signal?.throwIfAborted();
    frames.push((await render(camera)).color);
    report({ kind: 'progress', done: frames.length, total: cameras.length });
  }
  return frames;
}
