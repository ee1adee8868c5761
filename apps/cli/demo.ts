/** The verb `demo`: the main job on a picture that is in the package, with nothing prepared but the weights. */

import type { Command } from 'commander';
import { assetPath } from '../../src/core/files/assets.js';
import { makeHead, withHeadOptions } from './head.js';
import type { CommonOptions } from './talk.js';

/** A rendered person whom the prior has not seen in training, and what is asked of him or her. */
const PHOTO = assetPath('demo', 'person.png');
const EXPRESSION = 'jawOpen=0.9,mouthSmileLeft=0.3,mouthSmileRight=0.3';

type Options = CommonOptions & { out: string; seed: number };

/** Adds the verb. */
export function addDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('the main job on a picture from the package')
    .option('--out <folder>', 'folder for the results', 'out/demo');
  withHeadOptions(command).action(async (options: Options) => {
    process.stderr.write(
      `A rendered person, unseen in training (${PHOTO}), becomes a 3D head with the mouth wide open.\n`,
    );
    await makeHead({ ...options, photo: PHOTO, expression: EXPRESSION });
  });
}
