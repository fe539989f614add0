import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { newKeyPair, parseKeyFile } from "../../../core/events/key-file.ts";
import { Keyring, writeKeyFile } from "../../../core/events/keyring.ts";

function ring(t: ExecutionContext): Keyring {
  const directory = mkdtempSync(join(tmpdir(), "lk-keys-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return new Keyring(directory, { host: "anise", recheckMilliseconds: 0 });
}

test("an empty or missing directory trusts nobody and signs nothing", (t) => {
  const keys = new Keyring("/nonexistent/keys");
  t.deepEqual(keys.trusted(), []);
  t.deepEqual(keys.verifyKeys("anybody"), []);
  t.is(keys.signingKey("archive"), undefined);
});

test("a module signs with its own key, else with the machine's general one", (t) => {
  const keys = ring(t);
  writeKeyFile(keys.secretFile("general"), newKeyPair("anise").secret, 0o600);
  t.is(keys.signingKey("archive")?.signer, "anise");
  writeKeyFile(keys.secretFile("archive"), newKeyPair("anise-archive").secret, 0o600);
  t.is(keys.signingKey("archive")?.signer, "anise-archive");
  t.is(keys.signingKey("spears")?.signer, "anise");
  t.deepEqual(readdirSync(join(keys.directory, "secret")).sort(), [
    "anise-archive_private.sec",
    "anise-general_private.sec",
  ]);
});

test("trust begins and ends with the file", (t) => {
  const keys = ring(t);
  const file = keys.trustedFile("rubicon");
  writeKeyFile(file, newKeyPair("master-rubicon").public, 0o644);
  t.is(keys.verifyKeys("master-rubicon").length, 1);
  rmSync(file);
  t.is(keys.verifyKeys("master-rubicon").length, 0);
});

test("a key that is replaced in place is noticed", (t) => {
  const keys = ring(t);
  const file = keys.trustedFile("rubicon");
  writeKeyFile(file, newKeyPair("r").public, 0o644);
  const before = keys.verifyKeys("r")[0];
  writeKeyFile(file, newKeyPair("r").public, 0o644, true);
  t.notDeepEqual(keys.verifyKeys("r")[0], before);
});

test("changes wait for the next look at the directory", (t) => {
  const directory = ring(t).directory;
  const keys = new Keyring(directory, { recheckMilliseconds: 3_600_000 });
  t.is(keys.verifyKeys("late").length, 0);
  writeKeyFile(keys.trustedFile("late"), newKeyPair("late").public, 0o644);
  t.is(keys.verifyKeys("late").length, 0);
});

test("two files of one signer are both trusted; broken and foreign files spoil nothing", (t) => {
  const keys = ring(t);
  writeKeyFile(keys.trustedFile("old"), newKeyPair("signer").public, 0o644);
  writeKeyFile(keys.trustedFile("new"), newKeyPair("signer").public, 0o644);
  writeFileSync(join(keys.directory, "trusted", "README"), "no key at all");
  writeFileSync(join(keys.directory, "trusted", ".hidden.key"), newKeyPair("hidden").public);
  t.is(keys.verifyKeys("signer").length, 2);
  t.is(keys.verifyKeys("hidden").length, 0);
  t.is(keys.trusted().length, 2);
});

test("secret files are readable for their owner only, also when they replace an open one", (t) => {
  const keys = ring(t);
  const file = keys.secretFile("archive");
  t.true(writeKeyFile(file, newKeyPair("a").secret, 0o600));
  t.is(statSync(file).mode & 0o777, 0o600);
  t.is(statSync(join(keys.directory, "secret")).mode & 0o777, 0o700);
  chmodSync(file, 0o644);
  t.false(writeKeyFile(file, newKeyPair("b").secret, 0o600));
  t.is(parseKeyFile(readFileSync(file, "utf8"), file).id, "a");
  t.true(writeKeyFile(file, newKeyPair("b").secret, 0o600, true));
  t.is(statSync(file).mode & 0o777, 0o600);
  t.is(parseKeyFile(readFileSync(file, "utf8"), file).id, "b");
});

test("a machine's own key is made once and trusted; revoking it lasts", (t) => {
  const keys = ring(t);
  t.true(keys.ensureOwnKey("lighthouse"));
  t.is(keys.signingKey("lighthouse")?.signer, "anise-lighthouse");
  t.is(keys.verifyKeys("anise-lighthouse").length, 1);
  rmSync(keys.trustedFile("anise-lighthouse"));
  t.false(keys.ensureOwnKey("lighthouse"));
  t.is(keys.verifyKeys("anise-lighthouse").length, 0);
});
