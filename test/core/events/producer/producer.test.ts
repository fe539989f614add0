import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Router } from "zeromq";
import type { Outcome } from "../../../../core/events/producer/delivery.ts";
import {
  openProducer,
  type Producer,
  type ProducerOptions,
} from "../../../../core/events/producer/producer.ts";
import { readRefused } from "../../../../core/events/producer/refused.ts";
import { newSigningKey, verifyKeyOf } from "../../../../core/events/signature.ts";
import { verifyFrame } from "../../../../core/events/verify.ts";
import { eventually } from "../../../support/eventually.ts";

const TAG = "_lk.core.ping";
const key = newSigningKey("anise");
const trusted = { verifyKeys: (id: string) => (id === "anise" ? [verifyKeyOf(key)] : []) };
const PATIENT = { connect: 2_000, acknowledge: 20_000, handOver: 100, prefer: 60_000, pause: 50 };

/** A Lighthouse that keeps what it hears, and answers as it is told to. */
interface Server {
  endpoint: string;
  numbers: number[];
  /** Numbers by connection, in the order of connections. */
  connections: Map<string, number[]>;
  close(): void;
}

type Behaviour = (number: number) => "accept" | "refuse" | "silence" | "die";

async function serve(
  t: ExecutionContext,
  behave: Behaviour | "python" = () => "accept",
  endpoint = "tcp://127.0.0.1:*",
): Promise<Server> {
  const socket = new Router({ linger: 0 });
  // ZeroMQ closes sockets a moment later than it says.
  await eventually(async () => {
    try {
      await socket.bind(endpoint);
      return true;
    } catch {
      return false;
    }
  }, `${endpoint} is free`);
  const server: Server = {
    endpoint: socket.lastEndpoint ?? "",
    numbers: [],
    connections: new Map(),
    close: () => void (socket.closed || socket.close()),
  };
  t.teardown(() => server.close());
  void (async () => {
    for await (const [identity = "", json, second] of socket) {
      const question = String(second);
      if (question === "hello") {
        if (behave !== "python") await socket.send([identity, '{"acknowledges":true}']);
        continue;
      }
      const verdict = verifyFrame(json ?? Buffer.alloc(0), trusted);
      if (!verdict.accepted) throw new Error(verdict.reason);
      const { number } = JSON.parse(verdict.event.data.toString()) as { number: number };
      const action = behave === "python" ? "silence" : behave(number);
      if (action === "die") return server.close();
      server.numbers.push(number);
      const name = identity.toString("hex");
      server.connections.set(name, [...(server.connections.get(name) ?? []), number]);
      if (action === "silence") continue;
      const asked = { number: Number(question.slice("ack ".length)) };
      const answer =
        action === "accept"
          ? { ...asked, accepted: verdict.event.uuid, duplicate: false }
          : { ...asked, refused: "not today" };
      await socket.send([identity, JSON.stringify(answer)]);
    }
  })();
  return server;
}

function spoolFolder(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), "lk-producer-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

function open(
  t: ExecutionContext,
  servers: (Server | string)[],
  options: Partial<ProducerOptions> = {},
): Producer {
  const producer = openProducer({
    spool: spoolFolder(t),
    servers: servers.map((server) => (typeof server === "string" ? server : server.endpoint)),
    key,
    patience: PATIENT,
    ...options,
  });
  t.teardown(() => producer.close());
  return producer;
}

async function emitNumbers(producer: Producer, from: number, to: number): Promise<void> {
  await Promise.all(range(from, to).map((number) => producer.emit(TAG, { node: "a", number })));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** In the order in which each was heard first. */
function firsts(server: Server): number[] {
  return [...new Set(server.numbers)];
}

/** A port on which nobody listens. */
async function nobody(): Promise<string> {
  const socket = new Router();
  await socket.bind("tcp://127.0.0.1:*");
  const endpoint = socket.lastEndpoint ?? "";
  socket.close();
  return endpoint;
}

test("events arrive once, in the order in which they were emitted", async (t) => {
  const server = await serve(t);
  const outcomes: Outcome[] = [];
  const producer = open(t, [server], { onOutcome: (outcome) => outcomes.push(outcome) });
  await emitNumbers(producer, 0, 3_000);
  t.true(await producer.drain(20_000));
  t.deepEqual(server.numbers, range(0, 3_000));
  t.is(outcomes.filter(({ kind }) => kind === "accepted").length, 3_000);
  await producer.close();
});

test("without any Lighthouse events are kept, and the next program delivers them first", async (t) => {
  const endpoint = await nobody();
  const spool = spoolFolder(t);
  const first = open(t, [endpoint], { spool });
  await emitNumbers(first, 0, 100);
  t.false(await first.drain(50));
  await first.close();
  const server = await serve(t, () => "accept", endpoint);
  const second = open(t, [server], { spool });
  await emitNumbers(second, 100, 200);
  t.true(await second.drain(20_000));
  t.deepEqual(server.numbers, range(0, 200));
  await second.close();
});

test("after a connection broke, sending goes on from the first that was not acknowledged", async (t) => {
  let deaths = 0;
  const endpoint = await nobody();
  const behave: Behaviour = (number) => {
    if (number !== 50 + 100 * deaths || deaths === 3) return "accept";
    deaths += 1;
    return "die";
  };
  const heard: number[] = [];
  const producer = open(t, [endpoint]);
  await emitNumbers(producer, 0, 400);
  for (let life = 0; life < 3; life++) {
    const server = await serve(t, behave, endpoint);
    await eventually(() => deaths > life, "the Lighthouse dies");
    heard.push(...server.numbers);
  }
  const last = await serve(t, () => "accept", endpoint);
  t.true(await producer.drain(20_000));
  heard.push(...last.numbers);
  t.deepEqual([...new Set(heard)], range(0, 400));
});

test("a refused event is put aside with the reason and blocks nothing", async (t) => {
  const server = await serve(t, (number) => (number === 3 ? "refuse" : "accept"));
  const spool = spoolFolder(t);
  const producer = open(t, [server], { spool });
  await emitNumbers(producer, 0, 10);
  t.true(await producer.drain(20_000));
  t.deepEqual(server.numbers, range(0, 10));
  await producer.close();
  const [refused, ...others] = readRefused(join(spool, "lane-001"));
  t.deepEqual(others, []);
  t.like(refused, { reason: "not today", server: server.endpoint });
  t.like(JSON.parse(refused?.event ?? ""), { data: { number: 3 } });
});

test("towards a Lighthouse that never answers, what was handed over counts as delivered", async (t) => {
  const server = await serve(t, "python");
  const outcomes: Outcome[] = [];
  const producer = open(t, [server], {
    onOutcome: (outcome) => outcomes.push(outcome),
    patience: { ...PATIENT, connect: 300 },
  });
  await emitNumbers(producer, 0, 2_000);
  t.true(await producer.drain(20_000));
  t.deepEqual(server.numbers, range(0, 2_000));
  t.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["handed-over"]));
  await producer.close();
});

test("one that acknowledged before and is silent now is not taken for one that never does", async (t) => {
  const spool = spoolFolder(t);
  const ours = await serve(t);
  const first = open(t, [ours], { spool });
  await emitNumbers(first, 0, 1);
  t.true(await first.drain(20_000));
  await first.close();
  ours.close();
  const stuck = await serve(t, "python", ours.endpoint);
  const second = open(t, [stuck], { spool, patience: { ...PATIENT, connect: 100 } });
  await emitNumbers(second, 1, 2);
  t.false(await second.drain(1_000));
  await second.close();
});

test("when one does not answer the next takes over, in order, and the first again later", async (t) => {
  let silent = true;
  const first = await serve(t, (number) => (silent && number >= 20 ? "silence" : "accept"));
  const second = await serve(t);
  const producer = open(t, [await nobody(), first, second], {
    patience: { ...PATIENT, acknowledge: 300, prefer: 500 },
  });
  await emitNumbers(producer, 0, 100);
  t.true(await producer.drain(20_000));
  t.deepEqual(firsts(first), range(0, 100));
  // On a slow machine it may have taken over before it had to.
  t.deepEqual(firsts(second), range(firsts(second)[0] ?? -1, 100));
  t.true((firsts(second)[0] ?? -1) <= 20);
  silent = false;
  await eventually(async () => {
    const next = Math.max(...first.numbers, ...second.numbers) + 1;
    await emitNumbers(producer, next, next + 1);
    await producer.drain(5_000);
    return first.numbers.at(-1) === next;
  }, "the first Lighthouse is used again");
  for (const server of [first, second]) {
    for (const numbers of server.connections.values()) {
      t.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
    }
    t.deepEqual(
      firsts(server),
      firsts(server).toSorted((a, b) => a - b),
    );
  }
  await producer.close();
});

test("what cannot be an event is refused at once and not kept", async (t) => {
  const producer = open(t, []);
  await t.throwsAsync(producer.emit("no tag!", {}), { message: /tag/ });
  await t.throwsAsync(producer.emit(TAG, { text: "x".repeat(1 << 20) }), { message: /longer/ });
  await t.throwsAsync(producer.emit(TAG, { value: Number.NaN }));
  t.true(await producer.drain(0));
  await producer.close();
});

test("programs outside import it by the name of the package", async (t) => {
  const name = "laniakea/producer";
  const library = (await import(name)) as { openProducer: unknown };
  t.is(library.openProducer, openProducer);
});
