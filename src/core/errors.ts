/**
 * The one error type that a person is meant to read, and the exit codes of the command line.
 *
 * Not for bugs of ours: those are plain `Error`s whose message starts with `internal:`.
 */

/** Why a request could not be carried out; one value per kind of remedy. Closed, so that callers can switch on it. */
export type ErrorCode =
  | 'no-face'
  | 'not-an-image'
  | 'image-too-large'
  | 'bad-argument'
  | 'bad-file'
  | 'missing-file'
  | 'bad-weights'
  | 'not-writable'
  | 'interrupted'
  | 'unsupported'
  | 'nothing-to-do'
  | 'tolerance-exceeded';

/** Process exit codes: 1 = the work failed, 2 = the request made no sense, 130 = interrupted by the person. */
export function exitCodeOf(code: ErrorCode): 1 | 2 | 130 {
  if (code === 'interrupted') return 130;
  return code === 'bad-argument' || code === 'nothing-to-do' || code === 'unsupported' ? 2 : 1;
}

/** A failure with a cause that the person can act on: what went wrong, where (path or argument), and what to do next. */
export class JokerError extends Error {
  override readonly name = 'JokerError';
  /**
   * @param code kind of failure.
   * @param what path or argument, rule and value found, in one line without a final period.
   * @param remedy next action for the person, in one sentence.
   */
  constructor(
    readonly code: ErrorCode,
    readonly what: string,
    readonly remedy: string,
    options?: { cause?: unknown },
  ) {
    super(remedy ? `${what}. ${remedy}` : what, options);
  }
}
