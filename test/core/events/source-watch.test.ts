import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { setUpEmitting } from "../../../core/events/emit.ts";
import type { Source } from "../../../core/events/follower.ts";
import { Keyring } from "../../../core/events/keyring.ts";
import { createSourceWatch } from "../../../core/events/source-watch.ts";
import { silentLog } from "../../../core/log.ts";
import { Event } from "../../../core/model/event.ts";
import { lighthouse } from "../../../core/modules/lighthouse/index.ts";
import { lighthouseChecks, lighthouseStatus } from "../../../core/modules/lighthouse/status.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { testDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";

test.before(() => testDatabase());
test.after.always(() => database().close());

/** Alive for as long as the test may take. */
function soon(): Date {
  return new Date(Date.now() + 600_000);
}

test("a silent Lighthouse is told once, and once more when it is heard again", async (t) => {
  const log = silentLog();
  const catalogue = createRegistry([lighthouse]).events;
  setUpEmitting({ catalogue, keyring: new Keyring("/nonexistent"), log });
  const source: Source = { endpoint: "tcp://a", lighthouse: undefined, alive: undefined, lost: 0 };
  let looks = 0;
  function sources(): Source[] {
    looks += 1;
    return [source, { ...source, endpoint: "tcp://b", alive: soon() }];
  }
  const watches = ["hub", "hub"].map((reader) =>
    createSourceWatch({ reader, sources, log, silentAfterMs: 100, lookMs: 10 }),
  );
  for (const watch of watches) await watch.start();
  t.teardown(() => Promise.all(watches.map((watch) => watch.stop())).then(() => undefined));
  await eventually(async () => (await Event.count()) === 1, "its silence is told");
  const told = looks;
  await eventually(() => looks > told + 5, "it was looked at again and again");
  t.deepEqual(
    (await Event.findAll()).map(({ tag, data }) => [tag, data["endpoint"]]),
    [["_lk.lighthouse.silent", "tcp://a"]],
  );
  t.deepEqual(
    (await lighthouseChecks()).map(({ tone }) => tone),
    ["bad", "good"],
  );
  t.is((await lighthouseStatus()).length, 1);
  source.alive = soon();
  await eventually(async () => (await Event.count()) === 2, "its return is told");
  const [, back] = await Event.findAll({ order: ["id"] });
  t.is(back?.tag, "_lk.lighthouse.recovered");
  t.deepEqual(await lighthouseStatus(), []);
});
