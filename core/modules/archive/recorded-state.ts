import { database } from "../../database/connect.ts";
import { OperatorError } from "../../errors.ts";
import type { Moment } from "./moment.ts";

/** A state of a suite: as a run left it. */
export interface RecordedState {
  run: number;
  /** When it became the state. */
  at: Date;
}

interface Run extends RecordedState {
  /** Whether it changed anything. */
  changed: boolean;
  /** Whether what it changed is still kept. */
  journaled: boolean;
}

export interface Span {
  from: RecordedState;
  to: RecordedState;
  /** True when more was asked for than was recorded: it begins with the first import. */
  cut: boolean;
}

/**
 * The recorded states between which a difference is asked for. Runs that failed changed nothing,
 * so the state after one is that of the run before.
 *
 * @param suite for errors
 * @throws OperatorError `NOT_IMPORTED`, `UNKNOWN_RUN`, `BAD_MOMENT` when the end is before the
 *   beginning, `JOURNAL_GONE` when it reaches before what is kept
 */
export async function findSpan(
  suite: { id: number; name: string },
  since: Moment,
  until: Moment,
): Promise<Span> {
  const runs = await doneRuns(suite.id);
  const [first] = runs;
  if (first === undefined) throw notImported(suite.name);
  const to = stateAt(runs, until, suite.name) ?? first;
  const begin = "word" in since && since.word === "last" ? beforeLast(runs, to) : since;
  const found = stateAt(runs, begin, suite.name);
  const from = found ?? first;
  if (from.run > to.run) throw backwards();
  const gone = runs.findLast((run) => run.run > from.run && run.run <= to.run && !run.journaled);
  if (gone !== undefined) throw journalGone(suite.name, gone);
  return { from: state(from), to: state(to), cut: found === undefined };
}

function doneRuns(suiteId: number): Promise<Run[]> {
  return database().query<Run>(
    `select id::float8 as run, finished_at as at, changes > 0 as changed, journaled
       from import_run where suite_id = $1 and outcome = 'done' order by id`,
    [suiteId],
  );
}

/** Undefined for a moment before the first import. */
function stateAt(runs: readonly Run[], moment: Moment, suite: string): Run | undefined {
  if ("word" in moment) return moment.word === "first" ? runs[0] : runs.at(-1);
  if ("at" in moment) return runs.findLast((run) => run.at <= moment.at);
  if ("before" in moment) {
    if (!runs.some((run) => run.run === moment.before)) {
      throw unknownRun(moment.before, suite, runs);
    }
    return runs.findLast((run) => run.run < moment.before);
  }
  const found = runs.findLast((run) => run.run <= moment.run);
  const newest = runs.at(-1)?.run ?? 0;
  if (found === undefined || moment.run > newest) throw unknownRun(moment.run, suite, runs);
  return found;
}

/** The state before the last run, up to `to`, that changed something. */
function beforeLast(runs: readonly Run[], to: RecordedState): Moment {
  const last = runs.findLastIndex((run) => run.changed && run.run <= to.run);
  const before = runs[last - 1];
  return before === undefined ? { word: "first" } : { run: before.run };
}

function state({ run, at }: Run): RecordedState {
  return { run, at };
}

function notImported(suite: string): OperatorError {
  return new OperatorError(
    "NOT_IMPORTED",
    `The suite ${suite} was never imported, so nothing is recorded of it.`,
    `Import it: import ${suite}`,
  );
}

function unknownRun(run: number, suite: string, runs: readonly Run[]): OperatorError {
  const known = `${runs[0]?.run ?? 0} to ${runs.at(-1)?.run ?? 0}`;
  return new OperatorError(
    "UNKNOWN_RUN",
    `Run ${run} left no state of ${suite}; those that did are among ${known}.`,
    `List them: suite runs ${suite}`,
    { exitStatus: 2 },
  );
}

function backwards(): OperatorError {
  return new OperatorError("BAD_MOMENT", "The end is before the beginning.", "Exchange them.", {
    exitStatus: 2,
  });
}

function journalGone(suite: string, gone: Run): OperatorError {
  return new OperatorError(
    "JOURNAL_GONE",
    `What run ${gone.run} changed in ${suite} is not kept any more.`,
    `Begin with it: --since ${gone.run}. How long it is kept says archive.journal_keep.`,
  );
}
