import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "ava";
import { load } from "js-yaml";
import { database } from "../../../core/database/connect.ts";
import type { Heard } from "../../../core/events/follower.ts";
import { silentLog } from "../../../core/log.ts";
import type { Channel } from "../../../hub/channels/channel.ts";
import { createDispatcher } from "../../../hub/delivery/dispatcher.ts";
import { post } from "../../../hub/delivery/outbox.ts";
import { takeIn } from "../../../hub/intake.ts";
import { BOOKS } from "../../../hub/web/metrics.ts";
import { type BookEntry, bookEntries } from "../../../hub/web/read/books.ts";
import { hubDatabase, says } from "../../support/hub.ts";

test.before(hubDatabase);
test.after.always(() => database().close());

interface Rule {
  alert: string;
  expr: string;
}

test("alert rules speak of metrics that there are", (t) => {
  const file = load(readFileSync("hub/web/alerts.yaml", "utf8")) as { groups: { rules: Rule[] }[] };
  const known = BOOKS.flatMap(([name, kind]) =>
    kind === "histogram" ? [`${name}_bucket`] : [name],
  );
  const rules = file.groups.flatMap((group) => group.rules);
  t.true(rules.length > 10);
  for (const { alert, expr } of rules) {
    const named = expr.match(/\blaniakea_\w+/g) ?? [];
    t.deepEqual(
      named.filter((name) => !known.includes(name)),
      [],
      alert,
    );
    t.true(named.length > 0 || expr.startsWith("up{"), alert);
  }
});

/** A frame as the follower hands it on: an event of the bus, or one that is refused. */
function frame(uuid: string, refused: boolean): Heard {
  const data = Buffer.from(JSON.stringify({ node: "anise", message: "x" }));
  const tag = "_lk.core.ping";
  const bytes = Buffer.from("{}");
  const event = { uuid, tag, time: new Date(), signer: "anise", body: bytes, data };
  const verdict = refused
    ? { accepted: false, code: "wrong-signature", reason: "no", signer: "a", tag }
    : { accepted: true, event };
  return { source: "bus", bytes, verdict, position: undefined } as unknown as Heard;
}

function sum(entries: BookEntry[], name: string, is: (labels: Record<string, string>) => boolean) {
  return entries
    .filter((entry) => entry.name === name && is(entry.labels))
    .reduce((total, { value }) => total + value, 0);
}

test("the books balance at every scrape while frames and deliveries come and go", async (t) => {
  let outcome = 0;
  const channel: Channel = {
    name: "test",
    canEdit: true,
    concurrency: 4,
    // oxlint-disable-next-line typescript/require-await -- as channels do
    send: async () =>
      outcome++ % 3 === 0
        ? { outcome: "failed", retry: outcome % 2 === 0, reason: "now and then" }
        : { outcome: "delivered" },
  };
  const retry = { firstMs: 5, lastMs: 20 };
  const log = silentLog();
  const dispatchers = [1, 2].map(() => createDispatcher({ channels: [channel], log, retry }));
  for (const one of dispatchers) await one.start();
  let busy = true;
  const frames = (async () => {
    for (let n = 0; n < 60; n++) {
      const twice = randomUUID();
      await takeIn([frame(twice, false), frame(twice, false), frame(randomUUID(), n % 4 === 0)]);
    }
  })();
  const deliveries = (async () => {
    for (let n = 0; n < 200; n++) await post(`test:${n % 7}`, says("x"));
  })();
  const done = Promise.all([frames, deliveries]).finally(() => (busy = false));
  done.catch(() => undefined);
  let scrapes = 0;
  let pending = 0;
  while (busy) {
    const entries = await bookEntries();
    const frameCount = (is: (outcome: string) => boolean) =>
      sum(entries, "laniakea_intake_frames_total", (labels) => is(labels["outcome"] ?? ""));
    t.is(
      frameCount((one) => one === "received"),
      frameCount((one) => one !== "received"),
    );
    const all = sum(entries, "laniakea_deliveries", () => true);
    t.is(
      all,
      sum(entries, "laniakea_deliveries_created", () => true),
    );
    pending += sum(entries, "laniakea_deliveries", ({ state }) => state === "pending");
    scrapes += 1;
  }
  await done;
  for (const one of dispatchers) await one.stop();
  t.true(scrapes > 3 && pending > 0, `${scrapes} scrapes`);
  const entries = await bookEntries();
  t.is(
    sum(entries, "laniakea_intake_frames_total", (l) => l["outcome"] === "received"),
    180,
  );
  t.is(
    sum(entries, "laniakea_deliveries_created", () => true),
    200,
  );
});
