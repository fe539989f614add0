import test from "ava";
import { parseTomlText } from "../../../../core/toml.ts";
import { channelKinds } from "../../../../hub/channels/index.ts";
import { type RouteFile, routeFileSchema } from "../../../../hub/routing/tree/schema.ts";
import { compareTrees } from "../../../../hub/routing/tree/store.ts";
import {
  compileTree,
  explainRoutes,
  mutedAt,
  routesOf,
} from "../../../../hub/routing/tree/tree.ts";
import { factsOf } from "../expression/rule.ts";

function read(text: string): RouteFile {
  return parseTomlText(text, "routes.toml", routeFileSchema(channelKinds));
}

const FILE = `
[route]
destinations = ["room:local"]
group_by = ["suite"]
group_wait = "30s"
group_interval = "5m"

[[route.routes]]
name = "kernel"
match = "package ~ linux*"
destinations = ["email:kernel@Example.ORG"]
repeat_interval = "4h"
continue = true

[[route.routes.routes]]
name = "stable"
match = "suite = stable"
group_wait = "0"
destinations = ["email:stable@example.org", "room:local"]

[[route.routes]]
name = "sid"
match = "suite in (sid, experimental)"
group_by = []
mute_times = ["weekend"]

[[route.routes]]
name = "checks"
match = "tag ~ debcheck.*"

[[mute_time]]
name = "weekend"
time_zone = "Europe/Berlin"
[[mute_time.intervals]]
weekdays = ["saturday:sunday"]
`;

const tree = compileTree(read(FILE));

for (const [what, event, expected] of [
  ["nothing inside takes it: the root does", { suite: ["trixie"] }, ["the root of the routes"]],
  ["the first that takes it", { suite: ["sid"] }, ["route sid"]],
  ["continue goes on", { package: ["linux"], suite: ["sid"] }, ["route kernel", "route sid"]],
  ["the innermost takes it", { package: ["linux"], suite: ["stable"] }, ["route kernel / stable"]],
] as const) {
  test(`a tree: ${what}`, (t) => {
    const facts = factsOf(event as unknown as Record<string, string[]>);
    t.deepEqual(
      routesOf(tree, facts).map((route) => route.name),
      [...expected],
    );
  });
}

test("a route has from the one around it what it does not say", (t) => {
  const [kernel, sid] = tree.routes;
  const [stable] = kernel?.routes ?? [];
  t.deepEqual(tree.tempo, { groupBy: ["suite"], waitMs: 30_000, intervalMs: 300_000, repeatMs: 0 });
  t.deepEqual(kernel?.destinations, ["email:kernel@example.org"]);
  t.deepEqual(stable?.tempo, {
    groupBy: ["suite"],
    waitMs: 0,
    intervalMs: 300_000,
    repeatMs: 14_400_000,
  });
  t.deepEqual(sid?.destinations, ["room:local"]);
  t.deepEqual(sid?.tempo.groupBy, []);
});

test("noise is taken only where a match names it", (t) => {
  const tag = ["_lk.debcheck.issue-found", "debcheck.issue-found"];
  const noise = { ...factsOf({ tag }), audience: "noise" as const };
  t.deepEqual(
    routesOf(tree, noise).map((route) => route.name),
    ["route checks"],
  );
  const inSid = { ...factsOf({ tag, suite: ["sid"] }), audience: "noise" as const };
  t.deepEqual(
    routesOf(tree, inSid).map((route) => route.name),
    ["route checks"],
  );
});

test("a route is silent at its mute times", (t) => {
  const sid = tree.routes[1];
  if (sid === undefined) throw new Error("no route");
  t.deepEqual(mutedAt(sid, new Date("2026-11-22T12:00Z")), {
    by: "mute time",
    name: "route sid: weekend",
  });
  t.is(mutedAt(sid, new Date("2026-11-22T23:30Z")), undefined, "it is Monday there");
});

test("each route says why it takes an event or not", (t) => {
  const told = explainRoutes(tree, factsOf({ suite: ["sid"], package: ["bash"] }));
  t.deepEqual(
    told.map(({ route, taken, why }) => [route.name, taken, why]),
    [
      ["the root of the routes", false, "another route took it"],
      ["route kernel", false, "package bash does not match linux*"],
      ["route kernel / stable", false, "the route around it does not match"],
      ["route sid", true, "suite sid matches sid experimental"],
      ["route checks", false, "the event names no tag"],
    ],
  );
});

for (const [text, expected] of [
  ['[route]\nmatch = "suit = x"', /routes\.toml:2: route\.match: .*there is no field suit/],
  ['[route]\ndestinations = ["nowhere"]', /routes\.toml:2: route\.destinations\[0\]: .*not a dest/],
  [
    '[route]\nmute_times = ["x"]',
    /routes\.toml:2: route\.mute_times: there is no mute_time named x/,
  ],
  ['[[route.routes]]\ncolour = "red"', /routes\.toml:2: unknown key route\.routes\[0\]\.colour/],
  ['[route]\ngroup_wait = "soon"', /routes\.toml:2: route\.group_wait: written as "30s"/],
  ['[route]\ngroup_by = ["colour"]', /routes\.toml:2: route\.group_by/],
  ["[[inhibit]]\nname = 'x'\nsource = ''", /inhibit\[0\]\.target/],
] as const) {
  test(`a file with ${text.replaceAll("\n", " ")} is refused, saying where`, (t) => {
    t.throws(() => read(text), { message: expected });
  });
}

test("the difference of two trees is told route by route", (t) => {
  const before = read(FILE);
  t.deepEqual(compareTrees(before, read(FILE)), []);
  const after = read(
    FILE.replace("stable@", "released@").replace('name = "checks"', 'name = "dose"'),
  );
  t.deepEqual(
    compareTrees(before, after).map(({ sign, text }) => `${sign} ${text.split(":")[0]}`),
    ["- route / checks", "~ route / kernel / stable", "+ route / dose"],
  );
  const turned = {
    ...before,
    route: { ...before.route, routes: before.route.routes.toReversed() },
  };
  t.deepEqual(compareTrees(before, turned), [{ sign: "~", text: "the order of the routes" }]);
});
