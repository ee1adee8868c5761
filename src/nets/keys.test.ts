/** Key maps: reversible, and blind to what they do not know. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalIndex, canonicalKey, isBookkeeping, olderVaeKey } from './keys.js';

const places = [
  'encoder.mid_block.attentions.0.',
  'decoder.mid_block.attentions.0.',
  'vae.encoder.mid_block.attentions.0.',
];
const pairs = [
  ['to_q', 'query'],
  ['to_k', 'key'],
  ['to_v', 'value'],
  ['to_out.0', 'proj_attn'],
] as const;

describe('keys', () => {
  it('map the autoencoder attention both ways', () => {
    for (const place of places)
      for (const [now, old] of pairs)
        for (const kind of ['weight', 'bias']) {
          expect(canonicalKey(`${place}${old}.${kind}`)).toBe(`${place}${now}.${kind}`);
          expect(olderVaeKey(`${place}${now}.${kind}`)).toBe(`${place}${old}.${kind}`);
          expect(canonicalKey(`${place}${now}.${kind}`)).toBe(`${place}${now}.${kind}`);
        }
  });

  it('leave everything else alone', () => {
    for (const key of [
      'encoder.mid_block.attentions.0.group_norm.weight',
      'up_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight',
      'unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0.bias',
    ]) {
      expect(canonicalKey(key)).toBe(key);
      expect(olderVaeKey(key)).toBe(key);
    }
    fc.assert(
      fc.property(
        fc.string(),
        (key) => canonicalKey(canonicalKey(key)) === canonicalKey(key) || key.includes('text_model.'),
      ),
    );
  });

  it('drop the text level and skip bookkeeping', () => {
    expect(canonicalKey('text_model.final_layer_norm.bias')).toBe('final_layer_norm.bias');
    expect(canonicalKey('text_encoder.text_model.encoder.layers.0.mlp.fc1.bias')).toBe(
      'text_encoder.encoder.layers.0.mlp.fc1.bias',
    );
    expect(isBookkeeping('text_model.embeddings.position_ids')).toBe(true);
    const index = canonicalIndex(['text_model.embeddings.position_ids', 'text_model.final_layer_norm.bias']);
    expect([...index]).toEqual([['final_layer_norm.bias', 'text_model.final_layer_norm.bias']]);
  });

  it('refuse two spellings of one weight', () => {
    const place = places[0]!;
    expect(() => canonicalIndex([`${place}query.bias`, `${place}to_q.bias`])).toThrow(/both mean/);
  });
});
