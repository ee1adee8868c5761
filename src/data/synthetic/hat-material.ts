/** Cloth of hats: ribs of knitting, panels of a cap, band of a brimmed hat, folds and dots of a scarf. */

import type { Gloss, Sample } from './lighting.js';
import { noise3, smoothstep } from './noise.js';
import type { Hat } from './rich-look.js';

/** Albedo and gloss at a place of a hat; returns how far the cloth's relief turns the normal sideways, −1 … 1.
 * @param column 0 … 72 around the head.
 * @param along 0 … 1 on the crown, 1 … 2 beyond its edge.
 */
export function hatMaterial(
  hat: Hat,
  seed: number,
  column: number,
  along: number,
  sample: Sample,
  gloss: Gloss,
): number {
  gloss.strength = 0.02;
  gloss.sharpness = 10;
  gloss.wrap = 0.15;
  let tone = 0.86 + 0.28 * noise3(column * 1.4, along * 22, 0, seed + 74);
  let second = 0;
  let turn = 0;
  switch (hat.kind) {
    case 'beanie': {
      const rib = Math.sin(column * Math.PI); // 36 ribs
      turn = 0.5 * rib;
      tone *= 0.88 + 0.12 * Math.cos(column * Math.PI + 1.6);
      if (along > 0.78 && along < 1) tone *= 0.7 + 0.3 * smoothstep(0.78, 0.83, along);
      if (hat.adorned && along < 0.2) second = 1;
      break;
    }
    case 'cap': {
      const seam = Math.abs(((column + 6) % 12) - 6) / 6; // six panels
      if (along < 1) tone *= 0.75 + 0.25 * smoothstep(0, 0.06, seam);
      const patch = Math.hypot((column - 36) / 4.5, (along - 0.66) / 0.16);
      second = along > 1 ? (hat.adorned ? 1 : 0) : hat.adorned ? 1 - smoothstep(0.9, 1, patch) : 0;
      break;
    }
    case 'brimmed':
      second = hat.adorned && along > 0.72 && along < 1 ? 1 : 0;
      break;
    case 'headscarf': {
      turn = 0.5 * (noise3(column * 0.55, along * 3, 1, seed + 75) - 0.5);
      const dot = Math.hypot((column % 4) / 2 - 1, ((along * 9) % 1) * 2 - 1);
      second = hat.adorned ? 1 - smoothstep(0.45, 0.6, dot) : 0;
      break;
    }
    default:
      hat.kind satisfies never;
  }
  sample.r = (hat.color[0] + (hat.second[0] - hat.color[0]) * second) * tone;
  sample.g = (hat.color[1] + (hat.second[1] - hat.color[1]) * second) * tone;
  sample.b = (hat.color[2] + (hat.second[2] - hat.color[2]) * second) * tone;
  return turn;
}
