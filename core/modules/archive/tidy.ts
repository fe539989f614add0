import { z } from "zod";
import { database, inTransaction } from "../../database/connect.ts";
import { declareOperation } from "../../operation/declare.ts";
import { parseDuration } from "./moment.ts";

/** Rows deleted at once: a second or two of work, between which it can be cancelled. */
const BATCH_RUNS = 50;

export const tidyOperation = declareOperation({
  name: "archive tidy",
  summary: "forget what imports changed longer ago than archive.journal_keep",
  description:
    "Runs by itself every night. That there was an import, and how it ended, stays known; what " +
    "it changed does not, and `diff` says so when it is asked for.",
  examples: ["archive tidy", "archive tidy --dry-run"],
  parameters: z.object({}),
  role: "operator",
  kind: "work",
  locks: () => ["archive tidy"],
  schedule: { default: "23 3 * * *", parameters: {} },
  async run({ settings, signal, dryRun }) {
    const keep = settings.config.archive.journal_keep;
    const age = parseDuration(keep);
    if (age === undefined) {
      return {
        messages: [
          { tone: "neutral", headline: ["The journal of the archives is kept for ever."] },
        ],
        data: { runs: 0, changes: 0 },
      };
    }
    const before = new Date(Date.now() - age);
    const done = dryRun ? await count(before) : await forget(before, signal);
    const verb = dryRun ? "would be forgotten" : "are forgotten";
    const changes = done.changes.toLocaleString("en");
    return {
      messages: [
        {
          tone: "neutral",
          headline: [
            done.runs === 0
              ? `No import that changed something is older than ${keep}.`
              : `${changes} changes of ${done.runs} imports older than ${keep} ${verb}.`,
          ],
        },
      ],
      data: done,
    };
  },
});

interface Tidied {
  runs: number;
  changes: number;
}

const OLD = "journaled and changes > 0 and finished_at < $1";

async function count(before: Date): Promise<Tidied> {
  const [row] = await database().query<Tidied>(
    `select count(*)::integer as runs, coalesce(sum(changes), 0)::integer as changes
       from import_run where ${OLD}`,
    [before],
  );
  return row ?? { runs: 0, changes: 0 };
}

/** The oldest first, so that what is kept of a suite is always the end of its history. */
async function forget(before: Date, signal: AbortSignal): Promise<Tidied> {
  const all: Tidied = { runs: 0, changes: 0 };
  for (;;) {
    signal.throwIfAborted();
    const some = await inTransaction(() => forgetSome(before));
    all.runs += some.runs;
    all.changes += some.changes;
    if (some.runs < BATCH_RUNS) return all;
  }
}

async function forgetSome(before: Date): Promise<Tidied> {
  const [row] = await database().query<Tidied>(
    `with old as (
       select id from import_run where ${OLD} order by id limit ${BATCH_RUNS} for update
     ), marked as (
       update import_run set journaled = false where id in (select id from old) returning id
     ), gone as (
       delete from archive_change where run_id in (select id from old) returning id
     )
     select (select count(*) from marked)::integer as runs,
            (select count(*) from gone)::integer as changes`,
    [before],
  );
  return row ?? { runs: 0, changes: 0 };
}
