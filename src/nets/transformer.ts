/**
 * The attention block of a UNet level: `Transformer2DModel` with one `BasicTransformerBlock`, diffusers' names.
 * Letters: B batch, C channels, H W pixels, T = H·W tokens, S text tokens, D text width.
 *
 * Self-attention (with reference tokens if given), cross-attention to the text, GEGLU feed-forward (Shazeer 2020).
 */
import { add, gelu, mul, reshape, slice, type Tensor, transpose } from '../graph/index.js';
import { attention } from './attention.js';
import { convolution, dense, normaliseGroups, normaliseLayer, type Scope } from './scope.js';

/** Norm before the block; diffusers fixes it apart from the resnets' epsilon. */
const GROUP_NORM_EPSILON = 1e-6;
/** Feed-forward width over C, as in every transformer since Vaswani et al. 2017. */
const FEED_FORWARD_RATIO = 4;

/** Options of `transformer`. */
export type TransformerOptions = {
  readonly heads: number;
  readonly groups: number;
  /** text tokens [B', S, D], B' dividing B */
  readonly text: Tensor;
  /** reference tokens [R, T', C] for the self-attention, R dividing B */
  readonly reference?: Tensor | null;
  /** told the self-attention's input tokens (after `norm1`, before any projection), [B, T, C] */
  readonly record?: ((tokens: Tensor) => void) | null;
};

/** x [B, C, H, W] → same shape. */
export function transformer(scope: Scope, x: Tensor, options: TransformerOptions): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const normed = normaliseGroups(scope.at('norm'), x, options.groups, GROUP_NORM_EPSILON);
  const projected = convolution(scope.at('proj_in'), normed, channels, { kernel: 1 });
  const tokens = transpose(reshape(projected, [batch, channels, height * width]), [0, 2, 1]);
  const out = transformerBlock(scope.at('transformer_blocks.0'), tokens, options);
  const picture = reshape(transpose(out, [0, 2, 1]), [batch, channels, height, width]);
  return add(convolution(scope.at('proj_out'), picture, channels, { kernel: 1 }), x);
}

function transformerBlock(scope: Scope, tokens: Tensor, options: TransformerOptions): Tensor {
  const { heads, text, reference, record } = options;
  const own = normaliseLayer(scope.at('norm1'), tokens);
  record?.(own);
  let x = add(tokens, attention(scope.at('attn1'), own, { heads, extra: reference }));
  x = add(x, attention(scope.at('attn2'), normaliseLayer(scope.at('norm2'), x), { heads, context: text }));
  return add(x, feedForward(scope.at('ff.net'), normaliseLayer(scope.at('norm3'), x)));
}

/** GEGLU: half of the projection, times the GELU of the other half. */
function feedForward(scope: Scope, x: Tensor): Tensor {
  const width = x.shape[x.shape.length - 1]!;
  const inner = width * FEED_FORWARD_RATIO;
  const both = dense(scope.at('0.proj'), x, 2 * inner);
  const axis = x.shape.length - 1;
  const hidden = mul(slice(both, axis, 0, inner), gelu(slice(both, axis, inner, 2 * inner)));
  return dense(scope.at('2'), hidden, width);
}
