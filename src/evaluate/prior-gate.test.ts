/** The gate passes what obeys, fails what does not, and is not fooled by pictures that nobody could measure. */
import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { type GateSample, gatePassed, priorGate } from './prior-gate.js';

type Behaviour = { jaw: number; skin: number; yaw: number; said: number; unsaid: number; missing: number };
const OBEDIENT: Behaviour = { jaw: 1, skin: 1, yaw: 0.02, said: 0.9, unsaid: 0.1, missing: 0 };

/** Samples of a pretended prior: shares of obedience, deviation of yaw in radians, chances of a tongue and of no face. */
function pretend({ jaw, skin, yaw, said, unsaid, missing }: Behaviour): GateSample[] {
  const random = new RandomStream(randomKey(3));
  return Array.from({ length: 50 }, (_, person): GateSample[] => {
    const asked = random.uniform();
    const colour = [random.uniform(), random.uniform(), random.uniform()] as const;
    const other = colour.map((c) => skin * c + (1 - skin) * random.uniform()) as unknown as typeof colour;
    const lost = random.chance(missing);
    return [
      { kind: 'jaw', person, asked, opening: lost ? null : jaw * asked + (1 - jaw) * random.uniform() },
      { kind: 'yaw', person, asked: 0.3, seen: lost ? null : 0.3 + yaw * random.normal() },
      { kind: 'skin', person, colours: { a: colour, b: other } },
      { kind: 'tongue', person, word: true, present: random.chance(said) },
      { kind: 'tongue', person, word: false, present: random.chance(unsaid) },
    ];
  }).flat();
}

const failures = (behaviour: Partial<Behaviour>) =>
  priorGate(pretend({ ...OBEDIENT, ...behaviour }), randomKey(1)).flatMap((row, i) => (row.passed ? [] : [i]));

describe('priorGate', () => {
  it('passes an obedient prior with the figure inside its interval', () => {
    const rows = priorGate(pretend(OBEDIENT), randomKey(1));
    expect(gatePassed(rows)).toBe(true);
    for (const { figure } of rows) {
      expect(figure.low).toBeLessThanOrEqual(figure.value);
      expect(figure.high).toBeGreaterThanOrEqual(figure.value);
    }
  });

  it('fails exactly the figure that is disobeyed', () => {
    expect(failures({ jaw: 0.1 })).toEqual([0]);
    expect(failures({ skin: 0.1 })).toEqual([1]);
    expect(failures({ yaw: 0.2 })).toEqual([2]);
    expect(failures({ said: 0.4 })).toEqual([3]);
    expect(failures({ unsaid: 0.6 })).toEqual([4]);
  });

  it('fails figures that could not be measured on 90 % of the pictures, and a gate without pictures', () => {
    expect(failures({ missing: 0.3 })).toEqual([0, 2]);
    expect(gatePassed(priorGate([], randomKey(1)))).toBe(false);
  });

  it('does not pass a prior that draws the same for every request', () => {
    const samples = pretend(OBEDIENT).map((s) => (s.kind === 'jaw' ? { ...s, opening: 0.2 } : s));
    expect(priorGate(samples, randomKey(1))[0]!.passed).toBe(false);
  });
});
