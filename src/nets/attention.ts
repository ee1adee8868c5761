/**
 * Multi-head attention with optional extra tokens for keys and values (Joker, supplement: "reference attention").
 * Letters: B batch, T tokens of the query, S tokens of the context, C width, h heads, d = C / h.
 *
 * One function for self-attention, cross-attention, reference attention, the autoencoder's and the text encoder's:
 * they differ in names, biases and masks only.
 */
import { add, concat, matmul, mul, reshape, slice, softmax, type Tensor, transpose } from '../graph/index.js';
import { repeatBatch } from './ops.js';
import { dense, type Scope } from './scope.js';

/** Names of the four projections below a scope. */
export type ProjectionNames = {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
};

/** diffusers' names. */
export const DIFFUSERS_PROJECTIONS: ProjectionNames = { query: 'to_q', key: 'to_k', value: 'to_v', output: 'to_out.0' };

/** Options of `attention`. */
export type AttentionOptions = {
  /** divides C */
  readonly heads: number;
  /** tokens that are looked at, [B', S, D] with B' dividing B. Default: the query's own (self-attention). */
  readonly context?: Tensor;
  /**
   * more tokens to look at, [R, S', D] with R dividing B: projected by this layer's own key and value weights and put
   * behind the context. The projection is done once per reference, not once per image.
   */
  readonly extra?: Tensor | null;
  /** biases on query, key and value. Default false; the output projection always has one. */
  readonly bias?: boolean;
  /** added to the scores, broadcasts to [B, h, T, S] */
  readonly mask?: Tensor;
  /** Default: diffusers'. */
  readonly names?: ProjectionNames;
};

/** softmax(q·kᵀ / √d)·v per head, then the output projection: x [B, T, C] → [B, T, C]. */
export function attention(scope: Scope, x: Tensor, options: AttentionOptions): Tensor {
  const { heads, context = x, extra, bias = false, mask, names = DIFFUSERS_PROJECTIONS } = options;
  const [batch, , width] = x.shape as [number, number, number];
  const project = (name: string, from: Tensor): Tensor =>
    repeatBatch(dense(scope.at(name), from, width, { bias }), batch);
  const tokens = (name: string): Tensor =>
    extra ? concat([project(name, context), project(name, extra)], 1) : project(name, context);
  // The scale goes onto the query: T·C products instead of T·S·h.
  const query = mul(project(names.query, x), (width / heads) ** -0.5);
  const mixed = mix(
    splitHeads(query, heads, [0, 2, 1, 3]),
    splitHeads(tokens(names.key), heads, [0, 2, 3, 1]),
    splitHeads(tokens(names.value), heads, [0, 2, 1, 3]),
    mask,
  );
  const joined = reshape(transpose(mixed, [0, 2, 1, 3]), x.shape);
  return dense(scope.at(names.output), joined, width);
}

/**
 * Most scores that exist at once: 128 MiB of them. At 512² one image's scores with a reference are 1 GiB, twice over while the
 * softmax runs; each row of them is independent of the others, so they are made a few rows at a time.
 */
const MOST_SCORES = 2 ** 25;

/** softmax(query·key + mask)·value: [B, h, T, d] · [B, h, d, S] · [B, h, S, d] → [B, h, T, d]. */
function mix(query: Tensor, key: Tensor, value: Tensor, mask?: Tensor): Tensor {
  const [batch, heads, rows] = query.shape as [number, number, number, number];
  const columns = key.shape[3]!;
  const part = (some: Tensor): Tensor => {
    const scores = matmul(some, key);
    return matmul(softmax(mask ? add(scores, mask) : scores), value);
  };
  // Masks belong to text encoders, which are small.
  const most = mask ? rows : Math.max(1, Math.floor(MOST_SCORES / (batch * heads * columns)));
  if (rows <= most) return part(query);
  const parts: Tensor[] = [];
  for (let first = 0; first < rows; first += most)
    parts.push(part(slice(query, 2, first, Math.min(rows, first + most))));
  return concat(parts, 2);
}

/** [B, T, C] → [B, T, h, d], then permuted. */
function splitHeads(x: Tensor, heads: number, order: readonly number[]): Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  if (width % heads !== 0) throw new Error(`internal: ${heads} heads do not divide a width of ${width}`);
  return transpose(reshape(x, [batch, tokens, heads, width / heads]), order);
}
