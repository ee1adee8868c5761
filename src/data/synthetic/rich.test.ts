/** Rich people: what they add is seen, said in captions, and leaves the plain draws, the eyes and the grown-ups as they are. */
import fc from 'fast-check';
import { beforeAll, expect, describe as group, test } from 'vitest';
import { foldIn, RandomStream, randomKey } from '../../core/rng.js';
import { describe } from './describe.js';
import { makeFormula } from './formula.js';
import { growHair } from './hair.js';
import { hatEdge, placeHat } from './hats.js';
import { PART } from './head-model.js';
import { type Person, samplePerson } from './person.js';
import { PeopleRenderer } from './render.js';
import type { HatKind, RichLook } from './rich-look.js';
import { fillScene, SCENE_KINDS } from './scenes.js';
import { type Shot, sampleShot, TONGUE_DIRECTIONS } from './shot.js';
import { makePrint, readPrint } from './skin-print.js';
import { skullAngles } from './skull.js';
import { skullMap } from './skull-map.js';
import { varietyNamed } from './variety.js';

const SIZE = 64;
const HATS: readonly HatKind[] = ['beanie', 'cap', 'brimmed', 'headscarf'];
const model = makeFormula();
const people = Array.from({ length: 400 }, (_, i) => samplePerson(model, foldIn(randomKey(8), i), 'rich'));
const frontal: Shot = {
  ...sampleShot(randomKey(2)),
  expression: {},
  tongue: null,
  pose: { yaw: 0, pitch: 0, roll: 0 },
  framing: { dx: 0, dy: 0, scale: 1 },
};
let renderer: PeopleRenderer;
let natural: Person;

beforeAll(() => {
  renderer = new PeopleRenderer(model);
  natural = people.find((p) => p.skin.kind === 'natural')!;
});

function look(person: Person, changes: Partial<RichLook>): Person {
  return { ...person, rich: { ...person.rich!, ...changes } };
}

function hatted(kind: HatKind, person = natural): Person {
  return look(person, {
    hat: {
      kind,
      color: [0.5, 0.1, 0.1],
      second: [0.8, 0.8, 0.8],
      size: 0.5,
      low: 0.1,
      adorned: true,
      backwards: false,
    },
  });
}

group('draws', () => {
  test('a rich person is the plain one of the key with more: shape, tone and clothes are the same', () => {
    for (let i = 0; i < 20; i++) {
      const plain = samplePerson(model, foldIn(randomKey(8), i));
      expect(plain.rich).toBeNull();
      const { seed, identity, presentation, skin, clothes } = people[i]!;
      expect({ seed, identity, presentation, skin, clothes }).toEqual({
        seed: plain.seed,
        identity: plain.identity,
        presentation: plain.presentation,
        skin: plain.skin,
        clothes: plain.clothes,
      });
    }
  });

  test('all are adults; every hat, frame and surface occurs', () => {
    const ages = people.map((p) => p.rich!.age);
    expect(Math.min(...ages)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...ages)).toBeGreaterThan(75);
    expect(new Set(people.flatMap((p) => p.rich!.hat?.kind ?? [])).size).toBe(HATS.length);
    expect(new Set(people.flatMap((p) => p.glasses?.frame ?? [])).size).toBe(4);
    expect(new Set(people.map((p) => p.rich!.surface)).size).toBe(3);
  });

  test('tongues stay independent of the plain choice of when they are out, and go in every direction alike', () => {
    const keys = Array.from({ length: 1500 }, (_, i) => foldIn(randomKey(3), i));
    const shots = keys.map((key) => sampleShot(key, { variety: 'rich' }));
    shots.forEach((shot, i) => {
      expect(shot.tongue === null).toBe(sampleShot(keys[i]!).tongue === null);
    });
    const out = shots.flatMap((shot) => shot.tongue?.direction ?? []);
    for (const direction of TONGUE_DIRECTIONS) {
      const share = out.filter((d) => d === direction).length / out.length;
      expect(Math.abs(share - 1 / 6)).toBeLessThan(4 * Math.sqrt(((1 / 6) * (5 / 6)) / out.length)); // four deviations
    }
  });

  test('a studio keeps its grey and its lamp', () => {
    for (let i = 0; i < 20; i++) {
      const shot = sampleShot(foldIn(randomKey(4), i), { variety: 'rich', setting: 'studio' });
      expect(shot.background.scene).toBeNull();
      expect(shot.light.lamps).toEqual([]);
    }
  });

  test('an unknown variety is refused', () => {
    expect(() => varietyNamed('poor')).toThrow(/unknown variety poor/);
  });
});

group('pictures', () => {
  test('the same bytes again, finite and in range, for any rich person and shot', () => {
    for (let i = 0; i < 12; i++) {
      const shot = sampleShot(foldIn(randomKey(5), i), { variety: 'rich' });
      const first = renderer.render(people[i]!, shot, { size: 40 }).image.data;
      expect(first.every((x) => x >= 0 && x <= 1)).toBe(true);
      renderer.render(people[i + 1]!, frontal, { size: 24 });
      expect(renderer.render(people[i]!, shot, { size: 40 }).image.data).toEqual(first);
    }
  });

  test('hats are seen, end above the brows, and leave the eyes free even when the head is lowered', () => {
    const { skull, skullGrid } = renderer.anatomy;
    const radius = skullMap(skullGrid, skull, model.identityShape(natural.identity));
    for (const kind of HATS) {
      const hat = hatted(kind).rich!.hat!;
      expect(placeHat(hat, skull, radius, 1).every(Number.isFinite)).toBe(true);
      const brow = model.landmarks[19]! * 3;
      const [azimuth, polar] = skullAngles(
        skull,
        model.neutral[brow]!,
        model.neutral[brow + 1]!,
        model.neutral[brow + 2]!,
      );
      expect(hatEdge(hat, azimuth)).toBeLessThan(polar - 0.1);
      for (const pitch of [0, 0.3]) {
        const shot: Shot = { ...frontal, pose: { yaw: 0.2, pitch, roll: 0 } };
        const { partId, truth } = renderer.render(hatted(kind), shot, { size: SIZE });
        expect(partId.filter((part) => part === PART.hat).length).toBeGreaterThan(0.02 * SIZE * SIZE);
        for (const i of [36, 39, 42, 45, 30, 48, 54, 8]) {
          const [column, row] = truth.landmarks[i]!;
          expect(partId[Math.floor(row) * SIZE + Math.floor(column)], `${kind} over landmark ${i}`).not.toBe(PART.hat);
        }
      }
    }
  });

  test('a headscarf covers all hair, other hats press it', () => {
    const { skull, skullGrid } = renderer.anatomy;
    const long: Person = { ...natural, hair: { ...natural.hair, style: 'long' } };
    const radius = skullMap(skullGrid, skull, model.identityShape(natural.identity));
    expect(growHair(hatted('headscarf', long), skull, radius)).toBeNull();
    const top = (person: Person): number => growHair(person, skull, radius)!.positions[1]!; // first point of a lock: the crown
    expect(top(hatted('cap', long))).toBeLessThan(top(look(long, { hat: null })) - 0.03);
  });

  test('a rim lamp brightens the outline on its side', () => {
    const lamp = { direction: [0.8, 0, -0.6] as const, color: [1.5, 1.5, 1.5] as const, wrap: 0.1 };
    const bright = (lamps: Shot['light']['lamps']): number => {
      const { image } = renderer.render(natural, { ...frontal, light: { ...frontal.light, lamps } }, { size: SIZE });
      let sum = 0;
      for (let i = 0; i < SIZE * SIZE; i++) if (i % SIZE > SIZE / 2) sum += image.data[3 * i + 1]!;
      return sum;
    };
    expect(bright([lamp])).toBeGreaterThan(bright([]) + 1);
  });
});

group('print', () => {
  test('old skin has more relief than young skin; plain people have no print', () => {
    const relief = (age: number): number => {
      const marks = { pores: 0, freckles: 0, moles: 0, blemishes: 0 };
      const makeUp = { rouge: 0, contour: 0, wing: 0 };
      const print = makePrint(model, look(natural, { age, marks, makeUp }))!;
      let sum = 0;
      for (let i = 0; i < print.length; i += 5) sum += Math.abs(print[i + 3]!) + Math.abs(print[i + 4]!);
      return sum;
    };
    expect(relief(22)).toBe(0);
    expect(relief(80)).toBeGreaterThan(2 * relief(50));
    expect(makePrint(model, samplePerson(model, randomKey(1)))).toBeNull();
  });

  test('reading is bilinear: at a cell its value, between two cells their mean', () => {
    const print = makePrint(model, look(natural, { age: 85 }))!;
    const at = (u: number, v: number): number => {
      const out = { r: 0, g: 0, b: 0, slopeU: 0, slopeV: 0 };
      readPrint(print, u, v, out);
      return out.g;
    };
    const [u, v, cell] = [-1.9 + 150 * 0.0125, -1 + 120 * 0.0125, 0.0125];
    expect(at(u, v)).toBeCloseTo(print[5 * (120 * 304 + 150) + 1]!, 5);
    expect(at(u + cell / 2, v)).toBeCloseTo((at(u, v) + at(u + cell, v)) / 2, 5);
  });
});

test('scenes: finite, not negative, the same at twice the size but for sampling', () => {
  for (const kind of SCENE_KINDS) {
    const scene = { kind, key: randomKey(3), blur: 2, power: 1 };
    const [small, large] = [new Float32Array(3 * 32 * 32), new Float32Array(3 * 64 * 64)];
    fillScene(scene, 32, small);
    fillScene(scene, 64, large);
    expect(large.every((x) => x >= 0 && x < 2)).toBe(true);
    let error = 0;
    for (let i = 0; i < 32 * 32; i++) {
      const j = 3 * (2 * Math.floor(i / 32) * 64 + 2 * (i % 32));
      const mean = (large[j]! + large[j + 3]! + large[j + 192]! + large[j + 195]!) / 4;
      error += Math.abs(mean - small[3 * i]!) / (32 * 32);
    }
    expect(error, kind).toBeLessThan(0.01); // at 64 each cell is one pixel, at 32 four are averaged
  }
});

group('captions', () => {
  test('lower case, "tongue" exactly when it is out, no hat or glasses that are not there', () => {
    fc.assert(
      fc.property(fc.nat(399), fc.nat(1e6), fc.nat(1e6), (who, what, words) => {
        const person = people[who]!;
        const shot = sampleShot(randomKey(what), { variety: 'rich' });
        const caption = describe(person, shot, new RandomStream(randomKey(words)));
        expect(caption.includes('tongue')).toBe(shot.tongue !== null);
        expect(caption).toMatch(/^[a-z][a-z, ]+[a-z]$/);
        expect(caption).not.toMatch(/ {2}|,,/);
        if (!person.rich!.hat) expect(caption).not.toMatch(/\b(hat|cap|beanie|headscarf|head scarf)\b/);
        if (!person.glasses) expect(caption).not.toContain('glasses');
        if (person.rich!.age < 59) expect(caption).not.toMatch(/\b(old|older|elderly|senior)\b/);
        else expect(caption).not.toContain('young');
      }),
      { numRuns: 500 },
    );
  });

  test('what strikes the eye is said more often than not', () => {
    const said = (person: Person, words: RegExp): number =>
      Array.from({ length: 60 }, (_, i) => describe(person, frontal, new RandomStream(foldIn(randomKey(6), i)))).filter(
        (caption) => words.test(caption),
      ).length / 60;
    const old = look({ ...natural, glasses: null }, { age: 80, hat: null });
    expect(said(old, /\b(old|elderly)\b/)).toBeGreaterThan(0.5);
    expect(said(hatted('beanie', old), /beanie|knit hat|pom pom hat|wool cap/)).toBeGreaterThan(0.5);
  });
});
