/** Kinds of faces that people make, as ARKit weights at full strength. Names are ours; captions are made from them. */

import type { Expression } from './arkit.js';

const both = (name: string, weight: number): Expression => ({ [name + 'Left']: weight, [name + 'Right']: weight });

/** Weights of each kind. Sides are equal except where a face is crooked by nature. */
export const EXPRESSION_KINDS = {
  neutral: {},
  smile: { ...both('mouthSmile', 0.75), ...both('cheekSquint', 0.35) },
  grin: {
    ...both('mouthSmile', 0.85),
    ...both('mouthUpperUp', 0.45),
    ...both('mouthLowerDown', 0.35),
    ...both('cheekSquint', 0.5),
    ...both('mouthStretch', 0.2),
  },
  laugh: {
    ...both('mouthSmile', 0.9),
    jawOpen: 0.45,
    ...both('eyeSquint', 0.6),
    ...both('cheekSquint', 0.7),
    ...both('mouthUpperUp', 0.35),
  },
  surprised: { jawOpen: 0.5, ...both('eyeWide', 0.8), browInnerUp: 0.8, ...both('browOuterUp', 0.7) },
  angry: {
    ...both('browDown', 0.95),
    ...both('noseSneer', 0.45),
    ...both('mouthPress', 0.5),
    ...both('eyeSquint', 0.4),
    ...both('mouthFrown', 0.35),
  },
  sad: { browInnerUp: 0.85, ...both('mouthFrown', 0.8), mouthShrugLower: 0.4, ...both('eyeSquint', 0.15) },
  disgusted: {
    ...both('noseSneer', 0.9),
    ...both('mouthUpperUp', 0.6),
    ...both('browDown', 0.6),
    ...both('eyeSquint', 0.4),
  },
  kiss: { mouthPucker: 0.95, mouthFunnel: 0.15 },
  funnel: { mouthFunnel: 0.9, jawOpen: 0.22, ...both('eyeWide', 0.2) },
  puffed: { cheekPuff: 0.95, ...both('mouthPress', 0.3), mouthPucker: 0.2 },
  shout: {
    jawOpen: 0.8,
    ...both('mouthUpperUp', 0.4),
    ...both('mouthLowerDown', 0.5),
    ...both('browDown', 0.6),
    ...both('eyeSquint', 0.3),
  },
  wink: { eyeBlinkLeft: 1, cheekSquintLeft: 0.5, mouthSmileLeft: 0.55, mouthSmileRight: 0.3 },
  winkRight: { eyeBlinkRight: 1, cheekSquintRight: 0.5, mouthSmileRight: 0.55, mouthSmileLeft: 0.3 },
  closedEyes: { ...both('eyeBlink', 1) },
  squint: { ...both('eyeSquint', 0.9), ...both('cheekSquint', 0.6), ...both('browDown', 0.4) },
  crooked: { mouthLeft: 0.7, mouthSmileLeft: 0.5, browOuterUpLeft: 0.6 },
  crookedRight: { mouthRight: 0.7, mouthSmileRight: 0.5, browOuterUpRight: 0.6 },
  rolledLips: { mouthRollLower: 0.8, mouthRollUpper: 0.7, ...both('mouthPress', 0.3) },
  teeth: { ...both('mouthUpperUp', 0.75), ...both('mouthLowerDown', 0.75), ...both('mouthStretch', 0.35) },
  open: { jawOpen: 0.6 },
} satisfies Record<string, Expression>;

/** A kind of face. */
export type ExpressionKind = keyof typeof EXPRESSION_KINDS;
