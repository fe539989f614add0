import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import { joinEmbeddedServer } from "../../core/database/embedded/server.ts";
import { newKeyPair } from "../../core/events/key-file.ts";
import { Keyring, writeKeyFile } from "../../core/events/keyring.ts";
import { run } from "../measure.ts";
import { type Line, machineLine, printTable, ratio } from "../report.ts";
import {
  freePorts,
  listening,
  type Actor,
  postmaster,
  processorTimes,
  residentMegabytes,
  startActor,
} from "./stage.ts";

const PYTHON = "/usr/bin/python3";
const SIGNER = "anise-archive";
const BURST = 1_000_000;
/** Events for the receivers that stand beside, in so many turns each. */
const RECEIVED = 200_000;
const ROUNDS = 2;
/** Nothing came through for so long. */
const GIVE_UP_MS = 120_000;

interface Stage {
  folder: string;
  data: string;
  /** Public key file of the producer. */
  key: string;
  submit: string;
  publish: string;
  replay: string;
  /** Lines of signed events. */
  events: string;
}

interface Options {
  events: number;
  rate: number;
  subscriber: boolean;
}

/** What one run through Lighthouse took. */
interface Run {
  seconds: number;
  stored: number;
  heard: number;
  /** Of those heard, the ones that had to be asked for. */
  replayed: number;
  cpu: Record<string, number>;
  /** Most at one time, MB: of all our processes together, of each, and of PostgreSQL. */
  ours: number;
  each: Record<string, number>;
  server: number;
}

/**
 * Sends signed events through a real Lighthouse with an embedded, durable PostgreSQL: a producer
 * that expects no answers, Lighthouse, and a subscriber that verifies. A Python receiver takes the
 * same events from the same producer in the same run.
 */
export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "60" },
      rate: { type: "string", default: "0" },
      burst: { type: "boolean", default: false },
      "no-subscriber": { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
    },
  });
  const rate = Number(values.rate);
  const events = values.burst ? BURST : Number(values.seconds) * (rate === 0 ? 15_000 : rate);
  const folder = mkdtempSync(join(tmpdir(), "lk-bench-bus-"));
  try {
    const stage = await prepare(folder, events);
    process.stdout.write(`${machineLine()}; ${events} events of about 700 bytes\n`);
    const ours = await through(stage, { events, rate, subscriber: !values["no-subscriber"] });
    report(ours, await throughReceivers(stage, Math.min(events, RECEIVED)), values.markdown);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(folder: string, events: number): Promise<Stage> {
  const [submit = 0, publish = 0, replay = 0, jobs = 0] = await freePorts(4);
  const data = join(folder, "var");
  const keyring = new Keyring(join(data, "keys"));
  const pair = newKeyPair(SIGNER, { module: "archive" });
  const secret = join(folder, "key_secret");
  writeKeyFile(secret, pair.secret, 0o600);
  writeKeyFile(keyring.trustedFile(SIGNER), pair.public, 0o644);
  const stage = {
    folder,
    data,
    key: keyring.trustedFile(SIGNER),
    submit: `tcp://127.0.0.1:${submit}`,
    publish: `tcp://127.0.0.1:${publish}`,
    replay: `tcp://127.0.0.1:${replay}`,
    events: join(folder, "events"),
  };
  writeFileSync(
    join(folder, "config.toml"),
    `[lighthouse]\nsubmit = "${stage.submit}"\npublish = "${stage.publish}"\n` +
      `replay = "${stage.replay}"\njobs = "tcp://127.0.0.1:${jobs}"\n`,
  );
  const args = [program("make-events"), secret, stage.events, String(events)];
  await run({ program: process.execPath, args });
  return stage;
}

async function through(stage: Stage, { events, rate, subscriber }: Options): Promise<Run> {
  const hold = await joinEmbeddedServer({ directory: join(stage.data, "postgres") });
  const actors: Record<string, Actor> = {};
  try {
    const config = ["--config", join(stage.folder, "config.toml"), "--data", stage.data];
    const lk = resolve("dist/lk.js");
    actors["lighthouse"] = startActor("lighthouse", process.execPath, [
      lk,
      ...config,
      "lighthouse",
    ]);
    const client = new pg.Client({
      host: hold.address.socketDirectory ?? "",
      user: hold.address.user ?? "",
      database: hold.address.database ?? "",
    });
    await client.connect();
    await listening(stage.submit);
    if (subscriber) {
      const bus = [stage.publish, stage.replay, join(stage.data, "keys")];
      const args = [program("subscriber"), ...bus];
      actors["subscriber"] = startActor("subscriber", process.execPath, args);
      await sleep(1000);
    }
    const server = postmaster(join(stage.data, "postgres"));
    const pids = (): Record<string, number> => ({
      ...Object.fromEntries(Object.entries(actors).map(([name, { pid }]) => [name, pid])),
      postgresql: server,
    });
    const before = processorTimes(pids());
    const began = performance.now();
    const args = [program("producer"), stage.submit, stage.events, String(events), String(rate)];
    actors["producer"] = startActor("producer", process.execPath, args);
    const result: Run = {
      seconds: 0,
      stored: 0,
      heard: 0,
      replayed: 0,
      cpu: {},
      ours: 0,
      each: {},
      server: 0,
    };
    let producer = 0;
    let progressed = began;
    while (performance.now() - progressed < GIVE_UP_MS) {
      await sleep(250);
      const times = processorTimes(pids());
      producer = Math.max(producer, times["producer"] ?? 0);
      const { postgresql, ...ours } = pids();
      let together = 0;
      for (const [name, pid] of Object.entries(ours)) {
        const resident = residentMegabytes(pid);
        together += resident;
        result.each[name] = Math.max(result.each[name] ?? 0, resident);
      }
      result.ours = Math.max(result.ours, together);
      result.server = Math.max(result.server, residentMegabytes(postgresql ?? 0, true));
      const stored = await storedCount(client);
      if (stored > result.stored) result.seconds = (performance.now() - began) / 1000;
      const said = actors["subscriber"]?.facts.at(-1);
      const heard = Number(said?.["heard"] ?? 0);
      if (stored + heard > result.stored + result.heard) progressed = performance.now();
      Object.assign(result, { stored, heard, replayed: Number(said?.["replayed"] ?? 0) });
      if (stored >= events && (!subscriber || result.heard >= events)) break;
    }
    const after = processorTimes(pids());
    for (const name of Object.keys(after)) {
      result.cpu[name] = (after[name] ?? 0) - (before[name] ?? 0);
    }
    result.cpu["producer"] = producer;
    await client.end();
    return result;
  } finally {
    for (const actor of Object.values(actors)) await actor.stop().catch(() => undefined);
    hold.release();
  }
}

interface ReceiverRun {
  received: number;
  cpu: number;
  seconds: number;
}

/** Receivers that only verify, fed by the same producer; alternately, as the machine may change. */
async function throughReceivers(
  stage: Stage,
  events: number,
): Promise<Record<string, ReceiverRun>> {
  const count = String(Math.round(events / ROUNDS));
  const anywhere = "tcp://127.0.0.1:*";
  const total: Record<string, ReceiverRun> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    const python = [resolve("bench/bus/receiver.py"), anywhere, count, stage.key];
    const ours = [program("receiver"), anywhere, count, join(stage.data, "keys")];
    for (const [name, command, args] of [
      ["our receiver", process.execPath, ours],
      ["Python receiver", PYTHON, python],
    ] as const) {
      const took = await throughReceiver(stage, count, startActor(name, command, [...args]));
      const before = total[name] ?? { received: 0, cpu: 0, seconds: 0 };
      total[name] = {
        received: before.received + took.received,
        cpu: before.cpu + took.cpu,
        seconds: before.seconds + took.seconds,
      };
    }
  }
  return total;
}

async function throughReceiver(stage: Stage, count: string, receiver: Actor): Promise<ReceiverRun> {
  while (receiver.facts.length === 0) await sleep(20);
  const endpoint = String(receiver.facts[0]?.["endpoint"]);
  const sender = [program("producer"), endpoint, stage.events, count, "0"];
  const producer = startActor("producer", process.execPath, sender);
  await receiver.ended;
  await producer.stop().catch(() => undefined);
  return receiver.facts.at(-1) as unknown as ReceiverRun;
}

function report(ours: Run, receivers: Record<string, ReceiverRun>, markdown: boolean): void {
  const python = receivers["Python receiver"];
  const base = python === undefined ? 0 : python.received / python.cpu;
  const line = (name: string, cpu: number, events: number): Line => ({
    process: name,
    "CPU/event": `${((cpu / events) * 1e6).toFixed(1)} µs`,
    "events/CPU-s": (events / cpu).toFixed(0),
    "÷ Python receiver": ratio(events / cpu, base),
  });
  const whole = Object.entries(ours.cpu).map(([name, cpu]) => line(name, cpu, ours.stored));
  const bare = Object.entries(receivers).map(([name, { cpu, received }]) =>
    line(`${name}, no database`, cpu, received),
  );
  printTable("Processor time", [...whole, ...bare], markdown);
  const wall: Line[] = [
    {
      what: "verified and committed",
      events: String(ours.stored),
      "events/s": (ours.stored / ours.seconds).toFixed(0),
      seconds: ours.seconds.toFixed(1),
    },
    { what: "heard and verified by the subscriber", events: String(ours.heard) },
    { what: "of these asked for again", events: String(ours.replayed) },
    ...Object.entries(receivers).map(([name, { received, seconds }]) => ({
      what: `${name}, no database`,
      events: String(received),
      "events/s": (received / seconds).toFixed(0),
      seconds: seconds.toFixed(1),
    })),
  ];
  printTable("Wall clock", wall, markdown);
  const each = Object.entries(ours.each).map(([name, size]) => `${name} ${size.toFixed(0)}`);
  process.stdout.write(
    `\nMemory at most: ours together ${ours.ours.toFixed(0)} MB (${each.join(", ")}), ` +
      `PostgreSQL ${ours.server.toFixed(0)} MB.\n`,
  );
}

async function storedCount(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    "select count from submission_tally where outcome = 'stored'",
  );
  return Number(rows[0]?.count ?? 0);
}

function program(name: string): string {
  return resolve(`dist/bench/bus/${name}.js`);
}
