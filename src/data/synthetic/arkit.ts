/**
 * The 52 face blend-shape names of Apple's ARKit (`ARFaceAnchor.BlendShapeLocation`), weights 0 … 1; Left and Right are the
 * person's own. The vocabulary in which shots state an expression, whichever head family renders it.
 */

/** All 52 names in Apple's order of the documentation. */
export const ARKIT_NAMES = [
  'eyeBlinkLeft',
  'eyeLookDownLeft',
  'eyeLookInLeft',
  'eyeLookOutLeft',
  'eyeLookUpLeft',
  'eyeSquintLeft',
  'eyeWideLeft',
  'eyeBlinkRight',
  'eyeLookDownRight',
  'eyeLookInRight',
  'eyeLookOutRight',
  'eyeLookUpRight',
  'eyeSquintRight',
  'eyeWideRight',
  'jawForward',
  'jawLeft',
  'jawRight',
  'jawOpen',
  'mouthClose',
  'mouthFunnel',
  'mouthPucker',
  'mouthLeft',
  'mouthRight',
  'mouthSmileLeft',
  'mouthSmileRight',
  'mouthFrownLeft',
  'mouthFrownRight',
  'mouthDimpleLeft',
  'mouthDimpleRight',
  'mouthStretchLeft',
  'mouthStretchRight',
  'mouthRollLower',
  'mouthRollUpper',
  'mouthShrugLower',
  'mouthShrugUpper',
  'mouthPressLeft',
  'mouthPressRight',
  'mouthLowerDownLeft',
  'mouthLowerDownRight',
  'mouthUpperUpLeft',
  'mouthUpperUpRight',
  'browDownLeft',
  'browDownRight',
  'browInnerUp',
  'browOuterUpLeft',
  'browOuterUpRight',
  'cheekPuff',
  'cheekSquintLeft',
  'cheekSquintRight',
  'noseSneerLeft',
  'noseSneerRight',
  'tongueOut',
] as const;

/** One of the 52 names. */
export type ArkitName = (typeof ARKIT_NAMES)[number];

/** Named weights 0 … 1; names left out are 0. */
export type Expression = Readonly<Partial<Record<ArkitName, number>>>;

/** The same name on the other side of the face; names without a side stay as they are. */
export function mirrored(name: ArkitName): ArkitName {
  const other = name.endsWith('Left')
    ? name.slice(0, -4) + 'Right'
    : name.endsWith('Right')
      ? name.slice(0, -5) + 'Left'
      : name;
  return ARKIT_NAMES.find((candidate) => candidate === other) ?? name;
}

/** Weights as 52 numbers in the order of `ARKIT_NAMES`, for storage. */
export function expressionVector(expression: Expression): Float32Array {
  return Float32Array.from(ARKIT_NAMES, (name) => expression[name] ?? 0);
}
