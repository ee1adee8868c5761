/**
 * Training of a byte-level BPE vocabulary on captions, in CLIP's manner (words end in `</w>`; Sennrich et al. 2016; bytes as
 * printable characters after GPT-2), for models that bring no vocabulary of their own.
 *
 * Only makes the tokenizer's data; splitting and merging at run time is the tokenizer's (`tokenizer.ts`).
 */

/** Marks the last symbol of a word, as in CLIP's vocabulary. */
export const WORD_END = '</w>';
/** CLIP's name of the first token of every text. */
export const START_TOKEN = '<|startoftext|>';
/** CLIP's name of the last token, which also fills the rest. */
export const END_TOKEN = '<|endoftext|>';

/** CLIP's word pattern: contractions, runs of letters, single digits, runs of anything else that is not space. */
export const WORD_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/** A trained vocabulary. */
export type BpeVocabulary = {
  /** id by token; bytes, bytes at word ends, merges in order, then the two special tokens */
  readonly vocab: Readonly<Record<string, number>>;
  /** pairs in order of priority */
  readonly merges: readonly (readonly [string, string])[];
};

/**
 * The 256 bytes as printable characters, GPT-2's table: printable Latin-1 stands for itself, the rest is moved behind
 * U+0100, so that no token contains a space or a control character.
 */
export function byteCharacters(): string[] {
  const printable = (b: number): boolean => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let moved = 0;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : 256 + moved++));
}

/** Words of a text in the alphabet of `byteCharacters`, lower-cased as CLIP does. */
export function splitWords(text: string): string[] {
  const characters = byteCharacters();
  const clean = text.normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase();
  const words = clean.match(new RegExp(WORD_PATTERN, 'giu')) ?? [];
  return words.map((word) => [...new TextEncoder().encode(word)].map((b) => characters[b]).join(''));
}

type Word = { symbols: string[]; count: number };

/**
 * Learns merges until the vocabulary is full or no pair occurs twice. Deterministic: of equally frequent pairs, the
 * first in code-point order is merged.
 * @param size tokens in all, at least 514 (256 bytes, 256 bytes at word ends, 2 special tokens).
 */
export function trainBpe(captions: Iterable<string>, size: number): BpeVocabulary {
  const characters = byteCharacters();
  const tokens = [...characters, ...characters.map((c) => c + WORD_END)];
  if (size < tokens.length + 2) throw new Error(`internal: a vocabulary of ${size} cannot hold all bytes`);
  const words = countWords(captions);
  const merges: [string, string][] = [];
  while (tokens.length + 2 < size) {
    const best = mostFrequentPair(words);
    if (!best) break;
    merges.push(best);
    const joined = best[0] + best[1];
    if (!tokens.includes(joined)) tokens.push(joined);
    for (const word of words) word.symbols = mergePair(word.symbols, best);
  }
  tokens.push(START_TOKEN, END_TOKEN);
  return { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges };
}

function countWords(captions: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const caption of captions) for (const word of splitWords(caption)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => {
    const symbols = [...word];
    symbols[symbols.length - 1] += WORD_END;
    return { symbols, count };
  });
}

/** The pair that occurs most often, at least twice. */
function mostFrequentPair(words: readonly Word[]): [string, string] | null {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words)
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]} ${symbols[i + 1]}`; // no symbol contains a space
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  let best: [string, number] | null = null;
  for (const [pair, count] of counts)
    if (count >= 2 && (!best || count > best[1] || (count === best[1] && pair < best[0]))) best = [pair, count];
  return best ? (best[0].split(' ') as [string, string]) : null;
}

/** Joins every occurrence of the pair, from the left. */
export function mergePair(symbols: readonly string[], [first, second]: readonly [string, string]): string[] {
  const out: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === first && symbols[i + 1] === second) out.push(first + symbols[++i]!);
    else out.push(symbols[i]!);
  }
  return out;
}
