/**
 * Captions to token ids as Stable Diffusion wants them: start, words, end, padded with the end token, cut hard at the
 * text encoder's length (Joker's code cuts after adding the end token, which is then lost).
 *
 * The byte-pair merging itself is @huggingface/tokenizers'; here is only CLIP's recipe around a vocabulary.
 */
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import { type BpeVocabulary, END_TOKEN, START_TOKEN, WORD_END, WORD_PATTERN } from './bpe.js';

const tokenizerSchema = z.object({
  model: z.looseObject({ vocab: z.record(z.string(), z.number().int().min(0)) }),
});

/** Content of a Hugging Face tokenizer.json. */
export type TokenizerJson = Readonly<Record<string, unknown>>;

/** A tokenizer of fixed length. */
export type TextTokenizer = {
  /** ids per text: 77 for Stable Diffusion */
  readonly length: number;
  /** ids in the vocabulary, special ones included */
  readonly size: number;
  /** exactly `length` ids */
  encode(text: string): BigInt64Array;
};

/**
 * A tokenizer from its data.
 * @param length ids per text, the text encoder's `max_position_embeddings`.
 * @throws JokerError bad-file when the data is not a tokenizer with CLIP's start and end tokens.
 */
export function makeTokenizer(json: TokenizerJson, length: number, where = 'tokenizer.json'): TextTokenizer {
  const parsed = tokenizerSchema.safeParse(json);
  const vocab = parsed.success ? parsed.data.model.vocab : {};
  const [start, end] = [vocab[START_TOKEN], vocab[END_TOKEN]];
  if (start === undefined || end === undefined)
    throw new JokerError(
      'bad-file',
      `${where}: not a CLIP tokenizer`,
      `Its vocabulary must hold ${START_TOKEN} and ${END_TOKEN}.`,
    );
  const inner = openTokenizer(json, where);
  return {
    length,
    size: Object.keys(vocab).length,
    encode: (text) => {
      const words = inner.encode(text.toLowerCase(), { add_special_tokens: false }).ids;
      const ids = [start, ...words, end].slice(0, length);
      return BigInt64Array.from({ length }, (_, i) => BigInt(ids[i] ?? end));
    },
  };
}

/** The library's constructor trusts its data: whatever it trips over becomes an error that names the file. */
function openTokenizer(json: TokenizerJson, where: string): Tokenizer {
  try {
    return new Tokenizer(json, {});
  } catch (cause) {
    throw new JokerError('bad-file', `${where}: not a usable tokenizer`, 'Get tokenizer.json again.', { cause });
  }
}

/** tokenizer.json of a vocabulary: CLIP's normaliser, word pattern, byte alphabet and word-end mark. */
export function tokenizerJson(vocabulary: BpeVocabulary): TokenizerJson {
  const { vocab, merges } = vocabulary;
  const special = (content: string): object => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  return {
    version: '1.0',
    added_tokens: [special(START_TOKEN), special(END_TOKEN)],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: WORD_PATTERN }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    model: {
      type: 'BPE',
      unk_token: END_TOKEN,
      continuing_subword_prefix: '',
      end_of_word_suffix: WORD_END,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

const vocabSchema = z.record(z.string(), z.number().int().min(0));

/**
 * The older pair of files (vocab.json, merges.txt), as Stable Diffusion 1.5 has them, as one tokenizer.json.
 * @param merges text of merges.txt: a comment line, then one pair per line.
 * @throws JokerError bad-file.
 */
export function tokenizerFromPair(vocab: unknown, merges: string, where: string): TokenizerJson {
  const parsed = vocabSchema.safeParse(vocab);
  const pairs = merges
    .split('\n')
    .map((line) => line.trim())
    .filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')))
    .map((line) => line.split(' '));
  if (!parsed.success || !pairs.every((pair): pair is [string, string] => pair.length === 2))
    throw new JokerError(
      'bad-file',
      `${where}: not a vocabulary and its merges`,
      'Get vocab.json and merges.txt again.',
    );
  return tokenizerJson({ vocab: parsed.data, merges: pairs });
}
