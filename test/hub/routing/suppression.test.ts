import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { journalEntry } from "../../../core/events/emit.ts";
import { storeEvents } from "../../../core/events/journal.ts";
import { silentLog } from "../../../core/log.ts";
import { coreModules } from "../../../core/modules/index.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { readToml } from "../../../core/toml.ts";
import { channelKinds } from "../../../hub/channels/index.ts";
import { createRouteBatch } from "../../../hub/routing/routing.ts";
import { addSilence, endSilence, listSilences } from "../../../hub/routing/silence.ts";
import { routeFileSchema } from "../../../hub/routing/tree/schema.ts";
import { applyTree } from "../../../hub/routing/tree/store.ts";
import { hubDatabase } from "../../support/hub.ts";

test.before(hubDatabase);
test.beforeEach(() =>
  database().query(
    "truncate event, event_to_route, notice, silence, route_tree, inhibition cascade",
  ),
);
test.after.always(() => database().close());

const options = {
  registry: createRegistry(coreModules),
  links: { web: undefined },
  kinds: channelKinds,
  announce: { other: "", suites: {} },
  configured: [{ name: "the local room", destination: "room:local" }],
  coverage: "none" as const,
  log: silentLog(),
};

async function happen(tag: string, suite: string): Promise<void> {
  const place = { repo: "master", suite, reason: "", code: "", failing_since: "" };
  const counts = { package_type: "source", new_issues_count: 1, resolved_issues_count: 0 };
  await storeEvents([journalEntry(tag, { ...place, ...counts }, undefined)], "local");
}

const FAILS = "_lk.archive.import-failed";
const WORKS = "_lk.archive.import-recovered";
const CHECKED = "_lk.debcheck.check-completed";

/** What became of each event so far. */
async function told(): Promise<string[]> {
  const rows = await database().query<{ tag: string; state: string; note: string | null }>(
    "select tag, state, note from notice order by event_id, destination",
  );
  return rows.map(({ tag, state, note }) =>
    [tag.split(".")[2], state === "suppressed" ? "not told" : "told", note ?? ""].join(" ").trim(),
  );
}

test.serial("a silence keeps what it names untold until it ends", async (t) => {
  const batch = createRouteBatch(options);
  const hour = 3_600_000;
  const silence = await addSilence({
    matcher: "suite = sid and destination = room:local",
    startsAt: new Date(Date.now() - 1),
    endsAt: new Date(Date.now() + hour),
    owner: "anna",
    comment: "a rebuild",
  });
  await addSilence({
    matcher: "suite = forky",
    startsAt: new Date(Date.now() + hour),
    endsAt: new Date(Date.now() + 2 * hour),
    owner: "anna",
    comment: "later",
  });
  await happen(CHECKED, "sid");
  await happen(CHECKED, "forky");
  await batch();
  t.is((await endSilence(silence.id))?.id, silence.id);
  t.is(await endSilence(silence.id), undefined);
  await happen(CHECKED, "sid");
  await batch();
  const [first = "", ...others] = await told();
  t.regex(first, /^check-completed not told silence \d+ of anna until .* UTC: a rebuild$/);
  t.deepEqual(others, ["check-completed told", "check-completed told"]);
  t.is((await listSilences()).length, 1);
  t.is((await listSilences(true)).length, 2);
});

test.serial("what follows from a lasting fact is not told, across batches and hubs", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "lk-routes-"));
  const file = join(folder, "routes.toml");
  writeFileSync(
    file,
    `[[inhibit]]
name = "unreadable"
source = "tag = archive.import-failed"
until = "tag = archive.import-recovered"
target = "module = debcheck"
equal = ["suite"]`,
  );
  await applyTree(readToml(file, routeFileSchema(channelKinds)), "anna", false);
  t.deepEqual(await applyTree(readToml(file, routeFileSchema(channelKinds)), "anna", false), []);
  rmSync(folder, { recursive: true });
  await happen(CHECKED, "sid");
  await happen(FAILS, "sid");
  await happen(CHECKED, "sid");
  await happen(CHECKED, "forky");
  await createRouteBatch(options)();
  await happen(CHECKED, "sid");
  await createRouteBatch(options)();
  await happen(WORKS, "sid");
  await happen(CHECKED, "sid");
  await createRouteBatch(options)();
  t.deepEqual(
    (await told()).map((line) => line.replace(/, since event .*/, "")),
    [
      "check-completed told",
      "import-failed told",
      "check-completed not told unreadable",
      "check-completed told",
      "check-completed not told unreadable",
      "import-recovered told",
      "check-completed told",
    ],
  );
});
