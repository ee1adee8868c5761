/** The verb `inspect`: signature, watermark and metadata of a file. */

import type { Command } from 'commander';
import { type InspectJobResult, VERDICT_EXIT_CODES } from '../../src/run/inspect.js';
import { inspectJob } from '../../src/run/jobs.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';

type Options = CommonOptions & { trust?: string };

/** Adds the verb. Exit codes: 0 valid, 3 tampered, 4 unknown signer, 5 watermark only, 6 nothing. */
export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .description('what a file says about its origin: signature, watermark, metadata')
    .argument('<file>', 'PNG, JPEG or WebP, or any file with a manifest (<file>.c2pa) beside it')
    .option('--trust <file>', 'PEM file with certificates to trust beside the own ones')
    .addHelpText('after', '\nExit code: 0 valid, 3 tampered, 4 unknown signer, 5 watermark only, 6 nothing.');
  withCommon(command).action(async (file: string, { trust, ...common }: Options) => {
    const result = await runForPerson(inspectJob, { file, trust });
    printResult(result, summary(result), common);
    process.exitCode = VERDICT_EXIT_CODES[result.verdict];
  });
}

function summary(result: InspectJobResult): string[] {
  const lines = [`${result.file}: ${result.verdict}`, ...manifestLines(result), `watermark: ${watermarkText(result)}`];
  lines.push(`metadata: ${result.saysSynthetic ? 'says that the file is synthetic (unsigned)' : 'says nothing'}`);
  // What a signer wrote is a stranger's text: nothing of it may move the terminal's cursor.
  return lines.map((line) => line.replace(/\p{Cc}/gu, '?'));
}

function manifestLines({ manifest, place }: InspectJobResult): string[] {
  if (!manifest) return ['manifest: none'];
  const { signer, generator, digitalSourceType, ingredients, problems } = manifest;
  return [
    `manifest: ${place} the file, signed by ${signer ?? 'nobody readable'}`,
    ...(generator ? [`made by: ${generator}`] : []),
    ...(digitalSourceType ? [`source: ${digitalSourceType.split('/').pop()}`] : []),
    ...ingredients.map((ingredient) => `ingredient ${ingredient}`),
    ...problems.map((problem) => `problem: ${problem}`),
  ];
}

function watermarkText({ watermark }: InspectJobResult): string {
  if (!watermark) return 'not looked for in this kind of file';
  const { present, score, windowScore, runId } = watermark;
  const figure =
    present && windowScore !== null
      ? `in a part of the picture, score ${windowScore.toFixed(1)}`
      : `score ${score.toFixed(1)}`;
  return present ? `present (${figure})${runId ? `, run ${runId}` : ''}` : `none (${figure})`;
}
