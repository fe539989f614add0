import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { quarantine } from "../../../core/events/quarantine.ts";
import { EventQuarantine } from "../../../core/model/event.ts";
import { testDatabase } from "../../support/database.ts";

test.before(async () => {
  await testDatabase();
});
test.after.always(() => database().close());

test.serial("anything can be quarantined", async (t) => {
  const source = "tcp://x";
  await quarantine([
    { source, code: "not-json", reason: "no", body: "\0\ud800" + "x".repeat(100_000) },
    { source, code: "untrusted", reason: "untrusted", signer: "a\0", tag: "_lk.a.b", body: "" },
  ]);
  const rows = await EventQuarantine.findAll({ order: ["id"] });
  t.is(rows[0]?.body.length, 65_536);
  t.like(rows[1]?.get(), { code: "untrusted", signer: "a\ufffd", tag: "_lk.a.b" });
});

test.serial("the newest ten thousand are kept", async (t) => {
  await EventQuarantine.destroy({ where: {} });
  const frame = { source: "", code: "untrusted", body: "" };
  const frames = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({ ...frame, reason: String(from + n) }));
  await quarantine(frames(0, 10_000));
  await quarantine(frames(10_000, 5));
  t.is(await EventQuarantine.count(), 10_000);
  t.is((await EventQuarantine.findOne({ order: ["id"] }))?.reason, "5");
});
