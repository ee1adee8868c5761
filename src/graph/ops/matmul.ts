/**
 * Matrix products and the linear layer, and their gradients.
 */
import { broadcastShapes, type Operation, sizeOf, type Tensor } from '../tensor.js';
import { add } from './elementwise.js';
import { reduceTo, sum } from './reduce.js';
import { reshape, transpose } from './shape.js';

function swapLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  return transpose(
    x,
    x.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i)),
  );
}

const MATMUL: Operation = {
  type: 'MatMul',
  gradient: ({ inputs: [a, b] }, [dy]) => [
    reduceTo(matmul(dy!, swapLast(b!)), a!.shape),
    reduceTo(matmul(swapLast(a!), dy!), b!.shape),
  ],
};

/** Batched matrix product [..., M, K] · [..., K, N] → [..., M, N]; leading axes broadcast. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const k = a.shape[a.shape.length - 1];
  if (a.shape.length < 2 || b.shape.length < 2 || k !== b.shape[b.shape.length - 2])
    throw new Error(`internal: matmul of [${a.shape}] and [${b.shape}]`);
  const lead = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...lead, a.shape[a.shape.length - 2]!, b.shape[b.shape.length - 1]!];
  return a.graph.add(MATMUL, [a, b], [{ shape, dtype: a.dtype }])[0]!;
}

type GemmOptions = { transposeA?: boolean; transposeB?: boolean };

const GEMM: Operation = {
  type: 'Gemm',
  gradient: ({ inputs: [a, b, c], attributes }, [dy]) => {
    const transposeA = (attributes['transA'] as { int: number }).int === 1;
    const transposeB = (attributes['transB'] as { int: number }).int === 1;
    const da = transposeA
      ? gemm(b!, dy!, null, { transposeA: transposeB, transposeB: true })
      : gemm(dy!, b!, null, { transposeB: !transposeB });
    const db = transposeB
      ? gemm(dy!, a!, null, { transposeA: true, transposeB: transposeA })
      : gemm(a!, dy!, null, { transposeA: !transposeA });
    return [da, db, c ? reduceTo(dy!, c.shape) : null];
  },
};

/** Inner length of the pieces of a long product in a wide graph: the pixels of one 16² picture. Not tuned. */
const PIECE = 256;
/** From this inner length on a wide graph splits products: below, the pieces would be too few to matter. */
const LONG = 8 * PIECE;

/**
 * op(A)·op(B) as a batch of products of PIECE inner values and their sum: a kernel gives each tile of the result to one
 * group of cores, and a small result of a long product would leave the others idle. Null where splitting does not help.
 */
function splitProduct(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: GemmOptions): Tensor | null {
  const [inner, m] = transposeA ? (a.shape as [number, number]) : ([a.shape[1]!, a.shape[0]!] as const);
  const n = transposeB ? b.shape[0]! : b.shape[1]!;
  if (!a.graph.wide || inner < LONG || inner % PIECE !== 0 || m * n > inner * PIECE) return null;
  const pieces = inner / PIECE;
  const left = transposeA
    ? transpose(reshape(a, [pieces, PIECE, m]), [0, 2, 1])
    : transpose(reshape(a, [m, pieces, PIECE]), [1, 0, 2]);
  const right = transposeB ? transpose(reshape(b, [n, pieces, PIECE]), [1, 2, 0]) : reshape(b, [pieces, PIECE, n]);
  return sum(matmul(left, right), [0]);
}

/** One matrix product with optional transposes and an added row: op(A)·op(B) + c. A, B are 2-D; c broadcasts to the result. */
export function gemm(a: Tensor, b: Tensor, c: Tensor | null, options: GemmOptions = {}): Tensor {
  const { transposeA = false, transposeB = false } = options;
  const [m, ka] = transposeA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [kb, n] = transposeB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (ka !== kb) throw new Error(`internal: gemm of [${a.shape}] and [${b.shape}]`);
  const split = c ? null : splitProduct(a, b, options);
  if (split) return split;
  const inputs = c ? [a, b, c] : [a, b];
  return a.graph.add(GEMM, inputs, [{ shape: [m, n], dtype: a.dtype }], {
    transA: { int: transposeA ? 1 : 0 },
    transB: { int: transposeB ? 1 : 0 },
    alpha: { float: 1 },
    beta: { float: 1 },
  })[0]!;
}

/** x[..., I] · weight[O, I]ᵀ + bias[O] → [..., O], with weights in PyTorch's layout. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  const inner = x.shape[x.shape.length - 1]!;
  const flat = reshape(x, [sizeOf(x.shape) / inner, inner]);
  return reshape(gemm(flat, weight, bias ?? null, { transposeB: true }), [...x.shape.slice(0, -1), weight.shape[0]!]);
}

/** Column sums of a [M, N] gradient plus nothing else: the gradient of a bias row. Kept here so that conv shares it. */
export function biasGradient(dy: Tensor, channelAxis: number): Tensor {
  return sum(
    dy,
    dy.shape.flatMap((_, i) => (i === channelAxis ? [] : [i])),
  );
}

/** x[B, C, ...] + bias[C], for layouts with channels on axis 1. */
export function addChannelBias(x: Tensor, bias: Tensor): Tensor {
  return add(x, reshape(bias, [bias.shape[0]!, ...new Array<number>(x.shape.length - 2).fill(1)]));
}
