import { z } from "zod";
import { declareEvent, type Reader, type Story } from "../../events/declare.ts";
import { list, seeSource, strong, toDo, version } from "../../events/phrases.ts";
import type { Inline } from "../../message.ts";
import { migrateWords } from "./words.ts";

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
  render: (data, reader) => ({
    tone: "attention",
    headline: move(data, "blocked", reader),
    answers: { state: "blocked" },
    details: inTarget(data, reader),
    ...toDo(reader, ["why", data.source_package], {
      label: migrateWords.in(reader.language)("seeExcuse"),
      path: ["migrations", "excuse", data.uuid],
    }),
  }),
});

export const excuseRemoved = declareEvent({
  tag: "_lk.spears.excuse-removed",
  summary: "what kept a package from migrating is gone",
  schema: Excuse,
  audience: "people",
  subject,
  story: (data) => story(data, false),
  render: (data, reader) => ({
    tone: "good",
    headline: move(data, "free", reader),
    answers: { state: "resolved" },
    details: inTarget(data, reader),
    ...seeSource(data.source_package, data.suite_target, reader),
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

/** What was to happen, and how it stands: a version migrates, or a package goes. */
function move(data: Excuse, stands: "blocked" | "free", { language }: Reader): Inline[] {
  const say = migrateWords.in(language);
  const names = { package: strong(data.source_package), target: data.suite_target };
  if (data.version_new === NONE) {
    const id = stands === "blocked" ? "removalBlocked" : "removalFree";
    return say(id, { ...names, version: version(data.version_old) });
  }
  const way = { version: version(data.version_new), sources: list(sources(data), language) };
  return say(stands, { ...names, ...way });
}

/** What the target suite had when the event was made. */
function inTarget(data: Excuse, { language }: Reader): Inline[][] {
  const say = migrateWords.in(language);
  if (data.version_new === NONE) return [];
  if (data.version_old === NONE) return [say("new", { target: data.suite_target })];
  return [say("present", { target: data.suite_target, version: version(data.version_old) })];
}

function sources(data: {
  suites_source?: string[] | undefined;
  suite_source?: string | undefined;
}) {
  return data.suites_source ?? (data.suite_source === undefined ? [] : [data.suite_source]);
}
