import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { loadSettings } from "../../../../core/config.ts";
import { readKeyFile } from "../../../../core/events/key-file.ts";
import { Keyring } from "../../../../core/events/keyring.ts";
import { maySay } from "../../../../core/events/rights.ts";
import { openKeyring } from "../../../../core/events/setup.ts";
import { silentLog } from "../../../../core/log.ts";
import { renderText } from "../../../../core/message.ts";
import { keys } from "../../../../core/modules/keys/index.ts";
import { checkParameters, runAtOnce } from "../../../../core/operation/ask.ts";
import { parseWords } from "../../../../core/operation/command.ts";
import type { Answer, Caller, Environment } from "../../../../core/operation/declare.ts";
import { createRegistry } from "../../../../core/operation/registry.ts";

const registry = createRegistry([keys]);

interface Bench {
  directory: string;
  environment: Environment;
  lk(...words: string[]): Promise<Answer>;
}

/** A machine with an empty data directory, and `lk` typed on it. */
function bench(t: ExecutionContext, origin: Caller["origin"] = "cli"): Bench {
  const directory = mkdtempSync(join(tmpdir(), "lk-keys-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const settings = loadSettings({ dataDirectory: join(directory, "var") });
  const environment = { registry, settings, log: silentLog() };
  const caller = { name: "local:test", role: "admin", origin } as const;
  async function lk(...words: string[]): Promise<Answer> {
    const typed = parseWords(registry.operations.values(), words, { program: "lk" });
    if ("help" in typed) throw new Error(typed.help);
    const parameters = checkParameters(typed.operation, typed.parameters);
    const admitted = { declaration: typed.operation, parameters, caller, dryRun: false };
    return runAtOnce(environment, admitted);
  }
  return { directory, environment, lk };
}

test("a new key is made, trusted, installed and signs", async (t) => {
  const { directory, environment, lk } = bench(t);
  const made = await lk("key", "new", "archive-host", "--email", "a@b.c", "--output", directory);
  const secret = join(directory, "archive-host.key_secret");
  const open = join(directory, "archive-host.key");
  t.like(made.data, { id: "archive-host", email: "a@b.c", file: open, secret });
  t.is(statSync(secret).mode & 0o777, 0o600);
  const [, signingKey = ""] = /signing-key = "(.+)"/.exec(readFileSync(secret, "utf8")) ?? [];
  t.not(signingKey, "");
  t.false(JSON.stringify(made).includes(signingKey));
  await lk("key", "trust", open);
  await lk("key", "install", "archive", secret);
  const keyring = openKeyring(environment);
  t.is(keyring.signingKey("archive")?.signer, "archive-host");
  t.is(keyring.verifyKeys("archive-host").length, 1);
});

test("no key is overwritten by chance", async (t) => {
  const { directory, lk } = bench(t);
  await lk("key", "new", "a", "--output", directory);
  const before = readFileSync(join(directory, "a.key_secret"), "utf8");
  await t.throwsAsync(lk("key", "new", "a", "--output", directory), { code: "KEY_EXISTS" });
  t.is(readFileSync(join(directory, "a.key_secret"), "utf8"), before);
});

test("another key of a trusted signer needs --force; the same one is welcome", async (t) => {
  const { directory, environment, lk } = bench(t);
  for (const folder of ["one", "two"]) {
    await lk("key", "new", "a", "--sign-only", "--output", join(directory, folder));
  }
  await lk("key", "trust", join(directory, "one", "a.key"));
  const again = await lk("key", "trust", join(directory, "one", "a.key"));
  t.regex(again.messages.map(renderText).join(), /a is trusted already/);
  const other = join(directory, "two", "a.key");
  await t.throwsAsync(lk("key", "trust", other), { code: "KEY_EXISTS" });
  await lk("key", "trust", other, "--force");
  t.is(openKeyring(environment).verifyKeys("a").length, 1);
});

test("secret files are not put where everybody reads, nor public ones where modules sign", async (t) => {
  const { directory, environment, lk } = bench(t);
  await lk("key", "new", "a", "--output", directory);
  await t.throwsAsync(lk("key", "trust", join(directory, "a.key_secret")), { code: "KEY_SECRET" });
  await t.throwsAsync(lk("key", "install", "archive", join(directory, "a.key")), {
    code: "KEY_PUBLIC",
  });
  t.false(existsSync(openKeyring(environment).directory));
});

test("the id of a foreign file cannot lead out of the folder", async (t) => {
  const { directory, lk } = bench(t);
  await lk("key", "new", "a", "--output", directory);
  const file = join(directory, "evil.key");
  const text = readFileSync(join(directory, "a.key"), "utf8");
  writeFileSync(file, text.replace('id = "a"', 'id = "../../evil"'));
  await t.throwsAsync(lk("key", "trust", file), { code: "KEY_ID" });
});

test("trust can be listed, shown and taken back", async (t) => {
  const { directory, environment, lk } = bench(t);
  t.deepEqual((await lk("key", "list")).data, []);
  await lk("key", "new", "a", "--name", "Anna", "--output", directory);
  await lk("key", "trust", join(directory, "a.key"));
  await lk("key", "install", "general", join(directory, "a.key_secret"));
  const listed = (await lk("key", "list")).data as { kind: string; id: string; name: string }[];
  t.deepEqual(
    listed.map(({ kind, id, name }) => [kind, id, name]),
    [
      ["trusted", "a", "Anna"],
      ["own", "a", "Anna"],
    ],
  );
  const shown = await lk("key", "show", "a");
  t.regex(shown.messages.map(renderText).join("\n"), /a is trusted\.\n.*File .*a\.pub\.key/);
  await lk("key", "revoke", "a");
  t.is(openKeyring(environment).verifyKeys("a").length, 0);
  await t.throwsAsync(lk("key", "revoke", "a"), { code: "KEY_UNKNOWN" });
  await t.throwsAsync(lk("key", "show", "b"), { code: "KEY_UNKNOWN" });
});

test("files that are no keys are refused by name", async (t) => {
  const { directory, lk } = bench(t);
  const file = join(directory, "empty.key");
  await t.throwsAsync(lk("key", "trust", file), { code: "KEY_UNREADABLE", message: /empty\.key/ });
  writeFileSync(file, 'metadata\n    id = "a"\n');
  await t.throwsAsync(lk("key", "trust", file), { code: "KEY_INVALID", message: /no key at all/ });
});

test("keys are not handled from a chat room", async (t) => {
  const { directory, lk } = bench(t, "chat");
  await t.throwsAsync(lk("key", "new", "a", "--output", directory), { code: "COMMAND_LINE_ONLY" });
  await t.throwsAsync(lk("key", "trust", "/etc/passwd"), { code: "COMMAND_LINE_ONLY" });
});

test("a revoked key stays revoked wherever its file lies, until that is taken back", async (t) => {
  const { directory, environment, lk } = bench(t);
  await lk("key", "new", "anise-core", "--output", directory);
  const file = join(directory, "anise-core.key");
  await lk("key", "trust", file);
  await lk("key", "revoke", "anise-core");
  await t.throwsAsync(lk("key", "trust", file), { code: "KEY_REVOKED" });
  copyFileSync(file, openKeyring(environment).trustedFile("anise-core"));
  t.is(openKeyring(environment).verifyKeys("anise-core").length, 0);
  const listed = (await lk("key", "list")).data as { kind: string; id: string }[];
  t.deepEqual(
    listed.map(({ kind, id }) => [kind, id]),
    [["revoked", "anise-core"]],
  );
  await lk("key", "trust", file, "--force");
  t.is(openKeyring(environment).verifyKeys("anise-core").length, 1);
});

test("a signer has two keys while it changes, and one of them is revoked by name", async (t) => {
  const { directory, environment, lk } = bench(t);
  for (const folder of ["one", "two"]) {
    await lk("key", "new", "anise-core", "--sign-only", "--output", join(directory, folder));
  }
  const first = join(directory, "one", "anise-core.key");
  await lk("key", "trust", first);
  await lk("key", "trust", join(directory, "two", "anise-core.key"), "--beside");
  const keyring = openKeyring(environment);
  t.is(keyring.verifyKeys("anise-core").length, 2);
  t.true(maySay(keyring.rights("anise-core"), "_lk.core.ping"));
  const name = readKeyFile(first).verifyKey?.toString("base64").slice(0, 12) ?? "";
  const answer = await lk("key", "revoke", "anise-core", "--key", name);
  t.regex(answer.messages.map(renderText).join(), /others are/);
  t.is(openKeyring(environment).verifyKeys("anise-core").length, 1);
});

test("what a signer may say follows its module, and what was decided", async (t) => {
  const { directory, environment, lk } = bench(t);
  await lk("key", "new", "pear", "--module", "spears", "--output", directory);
  await lk("key", "new", "quince", "--output", directory);
  const pear = await lk("key", "trust", join(directory, "pear.key"));
  t.like(pear.data, { allow: ["_lk.spears.*"] });
  const quince = await lk("key", "trust", join(directory, "quince.key"));
  t.regex(quince.messages.map(renderText).join(), /May say nothing[^]*key allow quince/);
  await lk("key", "allow", "quince", "_lk.core.*", "_lk.debcheck.*");
  await lk("key", "deny", "quince", "_lk.core.ping");
  const rights = openKeyring(environment).rights("quince");
  t.deepEqual(rights, { allow: ["_lk.core.*", "_lk.debcheck.*"], deny: ["_lk.core.ping"] });
  t.like((await lk("key", "show", "quince")).data, [{ rights }]);
  await lk("key", "allow", "quince");
  t.deepEqual(openKeyring(environment).rights("quince").allow, []);
  await t.throwsAsync(lk("key", "allow", "quince", "_lk.[a-z]"), { code: "BAD_ARGUMENTS" });
});

test("rights that cannot be read give nothing, and broken later change nothing", async (t) => {
  const { directory, environment, lk } = bench(t);
  await lk("key", "new", "anise-core", "--output", directory);
  await lk("key", "trust", join(directory, "anise-core.key"));
  const { directory: folder } = openKeyring(environment);
  const keyring = new Keyring(folder, { recheckMilliseconds: 0 });
  t.true(maySay(keyring.rights("anise-core"), "_lk.core.ping"));
  writeFileSync(keyring.rightsFile(), "[signer.x]\nallow = 1\n");
  t.true(maySay(keyring.rights("anise-core"), "_lk.core.ping"));
  t.deepEqual(openKeyring(environment).rights("anise-core").allow, []);
});

test("a secret key that others can read does not sign", async (t) => {
  const { directory, environment, lk } = bench(t);
  await lk("key", "new", "anise-core", "--output", directory);
  const secret = join(directory, "anise-core.key_secret");
  chmodSync(secret, 0o640);
  await t.throwsAsync(lk("key", "install", "core", secret), {
    code: "KEY_EXPOSED",
    message: /mode 640/,
  });
  chmodSync(secret, 0o600);
  await lk("key", "install", "core", secret);
  const installed = openKeyring(environment).secretFile("core");
  t.is(openKeyring(environment).signingKey("core")?.signer, "anise-core");
  chmodSync(installed, 0o604);
  t.is(openKeyring(environment).signingKey("core"), undefined);
});
