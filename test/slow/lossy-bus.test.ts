import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { database, inTransaction } from "../../core/database/connect.ts";
import { emitEvents, setUpEmitting } from "../../core/events/emit.ts";
import { Keyring } from "../../core/events/keyring.ts";
import { silentLog } from "../../core/log.ts";
import { base } from "../../core/modules/base/index.ts";
import { createLighthouseOf, type Lighthouse } from "../../core/modules/lighthouse/service.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { testDatabase } from "../support/database.ts";
import { followAs } from "../support/follow.ts";
import { startLossyProxy } from "../support/lossy-proxy.ts";

/**
 * A network that loses 30 % of what is published, and from time to time all of it for a whole
 * second: 20,000 events, and every one of them arrives, once and in order, within a minute of the
 * last one. LK_FULL=1 sends 100,000.
 */
const EVENTS = process.env["LK_FULL"] === "1" ? 100_000 : 20_000;
const LOSS = 0.3;
/** Of each so many milliseconds the last second is silence. */
const OUTAGE_EVERY_MS = 4_000;
const LIMIT_MS = 60_000;
const AT_ONCE = 500;

const directory = mkdtempSync(join(tmpdir(), "lk-lossy-"));
const keyring = new Keyring(directory);
const log = silentLog();
let lighthouses: Lighthouse[] = [];

test.before(async () => {
  await testDatabase();
  setUpEmitting({ catalogue: createRegistry([base]).events, keyring, log });
  // Two processes' worth of the same Lighthouse, behind two bad networks.
  lighthouses = [0, 1].map(() =>
    createLighthouseOf({
      keyring,
      submit: ["tcp://127.0.0.1:*"],
      publish: ["tcp://127.0.0.1:*"],
      replay: ["tcp://127.0.0.1:*"],
      log,
    }),
  );
  for (const lighthouse of lighthouses) await lighthouse.start();
});
test.after.always(async () => {
  for (const lighthouse of lighthouses) await lighthouse.stop();
  await database().close();
  rmSync(directory, { recursive: true });
});

for (const many of [1, 2]) {
  test.serial(`through ${many} lossy networks every gap is found and filled`, async (t) => {
    t.timeout(300_000);
    const used = lighthouses.slice(0, many);
    const proxies = await Promise.all(
      used.map((one) => startLossyProxy(one.endpoints().publish[0] ?? "", loses)),
    );
    t.teardown(() => Promise.all(proxies.map((proxy) => proxy.close())).then(() => undefined));
    const follower = followAs(
      keyring,
      used.map((one, place) => ({
        publish: proxies[place]?.endpoint ?? "",
        replay: one.endpoints().replay[0],
      })),
      { askAfterMs: 1_000 },
    );
    await follower.start();
    t.teardown(() => follower.stop());
    while (follower.positions.size === 0) await sleep(10);
    const sent = await emitAll();
    const deadline = performance.now() + LIMIT_MS;
    while (follower.messages.length < sent.length && performance.now() < deadline) await sleep(20);
    t.is(follower.messages.length, sent.length);
    t.deepEqual(follower.messages, sent);
    t.deepEqual(follower.refused, []);
    t.is(follower.positions.size, 1);
    for (const { passed, dropped } of proxies) {
      t.true(dropped > EVENTS * LOSS * 0.9, `${dropped} dropped`);
      t.true(passed > 0);
    }
    for (const { lost } of follower.sources()) t.is(lost, 0);
    t.log(`${proxies.map(({ dropped }) => dropped).join(" and ")} of ${EVENTS} frames were lost`);
  });
}

function loses(): boolean {
  const outage = performance.now() % OUTAGE_EVERY_MS > OUTAGE_EVERY_MS - 1_000;
  return outage || Math.random() < LOSS;
}

async function emitAll(): Promise<string[]> {
  const sent: string[] = [];
  while (sent.length < EVENTS) {
    const messages = Array.from({ length: AT_ONCE }, (_, n) => `${sent.length + n}`);
    await inTransaction(() =>
      emitEvents(
        messages.map((message) => ({ tag: "_lk.core.ping", data: { node: "anise", message } })),
      ),
    );
    sent.push(...messages);
  }
  return sent;
}
