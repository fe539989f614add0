import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import pg from "pg";
import { joinEmbeddedServer } from "../../core/database/embedded/server.ts";
import { newKeyPair } from "../../core/events/key-file.ts";
import { writeKeyFile } from "../../core/events/keyring.ts";
import { createRandom, pick } from "../support/random.ts";
import { type Kept, keepRunning } from "../support/supervisor.ts";
import { freePorts } from "../support/system.ts";

/**
 * Producer, Lighthouse, subscriber (the one that catches up by replay) and PostgreSQL run as they do
 * in production, each a process, and are killed in random order. Here 10,000 events and 12 kills;
 * LK_FULL=1 makes it 100,000 and 50. LK_SEED repeats a run.
 */
const FULL = process.env["LK_FULL"] === "1";
const EVENTS = FULL ? 100_000 : 10_000;
const KILLS = FULL ? 50 : 12;
const SEED = Number(process.env["LK_SEED"] ?? Date.now() % 100_000);
const LINE_BYTES = 22;

const directory = mkdtempSync(join(tmpdir(), "lk-kill-"));
const heardFile = join(directory, "heard");
const cluster = join(directory, "postgres", "cluster");
const VICTIMS = ["producer", "lighthouse", "subscriber", "postgres"] as const;
type Victim = (typeof VICTIMS)[number];

const kept = new Map<Victim, Kept>();
let postgres: Awaited<ReturnType<typeof joinEmbeddedServer>> | undefined;

test.after.always(() => {
  for (const one of kept.values()) one.stop();
  postgres?.release();
  rmSync(directory, { recursive: true, force: true });
});

/** The producer ends when all is delivered. */
function keep(name: Victim, words: string[]): Kept {
  const log = join(directory, `${name}.log`);
  return keepRunning(words, log, (status) => name === "producer" && status === 0);
}

async function killPostgres(): Promise<void> {
  const [pid] = readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n");
  process.kill(Number(pid), "SIGKILL");
  postgres?.release();
  postgres = await joinEmbeddedServer({ directory: join(directory, "postgres") });
}

/** The id under which Lighthouse publishes, once it is there. */
async function lighthouseId(host: string): Promise<string> {
  for (;;) {
    const client = new pg.Client({ host, user: "laniakea", database: "laniakea" });
    try {
      await client.connect();
      const { rows } = await client.query<{ id: string }>("select id from lighthouse");
      if (rows[0] !== undefined) return rows[0].id;
    } catch {
      // The first start has not made its tables yet.
    } finally {
      await client.end();
    }
    await sleep(100);
  }
}

function heardCount(): number {
  return Math.floor((statSync(heardFile, { throwIfNoEntry: false })?.size ?? 0) / LINE_BYTES);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

test("with everything killed at random each event is there exactly once, in order", async (t) => {
  t.timeout(FULL ? 3_600_000 : 900_000);
  t.log(`LK_SEED=${SEED}, ${EVENTS} events, ${KILLS} kills`);
  postgres = await joinEmbeddedServer({ directory: join(directory, "postgres") });
  const host = postgres.address.socketDirectory ?? "";
  const url = `postgres://laniakea@localhost/laniakea?host=${encodeURIComponent(host)}`;
  const [submit = 0, publish = 0, replay = 0, jobs = 0] = await freePorts(4);
  const config = join(directory, "config.toml");
  const server = `tcp://127.0.0.1:${submit}`;
  writeFileSync(
    config,
    `demo = false\n[database]\nurl = "${url}"\n[lighthouse]\nsubmit = "${server}"\n` +
      `publish = "tcp://127.0.0.1:${publish}"\nreplay = "tcp://127.0.0.1:${replay}"\n` +
      `jobs = "tcp://127.0.0.1:${jobs}"\n`,
  );
  const pair = newKeyPair("anise-core");
  const key = join(directory, "anise-core.key_secret");
  writeKeyFile(key, pair.secret, 0o600);
  writeKeyFile(join(directory, "var", "keys", "trusted", "anise-core.pub.key"), pair.public, 0o644);

  const lk = [resolve("dist/lk.js"), "--config", config, "--data", join(directory, "var")];
  kept.set("lighthouse", keep("lighthouse", [...lk, "lighthouse"]));
  const lighthouse = await lighthouseId(host);
  const bus = [`tcp://127.0.0.1:${publish}`, `tcp://127.0.0.1:${replay}`, lighthouse];
  const subscriber = [resolve("dist/test/slow/kill-subscriber.js"), ...bus];
  const keys = join(directory, "var", "keys");
  kept.set("subscriber", keep("subscriber", [...subscriber, keys, heardFile]));
  const emitted = [join(directory, "spool"), server, key, join(directory, "progress")];
  const producer = [resolve("dist/test/slow/kill-producer.js"), ...emitted];
  kept.set("producer", keep("producer", [...producer, String(EVENTS), String(Date.now())]));

  const random = createRandom(SEED);
  const counts: Record<string, number> = {};
  for (let kill = 1; kill <= KILLS; kill++) {
    const mark = Math.floor((EVENTS * (kill - 0.5)) / KILLS) - random(50);
    while (heardCount() < mark) await sleep(20);
    const victim = pick(random, VICTIMS);
    counts[victim] = (counts[victim] ?? 0) + 1;
    if (victim === "postgres") await killPostgres();
    else kept.get(victim)?.kill();
  }
  t.log(counts);
  while (heardCount() < EVENTS) await sleep(50);

  const lines = readFileSync(heardFile, "utf8").trimEnd().split("\n");
  const heard = lines.map((line) => line.trim().split(/ +/).map(Number));
  t.deepEqual(
    heard.map(([, number]) => number),
    range(EVENTS),
  );
  t.deepEqual(
    heard.map(([sequence]) => sequence),
    range(EVENTS).map((index) => index + 1),
  );
  const client = new pg.Client({ host, user: "laniakea", database: "laniakea" });
  await client.connect();
  const { rows } = await client.query<{ number: number }>(
    "select (data->>'number')::int as number from event order by id",
  );
  await client.end();
  t.deepEqual(
    rows.map(({ number }) => number),
    range(EVENTS),
  );
  // Programs that ended by themselves were not up to the loss of another.
  t.deepEqual(
    kept.get("producer")?.ends.filter((end) => end !== "0"),
    [],
  );
  t.deepEqual(kept.get("lighthouse")?.ends, []);
});
