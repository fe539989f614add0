import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { readAllowed } from "../../../../hub/channels/email/allowed.ts";
import { settingsOf } from "../../../support/hub.ts";

const folder = mkdtempSync(join(tmpdir(), "lk-allowed-"));
test.after.always(() => rmSync(folder, { recursive: true }));

function allowed(email: Record<string, unknown>): (address: string) => boolean {
  return readAllowed(settingsOf({ email }));
}

test("a list of allowed addresses shuts out all others", (t) => {
  t.true(allowed({})("anna@example.org"));
  t.true(allowed({ only_to: ["anna@example.org"] })("Anna@example.org"));
  const some = allowed({ only_to: ["ben@example.net", "*@example.org"] });
  t.true(some("anna@example.org"));
  t.false(some("anna@example.org.evil.net"));
  t.false(some("anna@sub.example.org"));
});

test("a whitelist of Laniakea's counts as there, held against whole addresses", (t) => {
  const file = join(folder, "whitelist");
  writeFileSync(
    file,
    "# people\nanna@example.org\n\n  Ben@Example.net # Ben\nRE:.*@(devel|qa)\\.example\\.org\n",
  );
  const listed = allowed({ only_to_files: file });
  for (const address of ["anna@example.org", "ben@example.net", "x@qa.example.org"]) {
    t.true(listed(address), address);
  }
  for (const address of [
    "anna@example.org.evil.net",
    "xanna@example.org",
    "people",
    "x@qa.example.org.evil.net",
    "x@qaXexample.org",
  ]) {
    t.false(listed(address), address);
  }
  t.true(allowed({ only_to: ["eve@example.com"], only_to_files: file })("eve@example.com"));
});

test("an empty whitelist lets nobody through", (t) => {
  const file = join(folder, "empty");
  writeFileSync(file, "# nobody yet\n");
  t.false(allowed({ only_to_files: file })("anna@example.org"));
});

test("a whitelist that cannot be used is said at the start", (t) => {
  const file = join(folder, "broken");
  writeFileSync(file, "RE:(unclosed\n");
  t.throws(() => allowed({ only_to_files: file }), { message: /broken.*cannot be used/ });
  t.throws(() => allowed({ only_to_files: join(folder, "none") }), { message: /cannot be used/ });
});
