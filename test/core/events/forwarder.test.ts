import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Router } from "zeromq";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { emitEvent, setUpEmitting } from "../../../core/events/emit.ts";
import { createForwarder } from "../../../core/events/forwarder.ts";
import { storeEvents } from "../../../core/events/journal.ts";
import { Keyring } from "../../../core/events/keyring.ts";
import { newEvent } from "../../../core/events/new-event.ts";
import { wireText } from "../../../core/events/envelope.ts";
import { verifyFrame } from "../../../core/events/verify.ts";
import { silentLog } from "../../../core/log.ts";
import { base } from "../../../core/modules/base/index.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { testDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";

const TAG = "_lk.core.ping";
const directory = mkdtempSync(join(tmpdir(), "lk-forward-"));
const keyring = new Keyring(join(directory, "keys"), { recheckMilliseconds: 0 });
const log = silentLog();

test.before(async () => {
  await testDatabase();
  setUpEmitting({ catalogue: createRegistry([base]).events, keyring, log, forward: true });
});
test.after.always(async () => {
  await database().close();
  rmSync(directory, { recursive: true });
});

function forwarder(server: string): ReturnType<typeof createForwarder> {
  const spool = join(directory, "spool");
  return createForwarder({
    spool,
    servers: [server],
    key: () => keyring.signingKey("core"),
    log,
    patience: { pause: 50 },
  });
}

/** A Lighthouse elsewhere that keeps what it hears. */
async function elsewhere(): Promise<{ endpoint: string; heard: string[]; close(): void }> {
  const socket = new Router({ linger: 0 });
  await socket.bind(`ipc://${directory}/submit`);
  const heard: string[] = [];
  void (async () => {
    for await (const [identity = "", json, second] of socket) {
      if (String(second) === "hello") {
        await socket.send([identity, '{"acknowledges":true}']);
        continue;
      }
      const verdict = verifyFrame(json ?? Buffer.alloc(0), keyring);
      if (!verdict.accepted) throw new Error(verdict.reason);
      heard.push((JSON.parse(verdict.event.data.toString()) as { message: string }).message);
      const number = Number(String(second).slice(4));
      const answer = { accepted: verdict.event.uuid, duplicate: false, number };
      await socket.send([identity, JSON.stringify(answer)]);
    }
  })();
  return { endpoint: socket.lastEndpoint ?? "", heard, close: () => socket.close() };
}

function emit(message: string): Promise<string> {
  return inTransaction(() => emitEvent(TAG, { node: "anise", message }));
}

async function waiting(): Promise<number> {
  const rows = await database().query("select from event_unforwarded");
  return rows.length;
}

test.serial(
  "what is emitted here goes on to other Lighthouses, in order; what was heard does not",
  async (t) => {
    const server = await elsewhere();
    t.teardown(() => server.close());
    // Without a key it waits, and what comes after it too: the order holds.
    await emit("first");
    const first = forwarder(server.endpoint);
    await first.start();
    t.is(await waiting(), 1);
    keyring.ensureOwnKey("core");
    await emit("second");
    const key = keyring.signingKey("core");
    const frame = wireText(newEvent(TAG, { node: "other", message: "heard" }, key));
    const verdict = verifyFrame(Buffer.from(frame), keyring);
    if (!verdict.accepted) throw new Error(verdict.reason);
    await storeEvents([verdict.event], "bus");
    await eventually(() => server.heard.length === 2, "two events are forwarded");
    await first.stop();
    t.deepEqual(server.heard, ["first", "second"]);
    t.is(await waiting(), 0);
    // Nobody forwards now; the next one takes it up.
    await inTransaction(async () => {
      await emitEvent(TAG, { node: "anise", message: "third" });
      await emitEvent(TAG, { node: "anise", message: "fourth" });
    });
    t.is(await waiting(), 2);
    const second = forwarder(server.endpoint);
    await second.start();
    await eventually(() => server.heard.length === 4, "the other two as well");
    t.deepEqual(server.heard, ["first", "second", "third", "fourth"]);
    await second.stop();
  },
);

test.serial("an event that is rolled back is forwarded by nobody", async (t) => {
  const before = await waiting();
  const failing = inTransaction(async () => {
    await emitEvent(TAG, { node: "anise", message: "never" });
    throw new Error("no");
  });
  await t.throwsAsync(failing);
  t.is(await waiting(), before);
});
