/** The background of a synthetic picture: a scene, or a gradient with soft shapes; linear light, once per final pixel. */

import { smoothstep } from './noise.js';
import { fillScene } from './scenes.js';
import type { Background } from './shot.js';

/** Fills H·W·3 values (size × size) with linear light. */
export function fillBackground(background: Background, size: number, out: Float32Array): void {
  const { from, to, angle, blobs, scene } = background;
  if (scene) {
    fillScene(scene, size, out);
    return;
  }
  const [gx, gy] = [Math.cos(angle), Math.sin(angle)];
  for (let row = 0, i = 0; row < size; row++)
    for (let column = 0; column < size; column++, i += 3) {
      const x = (column + 0.5) / size;
      const y = (row + 0.5) / size;
      const t = Math.max(0, Math.min(1, 0.5 + (x - 0.5) * gx + (y - 0.5) * gy));
      let r = from[0] + (to[0] - from[0]) * t;
      let g = from[1] + (to[1] - from[1]) * t;
      let b = from[2] + (to[2] - from[2]) * t;
      for (const blob of blobs) {
        const u = (x - blob.x) / blob.rx;
        const v = (y - blob.y) / blob.ry;
        const squared = u * u + v * v;
        if (squared >= 1) continue;
        const cover = 1 - smoothstep(1 - blob.soft, 1, Math.sqrt(squared));
        r += (blob.color[0] - r) * cover;
        g += (blob.color[1] - g) * cover;
        b += (blob.color[2] - b) * cover;
      }
      out[i] = r;
      out[i + 1] = g;
      out[i + 2] = b;
    }
}
