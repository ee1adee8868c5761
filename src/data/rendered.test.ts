/**
 * Rendered material: an item follows from seed and indices alone; views of a frame share what a camera cannot change, frames
 * of a person share the scene.
 */
import { describe, expect, test } from 'vitest';
import type { Tracker } from '../face/tracker/tracker.js';
import { type RenderedSetOptions, renderedPerson, renderedShot, renderPerson, variantsOf } from './rendered.js';
import { makeFormula } from './synthetic/formula.js';
import { PeopleRenderer } from './synthetic/render.js';
import { TONGUE_DIRECTIONS } from './synthetic/shot.js';

const options: RenderedSetOptions = { seed: 11, frames: 3, views: 2, size: 32 };
const shot = (person: number, frame: number, view: number) => renderedShot(options, person, frame, view, 0);

describe('a shot of a rendered set', () => {
  test('is drawn again from the seed alone', () => {
    expect(shot(4, 1, 1)).toEqual(shot(4, 1, 1));
    const model = makeFormula();
    expect(renderedPerson(model, 11, 4)).toEqual(renderedPerson(model, 11, 4));
    expect(renderedPerson(model, 11, 4)).not.toEqual(renderedPerson(model, 11, 5));
  });

  test('shares expression and tongue with the other views of its frame, not the pose', () => {
    for (let frame = 0; frame < 3; frame++) {
      const [a, b] = [shot(2, frame, 0), shot(2, frame, 1)];
      expect([b.expression, b.tongue]).toEqual([a.expression, a.tongue]);
      expect(b.pose).not.toEqual(a.pose);
    }
  });

  test('shares light and background with the other frames of its person, not the expression', () => {
    const [a, b] = [shot(2, 0, 0), shot(2, 1, 0)];
    expect([b.light, b.background]).toEqual([a.light, a.background]);
    expect(b.expression).not.toEqual(a.expression);
    expect(shot(3, 0, 0).background).not.toEqual(a.background);
  });

  test('is plain when the options do not say, and of the variety that they say for the whole set', () => {
    expect(renderedShot({ ...options, variety: 'plain' }, 2, 0, 0, 0)).toEqual(shot(2, 0, 0));
    const model = makeFormula();
    expect(renderedPerson(model, 11, 4, 'plain')).toEqual(renderedPerson(model, 11, 4));
    expect(renderedPerson(model, 11, 4, 'rich').rich).not.toBeNull();
    const rich = { ...options, variety: 'rich' as const };
    const shots = Array.from({ length: 20 }, (_, person) => renderedShot(rich, person, 0, 0, 0));
    expect(shots.some(({ background }) => background.scene)).toBe(true);
    const [a, b] = [renderedShot(rich, 2, 0, 0, 0), renderedShot(rich, 2, 1, 1, 0)];
    expect([b.light, b.background]).toEqual([a.light, a.background]);
  });

  test('gets another pose when the tracker missed it, and nothing else', () => {
    const again = renderedShot(options, 2, 0, 0, 1);
    expect(again.pose).not.toEqual(shot(2, 0, 0).pose);
    expect({ ...again, pose: null, framing: null }).toEqual({ ...shot(2, 0, 0), pose: null, framing: null });
  });
});

describe('a set with each tongue', () => {
  const each: RenderedSetOptions = { ...options, frames: 14, tongues: 'each' };

  test('shows a shot without a tongue and with one in each direction, all else alike', () => {
    expect(variantsOf(each)).toBe(1 + TONGUE_DIRECTIONS.length);
    const shots = Array.from({ length: 14 }, (_, frame) => renderedShot(each, 3, frame, 1, 0));
    expect(shots.slice(0, 7).map(({ tongue }) => tongue?.direction ?? null)).toEqual([null, ...TONGUE_DIRECTIONS]);
    for (const first of [0, 7]) {
      const rest = shots.slice(first, first + 7).map((s) => ({ ...s, tongue: null }));
      for (const other of rest) expect(other).toEqual(rest[0]);
      expect(rest[0]!.expression.jawOpen).toBeGreaterThanOrEqual(0.4);
    }
    expect(shots[7]!.expression).not.toEqual(shots[0]!.expression);
  });

  test('is cropped by the landmarks of the mouth without a tongue', async () => {
    let calls = 0;
    const landmarks = () => Float32Array.from({ length: 478 * 3 }, (_, i) => 20 + ((i * 7 + calls) % 24));
    const track = async () => (calls++ % 2 === 0 ? [] : [{ landmarks: landmarks() }]); // missed at first, each time
    const renderer = new PeopleRenderer(makeFormula());
    const small = { ...each, views: 1, renderSize: 48 };
    const items = (await renderPerson(renderer, { track } as unknown as Tracker, small, 3))!;
    expect(items.length).toBe(14);
    expect(calls).toBe(4); // two shots, two attempts each
    for (const first of [0, 7]) {
      const shot = items.slice(first, first + 7);
      for (const item of shot) expect(item.landmarks).toBe(shot[0]!.landmarks);
      expect(new Set(shot.map(({ picture }) => picture.join())).size).toBeGreaterThan(4);
    }
  });
});
