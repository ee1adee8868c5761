/** Tokenizer and BPE training against a slow obvious merger and stated properties. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BpeVocabulary, END_TOKEN, mergePair, START_TOKEN, splitWords, trainBpe, WORD_END } from './bpe.js';
import { makeTokenizer, tokenizerFromPair, tokenizerJson } from './tokenizer.js';

const captions = [
  'a woman sticking her tongue out to the left',
  'a man with an open mouth and his tongue sticking out',
  'a woman with red paint, smiling',
  'a smiling man',
  'an open mouth',
];

/** All merges applied in order of priority, everywhere: quadratic and obvious. */
function slowEncode({ vocab, merges }: BpeVocabulary, text: string): number[] {
  return splitWords(text).flatMap((word) => {
    let symbols = [...word];
    symbols[symbols.length - 1] += WORD_END;
    for (const merge of merges) symbols = mergePair(symbols, merge);
    return symbols.map((symbol) => vocab[symbol]!);
  });
}

describe('tokenizer', () => {
  const vocabulary = trainBpe(captions, 600);
  const tokenizer = makeTokenizer(tokenizerJson(vocabulary), 24);
  const [start, end] = [vocabulary.vocab[START_TOKEN]!, vocabulary.vocab[END_TOKEN]!];

  it('learns frequent words as single tokens', () => {
    expect(vocabulary.vocab).toHaveProperty(`tongue${WORD_END}`);
    expect(Object.keys(vocabulary.vocab).length).toBeLessThanOrEqual(600);
    expect(new Set(Object.values(vocabulary.vocab)).size).toBe(Object.keys(vocabulary.vocab).length);
  });

  it('surrounds, pads and cuts', () => {
    const ids = [...tokenizer.encode('A  Smiling man')].map(Number);
    const words = slowEncode(vocabulary, 'a smiling man');
    expect(ids).toEqual([start, ...words, ...Array(24 - 1 - words.length).fill(end)]);
    const long = [...tokenizer.encode('tongue '.repeat(40))].map(Number);
    expect(long).toHaveLength(24);
    expect(long).not.toContain(end);
  });

  it('gives the empty prompt start and end tokens only', () => {
    expect([...tokenizer.encode('')].map(Number)).toEqual([start, ...Array(23).fill(end)]);
  });

  it('agrees with the slow merger on any text', () => {
    const wide = makeTokenizer(tokenizerJson(vocabulary), 4000);
    const letters = fc.string({ unit: fc.constantFrom(..."abc tongue éß1234 .,!?'-日本 \n\t"), maxLength: 60 });
    fc.assert(
      fc.property(letters, (text) => {
        const words = slowEncode(vocabulary, text);
        expect([...wide.encode(text)].slice(1, 1 + words.length).map(Number)).toEqual(words);
      }),
      { numRuns: 200 },
    );
  });

  it('does not depend on the order of equally frequent pairs', () => {
    expect(trainBpe([...captions].reverse(), 600).merges).toEqual(vocabulary.merges);
  });

  it('reads the older pair of files', () => {
    const text = `#version: 0.2\n${vocabulary.merges.map((pair) => pair.join(' ')).join('\n')}\n`;
    const other = makeTokenizer(tokenizerFromPair(vocabulary.vocab, text, 'folder'), 24);
    expect(other.encode(captions[0]!)).toEqual(tokenizer.encode(captions[0]!));
    expect(() => tokenizerFromPair({}, 'a b c', 'folder')).toThrow(/not a vocabulary/);
    expect(() => makeTokenizer({}, 5)).toThrow(/not a CLIP tokenizer/);
  });
});
