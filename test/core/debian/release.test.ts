import test from "ava";
import { checkSuiteName, checkValidity, parseRelease } from "../../../core/debian/release.ts";

const SHA256 = "5d0dc0a1d7de4a86827a867d48e0ac5ed7405dd39268b996177bc1342262f3f2";
const MD5 = "82b250eaae0862d82366bdf8513ce600";
const TEXT = `Origin: Debian
Suite: oldstable
Codename: bookworm
Version: 12.15
Date: Sat, 11 Jul 2026 10:16:37 UTC
Valid-Until: Sat, 18 Jul 2026 10:16:37 +0000
Acquire-By-Hash: yes
No-Support-for-Architecture-all: Packages
Architectures: all amd64 arm64
Components: main updates/contrib
MD5Sum:
 ${MD5}  1234 main/binary-amd64/Packages
SHA256:
 ${SHA256}  1234 main/binary-amd64/Packages
 ${SHA256.toUpperCase()} 5368709120 main/source/Sources.xz
`;
const release = parseRelease(TEXT, "Release");

test("the fields of a Release file are read", (t) => {
  t.is(release.suite, "oldstable");
  t.is(release.codename, "bookworm");
  t.is(release.date.toISOString(), "2026-07-11T10:16:37.000Z");
  t.is(release.validUntil?.toISOString(), "2026-07-18T10:16:37.000Z");
  t.deepEqual(release.architectures, ["all", "amd64", "arm64"]);
  t.deepEqual(release.components, ["main", "contrib"]);
  t.true(release.acquireByHash);
});

test("the lists of hashes are joined by path, sizes beyond 4 GiB included", (t) => {
  t.deepEqual(release.files.get("main/binary-amd64/Packages"), {
    path: "main/binary-amd64/Packages",
    size: 1234,
    md5: MD5,
    sha1: undefined,
    sha256: SHA256,
  });
  t.is(release.files.get("main/source/Sources.xz")?.size, 5_368_709_120);
  t.is(release.files.get("main/source/Sources.xz")?.sha256, SHA256);
});

test("arch:all is split off only where the Release has it and does not say otherwise", (t) => {
  t.true(release.allInEveryArchitecture);
  const split = TEXT.replace(/^No-Support.*\n/m, "");
  t.false(parseRelease(split, "x").allInEveryArchitecture);
  t.true(parseRelease(split.replace(": all amd64", ": amd64"), "x").allInEveryArchitecture);
});

test("an expired Release is refused, one that is still valid is not", (t) => {
  t.notThrows(() => checkValidity(release, new Date("2026-07-18T10:16:00Z"), "Release"));
  t.throws(() => checkValidity(release, new Date("2026-07-18T10:17:00Z"), "mirror/Release"), {
    code: "RELEASE_EXPIRED",
    message: "mirror/Release expired: it was valid until 2026-07-18T10:16:37.000Z.",
  });
});

test("a Release from the future is refused", (t) => {
  t.throws(() => checkValidity(release, new Date("2026-07-01T00:00:00Z"), "Release"), {
    code: "RELEASE_FROM_FUTURE",
  });
});

test("a suite goes by its name or its codename, and no other suite is taken for it", (t) => {
  t.notThrows(() => checkSuiteName(release, "bookworm", "Release"));
  t.notThrows(() => checkSuiteName(release, "oldstable", "Release"));
  t.notThrows(() => checkSuiteName(release, "bookworm/updates", "Release"));
  t.throws(() => checkSuiteName(release, "trixie", "Release"), {
    code: "RELEASE_OF_OTHER_SUITE",
    message: "Release is of the suite oldstable alias bookworm, not of trixie.",
  });
});

for (const [name, text, message] of [
  ["without Date", TEXT.replace(/^Date.*\n/m, ""), /the field Date is missing/],
  ["with a bad date", TEXT.replace(/^Date: .*$/m, "Date: soon"), /Date is not a date: "soon"/],
  ["with a date without zone", TEXT.replace("37 UTC", "37"), /Date is not a date/],
  ["with a short hash", TEXT.replace(MD5, "1234"), /the field MD5Sum has a bad line "1234/],
  ["with a bad size", TEXT.replace("5368709120", "5G"), /the field SHA256 has a bad line/],
  ["that contradicts itself", TEXT.replace(`${MD5}  1234`, `${MD5}  9`), /contradicts itself/],
  ["with two stanzas", `${TEXT}\nSuite: x\n`, /2 stanzas/],
  ["that is empty", "", /0 stanzas/],
] as const) {
  test(`a Release ${name} is refused`, (t) => {
    t.throws(() => parseRelease(text, "Release"), { code: "MALFORMED_RELEASE", message });
  });
}
