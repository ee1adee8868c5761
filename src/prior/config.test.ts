/** Readers of configs: whatever the JSON, the answer is a config or an error that names the file. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JokerError } from '../core/errors.js';
import { encodeSafetensors, parseSafetensors } from '../core/files/safetensors.js';
import {
  clipTextConfigSchema,
  controlnetConfigSchema,
  parseConfig,
  unetConfigSchema,
  vaeConfigSchema,
} from '../nets/index.js';
import { parsePriorConfig } from './config.js';
import { priorFromFile } from './prior-files.js';
import { makeTokenizer } from './tokenizer.js';

const widths = { block_out_channels: [8, 16], norm_num_groups: 4, attention_head_dim: 2 };
const down = { down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'] };
const good = { ...widths, ...down, up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'] };

/** Runs a reader; only JokerErrors may come out. */
function survives(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(JokerError);
    expect((error as JokerError).code).toBe('bad-file');
  }
}

describe('configs', () => {
  it.each([
    ['a head count that divides no width', { attention_head_dim: 3 }, /divide every width/],
    ['too few block types', { down_block_types: ['DownBlock2D'] }, /one down_block_type per width/],
    ['an unknown block type', { up_block_types: ['UpBlock2D', 'AttnUpBlock2D'] }, /up_block_types/],
    ['Stable Diffusion 2 projections', { use_linear_projection: true }, /use_linear_projection/],
    ['a depth beyond all reason', { layers_per_block: 1e9 }, /layers_per_block/],
  ])('refuse %s', (_, change, message) => {
    expect(() => parseConfig(unetConfigSchema, good, 'unet.json')).not.toThrow();
    expect(() => parseConfig(unetConfigSchema, { ...good, ...change }, 'unet.json')).toThrow(message);
  });

  it('survive any JSON', () => {
    const changed = fc
      .tuple(fc.constantFrom(...Object.keys(good)), fc.jsonValue())
      .map(([key, value]) => ({ ...good, [key]: value }));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), changed), (value) => {
        survives(() => parseConfig(unetConfigSchema, value, 'x'));
        survives(() => parseConfig(controlnetConfigSchema, value, 'x'));
        survives(() => parseConfig(vaeConfigSchema, value, 'x'));
        survives(() => parseConfig(clipTextConfigSchema, value, 'x'));
        survives(() => parsePriorConfig(value, 'x'));
      }),
      { numRuns: 300 },
    );
  });

  it('survive any JSON in a compact file and in tokenizer.json', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const file = parseSafetensors(encodeSafetensors([], { joker_prior: JSON.stringify(value) }), 'x');
        survives(() => priorFromFile(file));
        const vocab = { '<|startoftext|>': 0, '<|endoftext|>': 1 };
        survives(() => makeTokenizer({ model: { vocab, type: value }, normalizer: value }, 4));
      }),
      { numRuns: 100 },
    );
    survives(() => priorFromFile(parseSafetensors(encodeSafetensors([]), 'x')));
  });
});
