import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { Dealer, Request } from "zeromq";
import { database, inTransaction } from "../../../../core/database/connect.ts";
import { emitEvents, setUpEmitting } from "../../../../core/events/emit.ts";
import { newKeyPair } from "../../../../core/events/key-file.ts";
import { Keyring, writeKeyFile } from "../../../../core/events/keyring.ts";
import { readPosition } from "../../../../core/events/published.ts";
import { createReplayClient, type ReplayClient } from "../../../../core/events/replay-client.ts";
import { lighthouseState } from "../../../../core/events/sequence.ts";
import { verifyFrame } from "../../../../core/events/verify.ts";
import { silentLog } from "../../../../core/log.ts";
import { base } from "../../../../core/modules/base/index.ts";
import {
  createLighthouseOf,
  type Lighthouse,
} from "../../../../core/modules/lighthouse/service.ts";
import { createRegistry } from "../../../../core/operation/registry.ts";
import { testDatabase } from "../../../support/database.ts";
import { eventually } from "../../../support/eventually.ts";
import { followAs } from "../../../support/follow.ts";
import { startLossyProxy } from "../../../support/lossy-proxy.ts";

const TAG = "_lk.core.ping";
const directory = mkdtempSync(join(tmpdir(), "lk-replay-"));
const keyring = new Keyring(directory, { recheckMilliseconds: 0 });
const log = silentLog();
let lighthouse: Lighthouse;
let client: ReplayClient;
let count = 0;

test.before(async () => {
  await testDatabase();
  setUpEmitting({ catalogue: createRegistry([base]).events, keyring, log });
  await open();
  client = createReplayClient({ endpoint: replay(), keyring });
});
test.after.always(async () => {
  client.close();
  await lighthouse.stop();
  await database().close();
  rmSync(directory, { recursive: true });
});

async function open(at: Partial<Record<"publish" | "replay", string>> = {}): Promise<void> {
  lighthouse = createLighthouseOf({
    keyring,
    submit: ["tcp://127.0.0.1:*"],
    publish: [at.publish ?? "tcp://127.0.0.1:*"],
    replay: [at.replay ?? "tcp://127.0.0.1:*"],
    log,
  });
  await lighthouse.start();
}

function replay(): string {
  return lighthouse.endpoints().replay[0] ?? "";
}

function publish(): string {
  return lighthouse.endpoints().publish[0] ?? "";
}

/** Emits numbered events. @returns what they say */
async function emit(many: number): Promise<string[]> {
  const messages = Array.from({ length: many }, () => `n${++count}`);
  await inTransaction(() =>
    emitEvents(messages.map((message) => ({ tag: TAG, data: { node: "anise", message } }))),
  );
  return messages;
}

async function published(): Promise<void> {
  await eventually(
    async () => (await database().query("select from event_unpublished")).length === 0,
    "everything is published",
  );
}

async function readAll(request: Parameters<ReplayClient["ask"]>[0]): Promise<Buffer[]> {
  const events: Buffer[] = [];
  for (let from: number | null = request.from ?? 1; from !== null;) {
    const page = await client.ask({ ...request, from });
    events.push(...page.events);
    from = page.next;
  }
  return events;
}

function said(events: Buffer[]): string[] {
  return events.map(
    (bytes) => (JSON.parse(bytes.toString()) as { data: { message: string } }).data.message,
  );
}

test.serial("replay gives the events as they were published, page by page", async (t) => {
  const messages = await emit(25);
  await published();
  const { id, sequence } = await lighthouseState();
  const first = await client.ask({ limit: 10 });
  t.like(first, { lighthouse: id, newest: sequence, oldest: 1, next: 11 });
  const all = await readAll({ limit: 10 });
  t.deepEqual(said(all).slice(-25), messages);
  for (const [index, bytes] of all.entries()) {
    t.deepEqual(readPosition(bytes), { lighthouse: id, sequence: index + 1 });
    t.true(verifyFrame(bytes, keyring).accepted);
  }
  t.deepEqual(said(await readAll({ from: 3, to: 4 })), said(all.slice(2, 4)));
  t.like(await client.ask({ from: sequence + 1 }), { next: null, events: [] });
  t.like(await client.ask({ limit: 0 }), { newest: sequence, next: null, events: [] });
});

test.serial("replay finds by uuid, by tag and by time", async (t) => {
  const before = new Date().toISOString();
  await sleep(5);
  const messages = await emit(3);
  await published();
  const recent = await readAll({ since: before });
  t.deepEqual(said(recent), messages);
  const { uuid } = JSON.parse(String(recent[1])) as { uuid: string };
  t.deepEqual(said((await client.ask({ uuid })).events), [messages[1]]);
  t.deepEqual(said(await readAll({ since: before, tag: "_lk.*.p?ng" })), messages);
  t.deepEqual(await readAll({ tag: "_lk.core.other" }), []);
  t.is((await readAll({ until: before })).length, (await lighthouseState()).sequence - 3);
  t.deepEqual(await readAll({ until: "2001-01-01T00:00:00Z" }), []);
  t.deepEqual(await readAll({ since: "2100-01-01T00:00:00Z" }), []);
});

test.serial("only clients whose key is trusted are let in", async (t) => {
  const own = keyring.trusted().find(({ key }) => key.id.endsWith("-lighthouse"))?.key.curve;
  const pair = newKeyPair("stranger");
  const strangers = new Keyring(mkdtempSync(join(directory, "stranger-")), {
    recheckMilliseconds: 0,
  });
  writeKeyFile(strangers.secretFile("general"), pair.secret, 0o600);
  for (const { file, key } of keyring.trusted()) {
    t.truthy(own, file);
    const text = newKeyPair(key.id).public.replace(/public-key = ".*"/, () => {
      return `public-key = "${key.curve?.publicKey ?? ""}"`;
    });
    writeKeyFile(strangers.trustedFile(key.id), text, 0o644);
  }
  const outside = createReplayClient({ endpoint: replay(), keyring: strangers, patience: 300 });
  await t.throwsAsync(outside.ask({}), { code: "REPLAY_UNREACHABLE" });
  writeKeyFile(keyring.trustedFile("stranger"), pair.public, 0o644);
  t.truthy((await outside.ask({ limit: 0 })).lighthouse);
  outside.close();
  rmSync(keyring.trustedFile("stranger"));
  const again = createReplayClient({ endpoint: replay(), keyring: strangers, patience: 300 });
  await t.throwsAsync(again.ask({}), { code: "REPLAY_UNREACHABLE" });
  again.close();
});

test.serial("what is no request gets an error, and REQ sockets are served too", async (t) => {
  const pair = keyring.curvePair("general");
  const server = keyring.curvePair("lighthouse");
  const options = {
    curveServerKey: server?.publicKey ?? "",
    curvePublicKey: pair?.publicKey ?? "",
    curveSecretKey: pair?.secretKey ?? "",
  };
  const dealer = new Dealer(options);
  const request = new Request(options);
  t.teardown(() => dealer.close());
  t.teardown(() => request.close());
  dealer.connect(replay());
  request.connect(replay());
  const wrong = ["", "{", "[]", '{"from":0}', '{"id":"7","limit":501}', '{"since":"yesterday"}'];
  for (const text of [...wrong, '{"surprise":1}', "\xff\xfe"]) {
    await dealer.send(text);
    const [answer] = await dealer.receive();
    t.is(typeof (JSON.parse(String(answer)) as { error: unknown }).error, "string", text);
  }
  await request.send('{"limit":0,"id":"a"}');
  t.like(JSON.parse(String((await request.receive())[0])), { id: "a", next: null });
});

test.serial("a client that asks without reading does not stop the others", async (t) => {
  await emit(600);
  await published();
  const pair = keyring.curvePair("general");
  const greedy = new Dealer({
    curveServerKey: keyring.curvePair("lighthouse")?.publicKey ?? "",
    curvePublicKey: pair?.publicKey ?? "",
    curveSecretKey: pair?.secretKey ?? "",
    receiveHighWaterMark: 1,
    linger: 0,
  });
  t.teardown(() => greedy.close());
  greedy.connect(replay());
  for (let n = 0; n < 500; n += 1) await greedy.send("{}");
  t.is((await readAll({ limit: 500 })).length, (await lighthouseState()).sequence);
});

test.serial("a subscriber fills every gap, in order, each event once", async (t) => {
  let loses = true;
  const proxy = await startLossyProxy(publish(), () => loses && Math.random() < 0.3);
  t.teardown(() => proxy.close());
  const follower = followAs(keyring, [{ publish: proxy.endpoint, replay: replay() }]);
  await follower.start();
  t.teardown(() => follower.stop());
  await eventually(() => follower.positions.size > 0, "the follower knows where it starts");
  const sent: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    sent.push(...(await emit(20)));
    await sleep(5);
  }
  await eventually(() => follower.messages.length >= sent.length, "all were heard");
  t.deepEqual(follower.messages, sent);
  t.true(proxy.dropped > 0);
  loses = false;
  sent.push(...(await emit(1)));
  await eventually(() => follower.messages.length >= sent.length, "it is in step again");
  await sleep(300);
  t.deepEqual(follower.messages, sent);
  t.deepEqual(follower.refused, []);
});

test.serial("who hears nothing at all asks by itself", async (t) => {
  const proxy = await startLossyProxy(publish(), () => true);
  t.teardown(() => proxy.close());
  const follower = followAs(keyring, [{ publish: proxy.endpoint, replay: replay() }]);
  await follower.start();
  t.teardown(() => follower.stop());
  await eventually(() => follower.positions.size > 0, "the follower knows where it starts");
  const sent = await emit(3);
  await eventually(() => follower.messages.length === 3, "all were heard");
  t.deepEqual(follower.messages, sent);
});

test.serial("a restart hears what was missed, and nothing else again", async (t) => {
  const address = [{ publish: publish(), replay: replay() }];
  const first = followAs(keyring, address);
  await first.start();
  await eventually(() => first.positions.size > 0, "the follower knows where it starts");
  const before = await emit(2);
  await eventually(() => first.messages.length === 2, "heard live");
  t.deepEqual(first.messages, before);
  await first.stop();
  const missed = await emit(700);
  await published();
  const second = followAs(keyring, address, { positions: first.positions });
  await second.start();
  await eventually(() => second.messages.length >= 700, "caught up");
  const later = await emit(2);
  await eventually(() => second.messages.length >= 702, "in step");
  t.deepEqual(second.messages, [...missed, ...later]);
  await second.stop();
});

test.serial("a subscriber outlives the restart of its Lighthouse and misses nothing", async (t) => {
  const address = { publish: publish(), replay: replay() };
  const follower = followAs(keyring, [address]);
  await follower.start();
  t.teardown(() => follower.stop());
  await eventually(() => follower.positions.size > 0, "the follower knows where it starts");
  await lighthouse.stop();
  const meanwhile = await emit(5);
  await open(address);
  await eventually(() => follower.messages.length >= 5, "heard after the restart");
  t.deepEqual(follower.messages, meanwhile);
});
