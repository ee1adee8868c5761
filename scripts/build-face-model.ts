/**
 * Makes assets/face/builtin.safetensors: a statistical face model registered to virtual scans of synthetic people.
 *
 * 1. Scan: random people of a head family are rendered; the tracker's 468 points are carried to the skin (face-model-scans.ts)
 *    and averaged. 2. Template: those points, subdivided once and laid onto the skin, holes at eyes and mouth. 3. Statistics: the
 *    population is Gaussian in the family's own modes, so the covariance at the template's points is known exactly; its
 *    principal components are the identity basis. Each expression is scanned alone and stored under its ARKit name.
 *
 * Run: npx tsx scripts/build-face-model.ts <ict-facekit-light.safetensors> [output] [people]
 */
import { readFileSync } from 'node:fs';
import { openSafetensors } from '../src/core/files/safetensors.js';
import { foldIn, RandomStream, randomKey } from '../src/core/rng.js';
import { addShape, type HeadModel, PART } from '../src/data/synthetic/head-model.js';
import { readIct } from '../src/data/synthetic/ict.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { saveMorphableModel } from '../src/face/model/load.js';
import type { MorphableModel } from '../src/face/model/model.js';
import { EYE_RIM, FIVE_POINT_SETS, LANDMARKS_68, MESH_POINTS, MOUTH_RIM } from '../src/face/tracker/topology.js';
import { Tracker } from '../src/face/tracker/tracker.js';
import { STANDARD_FACE } from '../src/photo/align.js';
import { castPixel, plainPerson, pointOn, type SurfacePoint, scan } from './face-model-scans.js';
import { eigenSymmetric, nearestOnMesh, nearestOnRim, type RimEdge, rimEdges, vertexAt } from './face-model-surface.js';

const [source, output = 'assets/face/builtin.safetensors', peopleText = '60'] = process.argv.slice(2);
if (!source) throw new Error('usage: build-face-model.ts <ict-facekit-light.safetensors> [output] [people]');

type Points = [number, number, number][];
const head = readIct(openSafetensors(source), { modes: 100 });
const skin = faceTriangles(head);
const rim = rimEdges(skin);
const topology = readTopology();

/** The shape on which points are averaged and joined: lips apart, so that nothing jumps between them. */
const reference = expressed(head.neutral, { jawOpen: 0.5, eyeWideLeft: 0.3, eyeWideRight: 0.3 });

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

function expressed(base: Float32Array, weights: Record<string, number>): Float32Array {
  const out = base.slice();
  for (const [name, shape] of head.expressions) if (weights[name]) addShape(out, shape, weights[name]);
  return out;
}

/** Mean position of every tracker point on the reference shape. */
async function scanPoints(people: number): Promise<Points> {
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
    else for (let p = 0; p < MESH_POINTS; p++) if (open || !mouth.has(p)) add(sums[p]!, found.landmarks, p, result);
  }
  await tracker.dispose();
  console.log(`scans without a face found: ${missed} of ${people}`);
  return sums.map(([x, y, z, n]) => [x! / n!, y! / n!, z! / n!]);
}

function add(sum: number[], landmarks: Float32Array, p: number, result: ReturnType<typeof scan>): void {
  const point = castPixel(result, skin, landmarks[3 * p]!, landmarks[3 * p + 1]!);
  if (!point) return;
  pointOn(reference, skin, point).forEach((v, c) => {
    sum[c]! += v;
  });
  sum[3]!++;
}

/** The family is symmetric about x = 0, and so is the template. */
function symmetrise(points: Points): Points {
  return points.map((p, i) => {
    const q = points[topology.mirror[i]!]!;
    return [(p[0] - q[0]) / 2, (p[1] + q[1]) / 2, (p[2] + q[2]) / 2];
  });
}

/** Rims of the mouth and of either eye, separately, so that a point finds its own. */
function rimNear(points: readonly number[], all: Points): RimEdge[] {
  const centre = [0, 1, 2].map((c) => points.reduce((s, p) => s + all[p]![c]!, 0) / points.length);
  const own = rim.filter((edge) => {
    const v = vertexAt(reference, skin[3 * edge.triangle + edge.from]!);
    return Math.hypot(v[0] - centre[0]!, v[1] - centre[1]!, v[2] - centre[2]!) < 0.45; // half a mouth's width and some
  });
  return own;
}

/** Which hole each rim point of the tracker belongs to. */
const HOLES = [EYE_RIM.left, EYE_RIM.right, MOUTH_RIM] as const;

type Template = { points: SurfacePoint[]; triangles: Uint32Array };

function buildTemplate(points: Points): Template {
  const rims = HOLES.map((hole) => rimNear(hole, points));
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
  for (let t = 0; t < topology.triangles.length; t += 3) {
    const [a, b, c] = topology.triangles.slice(t, t + 3) as [number, number, number];
    const [ab, bc, ca] = [between(a, b), between(b, c), between(c, a)];
    triangles.push(a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca);
  }
  return { points: out, triangles: outwards(Uint32Array.from(triangles), out) };
}

function onRim(a: number, b: number, hole: number): boolean {
  if (hole < 0) return false;
  const ring = HOLES[hole]! as readonly number[];
  const gap = Math.abs(ring.indexOf(a) - ring.indexOf(b));
  return gap === 1 || gap === ring.length - 1;
}

/** The topology's winding, turned if it runs clockwise seen from the front. */
function outwards(triangles: Uint32Array, points: readonly SurfacePoint[]): Uint32Array {
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

/** Values of a field on all vertices (3·V) at the template's points. */
const sample = (template: Template, field: Float32Array): Float32Array =>
  Float32Array.from(template.points.flatMap((p) => pointOn(field, skin, p)));

/** Principal components of the identity offsets, each scaled to one standard deviation; translation taken out. */
function identityBasis(template: Template, count: number): Float32Array[] {
  const n = head.identityCount;
  const base = sample(template, head.neutral);
  const rows = Array.from({ length: n }, (_, k) => {
    const one = Float32Array.from({ length: n }, (_, i) => (i === k ? 1 : 0));
    const offset = sample(template, head.identityShape(one)).map((v, i) => v - base[i]!);
    return centred(offset);
  });
  const gram = new Float64Array(n * n);
  for (let a = 0; a < n; a++)
    for (let b = 0; b < n; b++) gram[a * n + b] = rows[a]!.reduce((s, v, i) => s + v * rows[b]![i]!, 0);
  const { values, vectors } = eigenSymmetric(gram, n);
  const total = values.reduce((a, b) => a + b, 0);
  console.log(
    `identity: ${count} modes hold ${((100 * values.slice(0, count).reduce((a, b) => a + b, 0)) / total).toFixed(2)} %`,
  );
  return vectors.slice(0, count).map((vector) => {
    const mode = new Float32Array(base.length);
    rows.forEach((row, k) => {
      for (let i = 0; i < mode.length; i++) mode[i]! += vector[k]! * row[i]!;
    });
    return mode;
  });
}

function centred(offset: Float32Array): Float32Array {
  const mean = [0, 1, 2].map((c) => offset.reduce((s, v, i) => (i % 3 === c ? s + v : s), 0) / (offset.length / 3));
  return offset.map((v, i) => v - mean[i % 3]!);
}

/** How far people usually move each muscle group, for the fit's prior: broad for the jaw and smiles, narrow for rarities. */
function expectedDeviation(name: string): number {
  if (name === 'jawOpen' || /mouthSmile|eyeBlink|browInnerUp/.test(name)) return 0.4;
  if (/mouthClose|jawForward|mouthRoll|mouthShrug/.test(name)) return 0.12;
  return 0.25;
}

/** Moves the origin so that the five points' mean falls on the standard face's. */
function toStandardFace(mean: Float32Array): Float32Array {
  const shift = [0, 0, 0].map((_, c) => {
    const ours = FIVE_POINT_SETS.map((set) => set.reduce((s, v) => s + mean[3 * v + c]!, 0) / set.length);
    return STANDARD_FACE.reduce((s, p, i) => s + p[c as 0 | 1 | 2] - ours[i]!, 0) / STANDARD_FACE.length;
  });
  shift[0] = 0; // the template is symmetric; the standard face is off by 0.001
  return mean.map((v, i) => v + shift[i % 3]!);
}

const points = symmetrise(await scanPoints(Number(peopleText)));
const template = buildTemplate(points);
const names = [...head.expressions.keys()].filter((name) => !name.startsWith('eyeLook') || name.includes('Down'));
const expressions = names.map((name) => {
  const moved = sample(template, expressed(head.neutral, { [name]: 1 }));
  const base = sample(template, head.neutral);
  return moved.map((v, i) => v - base[i]!);
});
const mean = toStandardFace(sample(template, head.neutral));
const model: MorphableModel = {
  name: 'builtin',
  vertexCount: template.points.length,
  mean,
  identityBasis: identityBasis(template, 40),
  expressionBasis: expressions,
  expressionNames: names,
  expressionRange: 'unit',
  expressionStds: Float32Array.from(names, expectedDeviation),
  triangles: template.triangles,
  trackerVertices: Int32Array.from({ length: MESH_POINTS }, (_, i) => i),
  landmarks68: Int32Array.from(LANDMARKS_68),
  landmarks5: FIVE_POINT_SETS.map((set) => [...set]),
};
await saveMorphableModel(output, model, {
  licence: 'MIT',
  source: 'statistics of virtual scans of ICT-FaceKit Light heads (MIT, USC Institute for Creative Technologies)',
});
console.log(
  `${output}: ${model.vertexCount} vertices, ${model.triangles.length / 3} triangles, ${names.length} expressions`,
);
const five = FIVE_POINT_SETS.map((set) =>
  [0, 1, 2].map((c) => set.reduce((s, v) => s + mean[3 * v + c]!, 0) / set.length),
);
console.log('five points', five.map((p) => p.map((v) => v.toFixed(3)).join(' ')).join(' | '));
