import test from "ava";
import { type Heard, judgeRule, routeEvent, type Rule } from "../../../hub/routing/router.ts";

function rule(part: Partial<Rule>): Rule {
  return {
    name: "a rule",
    destination: "room:local",
    tags: [],
    repositories: [],
    suites: [],
    packages: [],
    ...part,
  };
}

function heard(part: Partial<Heard> = {}): Heard {
  return {
    tag: "_lk.archive.package-src-copied",
    audience: "people",
    subject: { repository: "master", suites: ["sid", "forky"], packages: ["bash", "libbash-dev"] },
    ...part,
  };
}

const noise = heard({ tag: "_lk.debcheck.issue-found", audience: "noise" });

for (const [name, event, part, matches] of [
  ["a rule without criteria hears what is for people", heard(), {}, true],
  ["a rule without criteria hears no noise", noise, {}, false],
  ["a list of the event matches when any element does", heard(), { packages: ["libbash-*"] }, true],
  ["any glob of a list is enough", heard(), { suites: ["trixie", "f*"] }, true],
  ["all fields must match", heard(), { suites: ["sid"], packages: ["zsh"] }, false],
  ["a repository is matched", heard(), { repositories: ["mas*"] }, true],
  ["another repository is not", heard(), { repositories: ["extra"] }, false],
  ["a field that the event lacks cannot match", heard({ subject: {} }), { suites: ["*"] }, false],
  [
    "an empty list of the event cannot match",
    heard({ subject: { packages: [] } }),
    { packages: ["*"] },
    false,
  ],
  ["a tag is matched", heard(), { tags: ["_lk.archive.*"] }, true],
  ["another tag is not", heard(), { tags: ["_lk.jobs.*"] }, false],
  ["noise is heard by its exact tag", noise, { tags: ["_lk.debcheck.issue-found"] }, true],
  ["noise is heard by a glob of its module", noise, { tags: ["_lk.debcheck.issue-*"] }, true],
  ["noise is not heard by a glob over all modules", noise, { tags: ["_lk.*"] }, false],
  ["noise is not heard by a star", noise, { tags: ["*"] }, false],
  ["noise is not heard by a module that begins alike", noise, { tags: ["_lk.deb*"] }, false],
  ["noise must match all else too", noise, { tags: ["_lk.debcheck.*"], packages: ["zsh"] }, false],
] as [string, Heard, Partial<Rule>, boolean][]) {
  test(name, (t) => {
    t.is(judgeRule(event, rule(part)).matches, matches);
  });
}

test("each verdict says why", (t) => {
  const why = (event: Heard, part: Partial<Rule>): string => judgeRule(event, rule(part)).why;
  t.is(why(heard(), {}), "hears everything meant for people");
  t.is(
    why(heard(), { packages: ["b*"], suites: ["sid"] }),
    "suite sid matches sid, package bash matches b*",
  );
  t.is(why(heard(), { packages: ["zsh"] }), "package bash libbash-dev does not match zsh");
  t.is(why(heard({ subject: {} }), { suites: ["sid"] }), "the event names no suite");
  t.regex(why(noise, {}), /is noise, which only a rule naming its tag hears/);
});

test("a destination hears of an event once, by the first of its rules", (t) => {
  const rules = [
    rule({ name: "1", packages: ["zsh"] }),
    rule({ name: "2", packages: ["bash"] }),
    rule({ name: "3" }),
    rule({ name: "4", destination: "email:a@example.org" }),
  ];
  t.deepEqual(routeEvent(heard(), rules), [
    { destination: "room:local", reason: "2" },
    { destination: "email:a@example.org", reason: "4" },
  ]);
});
