import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Dealer } from "zeromq";
import { createBatcher } from "../../core/batcher.ts";
import { database, type DatabaseAddress } from "../../core/database/connect.ts";
import { readAnswer } from "../../core/events/acknowledge.ts";
import { admitFrame } from "../../core/events/admission.ts";
import { newEvent, setUpEmitting } from "../../core/events/emit.ts";
import { wireText } from "../../core/events/envelope.ts";
import { createFollower, type LighthouseAddress } from "../../core/events/follower.ts";
import { Keyring } from "../../core/events/keyring.ts";
import { loadPositions } from "../../core/events/positions.ts";
import type { SigningKey } from "../../core/events/signature.ts";
import { createSourceWatch } from "../../core/events/source-watch.ts";
import { silentLog } from "../../core/log.ts";
import { Event } from "../../core/model/event.ts";
import { lighthouse } from "../../core/modules/lighthouse/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { HUB_READER, intakeBooks, takeIn } from "../../hub/intake.ts";
import { testDatabase, testDatabaseAddress } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/system.ts";

/** Three Lighthouses as an operator has them, each with a database of its own, and one hub. */
const EVENTS = 300;
const NAMES = ["one", "two", "three"];
const TAG = "_lk.core.ping";

const directory = mkdtempSync(join(tmpdir(), "lk-three-"));
const keys = join(directory, "keys");
const keyring = new Keyring(keys);
const log = silentLog();

/** A Lighthouse that runs. */
interface Running extends Required<LighthouseAddress> {
  process: ChildProcess;
  submit: string;
}

test.before(() => testDatabase());
test.after.always(async () => {
  await database().close();
  rmSync(directory, { recursive: true });
});

async function start(t: ExecutionContext, name: string): Promise<Running> {
  const [submit, publish, replay, jobs] = (await freePorts(4)).map(
    (port) => `tcp://127.0.0.1:${port}`,
  );
  const config = join(directory, `${name}.toml`);
  writeFileSync(
    config,
    `demo = false\n[database]\nurl = "${urlOf(await testDatabaseAddress())}"\n` +
      `[keys]\ndirectory = "${keys}"\n[lighthouse]\nsubmit = "${submit}"\n` +
      `publish = "${publish}"\nreplay = "${replay}"\njobs = "${jobs}"\n`,
  );
  const words = ["--config", config, "--data", join(directory, name), "lighthouse"];
  const child = spawn(process.execPath, [resolve("dist/lk.js"), ...words], { stdio: "ignore" });
  t.teardown(() => void child.kill("SIGKILL"));
  return {
    process: child,
    submit: submit ?? "",
    publish: publish ?? "",
    replay: replay ?? "",
  };
}

function urlOf({ database: name, socketDirectory = "" }: DatabaseAddress): string {
  return `postgres://laniakea@localhost/${name}?host=${encodeURIComponent(socketDirectory)}`;
}

/** What the hub does with what it hears, with less patience. */
async function listen(t: ExecutionContext, lighthouses: Running[]): Promise<void> {
  const rules = { authority: keyring, window: 86_400_000 };
  const batcher = createBatcher({ take: takeIn, size: 500, waitMs: 10, log });
  const follower = createFollower({
    lighthouses,
    keyring,
    decide: (bytes, channel) => admitFrame(bytes, channel, rules),
    load: () => loadPositions(HUB_READER),
    onHeard: (one) => batcher.add(one),
    log,
    askAfterMs: 200,
  });
  const sources = () => follower.sources();
  const watch = createSourceWatch({
    reader: "hub",
    sources,
    log,
    silentAfterMs: 12_000,
    lookMs: 50,
  });
  await follower.start();
  t.teardown(async () => {
    await watch.stop();
    await follower.stop();
    await batcher.close();
  });
  await eventually(
    () => follower.sources().every((source) => source.lighthouse !== undefined),
    "all three are heard",
  );
  await watch.start();
}

/** Submits events to a Lighthouse until it has acknowledged all of them. */
async function submitAll(to: Running, texts: readonly string[]): Promise<void> {
  const socket = new Dealer({ receiveTimeout: 60_000, linger: 0 });
  socket.connect(to.submit);
  for (const [number, text] of texts.entries()) await socket.send([text, `ack ${number}`]);
  const accepted = new Set<unknown>();
  while (accepted.size < texts.length) {
    for (const part of await socket.receive()) {
      const answer = readAnswer(part);
      if (answer === undefined || !("accepted" in answer)) throw new Error(part.toString());
      accepted.add(answer.number);
    }
  }
  socket.close();
}

function makeEvents(name: string): string[] {
  const key = keyring.signingKey("general") as SigningKey;
  return Array.from({ length: EVENTS }, (_, number) =>
    wireText(newEvent(TAG, { node: "anise", message: `${name} ${number}` }, key)),
  );
}

async function heard(name: string): Promise<string[]> {
  const events = await Event.findAll({ where: { tag: TAG }, order: ["id"] });
  const said = events.map(({ data }) => String(data["message"]));
  return said.filter((message) => message.startsWith(name)).toSorted();
}

async function silences(): Promise<unknown[]> {
  const events = await Event.findAll({ where: { origin: "local" }, order: ["id"] });
  return events.map(({ data, tag }) => [tag, data["endpoint"]]);
}

test("one uuid from three Lighthouses is one event, and a silent one raises an alarm", async (t) => {
  t.timeout(240_000);
  setUpEmitting({ catalogue: createRegistry([lighthouse]).events, keyring, log });
  for (const module of ["general", "lighthouse"]) keyring.ensureOwnKey(module);
  const running: Running[] = [];
  for (const name of NAMES) running.push(await start(t, name));
  await listen(t, running);

  const first = makeEvents("first");
  await Promise.all(running.map((one) => submitAll(one, first)));
  const numbers = first.map((_, number) => `first ${number}`).toSorted();
  await eventually(
    async () => (await intakeBooks()).received === 3 * EVENTS,
    "all three publish every event",
  );
  t.deepEqual(await heard("first"), numbers);
  t.deepEqual(await intakeBooks(), {
    received: 3 * EVENTS,
    stored: EVENTS,
    duplicate: 2 * EVENTS,
    quarantined: {},
  });
  t.deepEqual(await silences(), []);

  const [, silent] = running as [Running, Running, Running];
  silent.process.kill("SIGSTOP");
  const second = makeEvents("second");
  const others = running.filter((one) => one !== silent);
  await Promise.all(others.map((one) => submitAll(one, second)));
  await eventually(async () => (await silences()).length > 0, "its silence is told");
  t.deepEqual(await silences(), [["_lk.lighthouse.silent", silent.publish]]);
  t.is((await heard("second")).length, EVENTS);

  silent.process.kill("SIGCONT");
  await submitAll(silent, second);
  await eventually(async () => (await silences()).length > 1, "it is heard again");
  t.deepEqual((await silences())[1], ["_lk.lighthouse.recovered", silent.publish]);
  await eventually(async () => (await intakeBooks()).received >= 6 * EVENTS, "all is taken in");
  t.is((await intakeBooks()).stored, 2 * EVENTS);
  t.is((await heard("second")).length, EVENTS);
});
