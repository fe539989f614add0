import { z } from "zod";
import { declareEvent, type Reader, type Story, type Subject } from "../../events/declare.ts";
import {
  architectures,
  moment,
  place,
  seeSource,
  strong,
  toDo,
  version,
} from "../../events/phrases.ts";
import { eventWords } from "../../events/words.ts";
import type { Inline } from "../../message.ts";
import { debcheckWords } from "./words.ts";

const Issue = {
  time_created: z.string().optional(),
  /** `source` or `binary`. */
  package_type: z.string(),
  repo: z.string(),
  suite: z.string(),
  architectures: z.array(z.string()),
  package_name: z.string(),
  package_version: z.string(),
  /** What broke it, where the check knows: the package and version that others broke with. */
  cause: z.string().optional(),
};
const OpenIssue = z.looseObject({ ...Issue, uuid: z.string() });
const ClosedIssue = z.looseObject(Issue);
type Issue = z.output<typeof ClosedIssue>;

export const issueFound = declareEvent({
  tag: "_lk.debcheck.issue-found",
  summary: "a package's dependencies cannot be met, which was not known before",
  schema: OpenIssue,
  audience: "noise",
  subject,
  story: (data) => story(data, true),
  render: (data, reader) => {
    const say = debcheckWords.in(reader.language);
    const since = moment(data.time_created);
    const acts = eventWords.in(reader.language)("maintainers", { package: data.package_name });
    return {
      tone: "bad",
      headline: say(isSource(data) ? "unbuildable" : "uninstallable", names(data)),
      answers: { state: "failed", ...(since && { since }), why: whyOf(data, reader), acts },
      details: [where(data, reader)],
      ...toDo(reader, ["why", data.package_name], {
        label: say("seeIssue"),
        path: ["depcheck", data.repo, data.suite, "issue", data.uuid],
      }),
    };
  },
});

export const issueResolved = declareEvent({
  tag: "_lk.debcheck.issue-resolved",
  summary: "a package's dependencies can be met again",
  schema: ClosedIssue,
  audience: "noise",
  subject,
  story: (data) => story(data, false),
  render: (data, reader) => {
    const say = debcheckWords.in(reader.language);
    const since = moment(data.time_created);
    const suite = isSource(data) ? data.suite : undefined;
    return {
      tone: "good",
      headline: say(isSource(data) ? "buildable" : "installable", names(data)),
      answers: { state: "resolved", acts: eventWords.in(reader.language)("nobody") },
      details: [where(data, reader), ...(since ? [say("lasted", { moment: since })] : [])],
      ...seeSource(data.package_name, suite, reader),
    };
  },
});

export const checkCompleted = declareEvent({
  tag: "_lk.debcheck.check-completed",
  summary: "all dependencies of one suite were checked",
  schema: z.looseObject({
    package_type: z.string(),
    repo: z.string(),
    suite: z.string(),
    new_issues_count: z.number(),
    resolved_issues_count: z.number(),
  }),
  audience: "people",
  subject: (data) => ({ repository: data.repo, suites: [data.suite] }),
  render: (data, reader) => {
    const { new_issues_count: found, resolved_issues_count: resolved } = data;
    if (found === 0 && resolved === 0) return null;
    const say = debcheckWords.in(reader.language);
    const counts = { found, resolved, type: data.package_type };
    return {
      tone: found > 0 ? "attention" : "good",
      headline: say("completed", { ...counts, place: strong(place(data.repo, data.suite)) }),
      answers: { state: found > 0 ? "changed" : "resolved" },
      ...toDo(reader, [], {
        label: say("seeSuite"),
        path: ["suites", data.suite],
      }),
    };
  },
});

function subject(data: Issue): Subject {
  return { repository: data.repo, suites: [data.suite], packages: [data.package_name] };
}

function isSource(data: Issue): boolean {
  return data.package_type === "source";
}

function names(data: Issue): Record<string, Inline> {
  return {
    package: strong(data.package_name),
    version: version(data.package_version),
    place: place(data.repo, data.suite),
  };
}

function whyOf(data: Issue, { language }: Reader): Inline[] {
  const say = debcheckWords.in(language);
  if (data.cause !== undefined) return say("broken", { cause: data.cause });
  return say(isSource(data) ? "missingToBuild" : "missing");
}

function where(data: Issue, { language }: Reader): Inline[] {
  const shown = architectures(data.architectures, language);
  return debcheckWords.in(language)("where", { architectures: shown });
}

function story(data: Issue, isBroken: boolean): Story {
  const { repo, suite, package_type: type, package_name: name, cause } = data;
  const object = `depcheck/${repo}/${suite}/${type}/${name}/${data.architectures.toSorted().join()}`;
  const [from, to] = isBroken ? ["installable", "broken"] : ["broken", "installable"];
  const did = isBroken ? "broken" : "mended";
  return { object, from, to, did, ...(cause === undefined ? {} : { cause: `${suite}/${cause}` }) };
}
