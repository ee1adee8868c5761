/** What changes from picture to picture of rich people beyond plain shots: scenes, lamps, wider gaze, tongues of all kinds. */

import { foldInName, type RandomKey, RandomStream } from '../../core/rng.js';
import type { ArkitName, Expression } from './arkit.js';
import { DOWNWARD, TONGUE_DIRECTIONS, UPWARD } from './directions.js';
import { withLamps } from './lamps.js';
import { sampleScene } from './scenes.js';
import type { Shot, ShotOptions, Tongue } from './shot.js';

/** Adds the rich draws of a shot's key to the plain shot of that key; a studio keeps its light and its grey. */
export function enrichShot(shot: Shot, key: RandomKey, setting: NonNullable<ShotOptions['setting']>): Shot {
  const draws = foldInName(key, 'rich');
  const stream = (name: string): RandomStream => new RandomStream(foldInName(draws, name)); // light and scene go on without the face
  const faced = {
    ...shot,
    expression: lookAround(shot.expression, stream('gaze')),
    tongue: shot.tongue && variedTongue(shot.tongue, stream('tongue')),
  };
  if (setting === 'studio') return faced;
  const scenes = stream('scene');
  return {
    ...faced,
    light: withLamps(shot.light, stream('light')),
    background: scenes.chance(0.75) ? { ...shot.background, scene: sampleScene(scenes) } : shot.background,
  };
}

/** Every direction as often as every other, short to long, narrow to broad. */
function variedTongue(tongue: Tongue, random: RandomStream): Tongue {
  return {
    ...tongue,
    direction: random.pick(TONGUE_DIRECTIONS),
    length: random.uniform(0.16, 0.44),
    width: random.uniform(0.13, 0.215),
  };
}

/** Share of shots with eyes turned far away. */
const FAR_LOOKS = 0.3;

/** In some shots turns the eyes far to a side, up or down, both alike. */
function lookAround(expression: Expression, random: RandomStream): Expression {
  if (!random.chance(FAR_LOOKS)) return expression;
  const weights: Partial<Record<ArkitName, number>> = {};
  for (const [name, weight] of Object.entries(expression) as [ArkitName, number][])
    if (!name.startsWith('eyeLook')) weights[name] = weight;
  const angle = random.uniform(0, 2 * Math.PI);
  const far = random.uniform(0.65, 1);
  const [side, height] = [far * Math.cos(angle), far * Math.sin(angle)];
  weights[side > 0 ? 'eyeLookOutLeft' : 'eyeLookInLeft'] = Math.abs(side);
  weights[side > 0 ? 'eyeLookInRight' : 'eyeLookOutRight'] = Math.abs(side);
  for (const name of height > 0 ? UPWARD : DOWNWARD) weights[name] = Math.abs(height);
  return weights;
}
