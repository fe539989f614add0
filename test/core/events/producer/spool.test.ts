import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { OperatorError } from "../../../../core/errors.ts";
import { takeLane, takeLeftLanes } from "../../../../core/events/producer/lane.ts";
import { lookIntoSpool } from "../../../../core/events/producer/look.ts";
import { encodeRecord } from "../../../../core/events/producer/record.ts";
import { readRefused } from "../../../../core/events/producer/refused.ts";
import {
  openSpool,
  type Spool,
  type SpoolOptions,
} from "../../../../core/events/producer/spool.ts";
import { silentLog } from "../../../../core/log.ts";

function folder(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), "lk-spool-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

function open(directory: string, options: Partial<SpoolOptions> = {}): Spool {
  return openSpool({ lane: takeLane(directory), log: silentLog(), ...options });
}

async function readAll(spool: Spool): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const found = await spool.read(100);
    if (found.length === 0) return texts;
    texts.push(...found.map(({ text }) => text));
  }
}

function names(directory: string): string[] {
  return readdirSync(join(directory, "lane-001")).filter((name) => name.endsWith(".events"));
}

test("what was appended is read in order, by this program and the next", async (t) => {
  const directory = folder(t);
  const first = open(directory, { segmentBytes: 200 });
  const texts = Array.from({ length: 50 }, (_, index) => `event ${index} é`);
  await Promise.all(texts.map((text) => first.append([text])));
  t.deepEqual(await readAll(first), texts);
  await first.append(["one more"]);
  t.deepEqual(await readAll(first), ["one more"]);
  await first.close();
  const second = open(directory);
  t.deepEqual(await readAll(second), [...texts, "one more"]);
  await second.close();
});

test("what was settled is gone, also for the next program", async (t) => {
  const directory = folder(t);
  const first = open(directory, { segmentBytes: 60 });
  for (let index = 0; index < 10; index++) await first.append([`event ${index}`]);
  const read = await first.read(100);
  const more = await first.read(100);
  t.true(read.length + more.length >= 5);
  t.is(names(directory).length, 3);
  for (const { end } of [...read, ...more].slice(0, 5)) first.settle(end);
  t.is(names(directory).length, 2);
  await first.close();
  const second = open(directory);
  t.false(second.empty());
  const rest = await second.read(100);
  t.is(rest[0]?.text, "event 5");
  for (const { end } of [...rest, ...(await second.read(100))]) second.settle(end);
  t.true(second.empty());
  await second.close();
  t.deepEqual(names(directory), []);
  const third = open(directory);
  await third.append(["after all was settled"]);
  t.deepEqual(await readAll(third), ["after all was settled"]);
  await third.close();
});

test("wherever a crash cuts a segment, what lies before is read and what comes later too", async (t) => {
  const directory = folder(t);
  const texts = ["a", "bb", "ccc"];
  const records = texts.map(encodeRecord);
  const whole = Buffer.concat(records);
  const path = join(directory, "lane-001", "0000000001.events");
  const made = open(directory);
  await made.close();
  for (let cut = 0; cut <= whole.length; cut++) {
    // Also with the blocks that a power cut leaves unwritten: they read as zeros.
    for (const zeros of [0, 5, 100]) {
      writeFileSync(path, Buffer.concat([whole.subarray(0, cut), Buffer.alloc(zeros)]));
      rmSync(join(directory, "lane-001", "place"), { force: true });
      const spool = open(directory);
      await spool.append(["later"]);
      let end = 0;
      const kept = texts.filter((_, index) => (end += records[index]?.length ?? 0) <= cut);
      const found = await readEntries(spool);
      t.deepEqual(
        found.map(({ text }) => text),
        [...kept, "later"],
        `cut at ${cut}, ${zeros} zeros`,
      );
      for (const one of found) spool.settle(one.end);
      t.true(spool.empty());
      await spool.close();
      t.deepEqual(names(directory), []);
    }
  }
});

async function readEntries(spool: Spool): ReturnType<Spool["read"]> {
  const entries = await spool.read(100);
  return entries.length === 0 ? [] : [...entries, ...(await readEntries(spool))];
}

test("a flipped bit is not taken for an event", async (t) => {
  const directory = folder(t);
  const first = open(directory);
  await first.append(["one", "two"]);
  await first.close();
  const path = join(directory, "lane-001", "0000000001.events");
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  writeFileSync(path, bytes);
  const second = open(directory);
  t.deepEqual(await readAll(second), ["one"]);
  await second.close();
});

test("a full spool says so and keeps what it has", async (t) => {
  const directory = folder(t);
  const spool = open(directory, { limitBytes: 100 });
  await spool.append(["x".repeat(60)]);
  const error = await t.throwsAsync(spool.append(["y".repeat(60)]), { instanceOf: OperatorError });
  t.is(error?.code, "SPOOL_FULL");
  t.deepEqual(await readAll(spool), ["x".repeat(60)]);
  await spool.close();
});

test("two programs that share a spool have lanes of their own, and leave them to others", async (t) => {
  const directory = folder(t);
  const [one, two] = [open(directory), open(directory)];
  await one.append(["of one"]);
  await two.append(["of two"]);
  t.deepEqual(takeLeftLanes(directory), []);
  t.deepEqual(await readAll(one), ["of one"]);
  t.deepEqual(await readAll(two), ["of two"]);
  await two.close();
  const lanes = takeLeftLanes(directory);
  t.deepEqual(
    lanes.map((lane) => lane.directory),
    [join(directory, "lane-002")],
  );
  t.deepEqual(
    (await lookIntoSpool(directory)).map(({ waiting, held }) => ({ waiting, held })),
    [
      { waiting: 1, held: true },
      { waiting: 1, held: true },
    ],
  );
  for (const lane of lanes) lane.release();
  await one.close();
});

test("folders and files are closed to others", async (t) => {
  const directory = join(folder(t), "spool");
  const spool = open(directory);
  await spool.append(["secret"]);
  await spool.refuse("secret", "tcp://anise:1", "why");
  const mode = (name: string): number => statSync(join(directory, name)).mode & 0o777;
  t.is(mode("."), 0o700);
  t.is(mode("lane-001"), 0o700);
  for (const name of readdirSync(join(directory, "lane-001")))
    t.is(mode(`lane-001/${name}`), 0o600);
  await spool.close();
});

test("what was refused is kept with the reason, and half a line harms nothing", async (t) => {
  const directory = folder(t);
  const lane = join(directory, "lane-001");
  const first = open(directory);
  await first.refuse("one", "tcp://anise:1", "untrusted");
  await first.close();
  writeFileSync(join(lane, "refused.jsonl"), '{"time": "20', { flag: "a" });
  const second = open(directory);
  await second.refuse("two", "tcp://anise:1", "too old");
  await second.close();
  t.deepEqual(
    readRefused(lane).map(({ event, reason }) => [event, reason]),
    [
      ["one", "untrusted"],
      ["two", "too old"],
    ],
  );
});
