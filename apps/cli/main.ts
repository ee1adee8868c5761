/**
 * The command line `joker` (also installed as `joker3d`): one file per verb beside this one.
 *
 * Only wiring: verbs, errors, exit codes. The work is in src/.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../../src/core/files/assets.js';
import { addDemo } from './demo.js';
import { addEvaluateHead } from './evaluate-head.js';
import { addEvaluatePairs } from './evaluate-pairs.js';
import { addEvaluatePrior } from './evaluate-prior.js';
import { addEvaluateTongue } from './evaluate-tongue.js';
import { addEvaluateViews } from './evaluate-views.js';
import { addExport } from './export.js';
import { addFace } from './face.js';
import { addHead } from './head.js';
import { addHeads } from './heads.js';
import { addInspect } from './inspect.js';
import { addModels } from './models.js';
import { addPrepare } from './prepare.js';
import { addSample } from './sample.js';
import { reportFailure } from './talk.js';
import { addTrain } from './train.js';
import { addVerify } from './verify.js';

const NAME = 'joker';

function version(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function makeProgram(): Command {
  const program = new Command(NAME)
    .description('One photo, an expression and a text prompt become a volumetric 3D head.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .showSuggestionAfterError(true)
    .configureOutput({ writeErr: () => {} }) // errors are printed once, by reportFailure
    .exitOverride();
  addHead(program);
  addHeads(program);
  addExport(program);
  addDemo(program);
  addFace(program);
  addSample(program);
  addInspect(program);
  addPrepare(program);
  addTrain(program);
  addVerify(program);
  addModels(program);
  const evaluate = program.command('evaluate').description('measure the models against rendered people');
  addEvaluatePrior(evaluate);
  addEvaluatePairs(evaluate);
  addEvaluateHead(evaluate);
  addEvaluateViews(evaluate);
  addEvaluateTongue(evaluate);
  return program;
}

async function main(args: readonly string[]): Promise<void> {
  // A reader such as `head` may close the pipe early: that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const program = makeProgram();
  if (args.length === 0) {
    program.outputHelp();
    return;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    reportFailure(error, { json: args.includes('--json'), verbose: args.includes('--verbose') });
  }
}

await main(process.argv.slice(2));
