/** The plainest face there is, for tests that need one: nothing tracked, nobody's identity, in the middle of a 512² picture. */
import type { Face } from '../face.js';

/** A face that looks at the camera with no expression; `changes` replace its fields. */
export function frontalFace(changes: Partial<Face> = {}): Face {
  return {
    model: 'builtin-2',
    identity: [],
    expression: [],
    arkit: {},
    angle: [0, 0, 0],
    translation: [0, 0, 0],
    // 1015/102·300·512/700: the camera of an aligned crop of standard size (photo/align.ts).
    intrinsics: { fx: 2183.5, fy: 2183.5, cx: 256, cy: 256 },
    crop: { x0: 0, y0: 0, x1: 512, y1: 512 },
    landmarks: [],
    errorPercent: null,
    confidence: null,
    ...changes,
  };
}
