/** The verb `models`: which weights ship with the package and what they say about themselves. */

import type { Command } from 'commander';
import { listModels, type ModelListing } from '../../src/run/models.js';
import { type CommonOptions, printResult, withCommon } from './talk.js';

/** Adds the verb. */
export function addModels(program: Command): void {
  const models = program.command('models').description('weights that ship with the package');
  withCommon(models.command('list', { isDefault: true }).description('list them (default)')).action(
    (options: CommonOptions) => {
      const list = listModels();
      printResult(list, list.length > 0 ? list.flatMap(lines) : ['no weights in assets/'], options);
    },
  );
}

function lines(model: ModelListing): string[] {
  const size = `${(model.bytes / 1e6).toFixed(2)} MB, ${model.tensors} tensors, ${model.values} values`;
  return [`${model.name}  (${size})`, ...Object.entries(model.metadata).map(([key, text]) => `  ${key}: ${text}`)];
}
