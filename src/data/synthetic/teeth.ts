/** Teeth of rich people: one tone and length for each tooth, lines between them, a gap, gums that reach over their necks. */

import { srgb } from './color.js';
import { type HeadModel, PART } from './head-model.js';
import type { Sample } from './lighting.js';
import { hash3, noise1, smoothstep } from './noise.js';
import type { Person } from './person.js';

/** Width of a tooth along the row, world units: 7.5 mm, the mean of incisors and canines. */
const TOOTH = 0.075;
/** From the biting edge to the gums, world units. */
const CROWN = 0.095;
const GUM = srgb(0.74, 0.38, 0.4);

/** Heights of the biting edges on the neutral mean head. */
export type BitingEdges = { readonly upper: number; readonly lower: number };

/** Where a family's teeth bite. */
export function bitingEdges({ neutral, incisors }: HeadModel): BitingEdges {
  const mean = (list: readonly number[]): number =>
    list.reduce((sum, v) => sum + neutral[3 * v + 1]!, 0) / Math.max(1, list.length);
  return { upper: mean(incisors.upper), lower: mean(incisors.lower) };
}

/** Makes the teeth's lengths uneven, in place (3·V): at most 1.2 mm. */
export function unevenTeeth(model: HeadModel, base: Float32Array, person: Person): void {
  const uneven = person.rich?.teeth.uneven ?? 0;
  if (uneven === 0) return;
  const edges = bitingEdges(model);
  for (let v = 0; v < model.vertexCount; v++) {
    if (model.parts[v] !== PART.teeth) continue;
    const [x, y, z] = [model.neutral[3 * v]!, model.neutral[3 * v + 1]!, model.neutral[3 * v + 2]!];
    const upper = y > (edges.upper + edges.lower) / 2;
    const wave = noise1((x - 0.6 * Math.sign(x) * z + 3) / TOOTH, person.seed + (upper ? 61 : 62)) - 0.5;
    base[3 * v + 1]! += 0.024 * uneven * wave;
    base[3 * v + 2]! += 0.016 * uneven * wave;
  }
}

/** Albedo of a tooth at a place of the neutral mean head, over the colour in `sample`. */
export function toothMaterial(
  person: Person,
  edges: BitingEdges,
  x: number,
  y: number,
  z: number,
  sample: Sample,
): void {
  const { rich } = person;
  if (!rich) return;
  const { uneven, gap, gums } = rich.teeth;
  const along = Math.abs(x) + 0.7 * Math.max(0, 0.25 - z); // about the length of the row from its middle
  const cell = along / TOOTH;
  const index = Math.floor(cell);
  const upper = y > (edges.upper + edges.lower) / 2;
  const tone = 1 - 0.22 * uneven * hash3(index, x < 0 ? 0 : 1, upper ? 0 : 1, person.seed + 63);
  const aside = Math.min(cell - index, 1 - cell + index) * TOOTH;
  const line = 1 - 0.45 * (1 - smoothstep(0.002, 0.012, aside));
  const open = gap > 0 && upper ? 0.15 + 0.85 * smoothstep(gap, gap + 0.006, Math.abs(x)) : 1;
  const yellow = 1 - 0.004 * Math.max(0, rich.age - 30);
  sample.r *= tone * line * open;
  sample.g *= tone * line * open * (0.5 + 0.5 * yellow);
  sample.b *= tone * line * open * yellow * yellow;
  const scallop = 0.02 * Math.abs(2 * (cell - index) - 1);
  const bared = upper ? y - edges.upper : edges.lower - y;
  const gum = smoothstep(CROWN - gums - scallop - 0.006, CROWN - gums - scallop + 0.006, bared);
  sample.r += (GUM[0] - sample.r) * gum;
  sample.g += (GUM[1] - sample.g) * gum;
  sample.b += (GUM[2] - sample.b) * gum;
}
