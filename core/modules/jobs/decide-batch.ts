import type { Ask } from "./serve.ts";

/** More at once would keep their locks for long. */
const MOST_WISHES = 300;
/** So many reports go along with those who want a job, who are never kept waiting for long. */
const MOST_REPORTS = 50;

/**
 * Who is served next, of all that wait: those who want a job, and of those who report the first in
 * the row. A worker that waits for a job does nothing; one whose report waits has its work done.
 *
 * @param waiting the longest waiting first
 */
export function decideBatch<One extends { ask: Ask }>(waiting: readonly One[]): Set<One> {
  const wishes = waiting.filter(({ ask }) => ask.request.kind === "job").slice(0, MOST_WISHES);
  const reports = waiting.filter(({ ask }) => ask.request.kind !== "job");
  // What a worker said before it asked counts first: it could lose the job that it has done.
  const asking = new Set(wishes.map(({ ask }) => ask.identity.keyId));
  return new Set([
    ...wishes,
    ...reports.slice(0, MOST_REPORTS),
    ...reports.filter(({ ask }) => asking.has(ask.identity.keyId)),
  ]);
}
