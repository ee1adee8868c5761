/**
 * The main job from code, with progress and a way to stop it, then the finished head in another form.
 *
 *   npx tsx examples/head.ts [photo] [out]
 *
 * Results are signed and watermarked as those of the command line are: the jobs do that, not the program that calls them.
 */
import { exportJob, headJob, type JobMessage, JokerError, runJob } from '../src/index.js';

const [photo = 'assets/demo/person.png', out = 'out-example'] = process.argv.slice(2);

// One signal stops a job: first it is asked to end (and leaves what --resume needs), then its thread is ended.
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

function report(message: JobMessage): void {
  if (message.kind === 'stage') console.error(message.text);
  if (message.kind === 'note' && message.level === 'warning') console.error(`warning: ${message.text}`);
}

try {
  const head = await runJob(
    headJob,
    { photo, out, expression: 'surprise', text: 'a person sticking out the tongue', what: ['viewer', 'mesh'] },
    { report, signal: stop.signal, output: out },
  );
  console.log(`${head.out}: ${head.files.map(({ path }) => path).join(', ')}; asked for "${head.caption}"`);

  // A head is a file; further forms need no prior and take seconds.
  const splats = await runJob(exportJob, { head: out, out: `${out}-splats`, what: ['spz'] }, { report });
  console.log(`${splats.out}: ${splats.files.map(({ path }) => path).join(', ')}`);
} catch (error) {
  if (!(error instanceof JokerError)) throw error;
  console.error(`${error.what}. ${error.remedy}`);
  process.exitCode = 1;
}
