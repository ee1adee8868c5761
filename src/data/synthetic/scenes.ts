/**
 * Procedural scenes behind rich people: a room, shelves, a street at night, foliage, open land. Drawn small and blurred, then
 * enlarged smoothly: cheap, and out of focus as backgrounds of portraits are. The same at every picture size.
 */

import { type RandomKey, RandomStream } from '../../core/rng.js';
import { hsv, mix, type Rgb, scaled } from './color.js';
import { noise1, noise3, smoothstep } from './noise.js';

/** Kinds of scenes. */
export const SCENE_KINDS = ['room', 'shelves', 'street', 'foliage', 'land'] as const;

/** One of the kinds. */
export type SceneKind = (typeof SCENE_KINDS)[number];

/** A scene: all that is in it follows from the key. */
export type Scene = {
  readonly kind: SceneKind;
  readonly key: RandomKey;
  /** rounds of blur on the small picture, 1 … 4 */
  readonly blur: number;
  /** factor of its light */
  readonly power: number;
};

/** Side of the small picture. */
const SIDE = 64;

/** Paints colour c over a share t of a cell. */
type Canvas = { readonly data: Float32Array };
type At = (x: number, y: number) => Rgb;

/** Draws a scene of a key. */
export function sampleScene(random: RandomStream): Scene {
  return {
    kind: random.pick(SCENE_KINDS),
    key: [random.uint32(), random.uint32()],
    blur: 1 + random.integer(4),
    power: random.uniform(0.55, 1.15),
  };
}

/** Fills H·W·3 values (size × size) with linear light. */
export function fillScene(scene: Scene, size: number, out: Float32Array): void {
  const canvas = { data: new Float32Array(3 * SIDE * SIDE) };
  const random = new RandomStream(scene.key);
  switch (scene.kind) {
    case 'room':
      room(canvas, random);
      break;
    case 'shelves':
      shelves(canvas, random);
      break;
    case 'street':
      street(canvas, random);
      break;
    case 'foliage':
      foliage(canvas, random);
      break;
    case 'land':
      land(canvas, random);
      break;
    default:
      scene.kind satisfies never;
  }
  for (let i = 0; i < scene.blur; i++) blur(canvas.data);
  enlarge(canvas.data, scene.power, size, out);
}

/** Sets every cell by its place (0 … 1 from the top left). */
function cover({ data }: Canvas, at: At): void {
  for (let row = 0, i = 0; row < SIDE; row++)
    for (let column = 0; column < SIDE; column++, i += 3) data.set(at((column + 0.5) / SIDE, (row + 0.5) / SIDE), i);
}

function rectangle({ data }: Canvas, x0: number, y0: number, x1: number, y1: number, color: Rgb): void {
  for (let row = Math.max(0, Math.round(y0 * SIDE)); row < Math.min(SIDE, Math.round(y1 * SIDE)); row++)
    for (let column = Math.max(0, Math.round(x0 * SIDE)); column < Math.min(SIDE, Math.round(x1 * SIDE)); column++)
      data.set(color, 3 * (row * SIDE + column));
}

function disc({ data }: Canvas, x: number, y: number, rx: number, ry: number, color: Rgb, t: number): void {
  for (let row = Math.max(0, Math.floor((y - ry) * SIDE)); row < Math.min(SIDE, Math.ceil((y + ry) * SIDE)); row++)
    for (let column = Math.max(0, Math.floor((x - rx) * SIDE)); column < Math.min(SIDE, (x + rx) * SIDE); column++) {
      const d = Math.hypot(((column + 0.5) / SIDE - x) / rx, ((row + 0.5) / SIDE - y) / ry);
      if (d >= 1) continue;
      const i = 3 * (row * SIDE + column);
      for (let k = 0; k < 3; k++) data[i + k]! += (color[k as 0 | 1 | 2] - data[i + k]!) * t;
    }
}

/** Two walls that meet in a corner, a window or a picture, a lamp's glow. */
function room(canvas: Canvas, random: RandomStream): void {
  const wall = hsv(random.uniform(0.02, 0.62), random.uniform(0.03, 0.35), random.uniform(0.45, 0.9));
  const corner = random.uniform(0.1, 0.9);
  const [left, right] = random.chance(0.5) ? [1, 0.62] : [0.62, 1];
  const skirting = random.uniform(0.7, 1.2);
  cover(canvas, (x, y) => {
    const near = 1 - 0.3 * Math.exp(-(((x - corner) / 0.12) ** 2));
    const shade = (x < corner ? left : right) * near * (1.05 - 0.35 * y);
    return y > skirting ? scaled(mix(wall, [0.25, 0.18, 0.12], 0.8), shade) : scaled(wall, shade);
  });
  const x = random.chance(0.5) ? random.uniform(-0.1, 0.14) : random.uniform(0.6, 0.8);
  const [y, width, height] = [random.uniform(0.02, 0.2), random.uniform(0.22, 0.4), random.uniform(0.3, 0.5)];
  const window = random.chance(0.6);
  const frame: Rgb = window ? [0.75, 0.74, 0.7] : scaled([0.3, 0.2, 0.1], random.uniform(0.3, 1.4));
  rectangle(canvas, x - 0.03, y - 0.03, x + width + 0.03, y + height + 0.03, frame);
  const day = random.chance(0.75);
  const pane = window
    ? day
      ? mix([0.75, 0.9, 1.1], [1.1, 1, 0.8], random.uniform())
      : ([0.02, 0.03, 0.07] as const)
    : hsv(random.uniform(), random.uniform(0.2, 0.8), random.uniform(0.3, 0.8));
  rectangle(canvas, x, y, x + width, y + height, pane);
  if (window) {
    rectangle(canvas, x + width / 2 - 0.012, y, x + width / 2 + 0.012, y + height, frame);
    rectangle(canvas, x, y + height / 2 - 0.012, x + width, y + height / 2 + 0.012, frame);
  } else
    disc(canvas, x + width * 0.5, y + height * 0.6, width * 0.35, height * 0.3, hsv(random.uniform(), 0.6, 0.7), 0.8);
  if (random.chance(0.35)) {
    const at = random.uniform(0, 1);
    for (let r = 0.3; r > 0.05; r -= 0.05) disc(canvas, at, 0.25, r, r, [1.1, 0.8, 0.45], 0.16);
  }
}

/** Boards full of books, here and there a vase. */
function shelves(canvas: Canvas, random: RandomStream): void {
  const board = scaled(hsv(random.uniform(0.04, 0.1), random.uniform(0.2, 0.7), random.uniform(0.2, 0.7)), 0.9);
  cover(canvas, () => scaled(board, 0.25));
  const step = random.uniform(0.2, 0.34);
  const muted = random.uniform(0.3, 0.8);
  for (let y = random.uniform(-0.2, 0); y < 1; y += step) {
    for (let x = random.uniform(-0.05, 0); x < 1; ) {
      const width = random.uniform(0.025, 0.07);
      const height = step * random.uniform(0.6, 0.92);
      const color = hsv(random.uniform(), muted * random.uniform(0.3, 1), random.uniform(0.15, 0.8));
      if (random.chance(0.88)) rectangle(canvas, x, y + step - height, x + width, y + step, color);
      x += width;
    }
    rectangle(canvas, 0, y + step - 0.025, 1, y + step, board);
  }
}

/** Dark houses with lit windows, and lamps so far out of focus that they are discs. */
function street(canvas: Canvas, random: RandomStream): void {
  const night = hsv(random.uniform(0.55, 0.72), random.uniform(0.3, 0.7), random.uniform(0.08, 0.35));
  cover(canvas, (_x, y) => mix(night, [0.03, 0.03, 0.035], smoothstep(0.3, 1, y)));
  for (let x = -0.05; x < 1; ) {
    const width = random.uniform(0.15, 0.35);
    rectangle(canvas, x, random.uniform(-0.1, 0.4), x + width, 0.8, scaled(night, random.uniform(0.3, 0.9)));
    x += width;
  }
  const lights: readonly Rgb[] = [
    [1.2, 0.85, 0.45],
    [1.2, 1.1, 0.95],
    [1.2, 0.3, 0.15],
    [0.3, 1, 0.5],
    [0.4, 0.6, 1.2],
    [1.1, 0.3, 0.8],
  ];
  const size = random.uniform(0.03, 0.08);
  for (let n = 14 + random.integer(26); n > 0; n--) {
    const r = size * random.uniform(0.6, 1.3);
    const [x, y] = [random.uniform(), random.uniform(0.05, 0.85)];
    const color = lights[Math.min(random.integer(lights.length), random.integer(lights.length))]!;
    disc(canvas, x, y, r, r, color, random.uniform(0.3, 0.85));
  }
}

/** Leaves against holes of bright sky. */
function foliage(canvas: Canvas, random: RandomStream): void {
  const hue = random.chance(0.8) ? random.uniform(0.2, 0.38) : random.uniform(0.03, 0.13); // green, or autumn
  const dark = hsv(hue, 0.7, random.uniform(0.15, 0.35));
  cover(canvas, (_x, y) => scaled(dark, 1.1 - 0.5 * y));
  for (let n = 160; n > 0; n--) {
    const y = random.uniform(-0.05, 1.05);
    const tone = random.uniform(0.2, 1) * (1.05 - 0.5 * y);
    const leaf = hsv((hue + random.uniform(-0.05, 0.05) + 1) % 1, random.uniform(0.4, 0.8), tone * 0.9);
    const r = random.uniform(0.025, 0.1);
    disc(canvas, random.uniform(), y, r, r * random.uniform(0.5, 1), leaf, random.uniform(0.3, 0.9));
  }
  for (let n = random.integer(26); n > 0; n--) {
    const r = random.uniform(0.015, 0.05);
    disc(canvas, random.uniform(), random.uniform(0, 0.5), r, r, [1, 1.05, 0.95], random.uniform(0.4, 0.9));
  }
}

/** Sky with clouds, hills along a horizon, ground. */
function land(canvas: Canvas, random: RandomStream): void {
  const horizon = random.uniform(0.35, 0.75);
  const evening = random.chance(0.3);
  const high = evening ? hsv(random.uniform(0.6, 0.8), 0.55, 0.5) : hsv(random.uniform(0.54, 0.62), 0.6, 0.9);
  const low: Rgb = evening ? [1, 0.5, 0.22] : [0.85, 0.92, 1];
  const ground = hsv(random.pick([0.11, 0.25, 0.28, 0.55]), random.uniform(0.3, 0.6), random.uniform(0.3, 0.75));
  const hill = mix(scaled(ground, 0.5), high, random.uniform(0.15, 0.5));
  const seed = random.integer(1e6);
  const clouds = random.uniform(0, 0.9);
  const tall = random.uniform(0, 0.25);
  cover(canvas, (x, y) => {
    const ridge = horizon - tall * noise1(4 * x, seed) - 0.03 * noise1(17 * x, seed + 1);
    if (y > horizon) return scaled(ground, 0.75 + 0.5 * noise3(6 * x, 14 * y, 0, seed + 2));
    if (y > ridge) return hill;
    const cloud = clouds * smoothstep(0.5, 0.75, noise3(3 * x, 7 * y, 1, seed + 3));
    return mix(mix(high, low, y / horizon), evening ? [0.9, 0.55, 0.5] : [1, 1, 1], cloud);
  });
}

/** One round of a 3-cell box along rows, then along columns; edges repeat. */
function blur(data: Float32Array): void {
  for (const [along, across] of [
    [3, 3 * SIDE],
    [3 * SIDE, 3],
  ] as const)
    for (let line = 0; line < SIDE; line++)
      for (let k = 0; k < 3; k++) {
        const first = line * across + k;
        let before = data[first]!;
        for (let i = 0; i < SIDE; i++) {
          const here = data[first + i * along]!;
          const after = data[first + Math.min(SIDE - 1, i + 1) * along]!;
          data[first + i * along] = (before + here + after) / 3;
          before = here;
        }
      }
}

function enlarge(data: Float32Array, power: number, size: number, out: Float32Array): void {
  for (let row = 0, i = 0; row < size; row++) {
    const y = Math.max(0, Math.min(SIDE - 1.001, ((row + 0.5) / size) * SIDE - 0.5));
    const [y0, fy] = [Math.floor(y), y - Math.floor(y)];
    for (let column = 0; column < size; column++) {
      const x = Math.max(0, Math.min(SIDE - 1.001, ((column + 0.5) / size) * SIDE - 0.5));
      const x0 = Math.floor(x);
      const fx = x - x0;
      const j = 3 * (y0 * SIDE + x0);
      for (let k = 0; k < 3; k++, i++) {
        const top = data[j + k]! * (1 - fx) + data[j + 3 + k]! * fx;
        const bottom = data[j + 3 * SIDE + k]! * (1 - fx) + data[j + 3 * SIDE + 3 + k]! * fx;
        out[i] = power * (top * (1 - fy) + bottom * fy);
      }
    }
  }
}
