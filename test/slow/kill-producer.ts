import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { openProducer } from "../../core/events/producer/producer.ts";
import { createLog } from "../../core/log.ts";

/**
 * Emits numbered events until all are delivered, and goes on where it was after a kill.
 *
 * Usage: kill-producer.js SPOOL ENDPOINT KEY-FILE PROGRESS-FILE COUNT FIRST-UUID-TIME
 */
const [spool = "", server = "", key = "", progress = "", count = "", time = ""] =
  process.argv.slice(2);
const BATCH = 100;
const TAG = "_lk.core.ping";

/** A version 1 UUID that is the same for the same number in every life of this program. */
function uuidOf(number: number): string {
  const ticks = (BigInt(time) * 10_000n + 0x01b2_1dd2_1381_4000n + BigInt(number)).toString(16);
  const hex = ticks.padStart(15, "0");
  return `${hex.slice(7)}-${hex.slice(3, 7)}-1${hex.slice(0, 3)}-8000-0123456789ab`;
}

function dataOf(number: number): Record<string, unknown> {
  return { node: "anise", message: `number ${number} end`, number };
}

const producer = openProducer({ spool, servers: [server], key, log: createLog() });
// Each batch that was emitted is a byte. The last one may be torn off by a kill: then it is
// emitted again, with the same uuids.
let next = (existsSync(progress) ? readFileSync(progress).length : 0) * BATCH;
while (next < Number(count)) {
  const numbers = Array.from({ length: BATCH }, (_, index) => next + index);
  await Promise.all(numbers.map((number) => producer.emit(TAG, dataOf(number), uuidOf(number))));
  appendFileSync(progress, ".");
  next += BATCH;
  // Keeps pace with Lighthouse, and goes on alone while there is none.
  await producer.drain(200);
}
while (!(await producer.drain(1_000)));
await producer.close();
process.exit();
