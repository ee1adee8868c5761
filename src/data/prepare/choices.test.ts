/** Choices among names and numbers: who is held out, which clips and frames are taken, which captions cannot be true. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faceless } from './fit-json.js';
import { implausible } from './plausible.js';
import { balancedList, interiorFrames, roundRobin } from './selection.js';
import { cosine, identitySplit, isNersembleValidation, nersembleSplit } from './split.js';
import { insideMargin, rejection } from './validity.js';

const names = (count: number) => Array.from({ length: count }, (_, i) => String(i).padStart(3, '0'));

describe('the split by identity', () => {
  test('without likenesses holds out the last tenth', () => {
    expect(identitySplit(names(25)).val).toEqual(['023', '024']);
    expect(identitySplit(names(9)).val).toEqual([]);
  });

  test('follows likeness from one to the next, and stops only between people', () => {
    const alike = (a: number, b: number) => (Math.abs(a - b) === 3 ? 0.41 : 0.4); // 9–6–3–0 by links, 0.4 itself is not enough
    const { train, val } = identitySplit(names(10), { similarity: alike, share: 0.2 });
    expect(val).toEqual(['000', '003', '006', '009']);
    expect(train).toHaveLength(6);
  });

  test('leaves nobody in training who looks like somebody held out', () => {
    const links = fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 30 });
    fc.assert(
      fc.property(links, fc.double({ min: 0, max: 1, noNaN: true }), (pairs, share) => {
        const similarity = (a: number, b: number) =>
          pairs.some(([x, y]) => (x === a && y === b) || (x === b && y === a)) ? 1 : 0;
        const { train, val } = identitySplit(names(20), { similarity, share });
        expect([...train, ...val].sort()).toEqual(names(20));
        expect(val.length).toBeGreaterThanOrEqual(Math.trunc(share * 20));
        for (const t of train) for (const v of val) expect(similarity(Number(t), Number(v))).toBe(0);
      }),
    );
  });

  test('cosine is 1 for one direction, 0 for a right angle and for nothing', () => {
    expect(cosine([1, 2], [2, 4])).toBeCloseTo(1, 12);
    expect([cosine([1, 0], [0, 3]), cosine([0, 0], [1, 1])]).toEqual([0, 0]);
  });
});

describe('NeRSemble’s split', () => {
  test('holds 23 ids out', () => {
    const { train, val } = nersembleSplit(names(400));
    expect(val).toHaveLength(23);
    expect([val[0], val[11], val.at(-1)]).toEqual(['316', '329', '375']);
    expect(train).toHaveLength(377);
    expect(['372', '0316', 'x316', '00316'].map(isNersembleValidation)).toEqual([false, false, false, false]);
  });
});

describe('clips and frames', () => {
  test('clips come in turn over sorted owners, and end', () => {
    const clips = ['bbbbbbbbbbb_0', 'aaaaaaaaaaa_0', 'aaaaaaaaaaa_1', 'bbbbbbbbbbb_1', 'aaaaaaaaaaa_2'];
    const order = [1, 0, 2, 3, 4].map((i) => clips[i]!);
    expect(balancedList(clips)).toEqual(order);
    expect(balancedList(clips, 3)).toEqual(order.slice(0, 3));
    expect(balancedList(clips, 99)).toEqual(order);
  });

  test('a round takes one of each list that has one left', () => {
    expect(roundRobin([[1, 2, 3], [], [4]])).toEqual([1, 4, 2, 3]);
  });

  test('frames are the interior points of linspace', () => {
    expect(interiorFrames(146, 4)).toEqual([29, 58, 87, 116]);
    expect(interiorFrames(11, 3)).toEqual([2, 5, 8]); // 2.5 and 7.5 go to the even neighbour, as in NumPy
    expect(interiorFrames(3, 5)).toEqual([0, 1, 2]);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2000 }), fc.integer({ min: 1, max: 40 }), (frames, count) => {
        const chosen = interiorFrames(frames, count);
        // points less than a frame apart may round to one
        if (count + 1 < frames || count >= frames) expect(chosen.length).toBe(Math.min(frames, count));
        expect(chosen.every((f, i) => f >= 0 && f < frames && (i === 0 || f > chosen[i - 1]!))).toBe(true);
      }),
    );
  });
});

describe('captions', () => {
  const cases: [caption: string, weights: Record<string, number>, reason: RegExp | null][] = [
    ['a man smiling', {}, null],
    ['two people talking', {}, null],
    ['a gray stone bust of a young woman', {}, null],
    ['a dog on a sofa', {}, /no person/],
    ['a mandolin on a wall', {}, /no person/],
    ['a woman with mouth wide open', { jawOpen: 0.01 }, /mouth that is shut/],
    ['a woman with mouth wide open', { jawOpen: 0.3 }, null],
    ['a boy sticking his tongue out', {}, /mouth that is shut/],
    ['a girl with her mouth closed', { jawOpen: 0.7 }, /mouth that is open/],
    ['a person with eyes closed', { eyeBlinkLeft: 0.05 }, /eyes that are open/],
    ['a person with eyes closed', { eyeBlinkLeft: 0.9 }, null],
    ['a person with eyes wide open', { eyeBlinkLeft: 1, eyeBlinkRight: 0.95 }, /eyes that are shut/],
  ];
  test.each(cases)('%s %o', (caption, weights, reason) => {
    const found = implausible(caption, weights);
    if (reason === null) expect(found).toBeNull();
    else expect(found).toMatch(reason);
  });
});

describe('validity', () => {
  const points = (x: number, y: number): [number, number][] => Array.from({ length: 5 }, () => [x, y]);
  const none = faceless('builtin', { x0: 0, y0: 0, x1: 9, y1: 9 }, { width: 1000, height: 200, size: 64 });
  const square = (n: number) => Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const fit = {
    ...none,
    ...{ id: [0], exp: [0], tex: [], gamma: [], intrinsics: square(3), lmks_uncropped: points(500, 100) },
    angle: [0, 0, 0] as [number, number, number],
    trans: [0, 0, 0] as [number, number, number],
    error_percent: 3,
  };
  const good = { fit, caption: 'a man', sharpness: 50, hyperiqa: null };

  test('the margin is int(0.045·side) on each side', () => {
    const at = (x: number, y: number) => insideMargin({ ...fit, lmks_uncropped: points(x, y) });
    expect([at(45, 100), at(44.9, 100), at(955, 100), at(955.1, 100)]).toEqual([true, false, true, false]);
    expect([at(500, 9), at(500, 8.9), at(500, 191), at(500, 191.1)]).toEqual([true, false, true, false]);
  });

  test('each rule has its reason', () => {
    expect(rejection(good)).toBeNull();
    expect(rejection({ ...good, fit: none })).toBe('no face');
    expect(rejection({ ...good, fit: { ...fit, error_percent: 11 } })).toBe('the fit is off');
    expect(rejection({ ...good, fit: { ...fit, lmks_uncropped: points(1, 1) } })).toBe('a landmark is near the border');
    expect(rejection({ ...good, sharpness: 1 })).toBe('not sharp');
    expect(rejection({ ...good, sharpness: null })).toBe('no quality score');
    expect(rejection({ ...good, hyperiqa: 39.9 })).toBe('HyperIQA below 40');
    expect(rejection({ ...good, sharpness: null, hyperiqa: 40 })).toBeNull();
    expect(rejection({ ...good, caption: null })).toBe('no caption');
    expect(rejection({ ...good, caption: 'a dog' })).toMatch(/no person/);
    expect(rejection({ ...good, sharpness: 1 }, { sharpness: 0.5 })).toBeNull();
  });
});
