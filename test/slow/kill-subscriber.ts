import {
  openSync,
  readFileSync,
  truncateSync,
  fdatasyncSync,
  writeSync,
  existsSync,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, database } from "../../core/database/connect.ts";
import { eventsAfter } from "../../core/events/sequence.ts";

/**
 * Writes down what the journal numbers, a line for each: its number there, and its own. Goes on
 * behind the last whole line.
 *
 * Usage: kill-subscriber.js DATABASE-URL FILE
 */
const [url = "", file = ""] = process.argv.slice(2);
export const LINE_BYTES = 22;

async function connected(): Promise<void> {
  for (;;) {
    try {
      return void (await connect({ url }));
    } catch {
      await sleep(200);
    }
  }
}

if (existsSync(file)) {
  const { length } = readFileSync(file);
  truncateSync(file, length - (length % LINE_BYTES));
}
const descriptor = openSync(file, "a+");
const last = readFileSync(file, "utf8").slice(-LINE_BYTES);
let sequence = last === "" ? 0 : Number(last.slice(0, 10));
await connected();
for (;;) {
  try {
    const events = await eventsAfter(sequence, 500);
    if (events.length === 0) await sleep(50);
    for (const event of events) {
      sequence = event.sequence;
      const { data } = JSON.parse(event.body) as { data: { number?: number } };
      const line = [sequence, data.number ?? -1].map((value) => String(value).padStart(10));
      writeSync(descriptor, `${line.join(" ")}\n`);
    }
    fdatasyncSync(descriptor);
  } catch {
    await sleep(200);
    void database();
  }
}
