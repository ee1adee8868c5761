/**
 * Triangle meshes as plain data. Knows no faces; no file formats here.
 */

/** Indexed triangle mesh. Counter-clockwise triangles face outwards. */
export type Mesh = {
  /** 3·N, xyz per vertex, world units */
  readonly positions: Float32Array;
  /** 3·T vertex indices */
  readonly triangles: Uint32Array | Int32Array;
};

/**
 * Vertex normals: the normalised sum of the adjacent faces' unnormalised normals (area weights), 3·N.
 * A vertex without faces gets (0, 0, 1) so that nothing downstream divides by zero.
 */
export function vertexNormals(mesh: Mesh): Float32Array {
  const { positions: p, triangles } = mesh;
  const out = new Float32Array(p.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t]! * 3;
    const b = triangles[t + 1]! * 3;
    const c = triangles[t + 2]! * 3;
    const ux = p[b]! - p[a]!;
    const uy = p[b + 1]! - p[a + 1]!;
    const uz = p[b + 2]! - p[a + 2]!;
    const vx = p[c]! - p[a]!;
    const vy = p[c + 1]! - p[a + 1]!;
    const vz = p[c + 2]! - p[a + 2]!;
    const nx = uy * vz - uz * vy;
    const ny = uz * vx - ux * vz;
    const nz = ux * vy - uy * vx;
    for (const i of [a, b, c]) {
      out[i]! += nx;
      out[i + 1]! += ny;
      out[i + 2]! += nz;
    }
  }
  for (let i = 0; i < out.length; i += 3) {
    const length = Math.hypot(out[i]!, out[i + 1]!, out[i + 2]!);
    if (length > 0) {
      out[i]! /= length;
      out[i + 1]! /= length;
      out[i + 2]! /= length;
    } else out[i + 2] = 1;
  }
  return out;
}
