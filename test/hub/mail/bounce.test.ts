import { randomUUID } from "node:crypto";
import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { plainLine } from "../../../core/message.ts";
import { createSeals } from "../../../hub/mail/seals.ts";
import { listSuspensions, mailStanding, resumeMail } from "../../../hub/mail/standing.ts";
import { bounceAddress } from "../../../hub/mail/tokens.ts";
import { booksDiffer, hubDatabase } from "../../support/hub.ts";
import { deliveryReport, openMailroom, type TestMailroom } from "../../support/mailroom.ts";

const BOUNCES = "bounces@example.org";
let room: TestMailroom;

test.before(async () => {
  await hubDatabase();
  room = await openMailroom();
});
test.after.always(() => database().close());

/** A mail to the address comes back. @returns what became of the report */
async function bounce(address: string, status: string, action?: string): Promise<string> {
  const id = await room.delivery(`email:${address}`);
  return room.handSource(deliveryReport(status, action), bounceAddress(BOUNCES, id, room.seals));
}

async function isSuspended(address: string): Promise<boolean> {
  return (await listSuspensions()).some((one) => one.address === address);
}

test.serial(
  "three mails that nobody took suspend an address, which is said elsewhere",
  async (t) => {
    const address = "gone@example.net";
    t.is(await bounce(address, "5.1.1"), "report 5.1.1: counted");
    t.is(await bounce(address, "5.1.1"), "report 5.1.1: counted");
    t.false(await isSuspended(address));
    t.is(await bounce(address, "5.1.1"), "report 5.1.1: suspended");
    t.true(await isSuspended(address));
    const [said] = await room.told("room:local");
    t.is(plainLine(said?.message.headline ?? []), "Mail to go…@example.net is suspended");
    t.deepEqual(
      await room
        .told(`email:${address}`)
        .then((told) => told.filter((one) => one.state === "pending")),
      [],
    );
    t.is(await bounce(address, "5.1.1"), "report 5.1.1: counted");
    t.is((await room.told("room:local")).length, 1);
  },
);

test.serial("whoever subscribed the address hears of it in their other places", async (t) => {
  const address = "away@example.net";
  for (const [destination, owner] of [
    [`email:${address}`, "@anna:example.org"],
    ["matrix:!anna:example.org", "@anna:example.org"],
    ["email:other@example.net", "@anna:example.org"],
    ["matrix:!ben:example.org", "@ben:example.org"],
  ]) {
    await database().query(
      `insert into subscription (destination, kind, value, owner, created_by)
       values ($1, 'package', 'bash', $2, $2)`,
      [destination, owner],
    );
  }
  for (let count = 0; count < 3; count++) await bounce(address, "5.1.1");
  t.is((await room.told("matrix:!anna:example.org")).length, 1);
  t.deepEqual(await room.told("matrix:!ben:example.org"), []);
  t.deepEqual(await room.told("email:other@example.net"), []);
});

test.serial("one mail counts once, however many reports come about it", async (t) => {
  const id = await room.delivery("email:once@example.net");
  const recipient = bounceAddress(BOUNCES, id, room.seals);
  t.is(await room.handSource(deliveryReport("5.1.1"), recipient), "report 5.1.1: counted");
  for (let count = 0; count < 5; count++) {
    t.is(await room.handSource(deliveryReport("5.1.1"), recipient), "report 5.1.1: known already");
  }
  t.false(await isSuspended("once@example.net"));
});

test.serial("a full mailbox counts a quarter, and a delay or a receipt nothing", async (t) => {
  const address = "full@example.net";
  for (let count = 0; count < 11; count++) await bounce(address, "5.2.2");
  for (let count = 0; count < 5; count++) await bounce(address, "4.4.1", "delayed");
  t.is(await bounce(address, "2.0.0", "delivered"), "report: delivered");
  t.false(await isSuspended(address));
  t.is(await bounce(address, "4.4.7"), "report 4.4.7: suspended");
});

test.serial("what is no report changes nothing, and is not answered", async (t) => {
  const id = await room.delivery("email:holiday@example.net");
  const recipient = bounceAddress(BOUNCES, id, room.seals);
  const away = "From: a@example.net\r\nSubject: I am away\r\n\r\nunsubscribeall\r\n";
  t.regex(await room.handSource(away, recipient), /^no report/);
  t.is((await room.told("email:a@example.net")).length, 0);
  t.regex(await room.handSource(away, BOUNCES), /without our proof/);
});

test.serial(
  "a suspended address gets nothing but answers until it is resumed, then what waited",
  async (t) => {
    const { withheld } = mailStanding(room.settings);
    const address = "gone@example.net";
    const mail = { address, reason: "test", subject: {} };
    const why = await withheld(mail);
    t.regex(why ?? "", /^suspended: .*5\.1\.1/);
    t.is(await withheld({ ...mail, subject: { answer: true } }), undefined);
    const id = await room.delivery(`email:${address}`, {}, "pending");
    await database().query(
      "update delivery set state = 'cancelled', last_error = $2, finished_at = now() where id = $1",
      [id, why],
    );
    t.is(await resumeMail(address), 1);
    t.is(await withheld(mail), undefined);
    t.is(await resumeMail(address), undefined);
    // It begins anew: what came back before counts no more.
    t.is(await bounce(address, "5.1.1"), "report 5.1.1: counted");
    const pending = (await room.told(`email:${address}`)).filter((one) => one.state === "pending");
    t.is(pending.length, 1);
  },
);

test.serial("10,000 forged reports change nothing", async (t) => {
  const address = "victim@example.net";
  const ids = [];
  for (let count = 0; count < 10; count++) ids.push(await room.delivery(`email:${address}`));
  const foreign = createSeals(["guessed".repeat(6)]);
  const before = await state();
  const { createDealer } = await import("../../../hub/mail/mailroom.ts");
  const deal = await createDealer(room.settings);
  const outcomes = new Set<string>();
  const source = Buffer.from(deliveryReport("5.1.1"));
  for (let count = 0; count < 10_000; count++) {
    const id = ids[count % ids.length] ?? randomUUID();
    const honest = bounceAddress(BOUNCES, id, room.seals);
    const recipient =
      [
        bounceAddress(BOUNCES, id, foreign),
        // One character of an honest one is changed, and the token of one is moved to another domain.
        honest.replace(/.(?=@)/, (last) => (last === "a" ? "e" : "a")),
        honest.replace("example.org", "example.com"),
        `bounces+${id}@example.org`,
        `bounces+${id.replaceAll("-", "")}@example.org`,
      ][count % 5] ?? BOUNCES;
    outcomes.add(await deal({ id: "0", recipient, sender: "", source, attempts: 1 }));
  }
  t.deepEqual(await state(), before);
  t.false(await isSuspended(address));
  t.false(
    [...outcomes].some((outcome) => /counted|suspended|known/.test(outcome)),
    [...outcomes].join("; "),
  );
  t.is(await booksDiffer(await booksNow()), undefined);
});

async function state(): Promise<unknown> {
  return database().query(
    `select (select count(*) from mail_bounce) as bounces,
            (select count(*) from mail_suspension) as suspensions,
            (select count(*) from delivery) as deliveries,
            (select count(*) from mail_refusal) as refusals`,
  );
}

async function booksNow(): Promise<Record<string, number>> {
  const rows = await database().query<{ state: string; count: string }>(
    "select state, count(*) from delivery group by state",
  );
  return Object.fromEntries(rows.map(({ state: name, count }) => [name, Number(count)]));
}
