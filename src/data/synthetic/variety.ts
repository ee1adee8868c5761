/** How varied synthetic people and their pictures are. */

import { JokerError } from '../../core/errors.js';

/** `plain`: what the embedded weights were trained on. `rich`: also age, hats, strands, marks on the skin, scenes, three lamps. */
export const VARIETIES = ['plain', 'rich'] as const;

/** One of the two. */
export type Variety = (typeof VARIETIES)[number];

/** The variety of a name. @throws JokerError bad-argument. */
export function varietyNamed(name: string): Variety {
  const found = VARIETIES.find((one) => one === name);
  if (found) return found;
  throw new JokerError('bad-argument', `unknown variety ${name}`, `Known: ${VARIETIES.join(', ')}.`);
}
