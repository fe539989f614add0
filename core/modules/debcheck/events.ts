import { z } from "zod";
import { declareEvent, type Story, type Subject } from "../../events/declare.ts";
import {
  architectures,
  count,
  line,
  place,
  see,
  seeSource,
  strong,
  version,
} from "../../events/phrases.ts";
import type { Inline } from "../../message.ts";

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
  render: (data, links) => {
    const path = ["depcheck", data.repo, data.suite, "issue", data.uuid];
    const verdict = isSource(data)
      ? "cannot be built: build dependencies are missing"
      : "cannot be installed: dependencies are missing";
    return {
      tone: "bad",
      headline: line`${named(data)} ${verdict}`,
      details: [whereabouts(data)],
      ...see("See the issue", links, path),
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
  render: (data, links) => {
    const verdict = isSource(data) ? "can be built again" : "can be installed again";
    return {
      tone: "good",
      headline: line`${named(data)} ${verdict}`,
      details: [whereabouts(data)],
      ...(isSource(data) ? seeSource(data.package_name, data.suite, links) : {}),
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
  render: (data, links) => {
    const { new_issues_count: found, resolved_issues_count: resolved } = data;
    if (found === 0 && resolved === 0) return null;
    const path = ["depcheck", data.repo, data.suite, data.package_type];
    const scope = line`${data.package_type} packages in ${place(data.repo, data.suite)}`;
    const result = strong(`${count(found, "new issue")}, ${resolved} resolved`);
    return {
      tone: found > 0 ? "attention" : "good",
      headline: line`Dependency check of ${scope}: ${result}`,
      ...see("See all issues", links, path),
    };
  },
});

function subject(data: Issue): Subject {
  return { repository: data.repo, suites: [data.suite], packages: [data.package_name] };
}

function isSource(data: Issue): boolean {
  return data.package_type === "source";
}

function named(data: Issue): Inline[] {
  return line`${strong(data.package_name)} ${version(data.package_version)}`;
}

function whereabouts(data: Issue): Inline[] {
  return line`In ${place(data.repo, data.suite)} on ${architectures(data.architectures)}`;
}

function story(data: Issue, isBroken: boolean): Story {
  const { repo, suite, package_type: type, package_name: name, cause } = data;
  const object = `depcheck/${repo}/${suite}/${type}/${name}/${data.architectures.toSorted().join()}`;
  const [from, to] = isBroken ? ["installable", "broken"] : ["broken", "installable"];
  const did = isBroken ? "broken" : "mended";
  return { object, from, to, did, ...(cause === undefined ? {} : { cause: `${suite}/${cause}` }) };
}
