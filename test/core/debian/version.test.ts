import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import {
  compareVersions,
  splitVersion,
  versionFault,
  versionKey,
} from "../../../core/debian/version.ts";

const hasDpkg = spawnSync("dpkg", ["--version"]).status === 0;
const withDpkg = hasDpkg ? test : test.skip;

for (const [earlier, later] of [
  ["1.0~rc1", "1.0"],
  ["1.0", "1.0-1"],
  ["1.0-1", "1.0-1+b1"],
  ["1.0-1+b1", "1.9"],
  ["1.9", "1.10"],
  ["1.10", "1:0.5"],
  ["1~~", "1~~a"],
  ["1~~a", "1~"],
  ["1~", "1"],
  ["1", "1a"],
  ["1a", "1+"],
  ["1+", "1.0"],
  ["2.0", "2.0.0"],
  ["1.0-1~bpo12+1", "1.0-1"],
  ["9", "10"],
  ["0-9", "0-10"],
  ["1-1", "1-1-1"],
] as const) {
  test(`${earlier} is earlier than ${later}`, (t) => {
    t.is(compareVersions(earlier, later), -1);
    t.is(compareVersions(later, earlier), 1);
  });
}

for (const [one, other] of [
  ["1.0", "1.00"],
  ["1.0", "1.0-0"],
  ["1.0", "0:1.0"],
  ["1a", "1a0"],
  ["001.02", "1.2"],
] as const) {
  test(`${one} and ${other} are the same version`, (t) => {
    t.is(compareVersions(one, other), 0);
    t.is(versionKey(one), versionKey(other));
  });
}

test("the epoch ends at the first colon and the revision starts at the last dash", (t) => {
  t.deepEqual(splitVersion("1:2:3-4-5"), { epoch: "1", upstream: "2:3-4", revision: "5" });
  t.deepEqual(splitVersion("2.0"), { epoch: undefined, upstream: "2.0", revision: undefined });
});

for (const version of ["1", "0", "1:1.2.3-4", "1.0-1-1", "1:1:1", "2.36-9+deb12u14", "1.0~a"]) {
  test(`${version} is a valid version`, (t) => t.is(versionFault(version), undefined));
}

for (const [version, fault] of [
  ["", "empty"],
  ["abc", "start with a digit"],
  ["1.0-", "revision is empty"],
  ["a:1", "epoch is not a number"],
  [":1", "epoch is not a number"],
  ["1:", "nothing stands before its revision"],
  ["2147483648:1", "epoch is too big"],
  ["1_0", "character that is not allowed"],
  ["1 0", "character that is not allowed"],
  ["1.0-é", "revision has a character"],
  ["~1", "start with a digit"],
  ["1.0\n", "character that is not allowed"],
  ["1".repeat(300), "longer than"],
] as const) {
  test(`${JSON.stringify(version.slice(0, 20))} is refused as a version: ${fault}`, (t) => {
    t.true(versionFault(version)?.includes(fault), versionFault(version));
  });
}

const anyVersion = fc.stringMatching(/^(\d{1,3}:)?\d[a-cZ0-2.+~]{0,6}(-[a-c0-2.+~]{1,4})?$/);

withDpkg("validity is what dpkg says (skipped where dpkg is absent)", (t) => {
  const texts = fc.sample(fc.stringMatching(/^[01a:.+~_-]{1,6}$/), { numRuns: 80, seed: 5 });
  for (const text of texts) {
    const { status } = spawnSync("dpkg", ["--validate-version", "--", text]);
    t.is(versionFault(text) === undefined, status === 0, JSON.stringify(text));
  }
});

withDpkg("the order is dpkg's, for made-up versions (skipped where dpkg is absent)", (t) => {
  const pairs = fc.sample(fc.tuple(anyVersion, anyVersion), { numRuns: 100, seed: 6 });
  for (const [a, b] of pairs) t.is(compareVersions(a, b), dpkgOrder(a, b), `${a} ${b}`);
});

withDpkg("the order is dpkg's, for real versions (skipped where dpkg is absent)", (t) => {
  const versions = readFileSync("test/fixtures/archive/versions", "utf8").trim().split("\n");
  for (let at = 1; at < versions.length; at++) {
    const [a, b] = [versions[at - 1] ?? "", versions[at] ?? ""];
    t.is(compareVersions(a, b), dpkgOrder(a, b), `${a} ${b}`);
  }
});

test("versions sort by the bytes of their keys as they compare", (t) => {
  fc.assert(
    fc.property(anyVersion, anyVersion, (a, b) => {
      const bytes = Buffer.compare(Buffer.from(versionKey(a)), Buffer.from(versionKey(b)));
      return bytes === compareVersions(a, b);
    }),
  );
  t.pass();
});

function dpkgOrder(a: string, b: string): number {
  for (const [relation, order] of [
    ["lt", -1],
    ["gt", 1],
  ] as const) {
    if (spawnSync("dpkg", ["--compare-versions", a, relation, b]).status === 0) return order;
  }
  return 0;
}
