/**
 * The text half of CLIP (Radford et al. 2021) with the names of Hugging Face transformers below `text_model.`.
 * Letters: B batch, T tokens, D width.
 *
 * No pooling and no projection: Stable Diffusion uses all tokens after the final norm.
 */
import { add, gather, gelu, quickGelu, slice, type Tensor } from '../graph/index.js';
import { attention, type ProjectionNames } from './attention.js';
import type { ClipTextConfig } from './config.js';
import { dense, normaliseLayer, type Scope } from './scope.js';

const PROJECTIONS: ProjectionNames = { query: 'q_proj', key: 'k_proj', value: 'v_proj', output: 'out_proj' };
/** Added to the scores of later tokens: exp() of it is exactly 0 in float32 and no inf − inf can arise. */
const MASKED = -1e9;

/** Token ids [B, T] (int64) → tokens after the final layer norm [B, T, D]. T ≤ max_position_embeddings. */
export function clipText(scope: Scope, config: ClipTextConfig, ids: Tensor): Tensor {
  const tokens = ids.shape[1]!;
  let x = embed(scope.at('embeddings'), config, ids);
  const mask = causalMask(ids, tokens);
  for (let i = 0; i < config.num_hidden_layers; i++) x = layer(scope.at(`encoder.layers.${i}`), config, x, mask);
  return normaliseLayer(scope.at('final_layer_norm'), x);
}

function embed(scope: Scope, config: ClipTextConfig, ids: Tensor): Tensor {
  const { vocab_size, hidden_size, max_position_embeddings } = config;
  const words = scope.weight('token_embedding.weight', [vocab_size, hidden_size]);
  const places = scope.weight('position_embedding.weight', [max_position_embeddings, hidden_size]);
  return add(gather(words, ids, 0), slice(places, 0, 0, ids.shape[1]!));
}

function layer(scope: Scope, config: ClipTextConfig, x: Tensor, mask: Tensor): Tensor {
  const heads = config.num_attention_heads;
  const options = { heads, bias: true, mask, names: PROJECTIONS };
  x = add(x, attention(scope.at('self_attn'), normaliseLayer(scope.at('layer_norm1'), x), options));
  const inner = dense(scope.at('mlp.fc1'), normaliseLayer(scope.at('layer_norm2'), x), config.intermediate_size);
  const active = config.hidden_act === 'gelu' ? gelu(inner) : quickGelu(inner);
  return add(x, dense(scope.at('mlp.fc2'), active, config.hidden_size));
}

/** [T, T]: row i may look at columns 0 … i. */
function causalMask(like: Tensor, tokens: number): Tensor {
  const values = new Float32Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) values.fill(MASKED, i * tokens + i + 1, (i + 1) * tokens);
  return like.graph.constant(values, [tokens, tokens]);
}
