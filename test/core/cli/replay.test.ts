import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { printReplay, type ReplayFlags } from "../../../core/cli/replay.ts";
import { loadSettings } from "../../../core/config.ts";
import { database, inTransaction } from "../../../core/database/connect.ts";
import { emitEvents, setUpEmitting } from "../../../core/events/emit.ts";
import { openKeyring } from "../../../core/events/setup.ts";
import { silentLog } from "../../../core/log.ts";
import { base } from "../../../core/modules/base/index.ts";
import { createLighthouseOf, type Lighthouse } from "../../../core/modules/lighthouse/service.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { testDatabase } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";

const directory = mkdtempSync(join(tmpdir(), "lk-replay-"));
const registry = createRegistry([base]);
const log = silentLog();
let lighthouse: Lighthouse;

test.before(async () => {
  await testDatabase();
  const keyring = openKeyring({ settings: settings(""), log });
  lighthouse = createLighthouseOf({
    keyring,
    submit: [],
    publish: [],
    replay: ["tcp://127.0.0.1:*"],
    log,
  });
  await lighthouse.start();
  setUpEmitting({ catalogue: registry.events, keyring, log });
  const events = ["a", "b", "c"].map((message) => ({
    tag: "_lk.core.ping",
    data: { node: "anise", message },
  }));
  await inTransaction(() => emitEvents(events));
  await eventually(
    async () => (await database().query("select from event_number")).length === 3,
    "all have their numbers",
  );
});
test.after.always(async () => {
  await lighthouse.stop();
  await database().close();
  rmSync(directory, { recursive: true });
});

function settings(endpoint: string): ReturnType<typeof loadSettings> {
  const file = join(directory, "config.toml");
  writeFileSync(file, `[lighthouse]\nreplay = [${endpoint === "" ? "" : `"${endpoint}"`}]\n`);
  return loadSettings({ file, dataDirectory: directory });
}

async function print(flags: ReplayFlags, json = false): Promise<string[]> {
  let text = "";
  const out = { write: (part: string) => (text += part) } as unknown as NodeJS.WriteStream;
  const environment = { registry, log, settings: settings(lighthouse.endpoints().replay[0] ?? "") };
  await printReplay(environment, { out, err: out, json, progress: "none" }, flags);
  return text.split("\n").slice(0, -1);
}

test.serial("events are printed oldest first, with their numbers", async (t) => {
  const lines = await print({});
  t.is(lines.length, 3);
  for (const [index, line] of lines.entries()) {
    t.regex(line, new RegExp(`^${index + 1} 20\\S+Z _lk\\.core\\.ping \\S+ [0-9a-f-]{36}$`));
  }
});

test.serial("a number, a time or how long ago says where to begin and end", async (t) => {
  const all = await print({});
  t.deepEqual(await print({ since: "2" }), all.slice(1));
  t.deepEqual(await print({ since: "2", until: "2" }), all.slice(1, 2));
  t.deepEqual(await print({ since: "1h" }), all);
  t.deepEqual(await print({ since: "2001-01-01", tag: "_lk.core.*" }), all);
  t.deepEqual(await print({ until: "2001-01-01T00:00Z" }), []);
  await t.throwsAsync(print({ since: "yesterday" }), { code: "REPLAY_RANGE" });
});

test.serial("as JSON they are what was published", async (t) => {
  const [line = ""] = await print({ since: "3" }, true);
  const event = JSON.parse(line) as { uuid: string; unsigned: { sequence: number } };
  t.is(event.unsigned.sequence, 3);
  t.deepEqual(await print({ uuid: event.uuid }, true), [line]);
});
