/**
 * `bench`: which pictures a prior is evaluated on. Thirteen rendered people, six men and seven women of diverse looks, as many
 * as the paper's own benchmark has; for each protocol a list of pairs of a reference and a target.
 *
 * Indices only, from a seed; `bench-material.ts` renders them. The paper's people are filmed, ours are drawn: figures of the
 * two cannot be compared, only orderings.
 */
import { JokerError } from '../core/errors.js';
import { renderedPerson } from '../data/rendered.js';
import type { HeadModel } from '../data/synthetic/head-model.js';
import type { Person } from '../data/synthetic/person.js';

/** `self`: the target is the same person in another picture. `cross`: pose and expression of somebody else. */
export type Protocol = 'self' | 'cross';

/** Seed of the people when none is named. */
export const BENCH_SEED = 130213;
/** Seeds whose people were seen or used otherwise: the embedded prior's training sets, and the gate's people. */
const TAKEN_SEEDS: readonly number[] = [7, 8, 70, 71, 72, 73, 74, 75, 76, 80, 81, 82, 83, 50021, 60021];
/** People by the word that a caption uses for them: the composition of the paper's benchmark. */
const QUOTA = { woman: 7, man: 6 } as const;
/** People of the bench. */
export const BENCH_PEOPLE = QUOTA.woman + QUOTA.man;
/** Pairs of a person that share a reference picture. */
const SHARED_REFERENCE = 4;
/** Frames of a person per reference: itself and its targets. */
const BLOCK = 1 + SHARED_REFERENCE;
/** Candidates that are looked at: 13 different looks are found within the first fifty. */
const CANDIDATES = 1000;

/** One picture that a prior is asked for. `person` and `driver` are places in the list of `benchPeople`. */
export type Pair = {
  /** place in the list: seeds its noise, so that all rows of a table draw from the same */
  readonly index: number;
  readonly person: number;
  /** frame of `person` that shows who is asked for */
  readonly reference: number;
  /** whose frame `target` gives pose and expression; `person` in the self protocol */
  readonly driver: number;
  readonly target: number;
};

/**
 * Indices of the people of a seed, 13: the first whose look (skin kind with hair style) nobody before them has, and whose hair
 * style at most one before them has, until both quotas are full.
 * @throws JokerError bad-argument for a seed whose people a prior may have seen.
 */
export function benchPeople(model: HeadModel, seed: number): number[] {
  if (TAKEN_SEEDS.includes(seed))
    throw new JokerError('bad-argument', `people of seed ${seed} are not held out`, 'Choose another --seed.');
  const chosen: { index: number; person: Person }[] = [];
  for (let index = 0; index < CANDIDATES && chosen.length < BENCH_PEOPLE; index++) {
    const person = renderedPerson(model, seed, index);
    const others = chosen.map((one) => one.person);
    if (isWanted(person, others)) chosen.push({ index, person });
  }
  return chosen.map(({ index }) => index);
}

function isWanted(person: Person, others: readonly Person[]): boolean {
  const { presentation, hair, skin } = person;
  const alike = others.filter((other) => other.hair.style === hair.style);
  if (others.filter((other) => other.presentation === presentation).length >= QUOTA[presentation]) return false;
  return alike.length < 2 && alike.every((other) => other.skin.kind !== skin.kind);
}

/** `count` pairs, people in turn. In `cross` a person's drivers are the others in turn. */
export function benchPairs(protocol: Protocol, count: number, people = BENCH_PEOPLE): Pair[] {
  return Array.from({ length: count }, (_, index) => {
    const person = index % people;
    const turn = Math.floor(index / people);
    const reference = BLOCK * Math.floor(turn / SHARED_REFERENCE);
    const driver = protocol === 'self' ? person : (person + 1 + (turn % (people - 1))) % people;
    return { index, person, reference, driver, target: reference + 1 + (turn % SHARED_REFERENCE) };
  });
}
