/**
 * What delivery takes from a distilled head: its field, its renderer and how it wants to be looked at.
 *
 * Only an adapter: head/ owns the field and the rendering.
 */

import { type Head, type HeadRenderer, sampleField } from '../head/index.js';
import type { FieldSampler } from './field.js';
import type { Json } from './manifest.js';
import type { HeadProducts } from './products.js';

/** What a head does not say about its delivery. */
export type HeadDelivery = {
  /** draws the frames; the caller owns and disposes it */
  readonly renderer: HeadRenderer;
  /** side of the square pictures in pixels */
  readonly size: number;
  /** recorded in the manifest */
  readonly settings: Json;
  /** one line for people, e.g. the text prompt */
  readonly caption?: string;
  readonly extra?: HeadProducts['extra'];
};

/** The products of a distilled head for `writeBundle`; sweeps stay within the angles that the head was distilled from. */
export function productsOfHead(head: Head, delivery: HeadDelivery): HeadProducts {
  const { renderer, size, settings, caption, extra } = delivery;
  const { distance, focal, azimuth, elevation } = head.view;
  return {
    ...{ settings, caption, extra, field: fieldOfHead(head) },
    render: (camera) => renderer.render(head, camera),
    view: { distance, focal: focal * size, width: size, height: size },
    range: { azimuth, elevation },
  };
}

/** The head's field. Cells that its occupancy grid calls empty are empty here too, because the renderer never shows them. */
export function fieldOfHead(head: Head): FieldSampler {
  const h = head.config.halfSide;
  return { box: { min: [-h, -h, -h], max: [h, h, h] }, sample: (points) => sampleOccupied(head, points) };
}

function sampleOccupied(head: Head, points: Float32Array) {
  const density = new Float32Array(points.length / 3);
  const color = new Float32Array(points.length);
  const asked = Array.from(density.keys()).filter((i) => isOccupied(head, points, 3 * i));
  const found = sampleField(
    head,
    Float32Array.from({ length: 3 * asked.length }, (_, k) => points[3 * asked[Math.floor(k / 3)]! + (k % 3)]!),
  );
  asked.forEach((i, k) => {
    density[i] = found.density[k]!;
    color.set(found.color.subarray(3 * k, 3 * k + 3), 3 * i);
  });
  return { density, color };
}

function isOccupied(head: Head, points: Float32Array, at: number): boolean {
  const { resolution: r, occupied } = head.occupancy;
  const cell = (a: number) => Math.floor((points[at + a]! / head.config.halfSide / 2 + 0.5) * r);
  const [x, y, z] = [cell(0), cell(1), cell(2)];
  const inside = Math.min(x, y, z) >= 0 && Math.max(x, y, z) < r; // false for NaN
  return inside && occupied[x + r * (y + r * z)] === 1;
}
