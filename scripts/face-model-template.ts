/**
 * The template of the builtin face model: the tracker's 468 points, found on virtual scans, laid onto the skin of a head family
 * and joined into a mesh that is subdivided once, with holes at eyes and mouth.
 *
 * Part of scripts/build-face-model.ts; not the statistics, which are taken at the template's points.
 */
import { readFileSync } from 'node:fs';
import { foldIn, RandomStream, randomKey } from '../src/core/rng.js';
import { addShape, type HeadModel, PART } from '../src/data/synthetic/head-model.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { EYE_RIM, MESH_POINTS, MOUTH_RIM } from '../src/face/tracker/topology.js';
import { Tracker } from '../src/face/tracker/tracker.js';
import { castPixel, plainPerson, pointOn, type SurfacePoint, scan } from './face-model-scans.js';
import { nearestOnMesh, nearestOnRim, type RimEdge, rimEdges, vertexAt } from './face-model-surface.js';

/** A mesh laid onto a head family's skin. */
export type FaceTemplate = {
  /** 3·T vertices of the family that count as face skin */
  readonly skin: Uint32Array;
  /** N vertices as places on that skin; the first 468 are the tracker's points */
  readonly points: readonly SurfacePoint[];
  /** 3·M, counter-clockwise seen from outside */
  readonly triangles: Uint32Array;
  /** the point on the other side of the face for each of the tracker's 468 */
  readonly mirror: readonly number[];
};

type Points = [number, number, number][];

/** What the steps share: the family, its face skin with the rims of its holes, and the shape on which points are averaged. */
type Ground = { head: HeadModel; skin: Uint32Array; rim: RimEdge[]; reference: Float32Array };

/** Scans `people` random people and joins where the tracker's points lie. Takes about half a second a person. */
export async function buildFaceTemplate(head: HeadModel, people: number): Promise<FaceTemplate> {
  const skin = faceTriangles(head);
  // lips and lids apart, so that no point jumps from one to the other
  const reference = expressed(head, head.neutral, { jawOpen: 0.5, eyeWideLeft: 0.3, eyeWideRight: 0.3 });
  const ground = { head, skin, rim: rimEdges(skin), reference };
  const topology = readTopology();
  const points = symmetrise(await scanPoints(ground, people), topology.mirror);
  return { skin, mirror: topology.mirror, ...joined(ground, points, topology.triangles) };
}

/** Values of a field on the family's vertices (3·V) at the template's points, 3·N. */
export function sampleAt(template: FaceTemplate, field: Float32Array): Float32Array {
  return Float32Array.from(template.points.flatMap((p) => pointOn(field, template.skin, p)));
}

/** A shape of the family with expressions added at their weights. */
export function expressed(
  head: HeadModel,
  base: Float32Array,
  weights: Readonly<Record<string, number>>,
): Float32Array {
  const out = base.slice();
  for (const [name, shape] of head.expressions) if (weights[name]) addShape(out, shape, weights[name]);
  return out;
}

/** Face skin without neck and skull: the part of the family's vertices that ends at the eyes' and mouth's rims. */
function faceTriangles(model: HeadModel): Uint32Array {
  const out: number[] = [];
  for (let t = 0; t < model.triangles.length; t += 3) {
    const corners = [...model.triangles.subarray(t, t + 3)];
    if (corners.every((v) => v < 9409 && model.parts[v] === PART.skin)) out.push(...corners); // 9409: ICT's face region
  }
  return Uint32Array.from(out);
}

/** Triangles and mirror pairs of the tracker's mesh, from MediaPipe's published topology. */
function readTopology(): { triangles: number[]; mirror: number[] } {
  const text = readFileSync('node_modules/@vladmandic/human/src/face/facemeshcoords.ts', 'utf8');
  const list = (name: string) =>
    JSON.parse(text.match(new RegExp(`${name}[^=]*= (\\[[\\s\\S]*?\\n?\\]);`))![1]!.replace(/,\s*\]/g, ']'));
  const uv = list('UV468') as [number, number][];
  const flat = list('TRI468') as number[];
  const nearest = ([u, v]: [number, number]) => {
    const distances = uv.map(([a, b]) => Math.hypot(1 - u - a, v - b));
    return distances.indexOf(Math.min(...distances));
  };
  const rims = [EYE_RIM.left, EYE_RIM.right].map((points) => new Set<number>(points));
  const triangles: number[] = [];
  for (let t = 0; t < flat.length; t += 3) {
    const corners = flat.slice(t, t + 3);
    if (!rims.some((set) => corners.every((v) => set.has(v)))) triangles.push(...corners);
  }
  return { triangles, mirror: uv.map(nearest) };
}

/** Mean position of every tracker point on the reference shape. */
async function scanPoints(ground: Ground, people: number): Promise<Points> {
  const { head, skin } = ground;
  const tracker = await Tracker.load('assets/tracker');
  const sums = Array.from({ length: MESH_POINTS }, () => [0, 0, 0, 0]);
  const mouth = new Set<number>(MOUTH_RIM);
  let missed = 0;
  const renderer = new PeopleRenderer(head);
  for (let i = 0; i < people; i++) {
    const key = foldIn(randomKey(7), i);
    const random = new RandomStream(key);
    const open = i % 2 === 0;
    const expression = open ? { jawOpen: random.uniform(0.3, 0.7) } : {};
    const result = scan(renderer, plainPerson(head, key), expression, skin, key);
    const [found] = await tracker.track(result.image);
    if (!found) missed++;
    else
      for (let p = 0; p < MESH_POINTS; p++)
        if (open || !mouth.has(p)) add(ground, sums[p]!, found.landmarks, p, result);
  }
  await tracker.dispose();
  console.log(`scans without a face found: ${missed} of ${people}`);
  return sums.map(([x, y, z, n]) => [x! / n!, y! / n!, z! / n!]);
}

function add(
  { skin, reference }: Ground,
  sum: number[],
  landmarks: Float32Array,
  p: number,
  result: ReturnType<typeof scan>,
): void {
  const point = castPixel(result, skin, landmarks[3 * p]!, landmarks[3 * p + 1]!);
  if (!point) return;
  pointOn(reference, skin, point).forEach((v, c) => {
    sum[c]! += v;
  });
  sum[3]!++;
}

/** The family is symmetric about x = 0, and so is the template. */
function symmetrise(points: Points, mirror: readonly number[]): Points {
  return points.map((p, i) => {
    const q = points[mirror[i]!]!;
    return [(p[0] - q[0]) / 2, (p[1] + q[1]) / 2, (p[2] + q[2]) / 2];
  });
}

/** Rims of the mouth and of either eye, separately, so that a point finds its own. */
function rimNear({ rim, skin, reference }: Ground, points: readonly number[], all: Points): RimEdge[] {
  const centre = [0, 1, 2].map((c) => points.reduce((s, p) => s + all[p]![c]!, 0) / points.length);
  const own = rim.filter((edge) => {
    const v = vertexAt(reference, skin[3 * edge.triangle + edge.from]!);
    return Math.hypot(v[0] - centre[0]!, v[1] - centre[1]!, v[2] - centre[2]!) < 0.45; // half a mouth's width and some
  });
  return own;
}

/** Which hole each rim point of the tracker belongs to. */
const HOLES = [EYE_RIM.left, EYE_RIM.right, MOUTH_RIM] as const;

/** Points laid onto the skin, the middles of their edges too, and all of it joined. */
function joined(ground: Ground, points: Points, coarse: readonly number[]): Pick<FaceTemplate, 'points' | 'triangles'> {
  const { skin, reference } = ground;
  const rims = HOLES.map((hole) => rimNear(ground, hole, points));
  const hole = (v: number) => HOLES.findIndex((list) => (list as readonly number[]).includes(v));
  const lay = (p: [number, number, number], on: number) =>
    on >= 0 ? nearestOnRim(reference, skin, rims[on]!, p) : nearestOnMesh(reference, skin, p);
  const out = points.map((p, v) => lay(p, hole(v)));
  const middle = new Map<string, number>();
  const between = (a: number, b: number): number => {
    const key = a < b ? `${a},${b}` : `${b},${a}`;
    const known = middle.get(key);
    if (known !== undefined) return known;
    const [p, q] = [pointOn(reference, skin, out[a]!), pointOn(reference, skin, out[b]!)];
    const on = hole(a) === hole(b) && onRim(a, b, hole(a)) ? hole(a) : -1;
    out.push(lay([(p[0] + q[0]) / 2, (p[1] + q[1]) / 2, (p[2] + q[2]) / 2], on));
    middle.set(key, out.length - 1);
    return out.length - 1;
  };
  const triangles: number[] = [];
  for (let t = 0; t < coarse.length; t += 3) {
    const [a, b, c] = coarse.slice(t, t + 3) as [number, number, number];
    const [ab, bc, ca] = [between(a, b), between(b, c), between(c, a)];
    triangles.push(a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca);
  }
  return { points: out, triangles: outwards(ground, Uint32Array.from(triangles), out) };
}

function onRim(a: number, b: number, hole: number): boolean {
  if (hole < 0) return false;
  const ring = HOLES[hole]! as readonly number[];
  const gap = Math.abs(ring.indexOf(a) - ring.indexOf(b));
  return gap === 1 || gap === ring.length - 1;
}

/** The topology's winding, turned if it runs clockwise seen from the front. */
function outwards({ skin, reference }: Ground, triangles: Uint32Array, points: readonly SurfacePoint[]): Uint32Array {
  let area = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => pointOn(reference, skin, points[triangles[t + k]!]!));
    area += (b![0] - a![0]) * (c![1] - a![1]) - (b![1] - a![1]) * (c![0] - a![0]);
  }
  if (area < 0)
    for (let t = 0; t < triangles.length; t += 3)
      [triangles[t + 1], triangles[t + 2]] = [triangles[t + 2]!, triangles[t + 1]!];
  return triangles;
}
