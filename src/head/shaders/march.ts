/**
 * The shader that marches rays through the occupancy grid: ../march.ts in float32. Text only, see wgsl.ts.
 */
import { GROUP } from './shared.js';

/** Each ray is walked twice: once for its occupied length, once to place its samples. */
export const MARCH = /* wgsl */ `
/** Jitter of a sample in [0, 1): a permuted congruential hash of its number (O'Neill 2014; Jarzynski and Olano 2020). */
fn jitterOf(slot: u32) -> f32 {
  if (params.jitter == 0u) { return 0.5; }
  var x = (slot ^ params.seed.x) * 747796405u + 2891336453u;
  x = ((x >> ((x >> 28u) + 4u)) ^ x) * 277803737u;
  x = (((x >> 22u) ^ x) ^ params.seed.y) * 747796405u + 2891336453u;
  x = ((x >> ((x >> 28u) + 4u)) ^ x) * 277803737u;
  return f32(((x >> 22u) ^ x) >> 8u) / 16777216.0;
}

fn boxRange(o: vec3f, d: vec3f) -> vec2f {
  var near = 0.0;
  var far = FAR_AWAY;
  for (var axis = 0; axis < 3; axis++) {
    if (d[axis] == 0.0) {
      if (abs(o[axis]) > HALF_SIDE) { far = -1.0; } // parallel and outside
      continue;
    }
    let a = (-HALF_SIDE - o[axis]) / d[axis];
    let b = (HALF_SIDE - o[axis]) / d[axis];
    near = max(near, min(a, b));
    far = min(far, max(a, b));
  }
  return vec2f(near, far);
}

/** Occupied length of a ray; places its \`used\` samples on the way, each \`length\` long. */
fn walk(ray: u32, o: vec3f, d: vec3f, used: u32, length: f32) -> f32 {
  let range = boxRange(o, d);
  var t = range.x;
  var total = 0.0;
  if (!(t < range.y)) { return 0.0; }
  let size = 2.0 * HALF_SIDE / f32(CELLS);
  var cell = clamp(vec3i(floor((o + d * t + HALF_SIDE) / size)), vec3i(0), vec3i(CELLS - 1));
  var next = vec3f(FAR_AWAY);
  var pace = vec3f(FAR_AWAY);
  var way = vec3i(-1);
  for (var axis = 0; axis < 3; axis++) {
    if (d[axis] == 0.0) { continue; }
    way[axis] = select(-1, 1, d[axis] > 0.0);
    pace[axis] = abs(size / d[axis]);
    next[axis] = (f32(cell[axis] + max(way[axis], 0)) * size - HALF_SIDE - o[axis]) / d[axis];
  }
  var thickness = 0.0;
  var end = t;
  var k = 0u;
  var u = jitterOf(ray * S) * length;
  for (var i = 0; i < 3 * CELLS + 3; i++) {
    if (!(t < range.y && thickness < params.stop)) { break; }
    let axis = select(select(2, 1, next.y < next.z), select(2, 0, next.x < next.z), next.x < next.y);
    let to = min(next[axis], range.y);
    let value = grid[cell.x + CELLS * (cell.y + CELLS * cell.z)];
    if (value >= 0.0 && to > t) { // negative: empty
      let span = to - t;
      while (k < used && u <= total + span) {
        placeSample(ray, k, o, d, t + max(u - total, 0.0));
        k++;
        u = (f32(k) + jitterOf(ray * S + k)) * length;
      }
      total += span;
      thickness += value * PER_LENGTH * span;
      end = to;
    }
    t = to;
    cell[axis] += way[axis];
    if (cell[axis] < 0 || cell[axis] >= CELLS) { break; }
    next[axis] += pace[axis];
  }
  while (k < used) { // what rounding left over
    placeSample(ray, k, o, d, end);
    k++;
  }
  return total;
}

fn placeSample(ray: u32, k: u32, o: vec3f, d: vec3f, t: f32) {
  samples[ray * S + k] = vec4f((o + d * t) * (0.5 / HALF_SIDE) + 0.5, t);
}

@compute @workgroup_size(${GROUP}) fn march(@builtin(global_invocation_id) id: vec3u) {
  let ray = threadOf(id);
  if (ray >= params.rays) { return; }
  let at = ray * 6u;
  let o = vec3f(rays[at], rays[at + 1u], rays[at + 2u]);
  let d = vec3f(rays[at + 3u], rays[at + 4u], rays[at + 5u]);
  let total = walk(ray, o, d, 0u, 0.0);
  let used = u32(min(f32(S), ceil(total / params.step)));
  let length = total / f32(max(used, 1u));
  if (used > 0u) { walk(ray, o, d, used, length); }
  state[ray] = Ray(used, 0u, length, 0.0);
}
`;
