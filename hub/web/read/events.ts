import { database } from "../../../core/database/connect.ts";

/** An event of the journal as pages and the API show it. */
export interface JournalEvent {
  /** Its number in this journal. */
  id: string;
  uuid: string;
  tag: string;
  time: Date;
  receivedAt: Date;
  signer: string | null;
  origin: "local" | "submitted" | "bus";
  data: Record<string, unknown>;
}

export interface EventFilter {
  /** A tag, or its beginning with `*` at the end. */
  tag?: string | undefined;
  suite?: string | undefined;
  package?: string | undefined;
  /** Only older ones than this number: the next page. */
  before?: string | undefined;
  /** Only newer ones than this number, oldest first. */
  after?: string | undefined;
}

/** The most rows that one page or answer holds. */
export const PAGE_ROWS = 100;

const COLUMNS = `id, uuid, tag, time, received_at as "receivedAt", signer, origin, data`;

/** The members in which events name a suite, or a list of them (see the event catalogue). */
const SUITE_MEMBERS = [
  "suite",
  "suites",
  "dest_suite",
  "suite_dest",
  "suite_src",
  "suite_target",
  "suite_source",
  "suites_source",
  "suite_new",
  "suite_old",
];
/** The members in which events name a package, or a list of them. */
const PACKAGE_MEMBERS = [
  "package",
  "packages",
  "pkgname",
  "pkg_name",
  "source_name",
  "source_package",
  "package_name",
  "name",
];
/** The members in which events name a thing that has a page of its own in Laniakea. */
const ID_MEMBERS = ["uuid", "job_id"];

/** One page of the journal, newest first, or oldest first with `after`. */
export function listEvents(filter: EventFilter, limit: number): Promise<JournalEvent[]> {
  const { conditions, values } = conditionsOf(filter);
  const order = filter.after === undefined ? "desc" : "asc";
  const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
  values.push(Math.min(limit, PAGE_ROWS + 1));
  return database().query<JournalEvent>(
    `select ${COLUMNS} from event ${where} order by id ${order} limit $${values.length}`,
    values,
  );
}

/** An event with all that the journal keeps. */
export interface WholeEvent extends JournalEvent {
  /** The text that was signed. */
  body: string;
  /** When it was decided who hears of it. */
  routedAt: Date | null;
}

/** One event, or undefined. */
export async function eventByUuid(uuid: string): Promise<WholeEvent | undefined> {
  const rows = await database().query<WholeEvent>(
    `select ${COLUMNS}, body, routed_at as "routedAt" from event where uuid = $1`,
    [uuid],
  );
  return rows[0];
}

/** What was ever said about a job, an excuse or an issue: the last 100, oldest first. */
export async function eventsAbout(id: string): Promise<JournalEvent[]> {
  const values: unknown[] = [];
  const rows = await database().query<JournalEvent>(
    `select ${COLUMNS} from event where ${names(ID_MEMBERS, id, values)}
      order by id desc limit ${PAGE_ROWS}`,
    values,
  );
  return rows.reverse();
}

/** Events received per hour for the last 24 hours, oldest first; hours without any are 0. */
export async function eventsPerHour(): Promise<number[]> {
  const rows = await database().query<{ hours: number; count: string }>(
    `select floor(extract(epoch from now() - received_at) / 3600)::int as hours, count(*)
       from (select received_at from event order by id desc limit 50000) recent
      where received_at > now() - interval '24 hours' group by 1`,
  );
  const counts = Array.from({ length: 24 }, () => 0);
  for (const row of rows) counts[23 - Math.max(row.hours, 0)] = Number(row.count);
  return counts;
}

function conditionsOf(filter: EventFilter): { conditions: string[]; values: unknown[] } {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const add = (sql: string, value: unknown): void => {
    conditions.push(`${sql} $${values.push(value)}`);
  };
  if (filter.tag?.endsWith("*") === true) {
    const start = filter.tag.replace(/\*+$/, "");
    conditions.push(`starts_with(tag, $${values.push(start)})`);
  } else if (filter.tag !== undefined) add("tag =", filter.tag);
  if (filter.suite !== undefined) conditions.push(names(SUITE_MEMBERS, filter.suite, values));
  if (filter.package !== undefined) conditions.push(names(PACKAGE_MEMBERS, filter.package, values));
  if (filter.before !== undefined) add("id <", filter.before);
  if (filter.after !== undefined) add("id >", filter.after);
  return { conditions, values };
}

/** SQL for "one of these members is the text, or a list with it". */
function names(members: string[], text: string, values: unknown[]): string {
  const tests = members.flatMap((member) => [{ [member]: text }, { [member]: [text] }]);
  const place = values.push(tests.map((test) => JSON.stringify(test)));
  return `data @> any ($${place}::jsonb[])`;
}

/** Whether an event passes a filter, by the same rules as `listEvents`; its place is not asked. */
export function eventMatches(filter: EventFilter, event: JournalEvent): boolean {
  const { tag } = filter;
  const tagFits =
    tag === undefined ||
    (tag.endsWith("*") ? event.tag.startsWith(tag.replace(/\*+$/, "")) : event.tag === tag);
  const has = (members: string[], text: string | undefined): boolean =>
    text === undefined || members.some((name) => [event.data[name]].flat().includes(text));
  return tagFits && has(SUITE_MEMBERS, filter.suite) && has(PACKAGE_MEMBERS, filter.package);
}
