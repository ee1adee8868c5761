/**
 * What a ray sees behind the head: a function of its direction, or of its place in the picture, alone.
 *
 * Spherical harmonics of degree 3 (9 values) of the direction; the small network after them is in network.ts. Real harmonics
 * in the order and signs of Sloan 2008, "Stupid Spherical Harmonics Tricks", appendix A2, as in tiny-cuda-nn.
 */

/** Harmonics per direction: degree 3 in the counting of tiny-cuda-nn, bands 0, 1 and 2. */
export const HARMONICS = 9;

/**
 * Harmonics of unit directions.
 * @param directions [R, 3]
 * @param out [R, 9]
 */
export function directionHarmonics(directions: Float32Array, count: number, out: Float32Array): void {
  for (let i = 0; i < count; i++) {
    const x = directions[i * 3]!;
    const y = directions[i * 3 + 1]!;
    const z = directions[i * 3 + 2]!;
    const at = i * HARMONICS;
    out[at] = 0.28209479177387814; // 1 / (2√π)
    out[at + 1] = -0.4886025119029199 * y; // √3 / (2√π)
    out[at + 2] = 0.4886025119029199 * z;
    out[at + 3] = -0.4886025119029199 * x;
    out[at + 4] = 1.0925484305920792 * x * y; // √15 / (2√π)
    out[at + 5] = -1.0925484305920792 * y * z;
    out[at + 6] = 0.31539156525252005 * (3 * z * z - 1); // √5 / (4√π)
    out[at + 7] = -1.0925484305920792 * x * z;
    out[at + 8] = 0.5462742152960396 * (x * x - y * y); // √15 / (4√π)
  }
}
