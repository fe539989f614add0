/**
 * A failure that the person in front of the program can mend. It is printed without a stack:
 * what happened and why (`message`), then what to type next (`hint`). Anything else that is
 * thrown is a bug and keeps its stack.
 */
export class OperatorError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  /** 2 for wrong usage (arguments, configuration), 1 for everything else. */
  readonly exitStatus: 1 | 2;

  /**
   * @param code     stable, upper case with underscores, listed in docs/errors.md
   * @param sentence what happened and why, one sentence
   * @param hint     what to type or change next
   */
  constructor(
    code: string,
    sentence: string,
    hint?: string,
    options: { cause?: unknown; exitStatus?: 1 | 2 } = {},
  ) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "OperatorError";
    this.code = code;
    this.hint = hint;
    this.exitStatus = options.exitStatus ?? 1;
  }
}

/** The failure as one plain text for a person: sentence, then the hint on its own line. */
export function explainError(error: unknown): string {
  if (error instanceof OperatorError) {
    return error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
  }
  return error instanceof Error
    ? `Internal error: ${error.message}`
    : `Internal error: ${String(error)}`;
}

/** What a `catch` caught, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
