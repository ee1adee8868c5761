/**
 * What a pickle can hold here: numbers, texts, tuples, lists, dicts, names from a list, and what those names made.
 *
 * Plain data. Values may hang together in circles (a list may hold itself): whoever walks them must not recurse.
 */

import { JokerError } from '../errors.js';

/** A tuple. `depth` counts containers from here to the innermost, this one included. */
export type PickleTuple<T> = { readonly kind: 'tuple'; readonly items: PickleValue<T>[]; depth: number };

/** A list. */
export type PickleList<T> = { readonly kind: 'list'; readonly items: PickleValue<T>[]; depth: number };

/** A dict by key. A Map, so that no key (`__proto__`) can mean anything but itself. */
export type PickleDict<T> = {
  readonly kind: 'dict';
  readonly items: Map<string | number, PickleValue<T>>;
  /** made by a call such as OrderedDict(): only these may be given attributes, which are dropped */
  readonly called: boolean;
  depth: number;
};

/** A name that is on the list, not called yet. */
export type PickleGlobal = { readonly kind: 'global'; readonly name: string };

/** What a function of the list, or a persistent id, stands for. */
export type PickleMade<T> = { readonly kind: 'made'; readonly made: T };

/** Whatever a pickle can hold here. Whole numbers beyond 2^53 are refused. */
export type PickleValue<T> =
  | null
  | boolean
  | number
  | string
  | PickleTuple<T>
  | PickleList<T>
  | PickleDict<T>
  | PickleGlobal
  | PickleMade<T>;

type Boxed<T> = Extract<PickleValue<T>, { readonly kind: string }>;

/** Narrows a value to one of the kinds. */
export function isKind<T, Kind extends Boxed<T>['kind']>(
  value: PickleValue<T> | undefined,
  kind: Kind,
): value is Extract<PickleValue<T>, { readonly kind: Kind }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** An empty dict that may be given attributes: what `collections.OrderedDict()` makes. */
export function calledDict<T>(): PickleDict<T> {
  return { kind: 'dict', items: new Map(), called: true, depth: 1 };
}

/** Refusal of a pickle's content: JokerError bad-file. */
export function badPickle(path: string, what: string): JokerError {
  return new JokerError(
    'bad-file',
    `${path}: ${what}`,
    'Nothing in it was run. Get the file again, or use safetensors.',
  );
}

/** A text of a file in a message: quoted and cut to 120 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
