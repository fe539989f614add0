import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import pg from "pg";
import { joinEmbeddedServer } from "../../core/database/embedded/server.ts";
import { newKeyPair } from "../../core/events/key-file.ts";
import { writeKeyFile } from "../../core/events/keyring.ts";
import type { HubProcess } from "../hub/hub-process.ts";
import { type Homeserver, startHomeserver } from "../support/homeserver/homeserver.ts";
import { createRandom, pick } from "../support/random.ts";
import { type MailServer, startMailServer } from "../support/smtp.ts";
import { type Kept, keepRunning } from "../support/supervisor.ts";
import { freePorts } from "../support/system.ts";

/**
 * Producer, Lighthouse, two hubs with a database of their own, and PostgreSQL under both, each
 * killed with -9 in random order while events flow into a room and a mailbox that count. Here
 * 500 events and 5 kills; LK_FULL=1 makes it 50,000 and 200. LK_SEED repeats a run.
 */
const FULL = process.env["LK_FULL"] === "1";
const EVENTS = Number(process.env["LK_EVENTS"] ?? (FULL ? 50_000 : 500));
const KILLS = Number(process.env["LK_KILLS"] ?? (FULL ? 200 : 5));
const SEED = Number(process.env["LK_SEED"] ?? Date.now() % 100_000);
/** Shorter than in production, as a killed hub stops its rooms for so long. */
const LEASE_MS = FULL ? 10_000 : 2_000;

const VICTIMS = ["producer", "lighthouse", "hub 1", "hub 2", "postgres"] as const;
type Victim = (typeof VICTIMS)[number];

const directory = mkdtempSync(join(tmpdir(), "lk-hub-kill-"));
const data = join(directory, "var");
const kept = new Map<Victim, Kept>();
let postgres: Awaited<ReturnType<typeof joinEmbeddedServer>> | undefined;
let homeserver: Homeserver | undefined;
let mail: MailServer | undefined;

test.after.always(async () => {
  for (const one of kept.values()) one.stop();
  postgres?.release();
  await homeserver?.stop();
  await mail?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function startPostgres(): Promise<string> {
  postgres = await joinEmbeddedServer({ directory: join(directory, "postgres") });
  return postgres.address.socketDirectory ?? "";
}

async function killPostgres(): Promise<void> {
  const file = join(directory, "postgres", "cluster", "postmaster.pid");
  const [pid] = readFileSync(file, "utf8").split("\n");
  process.kill(Number(pid), "SIGKILL");
  postgres?.release();
  await startPostgres();
}

async function query<Row extends pg.QueryResultRow>(
  host: string,
  database: string,
  sql: string,
): Promise<Row[]> {
  const client = new pg.Client({ host, user: "laniakea", database });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

function urlOf(host: string, database: string): string {
  return `postgres://laniakea@localhost/${database}?host=${encodeURIComponent(host)}`;
}

/** The numbers that a text speaks of. */
function numbersIn(text: string): number[] {
  return [...text.matchAll(/number (\d+) end/g)].map(([, number]) => Number(number));
}

/** The numbers that are not there exactly once. */
function notOnce(seen: number[]): Record<number, number> {
  const counts = new Map(Array.from({ length: EVENTS }, (_, number) => [number, 0]));
  for (const number of seen) counts.set(number, (counts.get(number) ?? 0) + 1);
  return Object.fromEntries([...counts].filter(([, count]) => count !== 1));
}

test("with everything killed at random each event is told once, and the books balance", async (t) => {
  t.timeout(7_200_000);
  t.log(`LK_SEED=${SEED}, ${EVENTS} events, ${KILLS} kills`);
  const host = await startPostgres();
  await query(host, "laniakea", "create database hub");
  homeserver = await startHomeserver();
  mail = await startMailServer();
  const bot = await homeserver.newUser("bot");
  const room = homeserver.createRoom(bot.userId);
  const [submit = 0, publish = 0, replay = 0, jobs = 0] = await freePorts(4);
  const server = `tcp://127.0.0.1:${submit}`;
  const bus = `[lighthouse]
submit = "${server}"
publish = "tcp://127.0.0.1:${publish}"
replay = "tcp://127.0.0.1:${replay}"
jobs = "tcp://127.0.0.1:${jobs}"
`;
  const config = join(directory, "config.toml");
  writeFileSync(config, `demo = false\n[database]\nurl = "${urlOf(host, "laniakea")}"\n${bus}`);
  const hubConfig = join(directory, "hub.toml");
  writeFileSync(
    hubConfig,
    `demo = false
${bus}[matrix]
homeserver = "${homeserver.url}"
user = "${bot.userId}"
token_file = "token"
room = "${room}"
[email]
smtp = "${mail.url}"
from = "laniakea@example.org"
to = "news@example.org"
`,
  );
  const pair = newKeyPair("anise-core");
  const key = join(directory, "anise-core.key_secret");
  writeKeyFile(key, pair.secret, 0o600);
  writeKeyFile(join(data, "keys", "trusted", "anise-core.pub.key"), pair.public, 0o644);
  writeFileSync(join(data, "token"), bot.token, { mode: 0o600 });

  function keep(name: Victim, words: string[]): void {
    const isDone = (status: number | null): boolean => name === "producer" && status === 0;
    kept.set(name, keepRunning(words, join(directory, `${name}.log`), isDone));
  }
  const lighthouse = ["--config", config, "--data", data, "lighthouse"];
  keep("lighthouse", [resolve("dist/lk.js"), ...lighthouse]);
  const told: HubProcess = {
    database: { url: urlOf(host, "hub") },
    file: hubConfig,
    dataDirectory: data,
    leaseMs: LEASE_MS,
    hears: true,
  };
  for (const name of ["hub 1", "hub 2"] as const) {
    keep(name, [resolve("dist/test/hub/hub-process.js"), JSON.stringify(told)]);
  }
  // A hub that is new to a Lighthouse hears it from then on.
  for (;;) {
    const known = "select 1 from bus_position";
    if ((await query(host, "hub", known).catch(() => [])).length > 0) break;
    await sleep(200);
  }
  // Each event is to be seen by itself, however many come.
  const heard = [`matrix:${room}`, "email:news@example.org", "room:local"];
  const unpaced = heard.map((one) => `('${one}', 0)`).join();
  await query(host, "hub", `insert into pace (destination, budget_messages) values ${unpaced}`);
  const emitted = [join(directory, "spool"), server, key, join(directory, "progress")];
  const producer = [resolve("dist/test/slow/kill-producer.js"), ...emitted];
  keep("producer", [...producer, String(EVENTS), String(Date.now())]);

  const inRoom = (): number[] =>
    homeserver?.timeline(room).flatMap(({ body = "" }) => numbersIn(body)) ?? [];
  const progress = (): number =>
    (homeserver?.events(room) ?? []).filter(({ type }) => type === "m.room.message").length;
  const random = createRandom(SEED);
  const counts: Record<string, number> = {};
  for (let kill = 1; kill <= KILLS; kill++) {
    const mark = Math.floor((EVENTS * (kill - 0.5)) / KILLS) - random(50);
    while (progress() < mark) await sleep(20);
    const victim = pick(random, VICTIMS);
    counts[victim] = (counts[victim] ?? 0) + 1;
    if (victim === "postgres") await killPostgres();
    else kept.get(victim)?.kill();
  }
  t.log(counts);
  const open = "select count(*)::int as open from delivery where state = 'pending'";
  for (;;) {
    const [row] = await query<{ open: number }>(host, "hub", open);
    if (progress() >= EVENTS && row?.open === 0) break;
    await sleep(200);
  }

  t.deepEqual(notOnce(inRoom()), {});
  const mails = new Map<string, number[]>();
  for (const { parsed } of mail.mails) {
    mails.set(parsed.messageId ?? "", numbersIn(parsed.text ?? ""));
  }
  t.deepEqual(notOnce([...mails.values()].flat()), {});
  const repeated = mail.mails.length - mails.size;
  t.log(`${repeated} of ${mails.size} mails repeated under the same Message-ID`);
  // At most the one that was under way.
  t.true(repeated <= KILLS);
  if (FULL) t.true(repeated < mails.size / 1_000);

  const deliveries = await query(
    host,
    "hub",
    "select state, count(*)::int from delivery group by state",
  );
  // Into the room, to the mailbox, and into the room of this machine.
  t.deepEqual(deliveries, [{ state: "sent", count: 3 * EVENTS }]);
  const tally = await query<{ outcome: string; count: string }>(
    host,
    "hub",
    "select outcome, count from intake_tally",
  );
  const books = new Map(tally.map(({ outcome, count }) => [outcome, Number(count)]));
  t.log(Object.fromEntries(books));
  t.is(books.get("stored"), EVENTS);
  t.is(books.get("received"), EVENTS + (books.get("duplicate") ?? 0));
  for (const victim of ["lighthouse", "hub 1", "hub 2"] as const) {
    const ends = kept.get(victim)?.ends ?? [];
    // Only one that is just being started again may find PostgreSQL down, and end.
    t.true(ends.length <= (counts[victim] ?? 0), `${victim} ended with ${ends.join()}`);
  }
});
