import { z } from "zod";
import { declareEvent, type Story } from "../../events/declare.ts";
import { line, list, see, seeSource, strong, version } from "../../events/phrases.ts";
import type { Inline } from "../../message.ts";

const Excuse = z
  .looseObject({
    uuid: z.string(),
    suites_source: z.array(z.string()).optional(),
    /** One suite, in events of 2021. */
    suite_source: z.string().optional(),
    suite_target: z.string(),
    source_package: z.string(),
    version_new: z.string(),
    version_old: z.string(),
  })
  .refine((data) => sources(data).length > 0, { message: "suites_source is missing" });
type Excuse = z.output<typeof Excuse>;

/** Britney's word for "no such version". */
const NONE = "-";

export const newExcuse = declareEvent({
  tag: "_lk.spears.new-excuse",
  summary: "a package may not migrate, for a reason not known before",
  schema: Excuse,
  audience: "people",
  subject,
  story: (data) => story(data, true),
  render: (data, links) => ({
    tone: "attention",
    headline: line`${move(data)} is blocked`,
    details: inTarget(data),
    ...see("See the excuse", links, ["migrations", "excuse", data.uuid]),
  }),
});

export const excuseRemoved = declareEvent({
  tag: "_lk.spears.excuse-removed",
  summary: "what kept a package from migrating is gone",
  schema: Excuse,
  audience: "people",
  subject,
  story: (data) => story(data, false),
  render: (data, links) => ({
    tone: "good",
    headline: line`${move(data)} is no longer blocked`,
    details: inTarget(data),
    ...seeSource(data.source_package, data.suite_target, links),
  }),
});

function subject(data: Excuse): { suites: string[]; packages: string[] } {
  return { suites: [...sources(data), data.suite_target], packages: [data.source_package] };
}

function story(data: Excuse, isBlocked: boolean): Story {
  const object = `migration/${data.suite_target}/${data.source_package}`;
  const [from, to] = isBlocked ? ["free", "blocked"] : ["blocked", "free"];
  return { object, continues: true, from, to, did: isBlocked ? "blocked" : "unblocked" };
}

/** What was to happen: a version migrates, or a package goes. */
function move(data: Excuse): Inline[] {
  const name = strong(data.source_package);
  if (data.version_new === NONE) {
    return line`The removal of ${name} ${version(data.version_old)} from ${data.suite_target}`;
  }
  const way = line`from ${list(sources(data))} to ${data.suite_target}`;
  return line`The migration of ${name} ${version(data.version_new)} ${way}`;
}

/** What the target suite had when the event was made. */
function inTarget(data: Excuse): Inline[][] {
  if (data.version_new === NONE) return [];
  if (data.version_old === NONE) return [line`The package is new to ${data.suite_target}`];
  return [line`Version in ${data.suite_target}: ${version(data.version_old)}`];
}

function sources(data: {
  suites_source?: string[] | undefined;
  suite_source?: string | undefined;
}) {
  return data.suites_source ?? (data.suite_source === undefined ? [] : [data.suite_source]);
}
