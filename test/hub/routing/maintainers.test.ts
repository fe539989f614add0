import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { indexPath } from "../../../core/debian/index-path.ts";
import { silentLog } from "../../../core/log.ts";
import { coreModules } from "../../../core/modules/index.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { journalEntry } from "../../../core/events/emit.ts";
import { storeEvents } from "../../../core/events/journal.ts";
import { channelKinds } from "../../../hub/channels/index.ts";
import type { Coverage } from "../../../hub/routing/owners.ts";
import { createRouteBatch } from "../../../hub/routing/routing.ts";
import { coverageOf } from "../../../hub/routing/rules.ts";
import { endReason, subscribe, unsubscribe } from "../../../hub/routing/subscription/store.ts";
import { changeSubscriber, subscriberOf } from "../../../hub/routing/subscription/subscriber.ts";
import { configure, importOne, setUpArchiveEvents, tinyArchive } from "../../support/archive.ts";
import { hubDatabase, settingsOf } from "../../support/hub.ts";

const SOURCE = `Package: editor
Binary: editor-bin
Version: 1.0-1
Maintainer: Anna <Anna@Example.org>
Uploaders: Ben <ben@example.org>, Carl <carl@debian.org>
Architecture: any
Format: 3.0 (quilt)
Directory: pool/main/e/editor
Files:
 d41d8cd98f00b204e9800998ecf8427e 0 editor_1.0-1.dsc
Checksums-Sha256:
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 editor_1.0-1.dsc

`;

test.before(hubDatabase);
test.before(setUpArchiveEvents);
test.beforeEach(() =>
  database().query("truncate event, event_to_route, delivery, subscription, subscriber cascade"),
);
test.after.always(() => database().close());

async function importArchive(origin: string, version = "1.0-1"): Promise<string> {
  const archive = await tinyArchive({
    indices: {
      [indexPath("source", "main", "source")]: SOURCE.replaceAll("1.0-1", version),
      [indexPath("deb", "main", "amd64")]: "",
    },
    fields: { Origin: origin },
  });
  await configure(archive);
  await importOne(archive.content.name);
  await archive.remove();
  return archive.content.name;
}

async function route(suite: string, coverage: Coverage): Promise<string[]> {
  await database().query("delete from event_to_route");
  const data = {
    uuid: "x",
    suites_source: ["sid"],
    suite_target: suite,
    source_package: "editor",
    version_new: "1.0-1",
    version_old: "0.9-1",
  };
  await storeEvents([journalEntry("_lk.spears.new-excuse", data, undefined)], "local");
  const log = silentLog();
  const announce = { other: "", suites: {} };
  const links = { web: undefined };
  const registry = createRegistry(coreModules);
  const options = { registry, links, kinds: channelKinds, announce, configured: [], coverage, log };
  await createRouteBatch(options)();
  const rows = await database().query<{ destination: string }>(
    "select destination from notice where event_id = (select max(id) from event) order by 1",
  );
  return rows.map((row) => row.destination);
}

test.serial("a person is covered without a rule by an import of Sources", async (t) => {
  t.deepEqual(await route("anywhere", "own"), []);
  const suite = await importArchive("PureOS");
  t.deepEqual(await route(suite, "own"), ["email:anna@example.org", "email:ben@example.org"]);
  t.deepEqual(await route(suite, "all"), [
    "email:anna@example.org",
    "email:ben@example.org",
    "email:carl@debian.org",
  ]);
  t.deepEqual(await route(suite, "none"), []);
});

test.serial("whoever imports Debian writes to nobody there", async (t) => {
  const suite = await importArchive("Debian", "0.8-1");
  t.deepEqual(await route(suite, "own"), []);
});

test.serial("a link in the mail ends it, for one package or for all", async (t) => {
  const suite = await importArchive("PureOS");
  const anna = "email:anna@example.org";
  t.true(await endReason("own-packages:editor", anna, "anna"));
  t.true(await endReason("own-packages:editor", anna, "anna"));
  t.deepEqual(await route(suite, "own"), ["email:ben@example.org"]);
  t.deepEqual((await subscriberOf(anna)).declined, ["editor"]);
  const wanted = { kind: "package", value: "editor", condition: "" } as const;
  await subscribe({ ...wanted, destination: anna, owner: "anna", createdBy: "anna" });
  t.deepEqual((await subscriberOf(anna)).declined, []);
  const [ended] = await unsubscribe(
    { destination: anna, kind: "package", value: "editor" },
    "anna",
  );
  t.is(ended?.value, "editor");
  await changeSubscriber("email:ben@example.org", { ownPackages: false });
  t.deepEqual(await route(suite, "own"), []);
  t.false(await endReason("configuration", anna, "anna"));
});

test.serial("a number in a link ends nothing of another destination", async (t) => {
  const wanted = {
    kind: "suite",
    value: "sid",
    condition: "",
    owner: "x",
    createdBy: "x",
  } as const;
  const { subscription } = await subscribe({ ...wanted, destination: "room:local" });
  await endReason(`subscription:${subscription.id}`, "email:eve@example.org", "eve");
  t.is((await unsubscribe({ id: subscription.id }, "x")).length, 1);
});

test("who is covered follows from the configuration", (t) => {
  const coverage = (email: object): Coverage => coverageOf(settingsOf({ email }).config);
  t.is(coverage({}), "all");
  t.is(coverage({ smtp: "smtp://mail" }), "own");
  t.is(coverage({ smtp: "smtp://mail", maintainers: "all" }), "all");
  t.is(coverage({ maintainers: "none" }), "none");
});
