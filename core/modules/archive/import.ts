import { availableParallelism } from "node:os";
import pMap from "p-map";
import { inTransaction } from "../../database/connect.ts";
import { emitEvent } from "../../events/emit.ts";
import { asError, OperatorError } from "../../errors.ts";
import { ImportRun } from "../../model/archive-journal.ts";
import { Suite } from "../../model/archive-suite.ts";
import type { Caller } from "../../operation/declare.ts";
import { createProgressMeter } from "../../operation/progress-meter.ts";
import { MOST_SINGLE } from "./announce.ts";
import { importSuite } from "./import-suite.ts";
import type { ImportOptions, ImportResult } from "./store-suite.ts";
import type { ConfiguredSuite } from "./suites.ts";

/** How the import of one of several suites ended. */
export type Outcome =
  | { suite: ConfiguredSuite; result: ImportResult }
  | { suite: ConfiguredSuite; error: OperatorError };

/** One suite makes, decompresses and stores on several processes; more at once only wait. */
const MOST_AT_ONCE = 4;

/**
 * Imports suites, as many at once as there are processors up to four; one that fails does not keep
 * the others back.
 *
 * @returns one outcome for each, in the order given
 * @throws what is no OperatorError, and when it is cancelled, once all have ended
 */
export async function importSuites(
  suites: readonly ConfiguredSuite[],
  options: ImportOptions,
  origin: Caller["origin"],
): Promise<Outcome[]> {
  const stop = new AbortController();
  const meter = createProgressMeter(options.progress);
  const singles = { left: options.mostSingle ?? MOST_SINGLE };
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const outcomes = await pMap(
    suites,
    async (suite): Promise<Outcome | undefined> => {
      const startedAt = new Date();
      try {
        signal.throwIfAborted();
        return { suite, result: await importSuite(suite, { ...options, meter, singles, signal }) };
      } catch (thrown) {
        if (signal.aborted || !(thrown instanceof OperatorError)) {
          stop.abort(asError(thrown));
          return undefined;
        }
        options.log.warn({ suite: suite.name, code: thrown.code }, "import of a suite failed");
        if (!options.dryRun) await recordFailure(suite, thrown, startedAt, origin);
        return { suite, error: thrown };
      }
    },
    { concurrency: Math.min(availableParallelism(), MOST_AT_ONCE), stopOnError: false },
  );
  signal.throwIfAborted();
  return outcomes.filter((outcome) => outcome !== undefined);
}

/**
 * Keeps a failure. People are told once, when an import that nobody watches begins to fail; who
 * typed the command reads it in the answer.
 */
async function recordFailure(
  suite: ConfiguredSuite,
  error: OperatorError,
  startedAt: Date,
  origin: Caller["origin"],
): Promise<void> {
  const watched = origin === "cli" || origin === "chat" || origin === "http";
  await inTransaction(async () => {
    const row = await Suite.findByPk(suite.id, { lock: true });
    if (row === null) return;
    if (!watched && row.failingSince === null) {
      await row.update({ failingSince: startedAt });
      await emitEvent("_lk.archive.import-failed", {
        repo: suite.repository,
        suite: suite.name,
        code: error.code,
        reason: error.message,
      });
    }
    // The same failure every half hour is one failure.
    if (row.failure === error.message) return;
    await row.update({ failure: error.message });
    await ImportRun.create({
      suiteId: suite.id,
      startedAt,
      outcome: "failed",
      error: error.message,
      releaseDate: null,
    });
  });
}
