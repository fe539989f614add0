import test from "ava";
import { understand } from "../../../core/events/catalogue.ts";
import { coreModules } from "../../../core/modules/index.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { channelKinds } from "../../../hub/channels/index.ts";
import { decide } from "../../../hub/routing/decide.ts";
import type { Decision } from "../../../hub/routing/decision.ts";
import { EventFacts } from "../../../hub/routing/facts.ts";
import { Keyword, keywordOf } from "../../../hub/routing/keyword.ts";
import { type Owners, ownersOf, type SourceRow } from "../../../hub/routing/owners.ts";
import { newRulebook, type Rulebook } from "../../../hub/routing/rulebook.ts";
import {
  newSubscriber,
  type Subscriber,
  type Subscription,
} from "../../../hub/routing/subscription/subscription.ts";
import { teamFinder } from "../../../hub/routing/team.ts";

const registry = createRegistry(coreModules);
const deciding = { registry, kinds: channelKinds, announce: { other: "", suites: {} } };
const ANNA = "email:anna@example.org";

interface World {
  follows?: Partial<Subscription>[];
  wishes?: Partial<Subscriber>;
  owners?: Partial<Owners>;
}

function rulebookOf({ follows = [], wishes }: World): Rulebook {
  const rulebook = newRulebook([]);
  follows.forEach((part, n) =>
    rulebook.subscriptions.put({
      id: String(n + 1),
      destination: ANNA,
      kind: "package",
      value: "bash",
      condition: "",
      keywords: null,
      muted: [],
      owner: "anna",
      createdBy: "anna",
      createdAt: new Date(0),
      ...part,
    }),
  );
  if (wishes !== undefined)
    rulebook.subscribers = new Map([[ANNA, { ...newSubscriber(ANNA), ...wishes }]]);
  rulebook.teamsOf = teamFinder([
    {
      slug: "shells",
      name: "",
      packages: ["bash"],
      addresses: ["shells@example.org"],
      createdBy: "",
    },
  ]);
  return rulebook;
}

function hear(tag: string, data: object, world: World): Decision[] {
  const owners = { sources: [], maintainers: [], covered: new Map(), ...world.owners };
  const facts = new EventFacts(tag, data, understand(registry.events, tag, data), owners);
  return decide({ uuid: "", tag, data }, rulebookOf(world), deciding, { facts });
}

function reasons(tag: string, data: object, world: World): string[] {
  return hear(tag, data, world).flatMap((one) =>
    one.suppressed === undefined ? one.reasons.map(({ ref = "" }) => ref) : [one.suppressed.by],
  );
}

const UPDATED = "_lk.archive.package-changed";
const updated = {
  repo: "master",
  suite: "sid",
  pkg_name: "bash",
  change: "updated",
  version_old: "5.2-1",
  version_new: "5.3-1",
  component: "main",
  source_changed: true,
  binaries: [],
  binaries_count: 0,
};
const rebuilt = { ...updated, source_changed: false };
const ISSUE = "_lk.debcheck.issue-found";
const issue = {
  uuid: "x",
  package_type: "source",
  repo: "master",
  suite: "sid",
  architectures: [],
  package_name: "bash",
  package_version: "5.3-1",
};
const ACCEPTED = "_lk.archive.package-upload-accepted";
const accepted = {
  repo: "master",
  suite: "sid",
  upload_name: "bash_5.3-1",
  is_new: false,
  source_name: "bash",
  uploader_email: "robot@example.org",
};
const covered = new Map([["anna@example.org", ["bash"]]]);

for (const [what, tag, data, world, expected] of [
  [
    "all that match are named once",
    UPDATED,
    updated,
    { follows: [{}, { kind: "suite", value: "sid" }], owners: { covered } },
    ["subscription:1", "subscription:2", "own-packages:bash"],
  ],
  ["mail hears the usual kinds", UPDATED, rebuilt, { follows: [{}] }, []],
  [
    "a room hears all kinds",
    UPDATED,
    rebuilt,
    { follows: [{ destination: "room:local" }] },
    ["subscription:1"],
  ],
  [
    "chosen kinds are heard",
    UPDATED,
    rebuilt,
    { follows: [{}], wishes: { keywords: ["upload-binary"] } },
    ["subscription:1"],
  ],
  [
    "others then are not",
    UPDATED,
    updated,
    { follows: [{}], wishes: { keywords: ["upload-binary"] } },
    [],
  ],
  [
    "a subscription has its own kinds",
    UPDATED,
    updated,
    { follows: [{ keywords: ["upload-source"] }], wishes: { keywords: [] } },
    ["subscription:1"],
  ],
  ["noise is not heard", ISSUE, issue, { follows: [{}], owners: { covered } }, []],
  [
    "noise of a chosen kind is",
    ISSUE,
    issue,
    { follows: [{}], owners: { covered }, wishes: { keywords: ["depcheck"] } },
    ["subscription:1", "own-packages:bash"],
  ],
  [
    "noise is heard by who follows its kind",
    ISSUE,
    issue,
    { follows: [{ kind: "keyword", value: "depcheck" }] },
    ["subscription:1"],
  ],
  [
    "noise is heard by who names its tag",
    ISSUE,
    issue,
    { follows: [{ kind: "matching", value: "", condition: "tag ~ debcheck.*" }] },
    ["subscription:1"],
  ],
  [
    "not by a pattern for all tags",
    ISSUE,
    issue,
    { follows: [{ kind: "matching", value: "", condition: "tag ~ *" }] },
    [],
  ],
  [
    "a declined package is not told",
    UPDATED,
    updated,
    { owners: { covered }, wishes: { declined: ["bash"] } },
    [],
  ],
  [
    "nor any, if so wished",
    UPDATED,
    updated,
    { owners: { covered }, wishes: { ownPackages: false } },
    [],
  ],
  ["maintainers hear the usual kinds", UPDATED, rebuilt, { owners: { covered } }, []],
  [
    "a team by its packages",
    UPDATED,
    updated,
    { follows: [{ kind: "team", value: "shells" }] },
    ["subscription:1"],
  ],
  [
    "a team by its address",
    UPDATED,
    { ...updated, pkg_name: "zsh" },
    {
      follows: [{ kind: "team", value: "shells" }],
      owners: { maintainers: ["shells@example.org"] },
    },
    ["subscription:1"],
  ],
  ["another team", UPDATED, updated, { follows: [{ kind: "team", value: "kernel" }] }, []],
  [
    "a muted package of a team",
    UPDATED,
    updated,
    { follows: [{ kind: "team", value: "shells", muted: ["bash"] }] },
    ["muted"],
  ],
  [
    "a muted team",
    UPDATED,
    updated,
    { follows: [{ kind: "team", value: "shells", muted: ["*"] }] },
    ["muted"],
  ],
  [
    "muted in a team, followed otherwise",
    UPDATED,
    updated,
    { follows: [{ kind: "team", value: "shells", muted: ["*"] }, {}] },
    ["subscription:2"],
  ],
  [
    "what a muted person does",
    ACCEPTED,
    accepted,
    { follows: [{}], wishes: { mutedPeople: ["robot@example.org"] } },
    ["own-uploads", "muted"],
  ],
  [
    "following a person",
    ACCEPTED,
    accepted,
    { follows: [{ kind: "person", value: "robot@example.org" }] },
    ["own-uploads", "subscription:1"],
  ],
  [
    "own actions",
    ACCEPTED,
    { ...accepted, uploader_email: "anna@example.org" },
    { follows: [{}], wishes: { ownUploads: false, ownActions: false } },
    ["own action"],
  ],
  [
    "own uploads are answered though",
    ACCEPTED,
    { ...accepted, uploader_email: "anna@example.org" },
    { follows: [{}], wishes: { ownActions: false } },
    ["own-uploads", "subscription:1"],
  ],
] as [string, string, object, World, string[]][]) {
  test(what, (t) => {
    t.deepEqual(reasons(tag, data, world), expected);
  });
}

test("every event that modules declare is of a kind that people can choose", (t) => {
  const others = [...registry.events.keys()].filter((tag) => keywordOf(tag, {}) === "default");
  t.deepEqual(
    others.filter((tag) => !/^_lk\.(core|lighthouse)\./.test(tag)),
    [],
  );
  for (const tag of registry.events.keys()) t.true(Keyword.options.includes(keywordOf(tag, {})));
});

function row(part: Partial<SourceRow>): SourceRow {
  return {
    source: "bash",
    version: "5.3-1",
    versionKey: "5",
    repository: "master",
    suite: "sid",
    origin: "PureOS",
    maintainer: "Anna <Anna@Example.org>",
    uploaders: ["Ben <ben@debian.org>"],
    ...part,
  };
}
const subject = { packages: ["bash"], repository: "master", suites: ["sid"] };

for (const [what, rows, coverage, expected] of [
  ["of our own distribution", [row({})], "own", ["anna@example.org"]],
  ["of all", [row({})], "all", ["anna@example.org", "ben@debian.org"]],
  ["of nobody", [row({})], "none", []],
  ["of Debian", [row({ origin: "Debian" })], "own", []],
  ["of a suite without Origin", [row({ origin: null })], "own", ["anna@example.org"]],
  [
    "only brought over from Debian",
    [row({}), row({ origin: "Debian", repository: "debian" })],
    "own",
    [],
  ],
  [
    "changed since it was brought over",
    [row({}), row({ origin: "Debian", repository: "debian", version: "5.2-1" })],
    "own",
    ["anna@example.org"],
  ],
  [
    "of the suite that is named",
    [row({}), row({ suite: "old", maintainer: "c@example.org", versionKey: "9" })],
    "own",
    ["anna@example.org"],
  ],
  [
    "of the newest otherwise",
    [row({ suite: "a" }), row({ suite: "b", maintainer: "c@example.org", versionKey: "9" })],
    "own",
    ["c@example.org"],
  ],
  ["of nothing known", [], "all", []],
] as const) {
  test(`maintainers ${what} are told with ${coverage}`, (t) => {
    const owners = ownersOf(subject, () => rows, coverage);
    t.deepEqual([...owners.covered.keys()], [...expected]);
  });
}
