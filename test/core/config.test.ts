import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Config, loadSettings, readSecret } from "../../core/config.ts";
import { exampleConfig } from "../../core/config-example.ts";
import { OperatorError } from "../../core/errors.ts";
import { parseTomlText } from "../../core/toml.ts";

const directory = mkdtempSync(join(tmpdir(), "lk-config-"));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

function faultsOf(text: string): string {
  try {
    parseTomlText(text, "config.toml", Config);
  } catch (thrown) {
    if (thrown instanceof OperatorError && thrown.exitStatus === 2) return thrown.message;
    throw thrown;
  }
  return "";
}

test("config.example.toml shows every key with the default it really has", (t) => {
  const text = readFileSync("config.example.toml", "utf8");
  t.is(text, exampleConfig(), "write it anew from exampleConfig()");
  t.deepEqual(parseTomlText(text, "config.example.toml", Config), Config.parse({}));
});

const BAD: [title: string, text: string, said: RegExp][] = [
  ["broken TOML", "[web]\nlisten = here\n", /^config\.toml:2:\d+: not valid TOML/],
  ["an unknown section", "[wbe]\nlisten = '1'\n", /^config\.toml:1: unknown key wbe\.$/],
  [
    "an unknown key",
    "[web]\n\nlisten = '127.0.0.1:1'\nport = 80\n",
    /^config\.toml:4: unknown key web\.port\.$/,
  ],
  ["a wrong type", "[database]\npool = 'many'\n", /^config\.toml:2: database\.pool: .*number/],
  ["a number out of range", "[database]\npool = 1\n", /^config\.toml:2: database\.pool: .*4/],
  [
    "an endpoint without port",
    "[lighthouse]\nsubmit = ['tcp://localhost']\n",
    /^config\.toml:2: lighthouse\.submit.*tcp:\/\/127/,
  ],
  ["a wrong choice", "[log]\nlevel = 'loud'\n", /^config\.toml:2: log\.level: .*debug/],
  [
    "an unknown key in a sub-table",
    "[lighthouse.servers]\nsubmits = []\n",
    /^config\.toml:2: unknown key lighthouse\.servers\.submits/,
  ],
  ["an unknown list of tables", "[web]\n\n[[wbe]]\n", /^config\.toml:3: unknown key wbe\.$/],
  ["a key twice", "[web]\nlisten='127.0.0.1:1'\nlisten='127.0.0.1:2'\n", /^config\.toml:3:/],
];
for (const [title, text, said] of BAD) {
  test(`${title} is refused with file, line and key`, (t) => {
    t.regex(faultsOf(text), said);
  });
}

test("all faults are told at once", (t) => {
  t.is(faultsOf("[web]\nport = 1\n[log]\nlevel = 'x'\n[nope]\n").split("\n").length, 3);
});

test("a single endpoint may stand without a list", (t) => {
  const config = parseTomlText("[lighthouse]\nsubmit = 'tcp://*:5571'\n", "config.toml", Config);
  t.deepEqual(config.lighthouse.submit, ["tcp://*:5571"]);
});

test("a secret that others can read is refused, and so is a missing one", (t) => {
  const settings = loadSettings({ dataDirectory: directory });
  writeFileSync(join(directory, "open"), "secret\n", { mode: 0o644 });
  writeFileSync(join(directory, "closed"), "secret\n", { mode: 0o600 });
  t.is(readSecret(settings, "closed", "matrix.token_file"), "secret");
  t.throws(() => readSecret(settings, "open", "matrix.token_file"), { message: /read by others/ });
  t.throws(() => readSecret(settings, "none", "matrix.token_file"), { message: /does not exist/ });
});

test("a configuration file that is named must exist", (t) => {
  t.throws(() => loadSettings({ file: join(directory, "no.toml") }), { message: /Cannot read/ });
});
