import { existsSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { admitFrame } from "../../core/events/admission.ts";
import { createFollower } from "../../core/events/follower.ts";
import { Keyring } from "../../core/events/keyring.ts";
import { createLog } from "../../core/log.ts";

/**
 * Follows a Lighthouse and writes down what it hears, a line for each event: its sequence, and its
 * own number. Goes on behind the last whole line.
 *
 * Usage: kill-subscriber.js PUBLISH REPLAY LIGHTHOUSE-ID KEY-DIRECTORY FILE
 */
const [publish = "", replay = "", lighthouse = "", keys = "", file = ""] = process.argv.slice(2);
const LINE_BYTES = 22;

if (existsSync(file)) {
  const { length } = readFileSync(file);
  truncateSync(file, length - (length % LINE_BYTES));
}
const descriptor = openSync(file, "a+");
const last = readFileSync(file, "utf8").slice(-LINE_BYTES);
const sequence = last === "" ? 0 : Number(last.slice(0, 10));
const keyring = new Keyring(keys);
const rules = { authority: keyring, window: 86_400_000 };

await createFollower({
  lighthouses: [{ publish, replay }],
  keyring,
  decide: (bytes, channel) => admitFrame(bytes, channel, rules),
  load: () => Promise.resolve([{ lighthouse, sequence }]),
  onHeard({ position, verdict }) {
    if (position === undefined || verdict?.accepted !== true) return;
    const { number } = JSON.parse(verdict.event.data.toString()) as { number: number };
    const line = [position.sequence, number].map((value) => String(value).padStart(10)).join(" ");
    writeSync(descriptor, `${line}\n`);
  },
  log: createLog(),
  askAfterMs: 500,
}).start();
setInterval(() => undefined, 60_000);
