/**
 * Which clips and which frames of them are taken (Joker, released data preparation): pure choices among names and numbers.
 */

/** Letters of a file name that say whose clip it is: a YouTube id. */
const OWNER_LETTERS = 11;

/**
 * Clips in turn over their owners (the first 11 letters of the name), owners in sorted order, one clip each per round, until
 * `count`. Names of one owner keep their order. Ends when there are no more, where the original would loop for ever.
 */
export function balancedList(names: readonly string[], count = Infinity, letters = OWNER_LETTERS): string[] {
  const owners = new Map<string, string[]>();
  for (const name of names) {
    const owner = name.slice(0, letters);
    owners.set(owner, [...(owners.get(owner) ?? []), name]);
  }
  const queues = [...owners.keys()].sort().map((owner) => owners.get(owner)!);
  return roundRobin(queues, count);
}

/** First entry of every list, then every second one, and so on, until `count` or the end of all. */
export function roundRobin<T>(lists: readonly (readonly T[])[], count = Infinity): T[] {
  const out: T[] = [];
  const rounds = lists.reduce((most, list) => Math.max(most, list.length), 0);
  for (let round = 0; round < rounds; round++)
    for (const list of lists) {
      if (out.length >= count) return out;
      const entry = list[round];
      if (entry !== undefined) out.push(entry);
    }
  return out;
}

/**
 * `count` frames of a recording of `frames`: the interior points of linspace(0, frames − 1, count + 2), rounded half to even as
 * NumPy does; every frame when there are not more than `count`. Ascending, without repeats.
 */
export function interiorFrames(frames: number, count: number): number[] {
  if (count >= frames) return Array.from({ length: frames }, (_, i) => i);
  const step = (frames - 1) / (count + 1);
  return [...new Set(Array.from({ length: count }, (_, i) => roundHalfEven((i + 1) * step)))];
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
