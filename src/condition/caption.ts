/**
 * Words for a target: what the control image cannot say (tongue, gaze, who it is) and what it can, as a captioner would put it.
 *
 * Used when the person writes no text. Knows only the expression's weights and the pose: no classifier of age or sex looks at
 * the photo, so it says "a person". The prior was trained on captions with the same phrases (data/synthetic).
 */
import type { ExpressionWeights } from '../face/expression.js';

/** What a caption is made from. */
export type CaptionFacts = {
  /** ARKit weights of the target; `tongueOut` above 0.5 puts the tongue into words */
  readonly expression: ExpressionWeights;
  /** where the tongue points, if it is out */
  readonly tongue?: 'out' | 'up' | 'left' | 'right' | 'curled';
  /** who it is, default `a person` */
  readonly subject?: string;
};

/** Weights below a third of full are not worth a word: a captioner would not see them. */
const VISIBLE = 0.33;

/** A lower-case caption, e.g. `a person smiling, with mouth wide open, sticking the tongue out`. */
export function captionOf(facts: CaptionFacts): string {
  const w = (name: string) => facts.expression[name] ?? 0;
  const pair = (name: string) => (w(`${name}Left`) + w(`${name}Right`)) / 2;
  const phrases = [...mouthPhrases(w, pair), ...facePhrases(w, pair)];
  const tongue = tonguePhrase(facts, w('tongueOut'));
  return [facts.subject ?? 'a person', [...phrases, ...(tongue ? [tongue] : [])].join(', ')].filter(Boolean).join(' ');
}

type Weight = (name: string) => number;

/** jawOpen from which mouths are called open, and wide open: training's captioner says so from there (data/synthetic). */
const OPEN = 0.4;
const WIDE_OPEN = 0.65;

/** Weights from which a shape alone makes an expression that has a name: halfway to its full strength. */
const STRONG = 0.5;

function mouthPhrases(w: Weight, pair: Weight): string[] {
  const jaw = w('jawOpen');
  const out = lipPhrases(w, pair);
  if (jaw > WIDE_OPEN && pair('browDown') > VISIBLE) out.push('shouting');
  if (jaw > WIDE_OPEN) out.push('with mouth wide open');
  else if (jaw >= OPEN) out.push('with mouth open');
  return out;
}

/** What the lips do; of an open mouth only what it leaves to be seen. */
function lipPhrases(w: Weight, pair: Weight): string[] {
  const open = w('jawOpen') >= OPEN;
  const teeth = Math.min(pair('mouthUpperUp'), pair('mouthLowerDown'));
  if (pair('mouthSmile') > VISIBLE) return [open ? 'laughing' : teeth > 0.25 ? 'grinning' : 'smiling']; // 0.25: a grin's lips part less than bared teeth's
  if (
    Math.max(w('mouthLeft'), w('mouthRight')) > VISIBLE &&
    Math.max(w('mouthSmileLeft'), w('mouthSmileRight')) > VISIBLE
  )
    return ['with a crooked smile'];
  const out: string[] = [];
  if (teeth > STRONG) out.push('showing teeth');
  if (pair('mouthFrown') > VISIBLE && pair('browDown') <= VISIBLE)
    out.push(w('browInnerUp') > VISIBLE ? 'looking sad' : 'frowning');
  if (open) return out;
  if (w('mouthPucker') > VISIBLE) out.push('puckering the lips');
  else if (w('mouthFunnel') > VISIBLE) out.push('with rounded lips');
  if (Math.min(w('mouthRollLower'), w('mouthRollUpper')) > VISIBLE) out.push('pressing the lips together');
  if (w('cheekPuff') > VISIBLE) out.push('with puffed cheeks');
  return out;
}

function facePhrases(w: Weight, pair: Weight): string[] {
  const out: string[] = [];
  if (pair('eyeBlink') > 0.7)
    out.push('with eyes closed'); // 0.7: below it some of the eye still shows
  else if (Math.max(w('eyeBlinkLeft'), w('eyeBlinkRight')) > 0.7) out.push('winking');
  if (pair('eyeWide') > VISIBLE) out.push('with eyes wide open');
  if (w('browInnerUp') > VISIBLE && pair('browOuterUp') > VISIBLE) out.push('with raised eyebrows');
  if (pair('noseSneer') > 0.6)
    out.push('looking disgusted'); // 0.6: an angry nose is wrinkled to 0.45 (data/synthetic)
  else if (pair('browDown') > 0.6 && w('jawOpen') < WIDE_OPEN)
    out.push('looking angry'); // who shouts or squints lowers the brows to 0.6 and 0.4
  else if (pair('browDown') > VISIBLE) out.push('with lowered eyebrows');
  if (pair('eyeSquint') > 0.6) out.push('squinting'); // 0.6: laughing, angry and disgusted eyes narrow up to there
  return out;
}

function tonguePhrase(facts: CaptionFacts, weight: number): string | null {
  const direction = facts.tongue ?? (weight > 0.5 ? 'out' : null);
  switch (direction) {
    case null:
      return null;
    case 'out':
      return 'sticking the tongue out';
    case 'curled':
      return 'with the tongue out and curled';
    case 'up':
    case 'left':
    case 'right':
      return `sticking the tongue out ${direction === 'up' ? 'and up' : `to the ${direction}`}`;
    default:
      return direction satisfies never;
  }
}

/** Person phrases in the order in which the paper's preprocessing looks for them, with their grammatical gender. */
const PERSONS = [
  ['a man', 'm'],
  ['a woman', 'f'],
  ['a girl', 'f'],
  ['a boy', 'm'],
  ['a young man', 'm'],
  ['a young woman', 'f'],
] as const;

/**
 * The driving picture's caption about the reference's person: its person phrase replaced, `his` and `her` exchanged if the
 * gender differs. When either caption names no person, the driving caption is kept.
 */
export function reenactCaption(reference: string, driving: string): string {
  const [from, to] = [personIn(driving), personIn(reference)];
  if (!from || !to) return driving;
  const text = driving.replace(from[0], to[0]);
  if (from[1] === to[1]) return text;
  const swap = { his: 'her', her: 'his' } as const;
  return text.replace(/(?<= )(his|her)(?= )/g, (word) => swap[word as 'his' | 'her']);
}

function personIn(caption: string): (typeof PERSONS)[number] | undefined {
  return PERSONS.find(([phrase]) => new RegExp(`\\b${phrase}\\b`).test(caption));
}
