import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { Publisher } from "zeromq";
import { loadSettings } from "../../core/config.ts";
import { connect, database, type DatabaseAddress } from "../../core/database/connect.ts";
import { admitFrame } from "../../core/events/admission.ts";
import { newEvent } from "../../core/events/emit.ts";
import { wireText } from "../../core/events/envelope.ts";
import { createFollower } from "../../core/events/follower.ts";
import { newKeyPair, parseKeyFile } from "../../core/events/key-file.ts";
import { admissionRules, openKeyring } from "../../core/events/setup.ts";
import { silentLog } from "../../core/log.ts";
import { coreModules } from "../../core/modules/index.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import type { Service } from "../../core/service.ts";
import { readRoom, LOCAL_ROOM } from "../../hub/channels/room/room.ts";
import { takeIncoming } from "../../hub/incoming.ts";
import { intakeBooks } from "../../hub/intake.ts";
import { createHub } from "../../hub/main.ts";
import { defineHubModels } from "../../hub/model/index.ts";
import { hubModule } from "../../hub/module.ts";
import { post, revise } from "../../hub/delivery/outbox.ts";
import { testDatabaseAddress } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import type { Account } from "../support/homeserver/ground.ts";
import { type Homeserver, startHomeserver } from "../support/homeserver/homeserver.ts";
import { booksDiffer, says, unpaced } from "../support/hub.ts";
import { type MailServer, startMailServer } from "../support/smtp.ts";
import type { HubProcess } from "./hub-process.ts";

const folder = mkdtempSync(join(tmpdir(), "lk-hub-"));
const key = parseKeyFile(newKeyPair("master-archive").secret, "key");
let address: DatabaseAddress;
let homeserver: Homeserver;
let mail: MailServer;
let alice: Account;
let room: string;
let file: string;

test.before(async () => {
  address = await testDatabaseAddress();
  defineHubModels((await connect(address)).sequelize);
  mail = await startMailServer();
  homeserver = await startHomeserver();
  const bot = await homeserver.newUser("bot");
  alice = await homeserver.newUser("alice");
  room = homeserver.createRoom(alice.userId, { invite: [bot.userId] });
  homeserver.join(room, bot.userId);
  mkdirSync(join(folder, "keys", "trusted"), { recursive: true });
  const pair = newKeyPair("master-archive");
  writeFileSync(join(folder, "keys", "trusted", "archive.pub.key"), pair.public);
  writeFileSync(join(folder, "token"), bot.token, { mode: 0o600 });
  Object.assign(key, parseKeyFile(pair.secret, "key"));
  file = join(folder, "config.toml");
  writeFileSync(
    file,
    `[matrix]
homeserver = "${homeserver.url}"
user = "${bot.userId}"
token_file = "token"
room = "${room}"
[email]
smtp = "${mail.url}"
from = "Laniakea <laniakea@example.org>"
to = "news@example.org"
`,
  );
});
test.beforeEach(async () => {
  await database().query(
    `truncate delivery, event, event_quarantine, intake_tally, room_message, incoming_message
       cascade`,
  );
  await unpaced("email:news@example.org");
});
test.after.always(async () => {
  await database().close();
  await homeserver.stop();
  await mail.close();
  rmSync(folder, { recursive: true, force: true });
});

async function withHub(endpoint: string | undefined, work: () => Promise<void>): Promise<void> {
  const settings = loadSettings({ file, dataDirectory: folder });
  const registry = createRegistry([...coreModules, hubModule]);
  const log = silentLog();
  const keyring = openKeyring({ settings, log });
  const rules = admissionRules({ settings }, keyring);
  const { services } = createHub(
    { settings, registry, log },
    endpoint === undefined
      ? {}
      : {
          subscribe: (onHeard) =>
            createFollower({
              lighthouses: [{ publish: endpoint }],
              keyring,
              decide: (bytes, channel) => admitFrame(bytes, channel, rules),
              onHeard,
              log,
            }),
        },
  );
  const started: Service[] = [];
  try {
    for (const service of services) {
      started.push(service);
      await service.start();
    }
    await work();
  } finally {
    for (const service of started.reverse()) await service.stop();
  }
}

function shown(text: string): number {
  return homeserver.timeline(room).filter((one) => (one.body ?? "").includes(text)).length;
}

function mailed(text: string): number {
  return mail.mails.filter(({ parsed }) => parsed.text?.includes(text)).length;
}

async function inRoom(text: string): Promise<number> {
  return (await readRoom(LOCAL_ROOM)).filter((line) => line.body.includes(text)).length;
}

test.serial(
  "an event is told once in a room, once by mail and once here; a forged one nowhere",
  async (t) => {
    const bus = new Publisher();
    await bus.bind("tcp://127.0.0.1:*");
    const tag = "_lk.archive.package-src-removed";
    const wire = (name: string): string =>
      wireText(newEvent(tag, { pkg_name: name, pkg_version: "1", repo: "master" }, key.signingKey));
    await withHub(bus.lastEndpoint ?? "", async () => {
      const [good, forged] = [
        wire("bash-good"),
        wire("bash-true").replace("bash-true", "bash-lies"),
      ];
      const last = wire("bash-last");
      // PUB drops what comes before a subscriber: say it until it is heard.
      await eventually(async () => {
        await bus.send([tag, good]);
        await sleep(50);
        return (await intakeBooks()).received > 0;
      }, "the subscriber hears");
      for (const text of [good, forged, good, last]) await bus.send([tag, text]);
      await eventually(async () => {
        const news = await inRoom("bash-last");
        return shown("bash-last") === 1 && mailed("bash-last") === 1 && news === 1;
      }, "the last event is told");
      t.deepEqual([shown("bash-good"), mailed("bash-good"), await inRoom("bash-good")], [1, 1, 1]);
      t.deepEqual([shown("bash-lies"), mailed("bash-lies"), await inRoom("bash-lies")], [0, 0, 0]);
    });
    const books = await intakeBooks();
    t.is(books.stored, 2);
    t.deepEqual(books.quarantined, { "wrong-signature": 1 });
    t.is(books.received, books.stored + books.duplicate + 1);
    t.is(await booksDiffer({ sent: 6 }), undefined);
    const notice = homeserver.timeline(room).find((one) => (one.body ?? "").includes("bash-good"));
    t.truthy(notice);
    const letter = mail.mails.find(({ parsed }) => parsed.text?.includes("bash-good"));
    t.regex(letter?.parsed.html || "", /bash-good/);
    t.regex(letter?.source ?? "", /^X-Laniakea-Event: _lk\.archive\.package-src-removed\r$/m);
    bus.close();
  },
);

test.serial(
  "what people say in a room comes in, and the answer goes there by the same session",
  async (t) => {
    await withHub(undefined, async () => {
      let heard = false;
      await eventually(async () => {
        homeserver.say(room, alice.userId, "status");
        await sleep(50);
        heard = await takeIncoming(async (message) => {
          t.like(message, { destination: `matrix:${room}`, sender: alice.userId, body: "status" });
          await post(message.destination, says("the answer"), { replyTo: message.messageId });
          return "answered";
        });
        return heard;
      }, "the message came in");
      await eventually(() => shown("the answer") === 1, "answered");
    });
    t.is(await booksDiffer({ sent: 1 }), undefined);
  },
);

/** A hub of its own process. */
async function startProcess(leaseMs: number): Promise<ChildProcess> {
  const told: HubProcess = { database: address, file, dataDirectory: folder, leaseMs };
  const script = fileURLToPath(new URL("hub-process.js", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(told)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => Promise.reject(new Error("the hub did not start"))),
  ]);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

async function allSent(): Promise<boolean> {
  const [row] = await database().query<{ open: string }>(
    "select count(*) as open from delivery where state = 'pending'",
  );
  return row?.open === "0";
}

/** How often each text is seen, for those that are not seen exactly once. */
function notOnce(texts: string[], seen: string[]): Record<string, number> {
  const counts = texts.map((text) => [text, seen.filter((one) => one === text).length] as const);
  return Object.fromEntries(counts.filter(([, count]) => count !== 1));
}

test.serial("a hub killed again and again loses nothing and doubles nothing", async (t) => {
  const destinations = [`matrix:${room}`, "email:kill@example.org", LOCAL_ROOM];
  const texts = Array.from({ length: 45 }, (_, n) => `killed-${n}-end`);
  for (const text of texts) for (const one of destinations) await post(one, says(text));
  const progress = await post(LOCAL_ROOM, says("0 %"));
  await revise(progress, says("killed for good"));
  // Each answer takes a moment, so that most kills find something under way.
  const slow = homeserver.fault({ path: "/send/" }, { kind: "slow", ms: 15 });
  mail.fail("kill@example.org", { at: "data", slowMs: 15 });
  for (let kills = 0; kills < 4; kills++) {
    const child = await startProcess(400);
    await sleep(50 + Math.random() * 300);
    await kill(child);
  }
  const survivor = await startProcess(400);
  await eventually(allSent, "all sent");
  await kill(survivor);
  slow.remove();
  mail.mend("kill@example.org");
  const created = texts.length * 3 + 2;
  t.is(await booksDiffer({ sent: created }), undefined);
  const timeline = homeserver.timeline(room).map(({ body = "" }) => body.replace("ℹ️ ", ""));
  t.deepEqual(notOnce(texts, timeline), {});
  t.deepEqual(
    timeline.filter((text) => text.startsWith("killed-")),
    texts,
  );
  const lines = (await readRoom(LOCAL_ROOM)).map((line) => line.body.replace("ℹ️ ", ""));
  t.deepEqual(notOnce([...texts, "killed for good"], lines), {});
  // A mail may come twice when the "250" was lost, but only under the same Message-ID.
  const mails = new Map<string, string>();
  for (const { parsed } of mail.mailsTo("kill@example.org")) {
    const text = parsed.text?.split("\n")[0]?.replace("ℹ️ ", "") ?? "";
    t.is(mails.get(parsed.messageId ?? "") ?? text, text);
    mails.set(parsed.messageId ?? "", text);
  }
  t.deepEqual(notOnce(texts, [...mails.values()]), {});
  t.is(mails.size, texts.length);
});

/** Once here; LK_FULL=1 makes it fifty times. */
const STOPS = process.env["LK_FULL"] === "1" ? 50 : 1;

for (let trial = 1; trial <= STOPS; trial++) {
  test.serial(`a hub stopped in the middle is replaced, and wakes up harmless (${trial})`, stopped);
}

async function stopped(t: ExecutionContext): Promise<void> {
  const texts = Array.from({ length: 30 }, (_, n) => `stopped-${n}-end`);
  const before = homeserver.timeline(room).length;
  const since = (): (string | undefined)[] =>
    homeserver
      .timeline(room)
      .slice(before)
      .map(({ body }) => body);
  for (const text of texts) await post(`matrix:${room}`, says(text));
  const slow = homeserver.fault({ path: "/send/" }, { kind: "slow", ms: 20 });
  const holder = await startProcess(600);
  const mark = Math.floor(Math.random() * 20);
  await eventually(() => since().length > mark, "under way");
  holder.kill("SIGSTOP");
  const other = await startProcess(600);
  await eventually(allSent, "all sent by the other");
  holder.kill("SIGCONT");
  await post(`matrix:${room}`, says("stopped-30-end"));
  await eventually(allSent, "goes on");
  await kill(holder);
  await kill(other);
  slow.remove();
  t.is(await booksDiffer({ sent: 31 }), undefined);
  const timeline = since().map((body = "") => body.replace("ℹ️ ", ""));
  t.deepEqual(notOnce([...texts, "stopped-30-end"], timeline), {});
  t.is(timeline.length, 31);
}
