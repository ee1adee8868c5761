/**
 * The spellings under which checkpoints store the same weights, mapped to ours and back.
 *
 * Ours are the names of current diffusers and transformers, the text encoder without its `text_model.` level. No weights
 * here, only names.
 */
import { JokerError } from '../core/errors.js';

/** Newer to older names of the autoencoder's mid-block attention (diffusers up to 0.16 wrote the older ones). */
const VAE_ATTENTION: readonly (readonly [string, string])[] = [
  ['to_q', 'query'],
  ['to_k', 'key'],
  ['to_v', 'value'],
  ['to_out.0', 'proj_attn'],
];

const VAE_ATTENTION_PLACE = /^((?:vae\.)?(?:encoder|decoder)\.mid_block\.attentions\.0\.)(.+)\.(weight|bias)$/;
const TEXT_LEVEL = /^((?:text_encoder\.)?)text_model\./;

/** Our name of a stored one. Names that are already ours, and names that we do not know, come back unchanged. */
export function canonicalKey(stored: string): string {
  const text = stored.replace(TEXT_LEVEL, '$1');
  return renameVaeAttention(text, (name) => VAE_ATTENTION.find(([, old]) => old === name)?.[0]);
}

/** The name under which diffusers 0.16 and before stored one of ours: the inverse of `canonicalKey` for the autoencoder. */
export function olderVaeKey(key: string): string {
  return renameVaeAttention(key, (name) => VAE_ATTENTION.find(([now]) => now === name)?.[1]);
}

function renameVaeAttention(key: string, rename: (name: string) => string | undefined): string {
  const match = VAE_ATTENTION_PLACE.exec(key);
  const other = match && rename(match[2]!);
  return match && other ? `${match[1]}${other}.${match[3]}` : key;
}

/** Entries of checkpoints that are not weights: transformers 4.29 stored the positions 0 … T − 1. */
export function isBookkeeping(key: string): boolean {
  return key.endsWith('embeddings.position_ids');
}

/** Stored names by our names. @throws JokerError bad-weights when two stored names mean the same weight. */
export function canonicalIndex(stored: Iterable<string>): Map<string, string> {
  const index = new Map<string, string>();
  for (const name of stored) {
    if (isBookkeeping(name)) continue;
    const key = canonicalKey(name);
    if (index.has(key))
      throw new JokerError(
        'bad-weights',
        `'${name}' and '${index.get(key)}' both mean '${key}'`,
        'Get the file again.',
      );
    index.set(key, name);
  }
  return index;
}
