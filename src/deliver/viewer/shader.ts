/**
 * GLSL of the viewer page: marches rays through the volume with emission and absorption (Max 1995, as NeRF does).
 *
 * No lighting: the colours are light that already left the head.
 */

/** One triangle that covers the canvas. */
export const VERTEX_SHADER = `#version 300 es
void main() {
  vec2 p = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(p, 0.0, 1.0);
}`;

/**
 * u_volume: colour times opacity, and opacity of one cell's length. u_blocks: largest opacity of each block of 8³ cells and its rim, 0 = empty, so
 * that a ray crosses empty blocks in one step.
 */
export const FRAGMENT_SHADER = `#version 300 es
precision highp float;
precision highp sampler3D;
uniform sampler3D u_volume, u_blocks;
uniform vec3 u_min, u_extent, u_size, u_blockSize; // box corner and extent (world), cells, cells of the block grid
uniform vec3 u_eye, u_right, u_up, u_back;
uniform vec2 u_pixels, u_tangent; // canvas size; half width and height of the picture plane at distance 1
uniform float u_cell;
uniform vec3 u_background;
out vec4 o_color;

float hash(vec2 p) { // Hoskins 2014, "Hash without Sine": breaks up the rings of equal steps
  vec3 q = fract(vec3(p.xyx) * 0.1031);
  q += dot(q, q.yzx + 33.33);
  return fract((q.x + q.y) * q.z);
}

void main() {
  vec2 s = gl_FragCoord.xy / u_pixels * 2.0 - 1.0;
  vec3 d = normalize(u_right * s.x * u_tangent.x + u_up * s.y * u_tangent.y - u_back);
  d += vec3(equal(d, vec3(0.0))) * 1e-6; // the slab test divides by each component
  vec3 a = (u_min - u_eye) / d, b = (u_min + u_extent - u_eye) / d;
  vec3 lo = min(a, b), hi = max(a, b);
  float t = max(max(lo.x, max(lo.y, lo.z)), 0.0);
  float end = min(hi.x, min(hi.y, hi.z));
  float dt = 0.6 * u_cell;
  t += hash(gl_FragCoord.xy) * dt;
  vec3 color = vec3(0.0);
  float light = 1.0;
  vec3 blockExtent = 8.0 / u_size * u_extent;
  for (int i = 0; i < 1500; i++) { // more than the diagonal of 256 cells in steps of 0.6
    if (t >= end || light < 0.004) break; // 0.004: one step of an 8-bit screen
    vec3 p = u_eye + t * d - u_min;
    ivec3 block = clamp(ivec3(p / blockExtent), ivec3(0), ivec3(u_blockSize) - 1);
    if (texelFetch(u_blocks, block, 0).r == 0.0) {
      vec3 wall = (vec3(block) + step(0.0, d)) * blockExtent;
      vec3 leave = (wall - p) / d;
      t += max(min(leave.x, min(leave.y, leave.z)), 0.0) + 0.01 * u_cell; // past the wall, rounding or not
      continue;
    }
    vec4 texel = texture(u_volume, p / u_extent);
    float alpha = 1.0 - pow(1.0 - min(texel.a, 0.9999), dt / u_cell); // 0.9999: pow(0, x) is undefined in GLSL
    color += light * alpha * texel.rgb / max(texel.a, 0.002); // half a step of 8 bits: nothing is divided by zero
    light *= 1.0 - alpha;
    t += dt;
  }
  o_color = vec4(color + light * u_background, 1.0);
}`;
