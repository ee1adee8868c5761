import { describe, expect, it } from 'vitest';
import { randomKey } from '../core/rng.js';
import { draftField, HeadRenderer, initialHead, sampleField } from '../head/index.js';
import { bakeField } from './field.js';
import { fieldOfHead, productsOfHead } from './head.js';
import { camerasAlong } from './turntable.js';

const head = initialHead({ ...draftField, log2TableSize: 10 }, randomKey(1));

describe('fieldOfHead', () => {
  it('is the head where it is occupied and empty elsewhere', async () => {
    const r = head.occupancy.resolution;
    const occupied = head.occupancy.occupied.slice();
    const half = { ...head, occupancy: { ...head.occupancy, occupied } };
    for (let cell = 0; cell < occupied.length; cell++) if (cell % r >= r / 2) occupied[cell] = 0; // x > 0
    const points = Float32Array.of(-0.02, 0.01, 0, 0.02, 0.01, 0, 0.3, 0, 0, Number.NaN, 0, 0);
    const { density, color } = await fieldOfHead(half).sample(points);
    const whole = sampleField(head, points.slice(0, 3));
    expect(density[0]).toBe(whole.density[0]);
    expect(Array.from(color.subarray(0, 3))).toEqual(Array.from(whole.color));
    expect(Array.from(density.subarray(1))).toEqual([0, 0, 0]);
    expect((await bakeField(fieldOfHead(half), { resolution: 16 })).box.max[0]).toBeLessThan(0.03);
  });
});

describe('productsOfHead', () => {
  it('renders at the asked size from the distance and within the angles of the head', async () => {
    const renderer = await HeadRenderer.create(head.config, { threads: 1, rays: 256, samples: 8 });
    try {
      const { view, range, render } = productsOfHead(head, { renderer, size: 16, settings: null });
      expect(view).toMatchObject({ distance: head.view.distance, width: 16, focal: 16 * head.view.focal });
      expect(range).toEqual({ azimuth: head.view.azimuth, elevation: head.view.elevation });
      const frame = await render(camerasAlong([{ azimuth: 0, elevation: 0 }], view)[0]!);
      expect([frame.color.width, frame.color.channels, frame.opacity.channels, frame.depth.channels]).toEqual([
        16, 3, 1, 1,
      ]);
    } finally {
      await renderer.dispose();
    }
  });
});
