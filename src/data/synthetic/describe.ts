/**
 * A caption of a shot, in the varied words of an image captioner: who, what is worn or painted, what the face does.
 *
 * The word "tongue" is in a caption exactly when the tongue is out. What a captioner would not see (weak expressions, small
 * turns) is not said, and what it would see is sometimes left out too.
 */

import type { RandomStream } from '../../core/rng.js';
import { colorName, hairColorName } from './color-names.js';
import type { ExpressionKind } from './expressions.js';
import type { Person } from './person.js';
import { gazeWords, glassesWords, richAppearance, richSubject, sceneWords } from './rich-words.js';
import { OPEN_MOUTH, type Shot, type TongueDirection } from './shot.js';

/** A lower-case caption without a final period. The same shot gets other words from another stream. */
export function describe(person: Person, shot: Shot, random: RandomStream): string {
  const who = subject(person, random);
  const acts = actions(person, shot, random);
  const opening = random.chance(0.15) ? random.pick(['a photo of ', 'a portrait of ', 'a close up of ']) : '';
  const look = appearance(person, random);
  const background = backgroundWords(shot, random);
  const joined = acts.join(random.chance(0.5) ? ' and ' : ', ');
  const doing = acts.length ? (random.chance(0.3) ? ', ' : ' ') + joined : '';
  // Of rich people there is much to say, and a tongue that is out comes first: at the end, half of the sideways ones lost their
  // direction to the length of the embedded prior's prompt.
  const face = person.rich && shot.tongue ? doing + look : look + doing;
  return `${opening}${who}${face}${background}`;
}

function backgroundWords({ background: { from, scene } }: Shot, random: RandomStream): string {
  if (scene) return random.chance(0.3) ? sceneWords(scene.kind, random) : '';
  return random.chance(0.08) ? ` in front of a ${colorName(from)} background` : '';
}

function subject(person: Person, random: RandomStream): string {
  if (person.rich) return richSubject(person, person.rich, random);
  if (person.skin.kind === 'stone')
    return `a ${random.pick(['stone statue', 'statue', 'gray stone bust'])} of ${random.pick(['a', 'a young'])} ${person.presentation}`;
  if (random.chance(0.2)) return 'a person'; // as captions of the product say, which knows no more (condition/caption.ts)
  return `${random.pick(['a', 'a', 'a young'])} ${person.presentation}`;
}

/** " with …": hair, paint, beard, glasses; each is said more often the more it strikes the eye. */
function appearance(person: Person, random: RandomStream): string {
  const list: string[] = [];
  const { pattern } = person.paint;
  if (pattern !== 'none' && random.chance(0.85)) list.push(paintWords(person, random));
  else if (person.skin.kind === 'pattern' && random.chance(0.7))
    list.push(
      `${colorName(person.skin.waveColors[0])} ${random.pick(['patches', 'paint', 'patterns'])} on ${pronoun(person)} face`,
    );
  if (person.rich) list.push(...richAppearance(person, person.rich, random));
  const bare = person.skin.kind !== 'stone' && person.rich?.hat?.kind !== 'headscarf';
  if (bare && random.chance(0.65)) list.push(hairWords(person));
  if (person.beard.style !== 'none' && random.chance(0.6))
    list.push(
      person.beard.style === 'moustache'
        ? 'a mustache'
        : person.beard.style === 'goatee'
          ? 'a goatee'
          : person.beard.style === 'full'
            ? 'a beard'
            : 'a stubble beard',
    );
  if (person.lips.amount > 0.9 && random.chance(0.4)) list.push(`${colorName(person.lips.color)} lipstick`);
  if (person.glasses && random.chance(0.85)) list.push(person.rich ? glassesWords(person.glasses, random) : 'glasses');
  if (!list.length) return '';
  return ` with ${list.slice(0, 1 + random.integer(person.rich ? 4 : 3)).join(' and ')}`;
}

function pronoun(person: Person): string {
  return person.presentation === 'woman' ? 'her' : 'his';
}

function paintWords(person: Person, random: RandomStream): string {
  const { pattern, color, second } = person.paint;
  const name = colorName(color);
  switch (pattern) {
    case 'none':
      return '';
    case 'full':
      return random.pick([`${name} face paint`, `a ${name} face`, `${pronoun(person)} face painted ${name}`]);
    case 'half':
      return random.pick([`half of ${pronoun(person)} face painted ${name}`, `a half ${name} face`]);
    case 'cheek-stripes':
      return random.pick([`${name} stripes on ${pronoun(person)} cheeks`, `${name} war paint`]);
    case 'mask':
      return random.pick([`a ${name} mask painted around the eyes`, `${name} paint over the eyes`]);
    case 'clown':
      return random.pick(['clown makeup', 'white clown face paint']);
    case 'spots':
      return random.pick([
        `${name} spots on a ${colorName(second)} face`,
        `${name} and ${colorName(second)} face paint`,
      ]);
    case 'tiger':
      return random.pick([
        `${name} and ${colorName(second)} tiger face paint`,
        `${name} stripes on ${pronoun(person)} face`,
      ]);
    default:
      return pattern satisfies never;
  }
}

function hairWords(person: Person): string {
  const { style, length } = person.hair;
  const color = hairColorName(person.hair.color);
  switch (style) {
    case 'bald':
      return 'a bald head';
    case 'buzz':
      return 'a shaved head';
    case 'short':
    case 'swept':
      return `short ${color} hair`;
    case 'fringe':
      return `${color} bangs`;
    case 'curly':
      return `curly ${color} hair`;
    case 'bob':
      return `${length > 0.5 ? 'shoulder length' : 'chin length'} ${color} hair`;
    case 'long':
      return `long ${color} hair`;
    case 'bun':
      return `${color} hair in a bun`;
    default:
      return style satisfies never;
  }
}

/** What the face does, most striking first; at most three things. */
function actions(person: Person, shot: Shot, random: RandomStream): string[] {
  const e = shot.expression;
  const out: string[] = [];
  const jaw = e.jawOpen ?? 0;
  // A tongue that is out takes the eye, but the open mouth around it may be said too: neither must exclude the other.
  const mouth = jaw >= OPEN_MOUTH && random.chance(shot.tongue ? 0.4 : 0.85);
  if (mouth) out.push(random.pick(jaw > 0.65 ? WIDE : OPEN));
  if (shot.tongue) out.push(tongueWords(person, shot.tongue.direction, random));
  const words = jaw >= OPEN_MOUTH && CLOSED_KINDS.has(shot.kind) ? [] : KIND_WORDS[shot.kind];
  const gaze = person.rich && gazeWords(shot, random);
  if (words.length && random.chance(0.8) && !(gaze && shot.kind === 'neutral')) out.push(random.pick(words));
  if (gaze && random.chance(0.7)) out.push(gaze);
  if (Math.abs(shot.pose.yaw) > 0.35 && random.chance(0.4))
    out.push(`looking to the ${shot.pose.yaw > 0 ? 'right' : 'left'}`);
  return out.slice(0, 3);
}

/** Kinds of faces that need closed lips: an open jaw undoes them. */
const CLOSED_KINDS: ReadonlySet<ExpressionKind> = new Set<ExpressionKind>(['kiss', 'puffed', 'rolledLips', 'funnel']);

const OPEN = ['with an open mouth', 'with the mouth open', 'with mouth open', 'opening the mouth'] as const;
const WIDE = [
  'with the mouth wide open',
  'with mouth wide open',
  'mouth wide open',
  'opening the mouth wide',
  'screaming with an open mouth',
] as const;

function tongueWords(person: Person, direction: TongueDirection, random: RandomStream): string {
  const tongue = `${random.chance(0.6) ? 'the' : pronoun(person)} tongue`;
  const out = random.pick([
    `sticking ${tongue} out`,
    `sticking out ${tongue}`,
    `with ${tongue} out`,
    `showing ${tongue}`,
    `with ${tongue} sticking out`,
  ]);
  switch (direction) {
    case 'out':
      return out;
    case 'down':
      return `${out} ${random.pick(['and down', 'downwards', 'over the chin'])}`;
    case 'up':
      return `${out} ${random.pick(['upwards', 'and up', 'towards the nose'])}`;
    case 'left':
    case 'right':
      return `${out} ${random.pick([`to the ${direction}`, `to the ${direction} side`])}`;
    case 'curled':
      return random.pick([`with ${tongue} out and curled`, 'sticking out a curled tongue', `curling ${tongue}`]);
    default:
      return direction satisfies never;
  }
}

/** Words for each kind of face; one of them must be in what the product says of such a face (condition/caption.test.ts). */
export const KIND_WORDS: Record<ExpressionKind, readonly string[]> = {
  neutral: ['with a neutral expression', 'looking at the camera'],
  smile: ['smiling', 'with a smile', 'with a smile on the face'],
  grin: ['grinning', 'smiling and showing teeth', 'with a big smile'],
  laugh: ['laughing', 'laughing with squinted eyes'],
  surprised: ['looking surprised', 'with a surprised expression', 'with raised eyebrows', 'with eyes wide open'],
  angry: ['looking angry', 'with an angry expression', 'with lowered eyebrows'],
  sad: ['looking sad', 'with a sad expression', 'frowning'],
  disgusted: ['looking disgusted', 'with a wrinkled nose'],
  kiss: ['with puckered lips', 'making a kiss face', 'puckering the lips'],
  funnel: ['with rounded lips', 'making an o with the mouth'],
  puffed: ['with puffed cheeks', 'puffing the cheeks'],
  shout: ['shouting', 'yelling', 'screaming'],
  wink: ['winking', 'winking with one eye'],
  winkRight: ['winking', 'winking with one eye'],
  closedEyes: ['with closed eyes', 'with eyes closed'],
  squint: ['squinting', 'with squinted eyes'],
  crooked: ['with a crooked smile', 'smirking'],
  crookedRight: ['with a crooked smile', 'smirking'],
  rolledLips: ['pressing the lips together', 'with lips pressed in'],
  teeth: ['showing teeth', 'baring the teeth', 'gritting teeth'],
  open: [],
};
