/** Options about marks that the verbs share which make pictures. */

import type { Command } from 'commander';

/** Adds `--no-marks`, `--sign-key` and `--sign-certificate`; see `MarkOptions` in src/run/marking.ts. */
export function withMarks(command: Command): Command {
  return command
    .option('--sign-key <file>', 'sign with this key (PEM) instead of the development key of this machine')
    .option('--sign-certificate <file>', 'certificate chain of --sign-key (PEM)')
    .option('--no-marks', 'neither signature nor watermark; the metadata records it');
}
