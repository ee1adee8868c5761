/**
 * Divex: which frames of a subject are worth training on, by diversity and expressiveness (Joker, supplement: data processing).
 *
 * d(p, q) = ‖(e_p − e_q) ⊙ n / Σn‖₂ + 0.5·∠(G_p, G_q) + 1·∠(J_p, J_q): e are expression coefficients, n_k the Frobenius norm of
 * blendshape k, G the head's rotation, J the jaw's, ∠ the angle between rotations. The paper takes them from a fit of FLAME; here
 * they come from our own fit (state.ts says how), the formula is the same.
 */

/** What a frame shows. Rotations are row-major 3×3. */
export type FaceState = {
  /** E coefficients */
  readonly expression: ArrayLike<number>;
  readonly global: ArrayLike<number>;
  readonly jaw: ArrayLike<number>;
};

/** Weights of the two angles (radians) beside the expression's distance. */
export const ANGLE_WEIGHTS = { global: 0.5, jaw: 1 } as const;
/** How much diversity counts beside expressiveness. */
const DIVERSITY_WEIGHT = 2;
/** Neighbours that an entry names. */
export const NEIGHBOURS = 5;

/** No rotation. */
export const IDENTITY: readonly number[] = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/**
 * Angle of A·B⁻¹ in radians, 0 … π: arccos((tr(A·Bᵀ) − 1) / 2). The argument is clamped to [−1, 1], since rounding leaves it for
 * equal rotations; the original does not clamp and gets no number there.
 */
export function rotationAngle(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let trace = 0;
  for (let i = 0; i < 9; i++) trace += a[i]! * b[i]!; // tr(A·Bᵀ) is the sum over all products of entries
  return Math.acos(Math.max(-1, Math.min(1, (trace - 1) / 2)));
}

/** d(p, q); `norms` are the E norms n. */
export function faceDistance(p: FaceState, q: FaceState, norms: ArrayLike<number>): number {
  let [sum, total] = [0, 0];
  for (let k = 0; k < norms.length; k++) {
    sum += ((p.expression[k]! - q.expression[k]!) * norms[k]!) ** 2;
    total += norms[k]!;
  }
  const expression = total > 0 ? Math.sqrt(sum) / total : 0;
  const { global, jaw } = ANGLE_WEIGHTS;
  return expression + global * rotationAngle(p.global, q.global) + jaw * rotationAngle(p.jaw, q.jaw);
}

/** A frame in the greedy order; indices are those of the given list. */
export type Ranked = {
  readonly index: number;
  readonly divex: number;
  readonly expressiveness: number;
  readonly diversity: number;
  readonly neighbours: readonly number[];
  readonly distances: readonly number[];
};

/**
 * All frames of one subject in greedy order: again and again the one with the largest E + 2·M, E its expressiveness d(p, 0) plus
 * bonus, M its distance to the nearest frame taken so far (to the farthest of all at first). Ties go to the earlier frame.
 * @param bonuses added to the expressiveness of each frame (1 for a tongue in NeRSemble's captions, 0 elsewhere).
 */
export function divexOrder(
  states: readonly FaceState[],
  norms: ArrayLike<number>,
  bonuses: readonly number[] = [],
): Ranked[] {
  const rest: FaceState = { expression: new Float64Array(norms.length), global: IDENTITY, jaw: IDENTITY };
  const expressiveness = states.map((state, i) => faceDistance(state, rest, norms) + (bonuses[i] ?? 0));
  const distance = distanceMatrix(states, norms);
  const diversity = distance.map((row) => row.reduce((most, value) => Math.max(most, value), 0));
  const left = new Set(states.keys());
  const order: Ranked[] = [];
  while (left.size > 0) {
    const index = best(left, (i) => expressiveness[i]! + DIVERSITY_WEIGHT * diversity[i]!);
    left.delete(index);
    order.push(ranked(index, expressiveness[index]!, diversity[index]!, distance[index]!));
    for (const i of left) diversity[i] = Math.min(diversity[i]!, distance[i]![index]!);
  }
  return order;
}

function distanceMatrix(states: readonly FaceState[], norms: ArrayLike<number>): Float64Array[] {
  const rows = states.map(() => new Float64Array(states.length));
  for (let i = 0; i < states.length; i++)
    for (let j = 0; j < i; j++) {
      const d = faceDistance(states[i]!, states[j]!, norms);
      rows[i]![j] = d;
      rows[j]![i] = d;
    }
  return rows;
}

function best(indices: Iterable<number>, score: (index: number) => number): number {
  let [winner, most] = [-1, -Infinity];
  for (const index of indices) if (score(index) > most) [winner, most] = [index, score(index)];
  return winner;
}

function ranked(index: number, expressiveness: number, diversity: number, distances: Float64Array): Ranked {
  const others = Array.from(distances.keys()).filter((i) => i !== index);
  const neighbours = others.sort((a, b) => distances[b]! - distances[a]! || a - b).slice(0, NEIGHBOURS);
  const divex = expressiveness + DIVERSITY_WEIGHT * diversity;
  return { index, divex, expressiveness, diversity, neighbours, distances: neighbours.map((i) => distances[i]!) };
}
