import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { database, inTransaction } from "../../core/database/connect.ts";
import { emitEvent, emitEvents, newEvent, setUpEmitting } from "../../core/events/emit.ts";
import { newKeyPair, readKeyFile } from "../../core/events/key-file.ts";
import { Keyring, writeKeyFile } from "../../core/events/keyring.ts";
import { openProducer } from "../../core/events/producer/producer.ts";
import { lighthouseState, sequencesOf } from "../../core/events/sequence.ts";
import { submitEvent } from "../../core/events/submit.ts";
import { createSubscriber } from "../../core/events/subscriber.ts";
import { verifyFrame } from "../../core/events/verify.ts";
import { silentLog } from "../../core/log.ts";
import { Event } from "../../core/model/event.ts";
import { base } from "../../core/modules/base/index.ts";
import { createLighthouseOf, type Lighthouse } from "../../core/modules/lighthouse/service.ts";
import { tailEvents } from "../../core/modules/lighthouse/tail.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { testDatabase } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { createSystem, type System } from "../support/system.ts";

/** Debian's own Python, which has python3-zmq and python3-nacl; no other is asked. */
const PYTHON = "/usr/bin/python3";
const SCRIPTS = "test/fixtures/events";
/** A checkout of Python Laniakea, and an interpreter that has what it imports. */
const CHECKOUT = process.env["LANIAKEA_PYTHON"];
const INTERPRETER = process.env["LANIAKEA_PYTHON_INTERPRETER"] ?? PYTHON;

const TAG = "_lk.core.ping";
const log = silentLog();
const directory = mkdtempSync(join(tmpdir(), "lk-peers-"));
const keyring = new Keyring(join(directory, "keys"), { recheckMilliseconds: 0 });
let lighthouse: Lighthouse;

type Implementation = (t: ExecutionContext) => void | Promise<void>;

interface HeardLine {
  frames: number;
  tag: string;
  valid: Record<string, unknown>;
  event: { uuid: string; tag: string; data: Record<string, unknown>; unsigned?: unknown };
}

test.before(async () => {
  await testDatabase();
  lighthouse = createLighthouseOf({
    keyring,
    submit: ["tcp://127.0.0.1:*"],
    publish: ["tcp://127.0.0.1:*"],
    log,
  });
  await lighthouse.start();
  setUpEmitting({ catalogue: createRegistry([base]).events, keyring, log });
});
test.after.always(async () => {
  await lighthouse.stop();
  await database().close();
  rmSync(directory, { recursive: true });
});

/** Data that naive programs get wrong: floats, big numbers, order of keys, escapes. */
const WILD = {
  node: "anise",
  message: 'é \u{1f600}\u2028\u007f\u0001\n"\\/ <b>',
  "\u{1f600}": 1,
  "\ufffd": 2,
  nested: { b: [], a: [null, true, {}] },
};
const WILD_TEXT = `{"float": 1.0, "exponent": 1e16, "tiny": 1e-7, "big": 1180591620717411303424, ${JSON.stringify(WILD).slice(1)}`;

/** Tests that are skipped, and say why, where something is not there. */
function needs(
  there: boolean,
  reason: string,
): (title: string, implementation: Implementation) => void {
  function skip(title: string): void {
    test.skip(`${title} (skipped: ${reason})`, () => undefined);
  }
  return there ? test.serial : skip;
}

function hasDebianModules(): boolean {
  return spawnSync(PYTHON, ["-c", "import zmq, nacl.signing"]).status === 0;
}

/** Starts a Python program that prints JSON lines; it ends with the test. */
function start(t: ExecutionContext, program: string, args: string[]): HeardLine[] {
  const child = spawn(program, ["-B", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => void child.kill("SIGKILL"));
  const lines: HeardLine[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line) as HeardLine);
  });
  return lines;
}

/** Runs a Python program to its end. @returns what it printed */
function run(t: ExecutionContext, program: string, args: string[]): string {
  const result = spawnSync(program, ["-B", ...args], { encoding: "utf8" });
  t.is(result.status, 0, result.stderr);
  return result.stdout.trim();
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50);
}

/** Publishes until the listener hears: PUB drops what nobody listens to yet. */
async function introduce(heard: unknown[]): Promise<void> {
  while (heard.length === 0) {
    await inTransaction(() => emitEvent(TAG, { node: "warm-up", message: "" }));
    await sleep(100);
  }
}

function trustedFiles(): string[] {
  return keyring.trusted().map((kept) => kept.file);
}

const debian = needs(hasDebianModules(), "python3-zmq and python3-nacl are not installed");

debian("a Python program submits, another receives two frames with both signatures", async (t) => {
  const secret = join(directory, "core.key_secret");
  const pair = newKeyPair("master-core");
  writeKeyFile(secret, pair.secret, 0o600);
  writeKeyFile(keyring.trustedFile("master-core"), pair.public, 0o644);
  const { submit, publish } = lighthouse.endpoints();
  const heard = start(t, PYTHON, [
    join(SCRIPTS, "listener.py"),
    publish[0] ?? "",
    ...trustedFiles(),
  ]);
  await introduce(heard);
  const args = [join(SCRIPTS, "submitter.py"), submit[0] ?? "", secret, TAG, WILD_TEXT];
  const uuid = run(t, PYTHON, args);
  await until(() => heard.some((line) => line.event.uuid === uuid));
  const line = heard.find((one) => one.event.uuid === uuid);
  t.is(line?.frames, 2);
  t.is(line?.tag, TAG);
  const own = keyring.signingKey("lighthouse")?.signer ?? "";
  t.deepEqual(line?.valid, { [own]: true, "master-core": true });
  t.like(line?.event.data, WILD);
  const row = await Event.findOne({ where: { uuid }, rejectOnEmpty: true });
  t.like(row.get(), { signer: "master-core", origin: "submitted" });
  t.deepEqual(line?.event.unsigned, {
    lighthouse: (await lighthouseState()).id,
    sequence: (await sequencesOf([row.id])).get(row.id),
  });
  t.true(Math.abs(row.time.getTime() - row.receivedAt.getTime()) < 3_600_000);
});

debian("what we emit verifies in Python", async (t) => {
  const { publish } = lighthouse.endpoints();
  const heard = start(t, PYTHON, [
    join(SCRIPTS, "listener.py"),
    publish[0] ?? "",
    ...trustedFiles(),
  ]);
  await introduce(heard);
  const numbers = { half: 0.5, tiny: 1e-7, huge: 1.5e300, big: 2 ** 60, zero: 0 };
  const data = { ...WILD, ...numbers };
  const uuid = await inTransaction(() => emitEvent(TAG, data));
  await until(() => heard.some((line) => line.event.uuid === uuid));
  const line = heard.find((one) => one.event.uuid === uuid);
  t.deepEqual(Object.values(line?.valid ?? {}), [true, true]);
  t.deepEqual(line?.event.data, data);
});

/** So many each way; nothing of it may be missing, doubled or out of order. */
const MANY = 10_000;
const NUMBERS = Array.from({ length: MANY }, (_, index) => index);

/** Runs a Python program beside our Lighthouse, which lives in this process. */
function runBeside(program: string, args: string[]): { output: Promise<string>; end(): void } {
  const child = spawn(program, ["-B", ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const output = new Promise<string>((resolve, reject) => {
    child.once("close", (status) => {
      if (status === 0) resolve(Buffer.concat(chunks).toString().trim());
      else reject(new Error(`${program} ended with ${status}`));
    });
  });
  return { output, end: () => child.stdin.end() };
}

/** Uuids and numbers of a signer's events, in the order of the journal. */
function journalOf(signer: string): Promise<{ uuid: string; number: number }[]> {
  return database().query(
    `select uuid, (data->>'number')::int as number from event
      where signer = $1 and data ? 'number' order by id`,
    [signer],
  );
}

for (const mode of ["ack", "plain"]) {
  debian(
    `${MANY} events of a Python program are all in the journal, in order (${mode})`,
    async (t) => {
      const signer = `${mode}-core`;
      const secret = join(directory, `${signer}.key_secret`);
      const pair = newKeyPair(signer);
      writeKeyFile(secret, pair.secret, 0o600);
      writeKeyFile(keyring.trustedFile(signer), pair.public, 0o644);
      const args = [lighthouse.endpoints().submit[0] ?? "", secret, TAG, String(MANY)];
      const words = [join(SCRIPTS, "many.py"), ...args, ...(mode === "ack" ? ["ack"] : [])];
      const sent = (await runBeside(PYTHON, words).output).split("\n");
      await until(async () => (await journalOf(signer)).length >= MANY);
      const journal = await journalOf(signer);
      t.deepEqual(
        journal.map(({ uuid }) => uuid),
        sent,
      );
      t.deepEqual(
        journal.map(({ number }) => number),
        NUMBERS,
      );
    },
  );
}

/** Emits many numbered events. @returns their uuids */
async function emitMany(node: string): Promise<string[]> {
  const uuids: string[] = [];
  for (let first = 0; first < MANY; first += 500) {
    const events = NUMBERS.slice(first, first + 500).map((number) => ({
      tag: TAG,
      data: { node, message: "", number },
    }));
    uuids.push(...(await inTransaction(() => emitEvents(events))));
  }
  return uuids;
}

/** What a listener heard of one node, which must be all of it and valid. */
async function heardAll(t: ExecutionContext, heard: HeardLine[], node: string): Promise<string[]> {
  const ofNode = (): HeardLine[] => heard.filter((line) => line.event.data["node"] === node);
  await until(() => ofNode().length >= MANY);
  const lines = ofNode();
  t.true(lines.every((line) => Object.values(line.valid).every((valid) => valid === true)));
  t.true(lines.every((line) => Object.keys(line.valid).length === 2));
  return lines.map((line) => line.event.uuid);
}

debian(`${MANY} events of ours are all heard and verified in Python`, async (t) => {
  const publish = lighthouse.endpoints().publish[0] ?? "";
  const heard = start(t, PYTHON, [join(SCRIPTS, "listener.py"), publish, ...trustedFiles()]);
  await introduce(heard);
  const uuids = await emitMany("to-python");
  t.deepEqual(await heardAll(t, heard, "to-python"), uuids);
});

const laniakea = needs(
  CHECKOUT !== undefined,
  "LANIAKEA_PYTHON names no checkout of Python Laniakea",
);
const source = join(CHECKOUT ?? "", "src");

/** Laniakea's base-config.toml for a machine of its own, and the folder of its keys. */
function peerMachine(
  name: string,
  endpoints: { submit: string; publish: string },
): { config: string; keys: Keyring } {
  const workspace = join(directory, name);
  mkdirSync(workspace);
  const config = join(workspace, "base-config.toml");
  const lists = `submit = ["${endpoints.submit}"]\npublish = ["${endpoints.publish}"]\n`;
  writeFileSync(
    config,
    `Workspace = "${workspace}"
CurveKeysDir = "${workspace}/keys"
[Archive]
path = "${workspace}/archive"
[Lighthouse.endpoints]
jobs = []
${lists}
[Lighthouse.servers]
jobs = ["tcp://localhost:5570"]
${lists}`,
  );
  return { config, keys: new Keyring(join(workspace, "keys"), { recheckMilliseconds: 0 }) };
}

/** Lets one machine trust a signer of another. */
function introduceKey(from: Keyring, signer: string, to: Keyring): void {
  const kept = from.trusted().find((one) => one.key.id === signer);
  if (kept === undefined) throw new Error(`no key of ${signer}`);
  copyFileSync(kept.file, to.trustedFile(signer));
}

laniakea("Laniakea's own keytool and ours read each other's files", (t) => {
  const keys = join(directory, "keytool");
  mkdirSync(keys);
  const tool = [join(source, "keytool", "keytool.py"), "key-new", "--id", "made-there"];
  run(t, INTERPRETER, [...tool, "--name", "A B", "--email", "a@b.c", keys]);
  const made = readKeyFile(join(keys, "made-there.key_secret"));
  t.is(made.signingKey?.signer, "made-there");
  t.is(made.curve?.secretKey?.length, 40);
  t.deepEqual(readKeyFile(join(keys, "made-there.key")).verifyKey, made.verifyKey);
  const pair = newKeyPair("made-here", { name: "A = B" });
  writeKeyFile(join(keys, "made-here.key_secret"), pair.secret, 0o600);
  const script = `import sys; sys.path.insert(0, sys.argv[1])
import zmq.auth
from laniakea.msgstream import keyfile_read_signing_key, keyfile_read_verify_key
name, key = keyfile_read_signing_key(sys.argv[2])
assert key.verify_key == keyfile_read_verify_key(sys.argv[2])[1]
public, secret = zmq.auth.load_certificate(sys.argv[2])
print(name, len(public), len(secret))`;
  const file = join(keys, "made-here.key_secret");
  t.is(run(t, INTERPRETER, ["-c", script, source, file]), "made-here 40 40");
});

laniakea("Laniakea's own emitter and listener work with our Lighthouse", async (t) => {
  const { submit, publish } = lighthouse.endpoints();
  const peer = peerMachine("emitter", { submit: submit[0] ?? "", publish: publish[0] ?? "" });
  peer.keys.ensureOwnKey("core");
  const signer = peer.keys.signingKey("core")?.signer ?? "";
  const ours = keyring.signingKey("lighthouse")?.signer ?? "";
  introduceKey(peer.keys, signer, keyring);
  introduceKey(keyring, ours, peer.keys);
  introduceKey(keyring, keyring.signingKey("general")?.signer ?? "", peer.keys);
  const heard = start(t, INTERPRETER, [join(SCRIPTS, "laniakea_listener.py"), source, peer.config]);
  await introduce(heard);
  const events = [WILD_TEXT, '{"node": "second", "message": ""}'];
  const args = [join(SCRIPTS, "laniakea_emitter.py"), source, peer.config, "core", "ping"];
  run(t, INTERPRETER, [...args, ...events]);
  await until(() => heard.some((line) => line.event.data["node"] === "second"));
  const theirs = heard.filter((line) => Object.keys(line.valid).includes(signer));
  t.is(theirs.length, 2);
  for (const line of theirs) t.deepEqual(line.valid, { [signer]: true, [ours]: true });
  t.like(theirs[0]?.event.data, WILD);
});

laniakea(
  `${MANY} events of Laniakea's own emitter arrive, and its listener hears ours`,
  async (t) => {
    const { submit, publish } = lighthouse.endpoints();
    const peer = peerMachine("volume", { submit: submit[0] ?? "", publish: publish[0] ?? "" });
    const pair = newKeyPair("volume-core");
    writeKeyFile(peer.keys.secretFile("core"), pair.secret, 0o600);
    writeKeyFile(peer.keys.trustedFile("volume-core"), pair.public, 0o644);
    introduceKey(peer.keys, "volume-core", keyring);
    for (const module of ["lighthouse", "general"]) {
      introduceKey(keyring, keyring.signingKey(module)?.signer ?? "", peer.keys);
    }
    const emitter = [join(SCRIPTS, "laniakea_emitter.py"), source, peer.config, "core", "ping"];
    const emitting = runBeside(INTERPRETER, [...emitter, String(MANY)]);
    await until(async () => (await journalOf("volume-core")).length >= MANY);
    emitting.end();
    await emitting.output;
    t.deepEqual(
      (await journalOf("volume-core")).map(({ number }) => number),
      NUMBERS,
    );
    const heard = start(t, INTERPRETER, [
      join(SCRIPTS, "laniakea_listener.py"),
      source,
      peer.config,
    ]);
    await introduce(heard);
    const uuids = await emitMany("to-laniakea");
    t.deepEqual(await heardAll(t, heard, "to-laniakea"), uuids);
  },
);

laniakea(`${MANY} events of our producer pass through Laniakea's own Lighthouse`, async (t) => {
  const [submit, publish] = [`ipc://${directory}/many-submit`, `ipc://${directory}/many-publish`];
  const peer = peerMachine("many-lighthouse", { submit, publish });
  peer.keys.ensureOwnKey("lighthouse");
  const key = keyring.signingKey("general");
  introduceKey(keyring, key?.signer ?? "", peer.keys);
  const server = [join(source, "lighthouse", "lighthouse-server"), "--config", peer.config];
  const child = spawn(INTERPRETER, server, { stdio: ["ignore", "ignore", "inherit"] });
  t.teardown(() => void child.kill("SIGTERM"));
  const heard: Buffer[] = [];
  const subscriber = createSubscriber({
    endpoints: [publish],
    onFrame: (bytes) => void heard.push(bytes),
    log,
  });
  await subscriber.start();
  const outcomes = new Set<string>();
  const producer = openProducer({
    spool: join(directory, "spool"),
    servers: [submit],
    key: key ?? "",
    onOutcome: ({ kind }) => outcomes.add(kind),
  });
  // It never answers and forgets what nobody hears, so the first ones only warm up.
  while (heard.length === 0) {
    await producer.emit(TAG, { node: "warm-up", message: "" });
    await sleep(200);
  }
  const data = (number: number) => ({ node: "many", message: "", number });
  const uuids = await Promise.all(NUMBERS.map((number) => producer.emit(TAG, data(number))));
  t.true(await producer.drain(60_000));
  t.deepEqual([...outcomes], ["handed-over"]);
  const trusted = new Keyring(peer.keys.directory, { recheckMilliseconds: 0 });
  const verdicts = (): string[] =>
    heard.flatMap((bytes) => {
      const verdict = verifyFrame(bytes, trusted);
      return verdict.accepted && verdict.event.body.includes('"node":"many"')
        ? [verdict.event.uuid]
        : [];
    });
  await until(() => verdicts().length >= MANY);
  t.deepEqual(verdicts(), uuids);
  await producer.close();
  await subscriber.stop();
});

laniakea("we submit to Laniakea's own Lighthouse and hear it, both signatures valid", async (t) => {
  const peer = peerMachine("lighthouse", {
    submit: `ipc://${directory}/peer-submit`,
    publish: `ipc://${directory}/peer-publish`,
  });
  peer.keys.ensureOwnKey("lighthouse");
  const theirs = peer.keys.signingKey("lighthouse")?.signer ?? "";
  const key = keyring.signingKey("general");
  introduceKey(keyring, key?.signer ?? "", peer.keys);
  // Both are of this host and call themselves the same; here the peer's keys are those that count.
  const trusted = new Keyring(peer.keys.directory, { recheckMilliseconds: 0 });
  const server = [join(source, "lighthouse", "lighthouse-server"), "--config", peer.config];
  const child = spawn(INTERPRETER, server, { stdio: ["ignore", "ignore", "inherit"] });
  t.teardown(() => void child.kill("SIGTERM"));
  const ended = new AbortController();
  const heard: unknown[] = [];
  const reading = (async () => {
    const tail = tailEvents({
      lighthouses: [{ publish: `ipc://${directory}/peer-publish` }],
      keyring: trusted,
      decide: (bytes) => verifyFrame(bytes, trusted),
      signal: ended.signal,
      log,
    });
    for await (const one of tail) {
      heard.push(
        one.verdict.accepted
          ? [one.verdict.signers, JSON.parse(one.verdict.event.data.toString())]
          : one.verdict,
      );
    }
  })();
  while (heard.length === 0) {
    const event = newEvent(TAG, WILD, key);
    const outcome = await submitEvent(event, `ipc://${directory}/peer-submit`, 300);
    t.true(["handed-over", "unreachable"].includes(outcome.kind));
  }
  ended.abort();
  await reading;
  // Signers in the order of the wire, which is that of their names.
  t.deepEqual(heard[0], [[key?.signer, theirs], WILD]);
});

laniakea("our hub hears Laniakea's own Lighthouse and tells people", async (t) => {
  const system = await createSystem("");
  t.teardown(() => system.remove());
  const peer = peerMachine("their-lighthouse", {
    submit: `ipc://${directory}/their-submit`,
    publish: `ipc://${directory}/their-publish`,
  });
  const servers = `\n[lighthouse.servers]\npublish = ["ipc://${directory}/their-publish"]\n`;
  appendFileSync(join(system.directory, "config.toml"), servers);
  peer.keys.ensureOwnKey("lighthouse");
  // A signer of its own: the system makes keys that are named after this host, as ours are.
  await system.lk("key", "new", "anise-archive", "--output", system.directory);
  const publicKey = join(system.directory, "anise-archive.key");
  await system.lk("key", "trust", publicKey);
  copyFileSync(publicKey, peer.keys.trustedFile("anise-archive"));
  // Both Lighthouses are of this host and would call two keys by one name: they share one.
  cpSync(peer.keys.directory, join(system.directory, "var", "keys"), { recursive: true });
  const { signingKey: key } = readKeyFile(`${publicKey}_secret`);
  const server = [join(source, "lighthouse", "lighthouse-server"), "--config", peer.config];
  const child = spawn(INTERPRETER, server, { stdio: ["ignore", "ignore", "inherit"] });
  t.teardown(() => void child.kill("SIGTERM"));
  const running = await system.up();
  t.teardown(() => running.end("SIGKILL"));
  const data = { pkg_name: "over-theirs", pkg_version: "1.0", repo: "master" };
  const event = newEvent("_lk.archive.package-src-removed", data, key);
  await eventually(async () => {
    // The peer never acknowledges, and forgets what nobody heard: said again until it is told.
    await submitEvent(event, `ipc://${directory}/their-submit`, 300);
    return (await told(system)).length > 0;
  }, "the event of Laniakea's own Lighthouse is told in our room");
  t.is((await told(system)).length, 1);
  t.is(await running.end("SIGTERM"), 0);
});

async function told({ url }: System): Promise<string[]> {
  const answer = await fetch(`${url}/api/v1/room`);
  const { items } = (await answer.json()) as { items: { text: string }[] };
  return items.map(({ text }) => text).filter((text) => text.includes("over-theirs"));
}
