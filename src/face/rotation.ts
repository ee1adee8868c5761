/**
 * The head's rotation as the 3DMM regressor counts it: angles about x, y, z in radians, Rot = Rz·Ry·Rx on column vectors
 * (Deep3DFaceRecon `compute_rotation`, which stores the transpose and multiplies rows). Right-handed elementary rotations:
 * +y turns the face to the image's right, +x tips it down, +z leans its top to the image's left.
 */

/** Angles about x, y, z in radians. */
export type Angles = readonly [number, number, number];

/** Rot, row-major 3×3. */
export function rotationMatrix(
  [x, y, z]: Angles,
  out: Float64Array | number[] = new Float64Array(9),
): Float64Array | number[] {
  const [cx, sx, cy, sy, cz, sz] = [Math.cos(x), Math.sin(x), Math.cos(y), Math.sin(y), Math.cos(z), Math.sin(z)];
  out[0] = cz * cy;
  out[1] = cz * sy * sx - sz * cx;
  out[2] = cz * sy * cx + sz * sx;
  out[3] = sz * cy;
  out[4] = sz * sy * sx + cz * cx;
  out[5] = sz * sy * cx - cz * sx;
  out[6] = -sy;
  out[7] = cy * sx;
  out[8] = cy * cx;
  return out;
}

/** The angles of a rotation, row-major 3×3: y in [−π/2, π/2], x and z in (−π, π]. At y = ±π/2 only x ∓ z is known; z is then 0 or π. */
export function anglesOf(r: Float64Array | readonly number[]): [number, number, number] {
  const y = Math.asin(Math.max(-1, Math.min(1, -r[6]!))); // rounding may leave [−1, 1]
  return [Math.atan2(r[7]!, r[8]!), y, Math.atan2(r[3]!, r[0]!)];
}

/** ∂Rot/∂x, ∂Rot/∂y, ∂Rot/∂z one after another, 27 values. */
export function rotationDerivatives([x, y, z]: Angles, out = new Float64Array(27)): Float64Array {
  const [cx, sx, cy, sy, cz, sz] = [Math.cos(x), Math.sin(x), Math.cos(y), Math.sin(y), Math.cos(z), Math.sin(z)];
  out.set([
    0,
    cz * sy * cx + sz * sx,
    -cz * sy * sx + sz * cx,
    0,
    sz * sy * cx - cz * sx,
    -sz * sy * sx - cz * cx,
    0,
    cy * cx,
    -cy * sx,
  ]);
  out.set([-cz * sy, cz * cy * sx, cz * cy * cx, -sz * sy, sz * cy * sx, sz * cy * cx, -cy, -sy * sx, -sy * cx], 9);
  out.set(
    [
      -sz * cy,
      -sz * sy * sx - cz * cx,
      -sz * sy * cx + cz * sx,
      cz * cy,
      cz * sy * sx - sz * cx,
      cz * sy * cx + sz * sx,
      0,
      0,
      0,
    ],
    18,
  );
  return out;
}
