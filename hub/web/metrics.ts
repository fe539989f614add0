import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { bookEntries, type BookEntry } from "./read/books.ts";
import type { Web } from "./web.ts";

/** Metrics for Prometheus. */
export interface Metrics {
  contentType: string;
  text(): Promise<string>;
}

/** Counting a large journal takes a while, so a scrape sees books of this age at most. */
const KEEP_MS = 10_000;

/** [name, what it counts, its labels]; the values are read from the database. */
const BOOKS: [name: string, help: string, labels: string[]][] = [
  ["laniakea_events", "Events in the journal, by how they came", ["origin"]],
  ["laniakea_events_unpublished", "Events that Lighthouse has not published yet", []],
  ["laniakea_events_unrouted", "Events whose hearers are not decided yet", []],
  ["laniakea_intake_frames", "Frames heard on the bus, by what became of them", ["outcome"]],
  ["laniakea_events_quarantined", "Frames that were refused, by why", ["reason"]],
  ["laniakea_submissions", "Frames submitted to Lighthouse, by what became of them", ["outcome"]],
  ["laniakea_submissions_refused", "Submitted frames that were refused, by why", ["reason"]],
  ["laniakea_deliveries", "Deliveries, by channel and state", ["channel", "state"]],
  ["laniakea_lighthouse_silent", "1 for a Lighthouse that is not heard", ["endpoint"]],
  ["laniakea_channel_stopped", "1 for a channel that cannot work at all", ["channel"]],
  ["laniakea_operations", "Operations, by state", ["state"]],
  ["laniakea_jobs", "Jobs for build workers, by state", ["architecture", "state"]],
  ["laniakea_job_oldest_waiting_seconds", "Since when the oldest job waits", ["architecture"]],
  ["laniakea_worker_silent_seconds", "Since a build worker was last heard", ["worker"]],
  ["laniakea_import_age_seconds", "Since a suite was last up to date", ["repository", "suite"]],
];

/** Gauges over the books in the database, health, and what Node tells of this process. */
export function createMetrics(web: Web): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauges = new Map(
    BOOKS.map(([name, help, labelNames]) => [
      name,
      new Gauge({ name, help, labelNames, registers: [registry] }),
    ]),
  );
  const healthy = new Gauge({
    name: "laniakea_part_ready",
    help: "1 for a part of the system that works, 0 for one that fails",
    labelNames: ["part"],
    registers: [registry],
  });
  let entries: Promise<BookEntry[]> | undefined;
  let readAt = 0;

  function books(): Promise<BookEntry[]> {
    if (entries === undefined || Date.now() - readAt > KEEP_MS) {
      readAt = Date.now();
      entries = bookEntries();
      entries.catch(() => (entries = undefined));
    }
    return entries;
  }

  return {
    contentType: registry.contentType,
    async text() {
      const [found, report] = await Promise.all([books(), web.health()]);
      for (const gauge of gauges.values()) gauge.reset();
      for (const { name, labels, value } of found) gauges.get(name)?.set(inOrder(labels), value);
      healthy.reset();
      for (const part of report.parts) {
        if (part.state !== "off") healthy.set({ part: part.name }, part.state === "ok" ? 1 : 0);
      }
      return registry.metrics();
    },
  };
}

/** The database keeps the members of an object in an order of its own. */
function inOrder(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
