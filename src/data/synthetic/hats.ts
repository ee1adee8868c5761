/**
 * Hats as one sheet like the hair's: columns from the top of the hat down to its edge around the skull and, from there, out
 * along a peak or brim, or down along the cloth of a headscarf. Front edges stay above the brows.
 */

import { noise1, noise3, smoothstep } from './noise.js';
import type { Hat, HatKind } from './rich-look.js';
import { type Skull, skullAngles, skullDirection } from './skull.js';
import type { SkullMap } from './skull-map.js';

/** Columns around the head; rows of the crown (last one at the edge), then rows of what hangs on the edge (first one there). */
const COLUMNS = 72;
const CROWN_ROWS = 14;
const EDGE_ROWS = 9;
const ROWS = CROWN_ROWS + EDGE_ROWS;

/** Vertices of a hat. */
export const HAT_VERTICES = (COLUMNS + 1) * ROWS;

/** Triangles (3·T), vertices counted from `first`; seen from both sides. */
export function hatTriangles(first: number): Uint32Array {
  const out: number[] = [];
  for (let c = 0; c < COLUMNS; c++)
    for (let r = 0; r + 1 < ROWS; r++) {
      const a = first + c * ROWS + r;
      out.push(a, a + 1, a + ROWS, a + ROWS, a + 1, a + ROWS + 1);
    }
  return Uint32Array.from(out);
}

/** Places of a hat's vertices, HAT_VERTICES×2: 0 … 72 around the head; 0 … 1 on the crown, 1 … 2 beyond its edge. */
export function hatPlaces(): Float32Array {
  const out = new Float32Array(2 * HAT_VERTICES);
  for (let v = 0; v < HAT_VERTICES; v++) out.set([Math.floor(v / ROWS), alongRow(v % ROWS)], 2 * v);
  return out;
}

function alongRow(row: number): number {
  return row < CROWN_ROWS ? row / (CROWN_ROWS - 1) : 1 + (row - CROWN_ROWS) / (EDGE_ROWS - 1);
}

type Shape = {
  /** degrees of polar angle of the edge in front, over the ears, behind */
  readonly edge: readonly [front: number, side: number, back: number];
  /** height of the crown over the edge in front, world units, least and most */
  readonly height: readonly [number, number];
  /** exponent of the crown's outline: 2 round … 5 boxy */
  readonly power: number;
  /** distance of the cloth from the skull, world units */
  readonly margin: number;
};

/** Measures by eye on the mean heads; brows lie at 85°, hairlines at 56°. */
const SHAPES: Record<HatKind, Shape> = {
  beanie: { edge: [61, 91, 112], height: [0.56, 0.85], power: 2.3, margin: 0.07 },
  cap: { edge: [62, 78, 98], height: [0.54, 0.62], power: 2.5, margin: 0.06 },
  brimmed: { edge: [62, 76, 92], height: [0.6, 0.75], power: 3.6, margin: 0.06 },
  headscarf: { edge: [57, 92, 104], height: [0.5, 0.56], power: 2.2, margin: 0.07 },
};

/** Polar angle of a hat's edge. */
export function hatEdge(hat: Hat, azimuth: number): number {
  const [front, side, back] = SHAPES[hat.kind].edge;
  const mean = (front + back) / 2;
  const around =
    (mean + side) / 2 + ((front - back) / 2) * Math.cos(azimuth) + ((mean - side) / 2) * Math.cos(2 * azimuth);
  return (around * Math.PI) / 180 + hat.low * (1 + Math.cos(azimuth)) * 0.5;
}

/** Share of its thickness that hair keeps at a direction: little under the hat, all of it a hand's breadth below. */
export function pressed(hat: Hat | null, azimuth: number, polar: number): number {
  if (!hat) return 1;
  const edge = hatEdge(hat, azimuth);
  return 0.12 + 0.88 * smoothstep(edge - 0.02, edge + 0.3, polar);
}

type Vector = readonly [number, number, number];

/** Positions (3·HAT_VERTICES) of a hat on a person's own skull. */
export function placeHat(hat: Hat, skull: Skull, radius: SkullMap, seed: number): Float32Array {
  const out = new Float32Array(3 * HAT_VERTICES);
  const shape = SHAPES[hat.kind];
  const edges = Array.from({ length: COLUMNS + 1 }, (_, c) => {
    const azimuth = -Math.PI + (2 * Math.PI * c) / COLUMNS;
    return edgePoint(hat, shape, skull, radius, azimuth);
  });
  const middle = [0, 1, 2].map((k) => edges.slice(1).reduce((sum, p) => sum + p[k]!, 0) / COLUMNS) as unknown as Vector;
  const top = edges[COLUMNS / 2]![1] + shape.height[0] + (shape.height[1] - shape.height[0]) * hat.size;
  for (let c = 0; c <= COLUMNS; c++) {
    const azimuth = -Math.PI + (2 * Math.PI * c) / COLUMNS;
    const edge = edges[c]!;
    for (let r = 0; r < ROWS; r++) {
      const along = alongRow(r);
      const point =
        r < CROWN_ROWS
          ? outside(crownPoint(hat, shape, middle, edge, top, azimuth, along, seed), skull, radius, shape.margin)
          : beyondEdge(hat, skull, middle, edge, azimuth, along - 1, seed);
      out.set(point, 3 * (c * ROWS + r));
    }
  }
  return out;
}

function edgePoint(hat: Hat, shape: Shape, skull: Skull, radius: SkullMap, azimuth: number): Vector {
  const polar = hatEdge(hat, azimuth);
  const [x, y, z] = skullDirection(azimuth, polar);
  const r = radius(azimuth, polar) + shape.margin;
  return [skull.x + r * x, skull.y + r * y, skull.z + r * z];
}

function crownPoint(
  hat: Hat,
  shape: Shape,
  middle: Vector,
  edge: Vector,
  top: number,
  azimuth: number,
  t: number,
  seed: number,
): Vector {
  const s = Math.sin((t * Math.PI) / 2) ** (2 / shape.power); // superellipse from the top (0) to the edge (1)
  const h = Math.cos((t * Math.PI) / 2) ** (2 / shape.power);
  let y = edge[1] + (top - edge[1]) * h;
  let spread = s;
  const lump = noise3(3 * Math.sin(azimuth), 3 * t, 3 * Math.cos(azimuth), seed + 71) - 0.5;
  switch (hat.kind) {
    case 'beanie':
      spread += t > 0.78 ? 0.05 : 0; // turned-up cuff
      y += 0.06 * lump * (1 - t) + (hat.adorned ? 0.2 * Math.sqrt(Math.max(0, 1 - (t / 0.2) ** 2)) : 0);
      spread += hat.adorned && t < 0.2 ? 0.02 : 0;
      break;
    case 'cap':
      break;
    case 'brimmed': // pinched along the middle
      y -= 0.12 * Math.exp(-(((s * Math.sin(azimuth)) / 0.35) ** 2)) * smoothstep(0, 0.5, h);
      break;
    case 'headscarf':
      y += 0.04 * lump;
      break;
    default:
      hat.kind satisfies never;
  }
  return [middle[0] + (edge[0] - middle[0]) * spread, y, middle[2] + (edge[2] - middle[2]) * spread];
}

/** Pushes a point of the crown out of the skull. */
function outside(point: Vector, skull: Skull, radius: SkullMap, margin: number): Vector {
  const [azimuth, polar, distance] = skullAngles(skull, ...point);
  const least = radius(azimuth, polar) + margin;
  if (distance >= least) return point;
  const scale = least / Math.max(1e-6, distance); // a point at the skull's centre cannot be: crowns are above their edges
  return [
    skull.x + (point[0] - skull.x) * scale,
    skull.y + (point[1] - skull.y) * scale,
    skull.z + (point[2] - skull.z) * scale,
  ];
}

/** What hangs on the edge, `d` = 0 … 1: nothing, a peak, a brim, or the scarf's cloth. */
function beyondEdge(
  hat: Hat,
  skull: Skull,
  middle: Vector,
  edge: Vector,
  azimuth: number,
  d: number,
  seed: number,
): Vector {
  const [ox, oz] = [edge[0] - middle[0], edge[2] - middle[2]];
  const across = Math.hypot(ox, oz) || 1; // 0 only for a hat of no width
  switch (hat.kind) {
    case 'beanie': // hem turned in
      return [edge[0] - 0.06 * d * (ox / across), edge[1] + 0.01 * d, edge[2] - 0.06 * d * (oz / across)];
    case 'cap': {
      const turned = hat.backwards ? Math.PI - Math.abs(azimuth) : Math.abs(azimuth);
      const wide = Math.max(0, 1 - (turned / 1.05) ** 2) ** 0.6;
      const length = (0.45 + 0.2 * hat.size) * wide * d;
      const drop = 0.1 * length + 0.1 * length * (turned / 1.05) ** 2;
      return [edge[0] + 0.35 * length * (ox / across), edge[1] - drop, edge[2] + length * (hat.backwards ? -1 : 1)];
    }
    case 'brimmed': {
      const length = (0.3 + 0.3 * hat.size) * d;
      const wave = 0.06 * (noise1((azimuth + 4) * 1.3, seed + 72) - 0.4) - 0.12 * Math.cos(2 * azimuth) * 0.3;
      return [edge[0] + (length * ox) / across, edge[1] + wave * d - 0.05 * d * d, edge[2] + (length * oz) / across];
    }
    case 'headscarf':
      return drape(skull, edge, azimuth, d, seed);
    default:
      return hat.kind satisfies never;
  }
}

/** Degrees of azimuth from which a scarf's cloth hangs down; before them it ends at the forehead. A whole column. */
const CHEEK = 60;

/** True where the sheet of a headscarf spans the face between forehead and cheek: no cloth is there. */
export function faceOpening(hat: Hat, column: number, along: number): boolean {
  return hat.kind === 'headscarf' && along > 1 && Math.abs(column - COLUMNS / 2) < (CHEEK * COLUMNS) / 360;
}

/** Cloth from the edge down around cheeks and neck: its front columns meet under the chin. */
function drape(skull: Skull, edge: Vector, azimuth: number, d: number, seed: number): Vector {
  const degrees = (Math.abs(azimuth) * 180) / Math.PI;
  if (degrees < CHEEK - 1 || d === 0) return edge;
  const y = edge[1] - 2.15 * d;
  const around = ((degrees - CHEEK) / (180 - CHEEK)) * Math.PI * Math.sign(azimuth);
  const fold = 0.06 * (noise1((azimuth + 4) * 5 + 1.5 * d, seed + 73) - 0.5) * smoothstep(0.1, 0.5, d);
  const neck = 0.6 + 0.25 * smoothstep(0.88, 1, d) + fold;
  const to: Vector = [neck * Math.sin(around) * 1.1, y, skull.z + 0.27 + neck * Math.cos(around) * 1.05];
  const t = smoothstep(0.32, 0.78, d);
  return [edge[0] + (to[0] - edge[0]) * t + fold * Math.sign(azimuth), y, edge[2] + (to[2] - edge[2]) * t];
}
