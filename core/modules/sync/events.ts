import { z } from "zod";
import { declareEvent, type Reader, type Story } from "../../events/declare.ts";
import { line, seeSource, strong, version } from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import type { Inline, Message } from "../../message.ts";
import { syncWords } from "./words.ts";

const Direction = {
  name: z.string(),
  src_os: z.string(),
  suite_src: z.string(),
  suite_dest: z.string(),
};
type Direction = Record<keyof typeof Direction, string>;
const Issue = z.looseObject({
  ...Direction,
  version_src: z.string().nullish(),
  version_dest: z.string().nullish(),
  kind: z.string(),
});
type Issue = z.output<typeof Issue>;

export const packageImported = declareEvent({
  tag: "_lk.synchrotron.src-package-imported",
  summary: "a source package was brought in from the distribution that we derive from",
  schema: z.looseObject({ ...Direction, version: z.string(), forced: z.boolean().optional() }),
  audience: "people",
  subject,
  render: (data, reader) => ({
    tone: "good",
    headline: syncWords.in(reader.language)(data.forced === true ? "forced" : "imported", {
      ...names(data),
      version: version(data.version),
    }),
    answers: { state: "done", acts: eventWords.in(reader.language)("nobody") },
    ...seeSource(data.name, data.suite_dest, reader),
  }),
});

export const newIssue = declareEvent({
  tag: "_lk.synchrotron.new-autosync-issue",
  summary: "a package can no longer be kept in sync by itself",
  schema: Issue,
  audience: "people",
  subject,
  story: (data) => story(data, true),
  render: (data, reader) => ({
    ...problem(data, reader),
    details: [
      versionLine(origin(data), data.version_src, reader),
      versionLine(line`${data.suite_dest}`, data.version_dest, reader),
    ],
    ...seeSource(data.name, data.suite_dest, reader),
  }),
});

export const resolvedIssue = declareEvent({
  tag: "_lk.synchrotron.resolved-autosync-issue",
  summary: "what kept a package from being in sync is over",
  schema: Issue,
  audience: "people",
  subject,
  story: (data) => story(data, false),
  render: (data, reader) => ({
    tone: "good",
    headline: syncWords.in(reader.language)("resolved", { ...names(data), kind: data.kind }),
    answers: { state: "resolved", acts: eventWords.in(reader.language)("nobody") },
    ...seeSource(data.name, data.suite_dest, reader),
  }),
});

/** The kinds of issue in words; one that is not known is named as it is. */
function problem(data: Issue, { language }: Reader): Message {
  const say = syncWords.in(language);
  const general = eventWords.in(language);
  const given = names(data);
  switch (data.kind) {
    case "merge-required": {
      const acts = general("maintainers", { package: data.name });
      const answers = { state: "blocked" as const, why: say("mergeWhy", given), acts };
      return { tone: "attention", headline: say("merge", given), answers };
    }
    case "maybe-cruft": {
      const acts = say("cruftActs", given);
      const answers = { state: "needs-approval" as const, why: say("cruftWhy", given), acts };
      return { tone: "attention", headline: say("cruft", given), answers };
    }
    case "removal-failed": {
      const acts = general("operators");
      const answers = { state: "failed" as const, why: say("removalWhy", given), acts };
      return { tone: "bad", headline: say("removal", given), answers };
    }
    case "sync-failed": {
      const answers = { state: "failed" as const, acts: general("operators") };
      return { tone: "bad", headline: say("sync", given), answers };
    }
    default: {
      const headline = say("other", { ...given, kind: data.kind });
      return { tone: "attention", headline, answers: { state: "unknown" } };
    }
  }
}

function names(data: Direction): Record<string, Inline | Inline[]> {
  return { package: strong(data.name), origin: origin(data), suite: data.suite_dest };
}

function origin(data: Direction): Inline[] {
  return line`${data.src_os} ${data.suite_src}`;
}

function subject(data: { name: string; suite_dest: string }): {
  suites: string[];
  packages: string[];
} {
  return { suites: [data.suite_dest], packages: [data.name] };
}

function versionLine(
  where: Inline[],
  text: string | null | undefined,
  { language }: Reader,
): Inline[] {
  const say = syncWords.in(language);
  if (text === null || text === undefined || text === "") return say("hasNone", { place: where });
  return say("has", { place: where, version: version(text) });
}

function story(data: Issue, isOpen: boolean): Story {
  const object = `sync/${data.suite_dest}/${data.name}/${data.kind}`;
  const [from, to] = isOpen ? ["in sync", data.kind] : [data.kind, "in sync"];
  return { object, continues: true, from, to, did: isOpen ? data.kind : "in order again" };
}
