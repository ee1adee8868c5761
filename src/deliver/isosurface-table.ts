/**
 * The case table of marching cubes, derived instead of copied.
 *
 * Idea: Lorensen and Cline 1987, "Marching Cubes". Their table leaves holes at ambiguous faces; here each face is cut by a
 * rule that depends on the face's four corners alone (inside corners are always kept apart), so that both cells beside
 * a face cut it alike and the surface has no holes.
 *
 * Letters: corner c = x | y << 1 | z << 2 of the unit cube; an edge is named by its lower corner and its axis.
 */

/** One of the 12 cube edges. */
export type CubeEdge = {
  /** corner with the smaller coordinate along `axis` */
  readonly corner: number;
  /** 0 x, 1 y, 2 z */
  readonly axis: 0 | 1 | 2;
};

/** The 12 edges; the table below names edges by their place here. */
export const CUBE_EDGES: readonly CubeEdge[] = ([0, 1, 2] as const).flatMap((axis) =>
  [0, 1, 2, 3, 4, 5, 6, 7].filter((corner) => !(corner & (1 << axis))).map((corner) => ({ corner, axis })),
);

function edgeBetween(a: number, b: number): number {
  const axis = Math.log2(a ^ b);
  return CUBE_EDGES.findIndex((edge) => edge.axis === axis && edge.corner === Math.min(a, b));
}

/** Corners of the six faces, counter-clockwise as seen from outside the cube. */
const FACES: readonly (readonly number[])[] = ([0, 1, 2] as const).flatMap((axis) => {
  const u = 1 << ((axis + 1) % 3);
  const v = 1 << ((axis + 2) % 3);
  const high = 1 << axis;
  return [
    [high, high | u, high | u | v, high | v],
    [0, v, u | v, u],
  ];
});

/**
 * For a case (bit c set = corner c inside): the crossed edges in closed loops, each loop counter-clockwise as seen from
 * the outside of the surface.
 */
function loopsOf(inside: number): number[][] {
  const next = new Map<number, number>();
  for (const face of FACES) cutFace(face, inside, next);
  const loops: number[][] = [];
  while (next.size > 0) {
    const loop: number[] = [];
    for (let edge = next.keys().next().value; edge !== undefined && next.has(edge); ) {
      loop.push(edge);
      const following = next.get(edge)!;
      next.delete(edge);
      edge = following;
    }
    loops.push(loop);
  }
  return loops;
}

/**
 * Cuts each run of inside corners off one face: from the edge where the walk around the face enters the run to the edge
 * where it leaves. The neighbour walks the other way round, so each cut is used once in each direction.
 */
function cutFace(face: readonly number[], inside: number, next: Map<number, number>): void {
  const isIn = (k: number) => (inside >> face[k & 3]!) & 1;
  for (let k = 0; k < 4; k++) {
    if (!isIn(k) || isIn(k + 1)) continue;
    let start = k;
    while (isIn(start - 1 + 4)) start = (start + 3) & 3;
    const leaving = edgeBetween(face[k]!, face[(k + 1) & 3]!);
    next.set(edgeBetween(face[(start + 3) & 3]!, face[start]!), leaving);
  }
}

/** Whether two crossed edges lie on a common face of the cube. */
function shareFace(a: number, b: number): boolean {
  const touches = (edge: number, face: readonly number[]) => {
    const { corner, axis } = CUBE_EDGES[edge]!;
    return face.includes(corner) && face.includes(corner | (1 << axis));
  };
  return FACES.some((face) => touches(a, face) && touches(b, face));
}

/**
 * Triangulates a loop with as few diagonals inside a cube face as possible: the cell beyond that face could draw the same
 * diagonal, and an edge would then belong to four triangles. Interval dynamic programming over a loop of at most 12.
 */
function triangulate(loop: readonly number[]): number[] {
  const memo = new Map<number, { cost: number; triangles: number[] }>();
  const best = (i: number, j: number): { cost: number; triangles: number[] } => {
    if (j - i < 2) return { cost: 0, triangles: [] };
    const known = memo.get(i * 16 + j);
    if (known) return known;
    let result = { cost: Number.POSITIVE_INFINITY, triangles: [] as number[] };
    for (let k = i + 1; k < j; k++) {
      const left = best(i, k);
      const right = best(k, j);
      const cost = left.cost + right.cost + diagonalCost(loop, i, k) + diagonalCost(loop, k, j);
      if (cost < result.cost)
        result = { cost, triangles: [...left.triangles, ...right.triangles, loop[i]!, loop[k]!, loop[j]!] };
    }
    memo.set(i * 16 + j, result);
    return result;
  };
  return best(0, loop.length - 1).triangles;
}

function diagonalCost(loop: readonly number[], i: number, j: number): number {
  const neighbours = j - i === 1 || (i === 0 && j === loop.length - 1);
  return !neighbours && shareFace(loop[i]!, loop[j]!) ? 1 : 0;
}

/** 256 cases; each lists edges (places in `CUBE_EDGES`), three per triangle, counter-clockwise from outside. */
export const CUBE_CASES: readonly (readonly number[])[] = Array.from({ length: 256 }, (_, inside) =>
  loopsOf(inside).flatMap(triangulate),
);
