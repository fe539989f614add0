import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { newKeyPair } from "../../core/events/key-file.ts";
import { Keyring, writeKeyFile } from "../../core/events/keyring.ts";
import { run } from "../measure.ts";
import { type Line, machineLine, printTable, ratio } from "../report.ts";
import { withServer } from "../server.ts";

const SIGNER = "anise-archive";

interface InMemory {
  count: number;
  resident: number;
  heap: number;
  index: number;
  whole: number;
  scan: number;
  matches: number;
}

interface Through {
  events: number;
  count: number;
  stored: number;
  seconds: number;
  cpu: number;
  notices: number;
  resident: number;
}

/**
 * Events through the hub: routing alone in memory beside a linear scan over the same rules, then
 * verified, stored and routed with a durable PostgreSQL.
 */
export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      events: { type: "string", default: "200000" },
      subscriptions: { type: "string", default: "10000,100000" },
      markdown: { type: "boolean", default: false },
    },
  });
  const counts = values.subscriptions.split(",").map(Number);
  process.stdout.write(`${machineLine()}; events of about 900 bytes\n`);
  const memory: Line[] = [];
  for (const count of counts) {
    const text = await run({ program: process.execPath, args: [program("in-memory"), `${count}`] });
    const { index, whole, scan, matches, heap, resident } = JSON.parse(text) as InMemory;
    memory.push({
      subscriptions: String(count),
      "matched/CPU-s": index.toFixed(0),
      "decided/CPU-s": whole.toFixed(0),
      "linear scan/CPU-s": scan.toFixed(0),
      "÷ linear scan": ratio(index, scan),
      "matches an event": matches.toFixed(2),
      "heap MB": heap.toFixed(0),
      "resident MB": resident.toFixed(0),
    });
  }
  printTable("Routing in memory, one thread", memory, values.markdown);
  const whole: Line[] = [];
  for (const count of counts) whole.push(await through(Number(values.events), count));
  printTable("Verified, stored and routed", whole, values.markdown);
}

async function through(events: number, count: number): Promise<Line> {
  const folder = mkdtempSync(join(tmpdir(), "lk-bench-hub-"));
  try {
    const keyring = new Keyring(join(folder, "keys"));
    const pair = newKeyPair(SIGNER, { module: "archive" });
    const secret = join(folder, "key_secret");
    writeKeyFile(secret, pair.secret, 0o600);
    writeKeyFile(keyring.trustedFile(SIGNER), pair.public, 0o644);
    return await withServer(join(folder, "postgres"), async (server) => {
      const { host, user, database } = server.address;
      const args = [program("pipeline"), host, user, database, join(folder, "keys"), secret];
      const command = { program: process.execPath, args: [...args, `${events}`, `${count}`] };
      const taken = await server.measure(command);
      const told = JSON.parse(taken.stdout) as Through;
      return {
        subscriptions: String(count),
        events: String(events),
        "events/s": (events / told.seconds).toFixed(0),
        "stored/s": (events / told.stored).toFixed(0),
        "hub CPU/event": `${((told.cpu / events) * 1e6).toFixed(0)} µs`,
        "server CPU/event": `${((taken.server / events) * 1e6).toFixed(0)} µs`,
        notices: String(told.notices),
        "resident MB": told.resident.toFixed(0),
      };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function program(name: string): string {
  return resolve(`dist/bench/hub/${name}.js`);
}
