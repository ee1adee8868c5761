/** Where tongues and eyes go. */

import type { ArkitName } from './arkit.js';

/** Where a tongue that is out points to. Left and right as seen in a frontal picture: left = image left. */
export const TONGUE_DIRECTIONS = ['out', 'down', 'up', 'left', 'right', 'curled'] as const;

/** One of the directions. */
export type TongueDirection = (typeof TONGUE_DIRECTIONS)[number];

/** Both eyes looking up. */
export const UPWARD = ['eyeLookUpLeft', 'eyeLookUpRight'] as const satisfies readonly ArkitName[];
/** Both eyes looking down. */
export const DOWNWARD = ['eyeLookDownLeft', 'eyeLookDownRight'] as const satisfies readonly ArkitName[];
