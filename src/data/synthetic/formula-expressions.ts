/**
 * What each ARKit name moves on the `formula` head: offsets by place, our own by eye. Written for the person's left side
 * (+x) and mirrored; lids and lips know which edge of their slit they are.
 */

import type { ArkitName } from './arkit.js';
import type { SlitSide } from './formula-mesh.js';
import { ballFront, bump, EYE_HALF, EYE_X, EYE_Y, MOUTH_HALF, MOUTH_Y } from './formula-surface.js';
import { smoothstep } from './noise.js';

/** A vertex of the mean head and what it belongs to. */
export type Place = {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly side: SlitSide;
  readonly jaw: 0 | 1 | null;
};

type Offset = readonly [number, number, number];
type Rule = (p: Place) => Offset;

const STILL: Offset = [0, 0, 0];
/** Jaw hinge (y, z) in front of the ear, and the angle of a fully open jaw. */
const HINGE = [0.12, -0.5] as const;
const JAW_ANGLE = 0.42;

/** Rules by name without side; `Left` rules act on x > 0. */
const SIDED: Record<string, Rule> = {
  eyeBlink: (p) => lid(p, 1, 0),
  eyeSquint: (p) => lid(p, 0.25, 0.5),
  eyeWide: (p) => lid(p, -0.35, -0.2),
  eyeLookUp: (p) => lid(p, -0.15, 0.15),
  eyeLookDown: (p) => lid(p, 0.35, -0.15),
  eyeLookIn: () => STILL,
  eyeLookOut: () => STILL,
  mouthSmile: (p) => corner(p, 0.1, 0.1, -0.06),
  mouthFrown: (p) => corner(p, 0.02, -0.1, -0.01),
  mouthDimple: (p) => corner(p, 0.05, 0.01, -0.06),
  mouthStretch: (p) => corner(p, 0.1, -0.04, -0.04),
  mouthPress: (p) => corner(p, 0, 0.02, -0.03),
  mouthUpperUp: (p) => lip(p, 1, [0.01, 0.09, 0.0], 0.16),
  mouthLowerDown: (p) => lip(p, -1, [0.01, -0.09, 0.0], 0.16),
  browDown: (p) => spot(p, 0.24, 0.55, 0.2, 0.12, [-0.03, -0.09, 0.02]),
  browOuterUp: (p) => spot(p, 0.45, 0.55, 0.16, 0.16, [0, 0.1, 0]),
  cheekSquint: (p) => spot(p, 0.36, 0.1, 0.2, 0.12, [0, 0.05, 0.04]),
  noseSneer: (p) => spot(p, 0.14, -0.02, 0.1, 0.14, [0.01, 0.06, 0.02]),
};

const UNSIDED: Partial<Record<ArkitName, Rule>> = {
  jawOpen: (p) => turnJaw(p, JAW_ANGLE),
  jawForward: (p) => times([0, 0, 0.08], jawWeight(p)),
  jawLeft: (p) => times([0.1, 0, 0], jawWeight(p)),
  jawRight: (p) => times([-0.1, 0, 0], jawWeight(p)),
  mouthPucker: (p) => {
    const w = bump(p.x, p.y, 0, MOUTH_Y, 0.3, 0.17) * front(p);
    return [-0.5 * p.x * w, 0.15 * (MOUTH_Y - p.y) * w, 0.11 * w];
  },
  mouthFunnel: (p) => {
    const w = bump(p.x, p.y, 0, MOUTH_Y, 0.3, 0.17) * front(p);
    const part = upperness(p) * 0.06 * bump(p.x, p.y, 0, MOUTH_Y, 0.15, 0.1);
    return [-0.35 * p.x * w, part * front(p), 0.09 * w];
  },
  mouthLeft: (p) => times([0.1, 0.01, -0.01], bump(p.x, p.y, 0, MOUTH_Y, 0.3, 0.18) * front(p)),
  mouthRight: (p) => times([-0.1, 0.01, -0.01], bump(p.x, p.y, 0, MOUTH_Y, 0.3, 0.18) * front(p)),
  mouthRollLower: (p) => lip(p, -1, [0, 0.02, -0.06], 0.22),
  mouthRollUpper: (p) => lip(p, 1, [0, -0.02, -0.06], 0.22),
  mouthShrugLower: (p) => lip(p, -1, [0, 0.04, 0.03], 0.22),
  mouthShrugUpper: (p) => lip(p, 1, [0, 0.04, 0.02], 0.22),
  mouthClose: (p) => {
    const [x, y, z] = turnJaw(p, JAW_ANGLE);
    return times([-x, -y, -z], lipEdge(p) * 0.95);
  },
  browInnerUp: (p) => spot({ ...p, x: Math.abs(p.x) }, 0.14, 0.55, 0.16, 0.15, [0, 0.1, 0.01]),
  cheekPuff: (p) => {
    const w = bump(Math.abs(p.x), p.y, 0.4, -0.25, 0.2, 0.22) * smoothstep(-0.5, -0.2, p.z);
    return [0.14 * Math.sign(p.x) * w, 0, 0.08 * w];
  },
};

/** Offset of a vertex under a name at weight 1; null when the family does not have the name. */
export function formulaOffset(name: ArkitName, p: Place): Offset | null {
  const rule = UNSIDED[name];
  if (rule) return rule(p);
  const stem = name.replace(/(Left|Right)$/, '');
  const sided = SIDED[stem];
  if (!sided || stem === name) return null;
  const sign = name.endsWith('Left') ? 1 : -1;
  const half = smoothstep(-0.05, 0.05, sign * p.x); // the middle belongs half to either side
  const [x, y, z] = sided({ ...p, x: sign * p.x });
  return [sign * x * half, y * half, z * half];
}

function times(offset: Offset, factor: number): Offset {
  return [offset[0] * factor, offset[1] * factor, offset[2] * factor];
}

/** 1 on the front of the face, 0 on the sides and inside the mouth. */
function front(p: Place): number {
  return p.jaw === null ? smoothstep(-0.35, -0.05, p.z) : 0;
}

function spot(p: Place, cx: number, cy: number, sx: number, sy: number, offset: Offset): Offset {
  return times(offset, bump(p.x, p.y, cx, cy, sx, sy) * front(p));
}

/** 1 above the mouth's slit, −1 below. */
function upperness(p: Place): 1 | -1 {
  return p.side !== 0 ? p.side : p.y >= MOUTH_Y ? 1 : -1;
}

function corner(p: Place, dx: number, dy: number, dz: number): Offset {
  const w = bump(p.x, p.y, 0.27, MOUTH_Y, 0.17, 0.17) * front(p);
  const cheek = bump(p.x, p.y, 0.38, MOUTH_Y + 0.22, 0.16, 0.14) * front(p) * Math.max(0, dy);
  return [dx * w, dy * w + 0.25 * cheek, dz * w + 0.4 * cheek];
}

/** Moves one lip: full at the slit's edge, fading within 15 cm/10 of it. */
function lip(p: Place, which: 1 | -1, offset: Offset, half: number): Offset {
  if (p.jaw !== null || upperness(p) !== which) return STILL;
  const across = bump(p.x, 0, half === 0.16 ? 0.08 : 0, 0, half, 1);
  return times(offset, across * Math.exp(-((Math.abs(p.y - MOUTH_Y) / 0.13) ** 2)) * front(p));
}

/** 1 on the lips' edges, 0 a lip's width away. */
function lipEdge(p: Place): number {
  if (p.jaw !== null || Math.abs(p.x) > MOUTH_HALF + 0.08) return 0;
  return Math.exp(-(((p.y - MOUTH_Y) / 0.1) ** 2)) * front(p);
}

/** How far a vertex goes with the jaw, 0 … 1. */
function jawWeight(p: Place): number {
  if (p.jaw !== null) return p.jaw;
  const down = smoothstep(0, 1, (MOUTH_Y + 0.12 - p.y) / 0.34);
  const slit = 1 - smoothstep(MOUTH_HALF * 0.75, MOUTH_HALF + 0.12, Math.abs(p.x));
  const below = upperness(p) === -1 ? 1 : 0;
  const byHeight = slit * below + (1 - slit) * down;
  const chin = smoothstep(-0.42, 0.02, p.z) * smoothstep(-1.0, -0.8, p.y);
  return p.z < -0.3 && p.y > MOUTH_Y ? 0 : byHeight * chin;
}

function turnJaw(p: Place, angle: number): Offset {
  const a = angle * jawWeight(p);
  const [dy, dz] = [p.y - HINGE[0], p.z - HINGE[1]];
  const [c, s] = [Math.cos(a), Math.sin(a)];
  return [0, dy * (c - 1) - dz * s, dz * (c - 1) + dy * s];
}

/** Lowers the upper lid and raises the lower by shares of the opening, keeping both on the eyeball. */
function lid(p: Place, upper: number, lower: number): Offset {
  const across = (p.x - EYE_X) / EYE_HALF;
  if (p.z < -0.2 || Math.abs(across) > 1.3 || Math.abs(p.y - EYE_Y) > 0.25) return STILL;
  const arch = Math.max(0, 1 - (across / 1.05) ** 2) ** 0.7;
  const above = p.side === 1 || (p.side === 0 && p.y > EYE_Y);
  const edge = above ? EYE_Y + 0.062 * arch : EYE_Y - 0.042 * arch;
  const fade = p.side !== 0 ? 1 : Math.exp(-((Math.abs(p.y - edge) / 0.07) ** 2));
  const down = (above ? -upper : lower) * 0.106 * arch * fade;
  const y = p.y + down;
  return [0, down, Math.max(0, ballFront(p.x, y, 0.018) - p.z)];
}
