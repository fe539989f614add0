import { randomUUID } from "node:crypto";
import test from "ava";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { Delivery } from "../../../hub/model/delivery.ts";
import { deliveryBooks, post, revise } from "../../../hub/delivery/outbox.ts";
import { booksDiffer, hubDatabase, says } from "../../support/hub.ts";

test.before(hubDatabase);
test.beforeEach(() => database().query("delete from delivery"));
test.after.always(() => database().close());

test.serial("what is posted waits for the dispatcher", async (t) => {
  const id = await post("room:local", says("hello"), { thread: "$root", replyTo: "$asked" });
  const delivery = await Delivery.findByPk(id, { rejectOnEmpty: true });
  t.like(delivery.toJSON(), {
    destination: "room:local",
    state: "pending",
    attempts: 0,
    thread: "$root",
    replyTo: "$asked",
    message: says("hello"),
  });
  t.is(await booksDiffer({ pending: 1 }), undefined);
});

test.serial("posting with the same key again changes nothing", async (t) => {
  const first = await post("room:local", says("one"), { key: "answer 7" });
  const second = await post("room:local", says("two"), { key: "answer 7" });
  t.is(second, first);
  t.deepEqual((await Delivery.findByPk(first))?.message, says("one"));
  t.is(await booksDiffer({ pending: 1 }), undefined);
});

test.serial("two that post with one key at once make one delivery", async (t) => {
  const ids = await Promise.all(
    Array.from({ length: 8 }, () =>
      inTransaction(() => post("room:local", says("one"), { key: "race" })),
    ),
  );
  t.is(new Set(ids).size, 1);
  t.is(await booksDiffer({ pending: 1 }), undefined);
});

test.serial("what a transaction posts vanishes with it", async (t) => {
  await t.throwsAsync(
    inTransaction(async () => {
      await post("room:local", says("never"));
      throw new Error("undo");
    }),
    { message: "undo" },
  );
  t.is(await booksDiffer({}), undefined);
});

test.serial("a newer edit supersedes an older one that nobody has begun to send", async (t) => {
  const id = await post("room:local", says("0 %"), { thread: "$root" });
  await revise(id, says("10 %"), { final: false });
  const newest = await revise(id, says("20 %"), { final: false });
  const pending = await Delivery.findAll({ where: { state: "pending" }, order: ["number"] });
  t.deepEqual(
    pending.map((one) => [one.message.headline[0], one.edits, one.thread]),
    [
      ["0 %", null, "$root"],
      ["20 %", id, "$root"],
    ],
  );
  t.is(await booksDiffer({ pending: 2, cancelled: 1 }), undefined);
  t.not(newest, id);
});

test.serial("an edit that is being sent is not superseded", async (t) => {
  const id = await post("room:local", says("0 %"));
  const edit = await revise(id, says("10 %"), { final: false });
  await database().query(
    "update delivery set lease_until = now() + interval '1 minute' where id = $1",
    [edit],
  );
  await revise(id, says("20 %"));
  t.is(await booksDiffer({ pending: 3 }), undefined);
});

test.serial("an edit of an edit is an edit of the original", async (t) => {
  const id = await post("room:local", says("0 %"));
  const edit = await revise(id, says("10 %"), { final: false });
  const second = await revise(edit, says("100 %"));
  t.is((await Delivery.findByPk(second))?.edits, id);
});

test.serial("revising with the same key again changes nothing", async (t) => {
  const id = await post("room:local", says("0 %"));
  const edit = await revise(id, says("done"), { key: "end of 7" });
  t.is(await revise(id, says("done"), { key: "end of 7" }), edit);
  t.is(await booksDiffer({ pending: 2 }), undefined);
});

test.serial("revising what does not exist is a bug that shows", async (t) => {
  await t.throwsAsync(revise(randomUUID(), says("x")), { message: /no delivery/ });
});

test.serial("text that PostgreSQL cannot hold is kept visibly", async (t) => {
  const id = await post("room:local", says("a\0b\ud800c"));
  t.deepEqual((await Delivery.findByPk(id))?.message, says("a\ufffdb\ufffdc"));
  t.is((await deliveryBooks()).created, 1);
});
