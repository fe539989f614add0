import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { z } from "zod";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { declareEvent } from "../../../core/events/declare.ts";
import { emitEvent, emitEvents, setUpEmitting } from "../../../core/events/emit.ts";
import { Keyring } from "../../../core/events/keyring.ts";
import { verifyFrame } from "../../../core/events/verify.ts";
import { silentLog } from "../../../core/log.ts";
import { Event } from "../../../core/model/event.ts";
import { testDatabase } from "../../support/database.ts";

const TAG = "_lk.archive.thing-happened";
const declared = declareEvent({
  tag: TAG,
  summary: "",
  schema: z.looseObject({ name: z.string() }),
  audience: "people",
  subject: () => ({}),
  render: () => null,
});
const directory = mkdtempSync(join(tmpdir(), "lk-keys-"));
const keyring = new Keyring(directory, { host: "anise", recheckMilliseconds: 0 });

test.before(async () => {
  await testDatabase();
  setUpEmitting({ catalogue: new Map([[TAG, declared]]), keyring, log: silentLog() });
});
test.after.always(async () => {
  await database().close();
  rmSync(directory, { recursive: true });
});

test.serial(
  "without a key the event is journalled unsigned, to be signed by Lighthouse",
  async (t) => {
    const uuid = await inTransaction(() => emitEvent(TAG, { name: "a" }));
    const event = await Event.findOne({ where: { uuid }, rejectOnEmpty: true });
    t.like(event.get(), {
      tag: TAG,
      signer: null,
      origin: "local",
    });
    t.notRegex(event.body, /signatures/);
  },
);

test.serial(
  "the event is signed with the key of its module and verifies as it is stored",
  async (t) => {
    keyring.ensureOwnKey("archive");
    const uuid = await inTransaction(() => emitEvent(TAG, { name: "é\u0000", size: 2 ** 60 }));
    const event = await Event.findOne({ where: { uuid }, rejectOnEmpty: true });
    t.is(event.signer, "anise-archive");
    t.deepEqual(event.data, { name: "é\ufffd", size: 2 ** 60 });
    const verdict = verifyFrame(Buffer.from(event.body), keyring);
    t.like(verdict, { accepted: true, signer: "anise-archive" });
    t.deepEqual(verdict.accepted && verdict.event.time, event.time);
  },
);

test.serial("what is rolled back was never announced", async (t) => {
  const before = await Event.count();
  await t.throwsAsync(
    inTransaction(async () => {
      await emitEvent(TAG, { name: "b" });
      throw new Error("undo");
    }),
    { message: "undo" },
  );
  t.is(await Event.count(), before);
});

test.serial("several events keep their order", async (t) => {
  const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
  const uuids = await inTransaction(() =>
    emitEvents(names.map((name) => ({ tag: TAG, data: { name } }))),
  );
  const rows = await Event.findAll({ where: { uuid: uuids }, order: ["id"] });
  t.deepEqual(
    rows.map((row) => row.data["name"]),
    names,
  );
});

test("emitting outside a transaction is a bug, and so is data that is not as declared", async (t) => {
  await t.throwsAsync(emitEvent(TAG, { name: "c" }), { message: /outside inTransaction/ });
  const wrong = inTransaction(() => emitEvent(TAG, { title: "c" }));
  await t.throwsAsync(wrong, { message: /cannot emit .*: name: / });
  const unknown = inTransaction(() => emitEvent("_lk.archive.typo", {}));
  await t.throwsAsync(unknown, { message: /no module declares _lk.archive.typo/ });
});
