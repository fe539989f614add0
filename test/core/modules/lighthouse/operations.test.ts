import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Router } from "zeromq";
import { loadSettings } from "../../../../core/config.ts";
import { database } from "../../../../core/database/connect.ts";
import { newEvent } from "../../../../core/events/emit.ts";
import { wireText } from "../../../../core/events/envelope.ts";
import { writeKeyFile } from "../../../../core/events/keyring.ts";
import { writeRightsFile } from "../../../../core/events/rights-file.ts";
import { openKeyring, setUpEvents } from "../../../../core/events/setup.ts";
import { quarantine } from "../../../../core/events/quarantine.ts";
import { newSigningKey, verifyKeyText } from "../../../../core/events/signature.ts";
import { verifyFrame } from "../../../../core/events/verify.ts";
import { silentLog } from "../../../../core/log.ts";
import { renderText } from "../../../../core/message.ts";
import { Event } from "../../../../core/model/event.ts";
import { base } from "../../../../core/modules/base/index.ts";
import { lighthouse } from "../../../../core/modules/lighthouse/index.ts";
import { createLighthouse } from "../../../../core/modules/lighthouse/service.ts";
import { checkParameters, runAtOnce } from "../../../../core/operation/ask.ts";
import { parseWords } from "../../../../core/operation/command.ts";
import type { Answer, Caller } from "../../../../core/operation/declare.ts";
import { createRegistry } from "../../../../core/operation/registry.ts";
import { testDatabase } from "../../../support/database.ts";

const directory = mkdtempSync(join(tmpdir(), "lk-event-"));
const config = join(directory, "config.toml");
const endpoint = (name: string): string => `ipc://${directory}/${name}`;
writeFileSync(
  config,
  `[lighthouse]\nsubmit = "${endpoint("submit")}"\npublish = "${endpoint("publish")}"\nreplay = "${endpoint("replay")}"\n`,
);
const environment = {
  registry: createRegistry([base, lighthouse]),
  settings: loadSettings({ file: config, dataDirectory: directory }),
  log: silentLog(),
};
const vectors = JSON.parse(readFileSync("test/fixtures/events/signed-events.json", "utf8")) as {
  trusted: Record<string, string>;
  cases: { name: string; wire: string; accept: boolean }[];
};

test.before(async () => {
  await testDatabase();
  setUpEvents(environment);
});
test.after.always(async () => {
  await database().close();
  rmSync(directory, { recursive: true });
});

function lk(...words: string[]): Promise<Answer> {
  return ask("cli", words);
}

function lkOn(there: typeof environment, words: string[]): Promise<Answer> {
  return ask("cli", words, there);
}

async function ask(
  origin: Caller["origin"],
  words: string[],
  there: typeof environment = environment,
): Promise<Answer> {
  const typed = parseWords(environment.registry.operations.values(), words, { program: "lk" });
  if ("help" in typed) throw new Error(typed.help);
  const parameters = checkParameters(typed.operation, typed.parameters);
  const caller = { name: "local:test", role: "admin", origin } as const;
  return runAtOnce(there, {
    declaration: typed.operation,
    parameters,
    caller,
    dryRun: false,
  });
}

/** Key files of the vectors' signers, in a directory as an operator has it. */
function vectorKeys(folder: string): string {
  const keys = join(directory, folder);
  mkdirSync(keys, { recursive: true });
  for (const [id, key] of Object.entries(vectors.trusted)) {
    const text = `metadata\n    id = "${id}"\ned\n    verify-key = "${key}"\n`;
    writeFileSync(join(keys, `${id}.pub.key`), text);
  }
  return keys;
}

test("event verify gives each recorded frame its verdict, a line a file", async (t) => {
  const keys = vectorKeys("vector-keys");
  const files = vectors.cases.map(({ wire }, index) => {
    const file = join(directory, `case-${index}.json`);
    writeFileSync(file, wire);
    return file;
  });
  const answer = await lk("event", "verify", "--keys", keys, ...files);
  t.true(answer.failed);
  t.is(answer.lines?.length, 64);
  vectors.cases.forEach(({ name, accept }, index) => {
    const line = answer.lines?.[index] ?? "";
    t.true(
      line.startsWith(`${files[index]}: ${accept ? "accepted " : "refused: "}`),
      `${name}: ${line}`,
    );
  });
  t.is(answer.lines?.[0], `${files[0]}: accepted archive-host`);
  t.like((answer.data as unknown[])[3], { accepted: false, code: "wrong-signature" });
});

test("event verify is done well only if all were accepted", async (t) => {
  const keys = join(vectorKeys("layout/trusted"), "..");
  const file = join(directory, "plain.json");
  writeFileSync(file, vectors.cases[0]?.wire ?? "");
  t.false((await lk("event", "verify", "--keys", keys, file)).failed);
  const missing = join(directory, "missing.json");
  const answer = await lk("event", "verify", "--keys", keys, file, missing);
  t.true(answer.failed);
  t.regex(answer.lines?.[1] ?? "", /missing\.json: refused: cannot be read: ENOENT/);
  const nowhere = lk("event", "verify", "--keys", join(directory, "nowhere"), file);
  await t.throwsAsync(nowhere, { code: "KEY_UNREADABLE" });
  await t.throwsAsync(ask("chat", ["event", "verify", file]), { code: "COMMAND_LINE_ONLY" });
});

test.serial("without a server event send writes into the journal, signed", async (t) => {
  openKeyring(environment).ensureOwnKey("general");
  const answer = await lk("event", "send", "_lk.core.ping", '{"node": "anise", "message": "é"}');
  const { uuid } = answer.data as { uuid: string };
  const event = await Event.findOne({ where: { uuid }, rejectOnEmpty: true });
  t.like(event.get(), { origin: "local", data: { node: "anise", message: "é" } });
  t.true(verifyFrame(Buffer.from(event.body), openKeyring(environment)).accepted);
});

test("event send refuses what is not declared, not JSON, or not as declared", async (t) => {
  const refused: [string, string, RegExp][] = [
    ["_lk.core.pong", "{}", /no module declares _lk\.core\.pong/],
    ["_lk.core.ping", "{", /not a JSON object: unexpected end at character 2/],
    ["_lk.core.ping", "[]", /not a JSON object/],
    ["_lk.core.ping", '{"node": 1, "message": ""}', /node: /],
    ["_lk.core.ping", '{"node": "a", "message": "", "x": NaN}', /not a JSON object/],
  ];
  for (const [tag, json, message] of refused) {
    await t.throwsAsync(lk("event", "send", tag, json), { code: "EVENT_DATA", message }, json);
  }
});

test.serial("event ping --to submits to a Lighthouse and tells what it said", async (t) => {
  const server = createLighthouse(environment);
  await server.start();
  const answer = await lk("event", "ping", "--to", endpoint("submit"), "--message", "hello");
  t.like(answer.data, { outcome: "accepted", endpoint: endpoint("submit") });
  const { uuid } = answer.data as { uuid: string };
  t.like((await Event.findOne({ where: { uuid } }))?.get(), { origin: "submitted" });
  await server.stop();
});

test.serial(
  "a Lighthouse that says nothing is reported as that, an absent one as an error",
  async (t) => {
    const silent = new Router();
    await silent.bind(endpoint("silent"));
    const answer = await lk("event", "ping", "--to", endpoint("silent"), "--wait", "0.2");
    t.like(answer.data, { outcome: "handed-over" });
    t.is((await silent.receive()).length, 3);
    silent.close();
    await t.throwsAsync(lk("event", "ping", "--to", endpoint("absent"), "--wait", "0.2"), {
      code: "LIGHTHOUSE_UNREACHABLE",
    });
  },
);

test.serial(
  "with servers an event is spooled while none answers, and delivered later",
  async (t) => {
    const file = join(directory, "elsewhere.toml");
    const servers = `[lighthouse.servers]\nsubmit = "${endpoint("elsewhere")}"\n`;
    writeFileSync(file, servers);
    const there = { ...environment, settings: loadSettings({ file, dataDirectory: directory }) };
    const words = ["event", "ping", "--message", "later", "--wait", "0.3"];
    const sent = await lkOn(there, words);
    t.like(sent.data, { outcome: "spooled" });
    t.like((await lkOn(there, [...words, "--spool"])).data, { outcome: "spooled" });
    t.like((await lkOn(there, ["event", "spool"])).data, { waiting: 2 });
    const failed = await lkOn(there, ["event", "spool", "flush", "--wait", "0.1"]);
    t.true(failed.failed);
    const server = createLighthouse({
      ...environment,
      settings: loadSettings({ file: elsewhereConfig(), dataDirectory: directory }),
    });
    await server.start();
    t.teardown(() => server.stop());
    const flushed = await lkOn(there, ["event", "spool", "flush", "--wait", "20"]);
    t.like(flushed.data, { waiting: 0 });
    const { uuid } = sent.data as { uuid: string };
    t.like((await Event.findOne({ where: { uuid } }))?.get(), { origin: "submitted" });
    const now = await lkOn(there, ["event", "ping", "--wait", "20"]);
    t.like(now.data, { outcome: "accepted", endpoint: endpoint("elsewhere") });
  },
);

/** A Lighthouse beside the one of the other tests. */
function elsewhereConfig(): string {
  const file = join(directory, "elsewhere-server.toml");
  const submit = `submit = "${endpoint("elsewhere")}"`;
  const publish = `publish = "${endpoint("elsewhere-publish")}"`;
  const replay = `replay = "${endpoint("elsewhere-replay")}"`;
  writeFileSync(file, `[lighthouse]\n${submit}\n${publish}\n${replay}\n`);
  return file;
}

test.serial("event list shows the newest first, by tag if asked", async (t) => {
  await lk("event", "ping", "--message", "one");
  await lk("event", "ping", "--message", "two <b>");
  const answer = await lk("event", "list", "--tag", "_lk.core.*", "--limit", "2");
  const text = answer.messages.map(renderText).join("\n");
  t.regex(text, /says over the bus: two <b>[^]*says over the bus: one/);
  t.like((answer.data as object[])[0], { tag: "_lk.core.ping", data: { message: "two <b>" } });
  t.deepEqual((await lk("event", "list", "--tag", "_lk_core%")).data, []);
});

test.serial("event quarantine shows what was refused", async (t) => {
  t.regex((await lk("event", "quarantine")).messages.map(renderText).join(), /Nothing was refused/);
  await quarantine([
    { source: "tcp://x", code: "unsigned", reason: "not signed", tag: "_lk.a.b", body: "{}" },
  ]);
  const answer = await lk("event", "quarantine");
  t.regex(answer.messages.map(renderText).join("\n"), /tcp:\/\/x .*_lk\.a\.b .*not signed/);
});

test.serial("one refused frame is shown as it came; all can be forgotten", async (t) => {
  const [listed] = (await lk("event", "quarantine", "--code", "unsigned")).data as { id: string }[];
  t.deepEqual((await lk("event", "quarantine", "--code", "too-old")).data, []);
  t.like((await lk("event", "quarantine", listed?.id ?? "")).data, { body: "{}" });
  await t.throwsAsync(lk("event", "quarantine", "999999"), { code: "FRAME_UNKNOWN" });
  t.deepEqual((await lk("event", "discard")).data, { forgotten: 1 });
  t.deepEqual((await lk("event", "quarantine")).data, []);
});

test.serial("what was refused for its signer is released once the signer may say it", async (t) => {
  const keyring = openKeyring(environment);
  const key = newSigningKey("anise");
  const body = wireText(newEvent("_lk.core.ping", { node: "anise", message: "late" }, key));
  await quarantine([{ source: "tcp://x", code: "untrusted", reason: "no", body }]);
  const [{ id }] = (await lk("event", "quarantine")).data as [{ id: string }];
  await t.throwsAsync(lk("event", "release", id), { code: "EVENT_REFUSED", message: /no trusted/ });
  const file = `metadata\n    id = "anise"\ned\n    verify-key = "${verifyKeyText(key)}"\n`;
  writeKeyFile(keyring.trustedFile("anise"), file, 0o644);
  await t.throwsAsync(lk("event", "release", id), { message: /anise may not say _lk.core.ping/ });
  writeRightsFile(keyring.rightsFile(), new Map([["anise", { allow: ["_lk.core.ping"] }]]));
  t.like((await lk("event", "release", id)).data, { tag: "_lk.core.ping", stored: true });
  t.deepEqual((await lk("event", "quarantine")).data, []);
});
