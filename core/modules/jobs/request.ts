import { toPlain } from "../../events/canonical.ts";
import { isObject, parseJson } from "../../events/json.ts";

/** What a worker says about a job that it was given. */
export const REPORTS = [
  "job-accepted",
  "job-rejected",
  "job-status",
  "job-success",
  "job-failed",
] as const;
export type ReportKind = (typeof REPORTS)[number];

/** Who asks, by its own account. */
export interface Machine {
  name: string;
  /** A UUID in small letters. */
  id: string;
}

export interface JobRequest {
  kind: "job";
  machine: Machine;
  owner: string | null;
  /** Kinds of jobs. */
  accepts: string[];
  architectures: string[];
  /** Ours beyond the protocol: seconds between its signs of life while it works. */
  heartbeat: number | null;
  /** Ours beyond the protocol: the jobs it is at; what else it was given, it has lost. */
  holds: string[] | null;
}

export interface Report {
  kind: ReportKind;
  machine: Machine;
  job: string;
  logExcerpt: string;
}

export type WorkerRequest = { kind: "archive-info" } | JobRequest | Report;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Names, kinds and architectures of honest workers are far shorter, and few. */
const LONGEST_NAME = 255;
const MOST_NAMES = 50;
const MOST_HELD = 1_000;
/** The end of a log is what tells; more of it would only fill the database. */
const EXCERPT_CHARACTERS = 65_536;

export const MALFORMED = "Request was malformed.";
export const JOB_UNKNOWN = "Unable to find job with the requested ID.";

/**
 * Reads a request, every field of it unbelieved.
 *
 * @returns the request, or the text of the error to answer with; the texts are Laniakea's
 */
export function readRequest(bytes: Buffer): WorkerRequest | { error: string } {
  const fields = readObject(bytes);
  const kind = fields?.["request"];
  if (fields === undefined || kind === undefined || kind === null || kind === "") {
    return { error: MALFORMED };
  }
  if (kind === "archive-info") return { kind };
  if (kind === "job") return readJobRequest(fields);
  const report = REPORTS.find((one) => one === kind);
  if (report === undefined) return { error: "Request type is unknown." };
  return readReport(report, fields);
}

function readObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isObject(value) ? toPlain(value) : undefined;
  } catch {
    // Not UTF-8, not JSON, or beyond the limits of depth and size.
    return undefined;
  }
}

function readJobRequest(fields: Record<string, unknown>): JobRequest | { error: string } {
  const machine = readMachine(fields);
  if ("error" in machine) return machine;
  const accepts = names(fields["accepts"]);
  const architectures = names(fields["architectures"]);
  if (accepts === undefined || architectures === undefined) return { error: MALFORMED };
  const owner = fields["owner"];
  return {
    kind: "job",
    machine,
    owner: typeof owner === "string" && owner !== "" ? storable(owner) : null,
    accepts,
    architectures,
    heartbeat: readHeartbeat(fields["heartbeat"]),
    holds: readHolds(fields["holds"]),
  };
}

function readReport(kind: ReportKind, fields: Record<string, unknown>): Report | { error: string } {
  const job = text(fields["uuid"]);
  if (job === "") return { error: "Job ID was missing." };
  // The peer does not ask for a name here either.
  const named = kind === "job-status" ? { ...fields, machine_name: "-" } : fields;
  const machine = readMachine(named);
  if ("error" in machine) return machine;
  if (!UUID.test(job)) return { error: JOB_UNKNOWN };
  const excerpt = text(fields["log_excerpt"]).replaceAll("\0", "");
  // The second half of a surrogate pair alone cannot be stored.
  const logExcerpt = excerpt.slice(-EXCERPT_CHARACTERS).replace(/^[\udc00-\udfff]/, "");
  return { kind, machine, job: job.toLowerCase(), logExcerpt };
}

function readMachine(fields: Record<string, unknown>): Machine | { error: string } {
  const name = storable(text(fields["machine_name"]));
  if (name === "") return { error: "Name of the machine making this request was missing." };
  const id = text(fields["machine_id"]);
  if (id === "") return { error: "ID of the machine making this request was missing." };
  if (!UUID.test(id)) {
    return { error: "Failed to parse client UUID: badly formed hexadecimal UUID string" };
  }
  return { name, id: id.toLowerCase() };
}

/** A list of names, in order, each once; a single one is taken for a list. */
function names(value: unknown): string[] | undefined {
  const list: unknown[] = [value ?? []].flat();
  const strings = list.filter((one): one is string => typeof one === "string");
  const honest = strings.every((one) => one.length <= LONGEST_NAME && !one.includes("\0"));
  if (strings.length < list.length || list.length > MOST_NAMES || !honest) return undefined;
  return [...new Set(strings)];
}

function readHeartbeat(value: unknown): number | null {
  if (typeof value !== "number" || !(value > 0)) return null;
  return Math.min(Math.ceil(value), 86_400);
}

function readHolds(value: unknown): string[] | null {
  // A list cut short would take jobs away that the worker is at.
  if (!Array.isArray(value) || value.length > MOST_HELD) return null;
  const held = value.filter((one): one is string => typeof one === "string" && UUID.test(one));
  return held.map((uuid) => uuid.toLowerCase());
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** PostgreSQL's text holds everything but U+0000. */
function storable(value: string): string {
  return value
    .slice(0, LONGEST_NAME)
    .replaceAll("\0", "")
    .replace(/[\ud800-\udbff]$/, "");
}
