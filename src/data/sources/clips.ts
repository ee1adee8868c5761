/**
 * Videos among a person's own pictures: which frames of a clip are taken, and the pictures of those.
 *
 * Cameras of one clip are taken to have run together: frame 12 of each is the same moment. Not the decoding: video-frames.ts.
 */
import { join } from 'node:path';
import type { Photo } from '../../photo/photo.js';
import type { FrameName } from '../prepare/layout.js';
import { interiorFrames } from '../prepare/selection.js';
import type { PlannedFrame } from '../prepare/source.js';
import { countFrames, videoFrame } from './video-frames.js';

/** Frames of a clip when nothing is said: as many as the paper takes of CelebV-Text (method.md 2.2). */
const CLIP_FRAMES = 10;

/** A moment of a video. */
export type Moment = { readonly path: string; readonly frame: number };

/** The clips of one source. */
export class Clips {
  private readonly moments = new Map<string, Moment>();

  /** @param root folder below which origins lie. @param frames of a clip; default 10. @param signal ends counting and reading. */
  constructor(
    private readonly root: string,
    private readonly frames = CLIP_FRAMES,
    private readonly signal?: AbortSignal,
  ) {}

  /**
   * Interior frames of a clip; of several cameras, as far as the shortest goes.
   * @param videos camera → file below the root. @throws JokerError as `countFrames`.
   */
  async plan(name: Omit<FrameName, 'frame'>, videos: Readonly<Record<string, string>>): Promise<PlannedFrame[]> {
    const counts: number[] = [];
    for (const video of Object.values(videos)) counts.push(await countFrames(join(this.root, video), this.signal));
    return interiorFrames(Math.min(...counts), this.frames).map((frame) => {
      const origins = Object.entries(videos).map(([camera, video]) => {
        const origin = `${video}#${frame}`;
        this.moments.set(origin, { path: join(this.root, video), frame });
        return [camera, origin] as const;
      });
      return { subject: name.subject, sequence: name.sequence, frame, origins: Object.fromEntries(origins) };
    });
  }

  /** The moment behind an origin that `plan` gave; null for others. */
  of(origin: string): Moment | null {
    return this.moments.get(origin) ?? null;
  }

  /** Its picture. @throws JokerError as `videoFrame` does. */
  frame({ path, frame }: Moment): Promise<Photo> {
    return videoFrame(path, frame, this.signal);
  }
}
