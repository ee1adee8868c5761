/** Options about the forms of a delivered head that the verbs `head`, `heads`, `demo` and `export` share. */

import { type Command, InvalidArgumentError } from 'commander';
import { EXPORTS, type Export } from '../../src/deliver/products.js';
import { SWEEPS } from '../../src/deliver/turntable.js';
import { numberBetween, oneOf } from './values.js';

const NAMES = Object.keys(EXPORTS) as Export[];

/** Adds the options; they are read as `DeliveryOptions` of src/run/head-delivery.ts. */
export function withDelivery(command: Command): Command {
  const sweeps = Object.keys(SWEEPS) as (keyof typeof SWEEPS)[];
  return command
    .option('--what <list>', `${NAMES.join(', ')}, or all (default: all but splat-glb and spz)`, exportsOf)
    .option('--sweep <name>', "how the camera moves: turntable; spiral and val are the paper's", oneOf(...sweeps))
    .option('--frames <count>', 'frames of the sweep (default: 36, 300, 15)', numberBetween(1, 10_000, true))
    .option('--azimuth <degrees>', 'how far views and sweep swing to the sides (default: as distilled)', radians)
    .option('--elevation <degrees>', 'how far the sweep swings up and down (default: as distilled)', radians)
    .option('--views <count>', 'still views with depth and normals (default: 5)', numberBetween(1, 1000, true))
    .option('--resolution <cells>', 'cells along the longest side of mesh and viewer', numberBetween(8, 256, true))
    .option('--splats <count>', 'Gaussian splats (default: 30000)', numberBetween(100, 1e6, true));
}

function exportsOf(text: string): Export[] {
  if (text.trim() === 'all') return NAMES;
  const one = oneOf(...NAMES);
  const names = text.split(',').map((name) => one(name.trim()));
  if (new Set(names).size === names.length) return names;
  throw new InvalidArgumentError('Expected each form once.');
}

function radians(text: string): number {
  return (numberBetween(0, 90)(text) * Math.PI) / 180;
}
