/**
 * The main job: photo + expression + words → a volumetric head, delivered as files.
 *
 * One head of a session (head-session.ts) that is opened for it alone; several heads of one photo are heads.ts's. Unfinished work
 * is kept beside the output folder, so that a stopped job can be resumed to the same result.
 */
import { checkOutputFolder } from '../core/files/atomic.js';
import { parseExpression } from '../face/expression.js';
import { mayReplaceDelivery } from './head-delivery.js';
import { type HeadJobOptions, type HeadJobResult, HeadSession } from './head-session.js';
import type { JobContext } from './job.js';

/** Makes a head. @throws JokerError for every problem that the person can solve. */
export async function makeHead(options: HeadJobOptions, context: JobContext): Promise<HeadJobResult> {
  await checkOutputFolder(options.out, { mayReplace: mayReplaceDelivery(options.out) });
  if (options.expression !== undefined) parseExpression(options.expression); // a typing error costs no loading of weights
  const session = await HeadSession.open(options, context);
  try {
    return await session.make(options, context);
  } finally {
    await session.dispose();
  }
}
