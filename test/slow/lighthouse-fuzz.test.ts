import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { Dealer } from "zeromq";
import { database } from "../../core/database/connect.ts";
import { readAnswer } from "../../core/events/acknowledge.ts";
import { newKeyPair } from "../../core/events/key-file.ts";
import { Keyring, writeKeyFile } from "../../core/events/keyring.ts";
import { readTally } from "../../core/events/tally.ts";
import { MAX_EVENT_BYTES } from "../../core/events/verify.ts";
import { silentLog } from "../../core/log.ts";
import { createLighthouseOf } from "../../core/modules/lighthouse/service.ts";
import { testDatabase } from "../support/database.ts";
import { createMutator } from "./mutate-frame.ts";

/**
 * Mutated frames against a Lighthouse over its socket, which decides in threads: 20,000, or 200,000
 * with LK_FULL=1. What it accepts is asked of Python: json, canonical text and PyNaCl, as the peer
 * does.
 */
const FULL = process.env["LK_FULL"] === "1";
const FRAMES = FULL ? 200_000 : 20_000;
const HUGE = FULL ? 50 : 5;
const ROUND = 2_000;
/** More than garbage that waits to be collected, less than a leak of a frame each. */
const GROWTH_MB = 120;
const PYTHON = "/usr/bin/python3";

const vectors = JSON.parse(readFileSync("test/fixtures/events/signed-events.json", "utf8")) as {
  trusted: Record<string, string>;
  cases: { wire: string }[];
};
const directory = mkdtempSync(join(tmpdir(), "lk-fuzz-"));

test.before(() => testDatabase());
test.after.always(async () => {
  await database().close();
  rmSync(directory, { recursive: true });
});

const hasReference = spawnSync(PYTHON, ["-c", "import nacl.signing"]).status === 0;
const fuzz = hasReference ? test.serial : test.serial.skip;

fuzz(`${FRAMES} mutated frames: none accepted that the peer refuses, and no harm`, async (t) => {
  t.timeout(600_000);
  // By what the key directory says, so that threads decide as in earnest.
  const keyring = new Keyring(join(directory, "keys"));
  trustOnly(keyring, vectors.trusted);
  // The shared cases are of the autumn of 2026.
  const rules = { authority: keyring, window: 100 * 365 * 86_400_000 };
  const options = { keyring, rules, publish: ["tcp://127.0.0.1:*"], log: silentLog() };
  const lighthouse = createLighthouseOf({ ...options, submit: ["tcp://127.0.0.1:*"] });
  await lighthouse.start();
  t.teardown(() => lighthouse.stop());
  const endpoint = lighthouse.endpoints().submit[0] ?? "";
  const reference = startReference();
  t.teardown(() => reference.end());
  const mutate = createMutator(vectors.cases.map(({ wire }) => wire));
  const seen = { both: 0, neither: 0, stricter: 0 };
  let sent = 0;
  let early = 0;
  while (sent < FRAMES) {
    const frames = Array.from({ length: Math.min(ROUND, FRAMES - sent) }, mutate);
    const accepted = await submitAll(endpoint, frames);
    const allowed = await reference.decide(frames);
    frames.forEach((frame, index) => {
      const [ours, theirs] = [accepted[index] === true, allowed[index] === true];
      if (ours && !theirs) t.fail(`accepted: ${frame.toString("latin1").slice(0, 2_000)}`);
      seen[ours ? "both" : theirs ? "stricter" : "neither"] += 1;
    });
    sent += frames.length;
    if (early === 0 && sent >= FRAMES / 5) early = resident();
  }
  for (let number = 0; number < HUGE; number += 1) await sendHuge(endpoint);
  // Within what is read, and all of them at once.
  const long = LONGEST.map((text) => Buffer.alloc(MAX_EVENT_BYTES * 2 - 64, text));
  for (let round = 0; round < HUGE; round += 1) {
    t.deepEqual(new Set(await submitAll(endpoint, [...long, ...long])), new Set([false]));
  }
  await sendMisshapen(endpoint);
  t.log(seen, `resident ${early} MB, then ${resident()} MB`);
  t.true(seen.both > FRAMES / 50, "honest variants are accepted");
  t.true(seen.neither > FRAMES / 4);
  t.true(resident() - early < GROWTH_MB, `${early} MB, then ${resident()} MB`);
  // Still there, and every frame is in the books once.
  const [last] = await submitAll(endpoint, [Buffer.from(vectors.cases[0]?.wire ?? "")]);
  t.true(last);
  const { received, stored, duplicate, refused } = lighthouse.counts();
  const refusals = Object.values(refused).reduce((sum, one) => sum + one, 0);
  t.is(received, stored + duplicate + refusals);
  t.is(received, FRAMES + 1 + MISSHAPEN.length + HUGE * LONGEST.length * 2);
  while ((await readTally("submission_tally")).received < received) await sleep(20);
  const { quarantined, ...tally } = await readTally("submission_tally");
  t.deepEqual({ ...tally, refused: quarantined }, { received, stored, duplicate, refused });
});

/** Signers of whom only the verify key is known (base64). */
function trustOnly(keyring: Keyring, trusted: Record<string, string>): void {
  for (const [signer, key] of Object.entries(trusted)) {
    const text = newKeyPair(signer).public.replace(/(verify-key = )".*"/, `$1"${key}"`);
    writeKeyFile(keyring.trustedFile(signer), text, 0o644);
  }
}

/** Sends each with a request for an answer. @returns whether it was accepted, known ones too */
async function submitAll(endpoint: string, frames: readonly Buffer[]): Promise<boolean[]> {
  const socket = new Dealer({ receiveTimeout: 60_000, linger: 0 });
  socket.connect(endpoint);
  const verdicts: boolean[] = [];
  let answered = 0;
  const reading = (async () => {
    while (answered < frames.length) {
      for (const part of await socket.receive()) {
        const answer = readAnswer(part);
        if (answer === undefined || !("number" in answer)) throw new Error(part.toString());
        verdicts[answer.number ?? -1] = "accepted" in answer;
        answered += 1;
      }
    }
  })();
  for (const [number, frame] of frames.entries()) await socket.send([frame, `ack ${number}`]);
  await reading;
  socket.close();
  return verdicts;
}

/** Lighthouse cuts the connection instead of reading that. */
async function sendHuge(endpoint: string): Promise<void> {
  const socket = new Dealer({ linger: 0 });
  socket.connect(endpoint);
  await socket.send(Buffer.alloc(16 << 20, "["));
  await sleep(50);
  socket.close();
}

/** What a hostile frame of two megabytes repeats: as many as make a batch for a thread. */
const LONGEST = ["[", '{"data":', '{"a":{"', " ", "\0", "\xff", '"\\', "é"];

const MISSHAPEN = [[""], ["", "{}"], ["{}", "{}", "{}"], ["{}", "x", "y", "z"]];

async function sendMisshapen(endpoint: string): Promise<void> {
  const socket = new Dealer({ linger: 5_000 });
  socket.connect(endpoint);
  for (const parts of MISSHAPEN) await socket.send(parts);
  socket.close();
}

interface Reference {
  decide(frames: readonly Buffer[]): Promise<boolean[]>;
  end(): void;
}

function startReference(): Reference {
  const script = "test/fixtures/events/reference.py";
  const args = ["-B", script, JSON.stringify(vectors.trusted)];
  const child = spawn(PYTHON, args, { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("latin1").on("data", (text: string) => (said += text));
  return {
    async decide(frames) {
      said = "";
      for (const frame of frames) {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(frame.length);
        child.stdin.write(length);
        child.stdin.write(frame);
      }
      while (said.length < frames.length) await sleep(10);
      return Array.from(said, (one) => one === "1");
    },
    end: () => child.stdin.end(),
  };
}

function resident(): number {
  return Math.round(process.memoryUsage().rss / 1e6);
}
