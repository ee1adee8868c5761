/** Point samples against the renderer, and their limits. */
import { describe, expect, it } from 'vitest';
import { orbitCamera } from '../core/camera.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { directionHarmonics, HARMONICS } from './background.js';
import { draftField } from './field.js';
import { initialHead } from './head.js';
import { renderHead } from './render.js';
import { sampleField, softplusOf } from './sample.js';

const config = { ...draftField, levels: 3, log2TableSize: 10, hidden: 8, densityScale: 8 };
const head = initialHead(config, randomKey(3));
const stream = new RandomStream(randomKey(4));
for (let i = 0; i < head.table.length; i++) head.table[i] = stream.normal();

describe('sampleField', () => {
  it('composited along a ray by hand gives the rendered opacity and colour share', async () => {
    const camera = orbitCamera({ azimuth: 0.2, elevation: 0.1, distance: 1.2, focal: 100, width: 1, height: 1 });
    const samples = 400;
    const view = await renderHead(head, camera, { samples, rays: 1, step: 1e-6, stop: Infinity, threads: 1 });
    const m = camera.cameraToWorld;
    const points: number[] = [];
    const [near, far] = [0.6, 1.8];
    const steps = 4000;
    for (let i = 0; i < steps; i++) {
      const t = near + ((i + 0.5) * (far - near)) / steps;
      points.push(m[3]! - m[2]! * t, m[7]! - m[6]! * t, m[11]! - m[10]! * t);
    }
    const { density } = sampleField(head, Float32Array.from(points));
    const thickness = density.reduce((s, x) => s + (x * (far - near)) / steps, 0);
    // Both are Riemann sums of the same curve, 400 and 4000 terms: they differ by about a step of the jumps between cells.
    expect(Math.abs(view.opacity.data[0]! - (1 - Math.exp(-thickness)))).toBeLessThan(2e-3);
  });
  it('is empty outside the box and in unoccupied cells', () => {
    const pruned = { ...head, occupancy: { ...head.occupancy, occupied: new Uint8Array(32 ** 3) } };
    expect(sampleField(head, Float32Array.of(0.26, 0, 0, 0, -0.3, 0)).density).toEqual(Float32Array.of(0, 0));
    expect(sampleField(pruned, Float32Array.of(0, 0, 0)).density[0]).toBe(0);
    expect(sampleField(head, Float32Array.of(0, 0, 0)).density[0]).toBeGreaterThan(0);
  });
});

describe('softplusOf', () => {
  it('is finite everywhere and log(1 + e^x)', () => {
    for (const x of [-1e30, -700, -1, 0, 1, 19.999, 20.001, 700, 1e30])
      expect(Number.isFinite(softplusOf(x))).toBe(true);
    expect(softplusOf(0)).toBeCloseTo(Math.LN2, 12);
    expect(softplusOf(20.001) - softplusOf(19.999)).toBeCloseTo(0.002, 6);
  });
});

describe('directionHarmonics', () => {
  it('are orthonormal over the sphere', () => {
    const n = 60;
    const gram = new Float64Array(HARMONICS * HARMONICS);
    const out = new Float32Array(HARMONICS);
    // Equal-area cells: uniform in z and angle. The midpoint rule over z of polynomials of degree 4 is exact to about 1/n².
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const z = -1 + (2 * (i + 0.5)) / n;
        const angle = (2 * Math.PI * (j + 0.5)) / n;
        const r = Math.sqrt(1 - z * z);
        directionHarmonics(Float32Array.of(r * Math.cos(angle), r * Math.sin(angle), z), 1, out);
        for (let a = 0; a < HARMONICS; a++)
          for (let b = 0; b < HARMONICS; b++) gram[a * HARMONICS + b]! += (out[a]! * out[b]! * 4 * Math.PI) / (n * n);
      }
    for (let a = 0; a < HARMONICS; a++)
      for (let b = 0; b < HARMONICS; b++) expect(gram[a * HARMONICS + b]).toBeCloseTo(a === b ? 1 : 0, 2);
  });
});
