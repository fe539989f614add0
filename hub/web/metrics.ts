import { collectDefaultMetrics, Registry } from "prom-client";
import { bookEntries, type BookEntry } from "./read/books.ts";
import type { Web } from "./web.ts";

/** Metrics for Prometheus. */
export interface Metrics {
  contentType: string;
  text(): Promise<string>;
}

/** Counting a large journal takes a while, so a scrape sees books of this age at most. */
const KEEP_MS = 10_000;

type Kind = "counter" | "gauge" | "histogram";

/** [name, kind, what it counts]; the values are read from the database, in base units. */
export const BOOKS: readonly [name: string, kind: Kind, help: string][] = [
  ["laniakea_events", "gauge", "Events in the journal, by how they came"],
  ["laniakea_events_unpublished", "gauge", "Events that Lighthouse has not published yet"],
  ["laniakea_events_unrouted", "gauge", "Events whose hearers are not decided yet"],
  ["laniakea_event_oldest_unrouted_seconds", "gauge", "Since when the oldest of them waits"],
  ["laniakea_intake_frames_total", "counter", "Frames heard on the bus, by what became of them"],
  ["laniakea_intake_quarantined_total", "counter", "Frames that were refused, by why"],
  ["laniakea_intake_lag_seconds", "gauge", "Age of the last event from the bus when it came"],
  ["laniakea_bus_silence_seconds", "gauge", "Since a hub last heard a Lighthouse"],
  ["laniakea_lighthouse_silent", "gauge", "1 for a Lighthouse that is not heard"],
  [
    "laniakea_submissions_total",
    "counter",
    "Frames submitted to Lighthouse, by what became of them",
  ],
  ["laniakea_submissions_refused_total", "counter", "Submitted frames that were refused, by why"],
  ["laniakea_deliveries", "gauge", "Deliveries, by channel and state"],
  ["laniakea_deliveries_created", "gauge", "Deliveries of all channels and states"],
  ["laniakea_delivery_oldest_pending_seconds", "gauge", "Since when the oldest delivery waits"],
  ["laniakea_delivery_attempts_total", "counter", "Attempts to deliver, by how they ended"],
  ["laniakea_delivery_seconds", "histogram", "From the decision to tell until it is told"],
  ["laniakea_channel_stopped", "gauge", "1 for a channel that cannot work at all"],
  [
    "laniakea_canary_age_seconds",
    "gauge",
    "Age of the newest canary that was seen where it was sent",
  ],
  ["laniakea_canary_trip_seconds", "gauge", "How long it took until it was seen"],
  ["laniakea_recovered_total", "counter", "Events told because the database showed them"],
  ["laniakea_recovery_age_seconds", "gauge", "Since the database was compared with the journal"],
  ["laniakea_operations", "gauge", "Operations, by state"],
  ["laniakea_jobs", "gauge", "Jobs for build workers, by state"],
  ["laniakea_job_oldest_waiting_seconds", "gauge", "Since when the oldest job waits"],
  ["laniakea_worker_silent_seconds", "gauge", "Since a build worker was last heard"],
  ["laniakea_import_age_seconds", "gauge", "Since a suite was last up to date"],
  ["laniakea_part_ready", "gauge", "1 for a part of the system that works, 0 for one that fails"],
];

/** The books in the database, health, and what Node tells of this process. */
export function createMetrics(web: Web): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // Gauges that are named like counters; Node tells the same by type.
  for (const kind of ["handles", "requests", "resources"]) {
    registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  }
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
      const parts = report.parts.filter(({ state }) => state !== "off");
      const ready = parts.map(({ name, state }) => ({
        name: "laniakea_part_ready",
        labels: { part: name },
        value: state === "ok" ? 1 : 0,
      }));
      return exposition([...found, ...ready]) + (await registry.metrics());
    },
  };
}

/**
 * Figures as Prometheus reads them (text format 0.0.4). prom-client has no way to say what a
 * counter or a histogram stands at, only to count along.
 */
function exposition(entries: BookEntry[]): string {
  const lines = BOOKS.flatMap(([name, kind, help]) => {
    const own = entries.filter((entry) => isOf(entry.name, name, kind));
    if (own.length === 0) return [];
    const samples = own.map((entry) => `${entry.name}${labelled(entry.labels)} ${entry.value}`);
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...samples.toSorted(byBound)];
  });
  return lines.map((line) => `${line}\n`).join("");
}

function isOf(sample: string, name: string, kind: Kind): boolean {
  if (kind !== "histogram") return sample === name;
  return ["_bucket", "_sum", "_count"].some((suffix) => sample === name + suffix);
}

/** Buckets of a histogram have to come in the order of their bounds. */
function byBound(a: string, b: string): number {
  const [one, other] = [a, b].map((line) => /^(.*)le="([^"]*)"(.*?) /.exec(line));
  if (!one || !other || one[1] !== other[1] || one[3] !== other[3]) return a < b ? -1 : 1;
  const [first, second] = [one, other].map(([, , bound]) =>
    bound === "+Inf" ? Infinity : Number(bound),
  );
  return (first ?? 0) - (second ?? 0);
}

function labelled(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (pairs.length === 0) return "";
  const escape = (text: string): string =>
    text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
  return `{${pairs.map(([name, value]) => `${name}="${escape(value)}"`).join(",")}}`;
}
