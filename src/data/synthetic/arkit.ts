/**
 * ARKit expressions as shots state them: typed weights, mirrored names, and the vector of all 52.
 *
 * The names themselves are the face stage's.
 */
import { ARKIT_NAMES, type ArkitName } from '../../face/arkit.js';

export { ARKIT_NAMES, type ArkitName } from '../../face/arkit.js';

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
