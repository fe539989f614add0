import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { Dealer, Request, Subscriber } from "zeromq";
import { database, inTransaction } from "../../../../core/database/connect.ts";
import { toPlain } from "../../../../core/events/canonical.ts";
import { emitEvent, newEvent, setUpEmitting } from "../../../../core/events/emit.ts";
import { wireText } from "../../../../core/events/envelope.ts";
import { parseJson, type JsonObject } from "../../../../core/events/json.ts";
import { Keyring } from "../../../../core/events/keyring.ts";
import { newSigningKey, signObject, signedBytes } from "../../../../core/events/signature.ts";
import { lighthouseState, sequencesOf } from "../../../../core/events/sequence.ts";
import { submitEvent } from "../../../../core/events/submit.ts";
import { MAX_EVENT_BYTES, verifyFrame } from "../../../../core/events/verify.ts";
import { silentLog } from "../../../../core/log.ts";
import { Event, EventQuarantine } from "../../../../core/model/event.ts";
import { base } from "../../../../core/modules/base/index.ts";
import {
  createLighthouseOf,
  type Lighthouse,
} from "../../../../core/modules/lighthouse/service.ts";
import { createRegistry } from "../../../../core/operation/registry.ts";
import { testDatabase } from "../../../support/database.ts";

const TAG = "_lk.core.ping";
const directory = mkdtempSync(join(tmpdir(), "lk-bus-"));
const keyring = new Keyring(directory, { host: "anise", recheckMilliseconds: 0 });
const log = silentLog();
let lighthouse: Lighthouse;
let submit = "";
let publish = "";

test.before(async () => {
  await testDatabase();
  setUpEmitting({ catalogue: createRegistry([base]).events, keyring, log });
  await open();
});
test.after.always(async () => {
  await lighthouse.stop();
  await database().close();
  rmSync(directory, { recursive: true });
});

async function open(): Promise<void> {
  lighthouse = createLighthouseOf({
    keyring,
    submit: ["tcp://127.0.0.1:*", `ipc://${directory}/submit`],
    publish: ["tcp://127.0.0.1:*", `ipc://${directory}/publish`],
    log,
  });
  await lighthouse.start();
  submit = lighthouse.endpoints().submit[0] ?? "";
  publish = lighthouse.endpoints().publish[0] ?? "";
}

function pingData(message: string = randomUUID()): { node: string; message: string } {
  return { node: "anise", message };
}

/** A signed event of the machine's own, not yet sent. */
function signedPing(): JsonObject {
  return newEvent(TAG, pingData(), keyring.signingKey("general"));
}

/** A subscriber that surely hears: pings go out until one of them arrives. */
async function subscribe(t: ExecutionContext, endpoint = publish): Promise<Subscriber> {
  const socket = new Subscriber({ receiveTimeout: 100 });
  t.teardown(() => socket.close());
  socket.subscribe();
  socket.connect(endpoint);
  for (;;) {
    await inTransaction(() => emitEvent(TAG, pingData("warm-up")));
    try {
      await socket.receive();
      break;
    } catch (thrown) {
      if ((thrown as { code?: string }).code !== "EAGAIN") throw thrown;
    }
  }
  socket.receiveTimeout = 20_000;
  return socket;
}

/** The next event that says something, warm-ups passed over. */
async function next(socket: Subscriber): Promise<{ frames: Buffer[]; event: JsonObject }> {
  for (;;) {
    const frames = await socket.receive();
    const event = parseJson(frames[1]?.toString() ?? "") as JsonObject;
    const { data } = toPlain(event) as { data: { message?: string } };
    if (data.message !== "warm-up") return { frames, event };
  }
}

async function unpublished(): Promise<number> {
  return (await database().query("select from event_unpublished")).length;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

test.serial(
  "the first start makes keys for this machine, closed to others, and trusts them",
  (t) => {
    t.deepEqual(readdirSync(join(directory, "secret")).sort(), [
      "anise-general_private.sec",
      "anise-lighthouse_private.sec",
    ]);
    t.deepEqual(readdirSync(join(directory, "trusted")).sort(), [
      "anise-general.pub.key",
      "anise-lighthouse.pub.key",
    ]);
    t.is(statSync(keyring.secretFile("lighthouse")).mode & 0o777, 0o600);
  },
);

test.serial(
  "a submitted event comes out in two frames with both signatures and its number",
  async (t) => {
    const socket = await subscribe(t);
    const event = signedPing();
    const dealer = new Dealer();
    t.teardown(() => dealer.close());
    dealer.connect(submit);
    // One frame, as the peer sends.
    await dealer.send(wireText(event));
    const heard = await next(socket);
    t.is(heard.frames.length, 2);
    t.is(heard.frames[0]?.toString(), TAG);
    const plain = toPlain(heard.event);
    t.deepEqual(Object.keys(plain["signatures"] as object).sort(), [
      "anise-general",
      "anise-lighthouse",
    ]);
    const verdict = verifyFrame(heard.frames[1] ?? Buffer.alloc(0), keyring);
    t.deepEqual(verdict.accepted && verdict.signers, ["anise-general", "anise-lighthouse"]);
    t.deepEqual(signedBytes(heard.event), signedBytes(event));
    const row = await Event.findOne({
      where: { uuid: String(plain["uuid"]) },
      rejectOnEmpty: true,
    });
    t.deepEqual(plain["unsigned"], {
      lighthouse: (await lighthouseState()).id,
      sequence: (await sequencesOf([row.id])).get(row.id),
    });
    t.is(row.body, wireText(event));
    t.like(row.get(), { origin: "submitted", signer: "anise-general", tag: TAG });
  },
);

test.serial("every endpoint takes events in, and every other gives them out", async (t) => {
  const socket = await subscribe(t, `ipc://${directory}/publish`);
  const event = signedPing();
  t.deepEqual(await submitEvent(event, `ipc://${directory}/submit`), { kind: "accepted" });
  t.deepEqual(signedBytes((await next(socket)).event), signedBytes(event));
});

test.serial(
  "an event emitted here is published too; without a key only Lighthouse signs it",
  async (t) => {
    const socket = await subscribe(t);
    const bare = new Keyring("/nonexistent");
    setUpEmitting({ catalogue: createRegistry([base]).events, keyring: bare, log });
    const data = pingData();
    const uuid = await inTransaction(() => emitEvent(TAG, data));
    setUpEmitting({ catalogue: createRegistry([base]).events, keyring, log });
    const { event } = await next(socket);
    t.like(toPlain(event), { uuid, data });
    t.deepEqual(Object.keys(toPlain(event)["signatures"] as object), ["anise-lighthouse"]);
  },
);

test.serial("an event is accepted once, and says so when asked", async (t) => {
  const event = signedPing();
  t.deepEqual(await submitEvent(event, submit), { kind: "accepted" });
  t.deepEqual(await submitEvent(event, submit), { kind: "duplicate" });
  t.is(await Event.count({ where: { uuid: String(toPlain(event)["uuid"]) } }), 1);
});

test.serial(
  "who asks with numbers is answered with them, and a greeting counts nowhere",
  async (t) => {
    const dealer = new Dealer({ receiveTimeout: 20_000 });
    t.teardown(() => dealer.close());
    dealer.connect(submit);
    const before = lighthouse.counts().received;
    await dealer.send(["{}", "hello"]);
    t.is(String(await dealer.receive()), '{"acknowledges":true}');
    t.is(lighthouse.counts().received, before);
    const event = signedPing();
    const uuid = String(toPlain(event)["uuid"]);
    await dealer.send([wireText(event), "ack 1"]);
    await dealer.send([wireText(event), "ack 2"]);
    await dealer.send(['{"tag": 1}', "ack 3"]);
    const answers: unknown[] = [];
    while (answers.length < 3) {
      // Several answers may come as the frames of one message.
      for (const frame of await dealer.receive()) answers.push(JSON.parse(frame.toString()));
    }
    t.deepEqual(
      answers.toSorted((a, b) => Number(Object(a).number) - Number(Object(b).number)),
      [
        { accepted: uuid, duplicate: false, number: 1 },
        { accepted: uuid, duplicate: true, number: 2 },
        { refused: "the member uuid is missing", number: 3 },
      ],
    );
  },
);

test.serial("events are published in the order of the journal", async (t) => {
  const socket = await subscribe(t);
  const names = Array.from({ length: 600 }, (_, index) => `n${index}`);
  await inTransaction(async () => {
    for (const name of names) await emitEvent(TAG, pingData(name));
  });
  const heard: unknown[] = [];
  let last: number | undefined;
  for (const _ of names) {
    const plain = toPlain((await next(socket)).event) as {
      data: { message: string };
      unsigned: { sequence: number };
    };
    heard.push(plain.data.message);
    t.is(plain.unsigned.sequence, (last ?? plain.unsigned.sequence - 1) + 1);
    last = plain.unsigned.sequence;
  }
  t.deepEqual(heard, names);
});

test.serial(
  "hostile frames are refused with a reason, kept for operators, and harm nobody",
  async (t) => {
    await EventQuarantine.destroy({ where: {} });
    const before = structuredClone(lighthouse.counts());
    const stranger = newEvent(TAG, pingData(), newSigningKey("stranger"));
    const impostor = newEvent(TAG, pingData(), newSigningKey("anise-general"));
    const tampered = wireText(signedPing()).replace('"anise"', '"mallory"');
    const dealer = new Dealer();
    const request = new Request({ linger: 0 });
    t.teardown(() => dealer.close());
    t.teardown(() => request.close());
    dealer.connect(submit);
    request.connect(submit);
    const hostile = [
      wireText(stranger),
      wireText(impostor),
      tampered,
      "",
      "not JSON \0",
      "[".repeat(5000),
      Buffer.from([0xff, 0xfe, 0x00]),
      "x".repeat(MAX_EVENT_BYTES + 1),
      ["one", "two", "three", "four"],
    ];
    for (const frames of hostile) await dealer.send(frames);
    await request.send(wireText(signedPing()));
    const sent = hostile.length + 1;
    await until(() => lighthouse.counts().received === before.received + sent);
    await until(async () => (await EventQuarantine.count()) === sent);
    const reasons = await EventQuarantine.findAll({ order: ["id"] });
    const said = new Map(reasons.map((row) => [row.reason, row]));
    t.like(said.get("no trusted signer: stranger")?.get(), {
      signer: "stranger",
      tag: TAG,
      source: submit,
    });
    t.truthy(said.get("the signature of anise-general is wrong"));
    t.truthy(said.get(`longer than ${MAX_EVENT_BYTES} bytes`));
    t.truthy(said.get("not one frame from a DEALER socket"));
    t.deepEqual(await submitEvent(signedPing(), submit), { kind: "accepted" });
    const { refused } = lighthouse.counts();
    t.is(refused["wrong-signature"], (before.refused["wrong-signature"] ?? 0) + 2);
    t.is(refused["frames"], 3);
  },
);

test.serial("the books balance: received is stored, duplicate or refused", (t) => {
  const { received, stored, duplicate, refused } = lighthouse.counts();
  const refusals = Object.values(refused).reduce((sum, one) => sum + one, 0);
  t.is(received, stored + duplicate + refusals);
  t.true(duplicate > 0 && refusals > 0);
});

test.serial("a flood of junk is counted in full and kept in part", async (t) => {
  await EventQuarantine.destroy({ where: {} });
  const before = lighthouse.counts().received;
  const dealer = new Dealer({ sendHighWaterMark: 0 });
  t.teardown(() => dealer.close());
  dealer.connect(submit);
  for (let index = 0; index < 2000; index += 1) await dealer.send(`junk ${index}`);
  await until(() => lighthouse.counts().received === before + 2000);
  t.deepEqual(await submitEvent(signedPing(), submit), { kind: "accepted" });
  // 200 for each window of time, of which the flood may touch two.
  t.true((await EventQuarantine.count()) <= 400);
});

test.serial("trusting and revoking a key counts without a restart", async (t) => {
  const key = newSigningKey("newcomer");
  const event = newEvent(TAG, pingData(), key);
  t.like(await submitEvent(event, submit), { kind: "refused" });
  keyring.ensureOwnKey("core");
  const own = newEvent(TAG, pingData(), keyring.signingKey("core"));
  t.deepEqual(await submitEvent(own, submit), { kind: "accepted" });
  rmSync(keyring.trustedFile("anise-core"));
  const again = newEvent(TAG, pingData(), keyring.signingKey("core"));
  t.deepEqual(await submitEvent(again, submit), {
    kind: "refused",
    reason: "no trusted signer: anise-core",
  });
});

test.serial("an event relayed by another Lighthouse keeps that signature", async (t) => {
  const socket = await subscribe(t);
  const other = newSigningKey("other-lighthouse");
  const event = signObject(signedPing(), other);
  t.deepEqual(await submitEvent(event, submit), { kind: "accepted" });
  const heard = toPlain((await next(socket)).event);
  t.deepEqual(Object.keys(heard["signatures"] as object).sort(), [
    "anise-general",
    "anise-lighthouse",
    "other-lighthouse",
  ]);
});

test.serial(
  "what was taken in before a stop is published, and a restart publishes what waited",
  async (t) => {
    const dealer = new Dealer();
    t.teardown(() => dealer.close());
    dealer.connect(submit);
    const events = Array.from({ length: 50 }, signedPing);
    const before = lighthouse.counts().received;
    for (const event of events) await dealer.send(wireText(event));
    await until(() => lighthouse.counts().received > before);
    await lighthouse.stop();
    const uuids = events.map((event) => String(toPlain(event)["uuid"]));
    t.is(await unpublished(), 0);
    t.is(await Event.count({ where: { uuid: uuids } }), 50);
    await inTransaction(() => emitEvent(TAG, pingData()));
    t.is(await unpublished(), 1);
    await open();
    await until(async () => (await unpublished()) === 0);
  },
);

test.serial("a port that is taken is an error that says which and what to do", async (t) => {
  const second = createLighthouseOf({
    keyring,
    submit: [submit],
    publish: ["tcp://127.0.0.1:*"],
    log,
  });
  await t.throwsAsync(second.start(), { code: "ENDPOINT", message: /another program has it/ });
  await second.stop();
});

test.serial("nobody there is an answer too", async (t) => {
  const outcome = await submitEvent(signedPing(), `ipc://${directory}/nobody`, 100);
  t.deepEqual(outcome, { kind: "unreachable" });
});
