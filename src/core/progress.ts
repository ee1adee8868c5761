/**
 * What a running job says: one stream of typed messages that the command line, the studio, a server and tests all read.
 *
 * No clock here: whoever shows a message adds the time.
 */

/** One message of a job. */
export type JobMessage =
  /** a stage begins; `total` steps when known */
  | { readonly kind: 'stage'; readonly stage: string; readonly text: string; readonly total?: number }
  /** `done` of `total` steps of the current stage; `figures` are small numbers worth showing, e.g. a loss */
  | {
      readonly kind: 'progress';
      readonly done: number;
      readonly total: number;
      readonly figures?: Record<string, number>;
    }
  /** something that the person should know */
  | { readonly kind: 'note'; readonly level: 'info' | 'warning'; readonly text: string }
  /** a file was finished */
  | { readonly kind: 'file'; readonly path: string; readonly what: string };

/** Where a job sends its messages. */
export type Report = (message: JobMessage) => void;

/** A report that says nothing: the default of library calls. */
export const silent: Report = () => {};
