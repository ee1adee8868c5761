/**
 * What people do in the studio's twelve recordings, named as NeRSemble's: a rendered recording goes through its expressions one
 * after the other, each rising from rest and falling back.
 */
import { type RandomKey, RandomStream } from '../../core/rng.js';
import type { Expression } from '../synthetic/arkit.js';
import { EXPRESSION_KINDS, type ExpressionKind } from '../synthetic/expressions.js';
import { type Shot, sampleShot, type Tongue, type TongueDirection } from '../synthetic/shot.js';
import type { STUDIO_SEQUENCES } from './layout.js';

/** Frames of a rendered studio recording: two seconds at NeRSemble's 73 a second. */
export const STUDIO_LENGTH = 146;

type Act = { readonly kind: ExpressionKind; readonly more?: Expression; readonly tongue?: TongueDirection };

const act = (kind: ExpressionKind, more?: Expression): Act => ({ kind, ...(more && { more }) });
const tongue = (direction: TongueDirection): Act => ({ kind: 'open', tongue: direction });

/** Acts of each recording; FREE may be anything and has none. */
const ACTS: Readonly<Record<(typeof STUDIO_SEQUENCES)[number], readonly Act[]>> = {
  'EMO-1-shout+laugh': [act('shout'), act('laugh')],
  'EMO-3-angry+sad': [act('angry'), act('sad')],
  'EMO-4-disgust+happy': [act('disgusted'), act('grin')],
  'EXP-2-eyes': [act('closedEyes'), act('wink'), act('squint'), act('surprised')],
  'EXP-3-cheeks+nose': [act('puffed'), act('disgusted')],
  'EXP-4-lips': [act('kiss'), act('funnel'), act('rolledLips'), act('teeth')],
  'EXP-5-mouth': [act('crooked'), act('open'), act('crookedRight'), act('grin')],
  'EXP-6-tongue-1': [tongue('out'), tongue('down'), tongue('up')],
  'EXP-7-tongue-2': [tongue('left'), tongue('curled'), tongue('right')],
  'EXP-8-jaw-1': [act('open', { jawOpen: 0.95 }), act('open')],
  'EXP-9-jaw-2': [act('neutral', { jawLeft: 0.9 }), act('neutral', { jawRight: 0.9 })],
  FREE: [],
};

/** A shape's share of its full strength at its strongest moment: extreme, as the recordings are. */
const STRENGTH = [0.8, 1.05] as const;
/** A tongue is out while its act is at least at this strength. */
const TONGUE_FROM = 0.35;

/**
 * The shot of a moment. `base`: light, background, pose and framing; its expression and tongue are kept in FREE only.
 * @param time 0 … 1, place in the recording; people begin at different moments, so the same time finds them at different acts.
 * @param key of the recording: the same for all of its moments.
 */
export function recordedShot(
  sequence: (typeof STUDIO_SEQUENCES)[number],
  time: number,
  base: Shot,
  key: RandomKey,
): Shot {
  const acts = ACTS[sequence];
  if (acts.length === 0) return base;
  const random = new RandomStream(key);
  const now = ((time + random.uniform()) % 1) * acts.length;
  const place = Math.min(acts.length - 1, Math.floor(now));
  const { kind, more, tongue: direction } = acts[place]!;
  const rise = Math.sin(Math.PI * (now - place));
  const strength = rise * random.uniform(...STRENGTH);
  const weights = Object.entries<number>({ ...EXPRESSION_KINDS[kind], ...more });
  const expression = Object.fromEntries(weights.map(([name, weight]) => [name, Math.min(1, weight * strength)]));
  const out = direction !== undefined && rise >= TONGUE_FROM;
  // A tongue needs its way out whatever the strength: 0.45 is a mouth that a caption calls open.
  if (out) expression['jawOpen'] = Math.max(0.45, expression['jawOpen'] ?? 0);
  return { ...base, kind, expression: expression as Expression, tongue: out ? tongueOf(direction, key) : null };
}

/** The person's tongue: as a shot with one has it, pointing where the act says. */
function tongueOf(direction: TongueDirection, key: RandomKey): Tongue {
  const { tongue: drawn } = sampleShot(key, { openChance: 1, tongueChance: 1 });
  return { ...drawn!, direction };
}
