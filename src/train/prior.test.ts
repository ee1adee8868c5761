/** Batches of the prior's training: where their parts come from. Not the networks, whose gradients graph/ tests. */
import { describe, expect, test } from 'vitest';
import { foldIn, randomKey } from '../core/rng.js';
import { miniNetworks } from './config.js';
import type { PictureSet } from './pictures.js';
import { type PriorMaterial, priorTask } from './prior.js';

const SIZE = 8;
const SIDE = 2;
const CHANNELS = 1;

/**
 * A set whose every latent value is `mark` + person / 10, whose controls are the byte `shade`, and whose prompts are the
 * frame's number + 1 (0 is the empty prompt).
 */
function markedSet(mark: number, shade: number, views: number): PriorMaterial {
  const [people, frames] = [4, 3];
  const count = people * frames * views;
  const length = CHANNELS * SIDE * SIDE;
  const person = (index: number) => Math.floor(index / (frames * views));
  const pictures: PictureSet = {
    size: SIZE,
    people,
    frames,
    views,
    images: new Uint8Array(count * SIZE * SIZE * 3),
    normals: new Uint8Array(count * SIZE * SIZE * 3).fill(shade),
    captions: Array.from({ length: people * frames }, () => 'a person'),
  };
  return {
    pictures,
    latents: {
      length,
      means: Float32Array.from({ length: count * length }, (_, i) => mark + person(Math.floor(i / length)) / 10),
      deviations: new Float32Array(count * length),
    },
    latentShape: [CHANNELS, SIDE, SIDE],
    prompts: Array.from({ length: count }, (_, i) => Int32Array.of((Math.floor(i / views) % frames) + 1)),
    empty: Int32Array.of(0),
  };
}

function batches(materials: readonly PriorMaterial[], groups: number, count: number) {
  const task = priorTask(miniNetworks(8), groups, materials, new Map());
  return Array.from({ length: count }, (_, step) => task.batch(foldIn(randomKey(3), step), step));
}

describe('batches of the prior', () => {
  test('the loss of a cell is weighed by its place, and its channels by what they show', () => {
    const plain = markedSet(0, 255, 2);
    const { means, deviations, length } = plain.latents;
    // The same latents with each number standing in three channels.
    const thrice = (values: Float32Array) =>
      Float32Array.from(
        { length: 3 * values.length },
        (_, i) => values[Math.floor(i / (3 * length)) * length + (i % length)]!,
      );
    const wide: PriorMaterial = {
      ...plain,
      latents: { length: 3 * length, means: thrice(means), deviations: thrice(deviations) },
      latentShape: [3, SIDE, SIDE],
      channelWeights: Float32Array.of(2, 1, 0),
    };
    const [one, three] = [plain, wide].map((set) => batches([set], 2, 1)[0]!['weights'] as Float32Array);
    const cells = SIDE * SIDE;
    expect(three!.length).toBe(3 * one!.length);
    for (const [i, weight] of three!.entries()) {
      const [picture, channel] = [Math.floor(i / (3 * cells)), Math.floor(i / cells) % 3];
      expect(weight).toBeCloseTo((2 - channel) * one![picture * cells + (i % cells)]!, 6);
    }
  });

  test('every group comes from one set, sets alike often, parts of a group from one person', () => {
    const [wild, studio] = [markedSet(0, 0, 2), markedSet(10, 255, 4)];
    let fromStudio = 0;
    for (const batch of batches([wild, studio], 4, 50)) {
      const latent = batch['latent'] as Float32Array;
      const reference = batch['reference'] as Float32Array;
      const control = batch['control'] as Float32Array;
      expect([latent.length, reference.length, control.length]).toEqual([32, 16, 4 * 2 * 3 * SIZE * SIZE]);
      expect([batch['timestep']!.length, batch['signal']!.length, batch['ids']!.length]).toEqual([4, 8, 4]);
      for (let g = 0; g < 4; g++) {
        const mine = [...latent.subarray(g * 8, g * 8 + 8), ...reference.subarray(g * 4, g * 4 + 4)];
        expect(new Set(mine.map((v) => v.toFixed(3))).size).toBe(1);
        const studioGroup = mine[0]! >= 10;
        expect(control[g * 2 * 3 * SIZE * SIZE]).toBe(studioGroup ? 1 : -1);
        if (studioGroup) fromStudio++;
      }
    }
    // 200 groups: within four deviations of one half
    expect(Math.abs(fromStudio - 100)).toBeLessThan(28);
  });

  test('a step is the same when it is drawn again, and one prompt in ten is empty', () => {
    const set = markedSet(0, 0, 2);
    const first = batches([set], 8, 100);
    expect(batches([set], 8, 3)).toEqual(first.slice(0, 3));
    const empty = first.flatMap(({ ids }) => [...(ids as Int32Array)]).filter((id) => id === 0).length;
    // 800 prompts, deviation 8.5
    expect(Math.abs(empty - 80)).toBeLessThan(35);
  });

  test('an empty prompt shows few tongues, a caption many', () => {
    const set = markedSet(0, 0, 2);
    // Frames 0, 1, 2 of everybody: closed, open, tongue out.
    const captions = ['a person', 'a person, mouth open', 'a person with the tongue out'];
    const pictures = { ...set.pictures, captions: set.pictures.captions.map((_, i) => captions[i % 3]!) };
    const latents = { ...set.latents, means: set.latents.means.map((_, i) => Math.floor(i / (4 * 2)) % 3) };
    const drawn = batches([{ ...set, pictures, latents }], 8, 250).flatMap(({ ids, latent }) =>
      [...(ids as Int32Array)].map((id, g) => ({ id, frame: Math.round((latent as Float32Array)[g * 8]!) })),
    );
    const share = (of: typeof drawn, frame: number) => of.filter((d) => d.frame === frame).length / of.length;
    const [empty, worded] = [drawn.filter((d) => d.id === 0), drawn.filter((d) => d.id !== 0)];
    // 0.3 · 0.6 + 0.7 / 3 of tongues with a caption (1 800, deviation 0.012); a fifth of that without (200, deviation 0.02)
    expect(Math.abs(share(worded, 2) - 0.413)).toBeLessThan(0.05);
    expect(Math.abs(share(empty, 2) - 0.083)).toBeLessThan(0.08);
    expect(Math.abs(share(empty, 1) - (0.12 + 0.233 + 0.331))).toBeLessThan(0.13);
    expect(worded.every(({ id, frame }) => id === frame + 1)).toBe(true);
  });

  test('a pair shares noise, timestep and reference, which is of another shot; its frames and prompts differ', () => {
    const [people, frames, variants] = [4, 14, 7];
    const count = people * frames * 2;
    const length = CHANNELS * SIDE * SIDE;
    const frame = (index: number) => Math.floor(index / 2) % frames;
    const normals = new Uint8Array(count * SIZE * SIZE * 3);
    const captions = Array.from({ length: people * frames }, () => 'a person');
    const set: PriorMaterial = {
      pictures: { size: SIZE, people, frames, views: 2, variants, images: normals, normals, captions },
      latents: {
        length,
        means: Float32Array.from({ length: count * length }, (_, i) => frame(Math.floor(i / length))),
        deviations: new Float32Array(count * length),
      },
      latentShape: [CHANNELS, SIDE, SIDE],
      prompts: Array.from({ length: count }, (_, i) => Int32Array.of(frame(i) + 1)),
      empty: Int32Array.of(0),
    };
    let pairs = 0;
    for (const batch of batches([set], 2, 60)) {
      const [a, b] = [...(batch['ids'] as Int32Array)] as [number, number];
      if (a === 0 || b === 0) continue; // an empty prompt has no pair
      pairs++;
      const halves = (name: string) => {
        const values = [...(batch[name] as Float32Array)];
        return [values.slice(0, values.length / 2), values.slice(values.length / 2)];
      };
      for (const name of ['noise', 'timestep', 'reference', 'signal'])
        expect(halves(name)[0], name).toEqual(halves(name)[1]);
      expect(a).not.toBe(b);
      const shotOf = (f: number) => Math.floor(f / variants);
      expect(shotOf(a - 1)).toBe(shotOf(b - 1));
      expect(halves('latent').map((half) => half[0])).toEqual([a - 1, b - 1]);
      expect(shotOf(halves('reference')[0]![0]!)).not.toBe(shotOf(a - 1));
    }
    expect(pairs).toBeGreaterThan(40);
  });

  test('without text every prompt is the empty one', () => {
    const task = priorTask(miniNetworks(8), 2, [markedSet(0, 0, 2)], new Map(), { noText: true });
    expect([...(task.batch(randomKey(1), 0)['ids'] as Int32Array)]).toEqual([0, 0]);
    expect(task.name).not.toBe(priorTask(miniNetworks(8), 2, [markedSet(0, 0, 2)], new Map()).name);
  });
});
