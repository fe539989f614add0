import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { Dealer } from "zeromq";
import { database } from "../../core/database/connect.ts";
import { makeEnvelope, wireText } from "../../core/events/envelope.ts";
import { Keyring } from "../../core/events/keyring.ts";
import { signObject, type SigningKey } from "../../core/events/signature.ts";
import { silentLog } from "../../core/log.ts";
import { Event } from "../../core/model/event.ts";
import { createLighthouseOf } from "../../core/modules/lighthouse/service.ts";
import { testDatabase } from "../support/database.ts";

const directory = mkdtempSync(join(tmpdir(), "lk-full-"));

test.before(() => testDatabase());
test.after.always(async () => {
  await database().close();
  rmSync(directory, { recursive: true });
});

test("beyond the marks senders wait; memory stays bounded and nothing is lost", async (t) => {
  const keyring = new Keyring(directory, { host: "anise" });
  const lighthouse = createLighthouseOf({
    keyring,
    submit: ["tcp://127.0.0.1:*"],
    publish: [],
    log: silentLog(),
  });
  await lighthouse.start();
  t.teardown(() => lighthouse.stop());
  const key = keyring.signingKey("general") as SigningKey;
  // The database takes nothing, as when its disk is full or it is gone.
  const blocker = await database().client();
  await blocker.query("begin; lock table event in exclusive mode");
  const socket = new Dealer({ sendTimeout: 3_000, linger: 60_000 });
  socket.connect(lighthouse.endpoints().submit[0] ?? "");
  // Long ones: the marks are of bytes, too.
  const message = "x".repeat(20_000);
  let sent = 0;
  for (;;) {
    const event = signObject(makeEnvelope("_lk.core.ping", { node: "anise", message }), key);
    try {
      await socket.send(wireText(event));
      sent += 1;
    } catch (thrown) {
      t.is((thrown as NodeJS.ErrnoException).code, "EAGAIN");
      break;
    }
  }
  const taken = lighthouse.counts().received;
  t.log(`${sent} sent, ${taken} of them read, until the sender had to wait`);
  t.true(taken < 2_000, `${taken} events of 20 kB are in memory`);
  t.is(await Event.count(), 0);
  await blocker.query("rollback");
  await blocker.end();
  while (lighthouse.counts().stored < sent) await sleep(50);
  t.is(await Event.count(), sent);
  t.deepEqual(lighthouse.counts().refused, {});
  socket.close();
});
