/** Words for what rich people have beyond plain ones, in the varied manner of captions. Lower case, no hyphens. */

import type { RandomStream } from '../../core/rng.js';
import { colorName } from './color-names.js';
import type { Person } from './person.js';
import type { RichLook } from './rich-look.js';
import type { SceneKind } from './scenes.js';
import type { Shot } from './shot.js';

/** "an elderly woman", "a young man", "a marble statue of an old man". */
export function richSubject(person: Person, rich: RichLook, random: RandomStream): string {
  const who = `${random.pick(ageWords(rich.age))} ${person.presentation}`;
  if (person.skin.kind === 'stone') {
    const stone =
      rich.surface === 'veins'
        ? random.pick(['a marble statue', 'a veined marble bust', 'a statue of veined stone'])
        : random.pick(['a stone statue', 'a statue', 'a gray stone bust']);
    return `${stone} of ${who}`;
  }
  return random.chance(0.15) ? 'a person' : who;
}

function ageWords(age: number): readonly string[] {
  if (age < 32) return ['a young', 'a young', 'a'];
  if (age < 46) return ['a', 'an adult'];
  if (age < 59) return ['a middle aged', 'a middle aged', 'a'];
  if (age < 71) return ['an older', 'an old', 'a senior'];
  return ['an elderly', 'an old', 'a very old'];
}

/** Things that a caption may say after "with", most striking first. */
export function richAppearance(person: Person, rich: RichLook, random: RandomStream): string[] {
  const list: string[] = [];
  if (rich.hat && random.chance(0.85)) list.push(hatWords(rich.hat, random));
  if (rich.surface === 'strokes' && random.chance(0.6))
    list.push(random.pick(['visible brush strokes', 'skin painted in brush strokes', 'a painted canvas look']));
  if (person.skin.kind !== 'natural') return list;
  if (rich.age > 62 && random.chance(0.45)) list.push(random.pick(['wrinkles', 'a wrinkled face', 'wrinkled skin']));
  if (rich.marks.freckles > 90 && random.chance(0.6)) list.push('freckles');
  if (rich.marks.blemishes > 8 && random.chance(0.4)) list.push(random.pick(['blemished skin', 'pimples']));
  if (rich.marks.moles > 0 && random.chance(0.2)) list.push(rich.marks.moles > 1 ? 'moles' : 'a mole');
  if (Math.max(rich.makeUp.rouge, rich.makeUp.contour) > 0.45 && random.chance(0.35))
    list.push(random.pick(['makeup', 'rouge on the cheeks', 'blushed cheeks']));
  if (rich.makeUp.wing > 0 && random.chance(0.3)) list.push('winged eyeliner');
  return list;
}

function hatWords(hat: NonNullable<RichLook['hat']>, random: RandomStream): string {
  const color = colorName(hat.color);
  const article = /^[aeiou]/.test(color) ? 'an' : 'a';
  switch (hat.kind) {
    case 'beanie':
      return `${article} ${color} ${random.pick(hat.adorned ? ['beanie', 'pom pom hat', 'knit hat'] : ['beanie', 'knit hat', 'wool cap'])}`;
    case 'cap':
      return `${article} ${color} ${random.pick(['cap', 'baseball cap'])}${hat.backwards && random.chance(0.6) ? ' worn backwards' : ''}`;
    case 'brimmed':
      return `${article} ${color} ${random.pick(['hat', 'wide brimmed hat', 'brimmed hat'])}`;
    case 'headscarf':
      return `${article} ${color} ${random.pick(['headscarf', 'head scarf'])}`;
    default:
      return hat.kind satisfies never;
  }
}

/** "glasses" with their frame. */
export function glassesWords(glasses: NonNullable<Person['glasses']>, random: RandomStream): string {
  if (random.chance(0.4)) return 'glasses';
  const shape = glasses.round ? 'round' : 'square';
  switch (glasses.frame) {
    case 'ordinary':
      return `${shape} glasses`;
    case 'wire':
      return random.pick(['thin glasses', 'wire glasses', `${shape} wire glasses`]);
    case 'thick':
      return random.pick([`thick ${colorName(glasses.color)} glasses`, 'thick framed glasses']);
    case 'half':
      return random.pick(['half rim glasses', 'glasses']);
    default:
      return glasses.frame satisfies never;
  }
}

/** Where the eyes go, when they go far and are seen; else null. Left and right as in the picture. */
export function gazeWords({ expression: e, tongue }: Shot, random: RandomStream): string | null {
  if (Math.max(e.eyeBlinkLeft ?? 0, e.eyeBlinkRight ?? 0) > 0.4) return null;
  const side = (e.eyeLookOutLeft ?? 0) - (e.eyeLookInLeft ?? 0);
  const height = (e.eyeLookUpLeft ?? 0) - (e.eyeLookDownLeft ?? 0);
  if (Math.abs(height) > 0.6 && Math.abs(height) > Math.abs(side))
    return height > 0
      ? random.pick(['looking up', 'with the eyes up'])
      : random.pick(['looking down', 'with lowered eyes']);
  if (Math.abs(side) <= 0.6) return null;
  if (tongue) return random.pick(['looking to the side', 'glancing aside']); // sides are the tongue's there
  const way = side > 0 ? 'right' : 'left';
  return random.pick([`glancing to the ${way}`, `with the eyes to the ${way}`, 'looking to the side']);
}

const SCENE_WORDS: Record<SceneKind, readonly string[]> = {
  room: ['in a room', 'indoors', 'at home'],
  shelves: ['in front of a bookshelf', 'in front of shelves', 'in a library'],
  street: ['on a street at night', 'in front of city lights', 'with blurred lights in the background'],
  foliage: ['in front of leaves', 'in front of trees', 'in a garden'],
  land: ['outdoors', 'in front of a landscape', 'under the sky'],
};

/** A scene's words with a leading space. */
export function sceneWords(kind: SceneKind, random: RandomStream): string {
  return ` ${random.pick(SCENE_WORDS[kind])}`;
}
