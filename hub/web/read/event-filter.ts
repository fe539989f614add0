import type { JournalEvent } from "./events.ts";

/** What a list of events is narrowed to. */
export interface EventFilter {
  /** A tag, or its beginning with `*` at the end. */
  tag?: string | undefined;
  suite?: string | undefined;
  package?: string | undefined;
  /** Only older ones than this number: the next page. */
  before?: string | undefined;
  /** Only those that a message told, see `notice.delivery_id`: its uuid. */
  told?: string | undefined;
  /** Only newer ones than this number, oldest first. */
  after?: string | undefined;
}

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
export const PACKAGE_MEMBERS = [
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

/** Conditions of SQL with their values, to be joined with "and". */
export interface Conditions {
  sql: string[];
  values: unknown[];
}

/** The tag and the place in the journal: both have an index in order. */
export function placeConditions(filter: EventFilter): Conditions {
  const conditions: Conditions = { sql: [], values: [] };
  const { tag, before, after, told } = filter;
  if (tag?.endsWith("*") === true) add(conditions, "starts_with(tag, $)", tagStart(tag));
  else if (tag !== undefined) add(conditions, "tag = $", tag);
  if (before !== undefined) add(conditions, "id < $", before);
  if (after !== undefined) add(conditions, "id > $", after);
  if (told !== undefined) {
    add(conditions, "id in (select event_id from notice where delivery_id = $)", told);
  }
  return conditions;
}

/** Adds what the data must name. @returns whether there is any such condition */
export function addNames(conditions: Conditions, filter: EventFilter): boolean {
  const { suite, package: name } = filter;
  if (suite !== undefined) addOneOf(conditions, SUITE_MEMBERS, suite);
  if (name !== undefined) addOneOf(conditions, PACKAGE_MEMBERS, name);
  return (suite ?? name) !== undefined;
}

/** Events about a job, an excuse or an issue. */
export function idConditions(id: string): Conditions {
  const conditions: Conditions = { sql: [], values: [] };
  addOneOf(conditions, ID_MEMBERS, id);
  return conditions;
}

/** Whether an event passes a filter, by the same rules as the SQL; its place is not asked. */
export function eventMatches(filter: EventFilter, event: JournalEvent): boolean {
  const { tag, suite, package: name } = filter;
  const tagFits =
    tag === undefined ||
    (tag.endsWith("*") ? event.tag.startsWith(tagStart(tag)) : event.tag === tag);
  const has = (members: string[], text: string | undefined): boolean =>
    text === undefined || members.some((member) => [event.data[member]].flat().includes(text));
  return tagFits && has(SUITE_MEMBERS, suite) && has(PACKAGE_MEMBERS, name);
}

function tagStart(tag: string): string {
  return tag.replace(/\*+$/, "");
}

/** One of these members is the text, or a list with it; the index event_data finds them. */
function addOneOf(conditions: Conditions, members: string[], text: string): void {
  const tests = members.flatMap((member) => [{ [member]: text }, { [member]: [text] }]);
  add(
    conditions,
    "data @> any ($::jsonb[])",
    tests.map((one) => JSON.stringify(one)),
  );
}

function add(conditions: Conditions, sql: string, value: unknown): void {
  const place = conditions.values.push(value);
  conditions.sql.push(sql.replace("$", () => `$${place}`));
}
