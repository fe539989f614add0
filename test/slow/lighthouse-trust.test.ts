import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { Dealer, Subscriber } from "zeromq";
import { database } from "../../core/database/connect.ts";
import { readAnswer } from "../../core/events/acknowledge.ts";
import { newEvent } from "../../core/events/emit.ts";
import { wireText } from "../../core/events/envelope.ts";
import { newKeyPair, parseKeyFile } from "../../core/events/key-file.ts";
import { Keyring, writeKeyFile } from "../../core/events/keyring.ts";
import { writeRightsFile } from "../../core/events/rights-file.ts";
import type { SigningKey } from "../../core/events/signature.ts";
import { readTally } from "../../core/events/tally.ts";
import { silentLog } from "../../core/log.ts";
import { Event, EventQuarantine } from "../../core/model/event.ts";
import { createLighthouseOf, type Lighthouse } from "../../core/modules/lighthouse/service.ts";
import { testDatabase } from "../support/database.ts";

const directory = mkdtempSync(join(tmpdir(), "lk-trust-"));
const log = silentLog();

test.before(() => testDatabase());
test.after.always(async () => {
  await database().close();
  rmSync(directory, { recursive: true });
});

/** `accepted`, `duplicate`, or why it was refused. */
type Outcome = string;

/** A signer whose key is trusted. */
function trust(keyring: Keyring, id: string): SigningKey {
  const pair = newKeyPair(id);
  writeKeyFile(keyring.trustedFile(id), pair.public, 0o644);
  return parseKeyFile(pair.secret, id).signingKey as SigningKey;
}

async function open(t: ExecutionContext, keyring: Keyring): Promise<Lighthouse> {
  await database().query("truncate event, event_quarantine, submission_tally cascade");
  const endpoints = { submit: ["tcp://127.0.0.1:*"], publish: ["tcp://127.0.0.1:*"] };
  const lighthouse = createLighthouseOf({ keyring, ...endpoints, log });
  await lighthouse.start();
  t.teardown(() => lighthouse.stop());
  return lighthouse;
}

function dealer(t: ExecutionContext, lighthouse: Lighthouse): Dealer {
  const socket = new Dealer({ receiveTimeout: 20_000, linger: 0 });
  t.teardown(() => socket.close());
  socket.connect(lighthouse.endpoints().submit[0] ?? "");
  return socket;
}

async function submit(socket: Dealer, text: string): Promise<Outcome> {
  await socket.send([text, "ack"]);
  const [part] = await socket.receive();
  const answer = part && readAnswer(part);
  if (answer === undefined || "acknowledges" in answer) throw new Error("no answer");
  if ("refused" in answer) return answer.refused;
  return answer.duplicate ? "duplicate" : "accepted";
}

const PING = "_lk.core.ping";
const REMOVED = "_lk.archive.package-src-removed";
const BUILT = "_lk.archive.package-build-success";
const EXCUSE = "_lk.spears.new-excuse";
const FINISHED = "_lk.jobs.job-finished";
const FOREIGN = "org.example.thing";
const TAGS = [PING, REMOVED, BUILT, EXCUSE, FINISHED, FOREIGN];

/** Configured: all that is not here is refused. */
const MAY: Record<string, string[]> = {
  "anise-core": [PING],
  "anise-archive": [REMOVED, BUILT],
  "master-rubicon": [BUILT],
  "anise-spears": [EXCUSE],
  "anise-spark": [FINISHED],
  "anise-general": [PING, REMOVED, BUILT, EXCUSE, FINISHED],
  // By rights.toml: instead of the archive's tags, these; and all of core's but the ping.
  "pear-archive": [PING, EXCUSE],
  "pear-core": [],
  pear: [],
};

test.serial("every signer may say its tags and none of the others", async (t) => {
  const keyring = new Keyring(join(directory, "matrix"), { host: "main", recheckMilliseconds: 0 });
  const keys = new Map(Object.keys(MAY).map((signer) => [signer, trust(keyring, signer)]));
  const decided = new Map([
    ["pear-archive", { allow: [PING, "_lk.spears.*"] }],
    ["pear-core", { deny: [PING] }],
  ]);
  writeRightsFile(keyring.rightsFile(), decided);
  const socket = dealer(t, await open(t, keyring));
  for (const [signer, key] of keys) {
    for (const tag of TAGS) {
      const outcome = await submit(socket, wireText(newEvent(tag, { of: signer }, key)));
      const fine = MAY[signer]?.includes(tag) === true;
      t.is(outcome, fine ? "accepted" : `${signer} may not say ${tag}`);
    }
  }
  const fine = Object.values(MAY).flat().length;
  t.is(await Event.count(), fine);
  const refused = TAGS.length * keys.size - fine;
  while ((await readTally("submission_tally")).received < refused + fine) await sleep(20);
  const { quarantined } = await readTally("submission_tally");
  t.deepEqual(quarantined, { "not-allowed": refused });
  t.is(await EventQuarantine.count({ where: { code: "not-allowed" } }), refused);
});

test.serial("a captured event does not come in again, then, later, or much later", async (t) => {
  const keyring = new Keyring(join(directory, "capture"), { host: "main", recheckMilliseconds: 0 });
  const key = trust(keyring, "anise-core");
  const lighthouse = await open(t, keyring);
  const listener = new Subscriber({ receiveTimeout: 500 });
  t.teardown(() => listener.close());
  listener.subscribe();
  listener.connect(lighthouse.endpoints().publish[0] ?? "");
  const socket = dealer(t, lighthouse);
  let captured: Buffer | undefined;
  let original = "";
  while (captured === undefined) {
    original = wireText(newEvent(PING, { node: "anise", message: "hello" }, key));
    t.is(await submit(socket, original), "accepted");
    captured = (await listener.receive().catch(() => []))[1];
  }
  const count = await Event.count();
  // As it went over the wire, with Lighthouse's signature; as it was submitted; and spelled anew.
  const spaced = JSON.stringify(JSON.parse(original), null, 2);
  for (const text of [captured.toString(), original, spaced]) {
    t.is(await submit(socket, text), "duplicate");
  }
  // The journal has forgotten it.
  await Event.destroy({ where: {} });
  t.is(await submit(socket, captured.toString()), "duplicate");
  t.is(await Event.count(), 0);
  t.true(count > 0);
  // So have the uuids: by then it is too old.
  await database().query("delete from event_seen");
  await lighthouse.stop();
  const now = (): number => Date.now() + 91 * 86_400_000;
  const rules = { authority: keyring, window: 90 * 86_400_000, now };
  const later = createLighthouseOf({
    keyring,
    rules,
    submit: ["tcp://127.0.0.1:*"],
    publish: [],
    log,
  });
  await later.start();
  t.teardown(() => later.stop());
  t.regex(await submit(dealer(t, later), captured.toString()), /too long ago/);
});

test.serial(
  "under load a revoked key is refused within 5 s and nobody else loses anything",
  async (t) => {
    // Looks at its folder as often as in earnest.
    const keyring = new Keyring(join(directory, "revoke"), { host: "main" });
    const signers = ["anise-core", "pear-core", "quince-core"];
    const keys = new Map(signers.map((signer) => [signer, trust(keyring, signer)]));
    const lighthouse = await open(t, keyring);
    const outcomes = new Map(signers.map((signer) => [signer, new Map<Outcome, number>()]));
    const late: Outcome[] = [];
    let revokedAt = Number.POSITIVE_INFINITY;
    let over = false;
    async function produce(signer: string, key: SigningKey): Promise<void> {
      const socket = dealer(t, lighthouse);
      const counts = outcomes.get(signer) ?? new Map<Outcome, number>();
      while (!over) {
        const asked = performance.now();
        const burst = Array.from({ length: 50 }, () =>
          wireText(newEvent(PING, { of: signer }, key)),
        );
        for (const text of burst) await socket.send([text, "ack"]);
        for (let answers = 0; answers < burst.length;) {
          for (const part of await socket.receive()) {
            const answer = readAnswer(part);
            const outcome = answer && "refused" in answer ? answer.refused : "accepted";
            counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
            if (signer === "pear-core" && asked > revokedAt + 5_000) late.push(outcome);
            answers += 1;
          }
        }
      }
    }
    const producing = Promise.all([...keys].map(([signer, key]) => produce(signer, key)));
    const fine = (signer: string): number => outcomes.get(signer)?.get("accepted") ?? 0;
    while (signers.some((signer) => fine(signer) < 100)) await sleep(50);
    // By another process, as lk key revoke is one.
    const other = new Keyring(keyring.directory);
    other.revoke(other.trustedFile("pear-core"));
    revokedAt = performance.now();
    while (late.length < 50) await sleep(50);
    over = true;
    await producing;
    t.deepEqual(new Set(late), new Set(["no trusted signer: pear-core"]));
    let accepted = fine("pear-core");
    for (const signer of ["anise-core", "quince-core"]) {
      t.deepEqual([...(outcomes.get(signer)?.keys() ?? [])], ["accepted"]);
      accepted += fine(signer);
    }
    t.is(await Event.count(), accepted);
    const { received, stored, duplicate, refused } = lighthouse.counts();
    t.deepEqual([stored, duplicate], [accepted, 0]);
    t.deepEqual(refused, { untrusted: received - accepted });
  },
);
