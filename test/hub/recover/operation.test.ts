import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { setUpEvents } from "../../../core/events/setup.ts";
import { renderText } from "../../../core/message.ts";
import { coreModules } from "../../../core/modules/index.ts";
import { runAtOnce } from "../../../core/operation/ask.ts";
import type { Answer } from "../../../core/operation/declare.ts";
import { hubModule } from "../../../hub/module.ts";
import { bookEntries } from "../../../hub/web/read/books.ts";
import { ADMIN, testEnvironment } from "../../support/environment.ts";
import { hubDatabase } from "../../support/hub.ts";

const environment = testEnvironment([...coreModules, hubModule]);

test.before(async () => {
  await hubDatabase();
  setUpEvents(environment);
});
test.after.always(() => database().close());

function recover(dryRun: boolean): Promise<Answer> {
  const declaration = environment.registry.operations.get("recover");
  if (declaration === undefined) throw new Error("nobody declares recover");
  return runAtOnce(environment, { declaration, parameters: {}, caller: ADMIN, dryRun });
}

async function events(): Promise<number> {
  const [row] = await database().query<{ count: number }>(
    "select count(*)::int as count from event where data @> '{\"recovered\": true}'",
  );
  return row?.count ?? 0;
}

test.serial("a dry run shows what would be told, the other tells it and counts it", async (t) => {
  await database().query(
    `insert into job (module, kind, status, finished_at)
     select 'foreign', 'dance', 'terminated', now() - interval '1 minute' from generate_series(1, 12)`,
  );
  const planned = await recover(true);
  const shown = planned.messages.map((message) => renderText(message)).join("\n");
  t.regex(shown, /jobs: 12 would be told/);
  t.regex(shown, /jobs\.job-terminated/);
  t.regex(shown, /and 2 more/);
  t.is(await events(), 0);
  t.deepEqual((await recover(false)).data, [
    { source: "archive", recovered: 0 },
    { source: "jobs", recovered: 12 },
  ]);
  t.is(await events(), 12);
  const again = await recover(false);
  t.regex(again.messages.map((message) => renderText(message)).join("\n"), /jobs: every event was/);
  const counted = (await bookEntries()).filter(({ name }) => name === "laniakea_recovered_total");
  const bySource = counted.map(({ labels, value }) => [labels["source"] ?? "", value] as const);
  t.deepEqual(new Map(bySource), new Map([["archive", 0] as const, ["jobs", 12] as const]));
});

test("whoever declares a source says what it finds, under a name of its own", (t) => {
  const sources = coreModules.flatMap((module) => module.recover ?? []);
  t.is(new Set(sources.map(({ name }) => name)).size, sources.length);
  for (const { tags } of sources) {
    for (const tag of tags) t.true(environment.registry.events.has(tag), tag);
  }
});
