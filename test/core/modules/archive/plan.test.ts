import test from "ava";
import { parseRelease } from "../../../../core/debian/release.ts";
import { planIndices, type WantedSuite } from "../../../../core/modules/archive/plan.ts";

const HASH = "5d0dc0a1d7de4a86827a867d48e0ac5ed7405dd39268b996177bc1342262f3f2";

function release(fields: Record<string, string>, paths: string[]): ReturnType<typeof parseRelease> {
  const all = {
    Date: "Sat, 11 Jul 2026 10:16:37 UTC",
    Architectures: "all amd64 arm64",
    Components: "main contrib",
    ...fields,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\n`);
  const files = paths.map((path) => ` ${HASH} 10 ${path}\n`);
  return parseRelease(`${lines.join("")}SHA256:\n${files.join("")}`, "Release");
}

const wanted: WantedSuite = {
  name: "bookworm",
  components: ["main"],
  architectures: ["amd64"],
  sources: true,
  udebs: false,
};
const PATHS = [
  "main/source/Sources.xz",
  "main/source/Sources.gz",
  "main/source/Sources",
  "main/binary-amd64/Packages.gz",
  "main/binary-all/Packages.xz",
  "main/debian-installer/binary-amd64/Packages.xz",
  "contrib/source/Sources.xz",
  "contrib/binary-amd64/Packages.xz",
];
const UNSPLIT = { "No-Support-for-Architecture-all": "Packages" };

function planned(suite: Partial<WantedSuite>, fields: Record<string, string> = {}): string[] {
  return planIndices({ ...wanted, ...suite }, release(fields, PATHS)).map(
    ({ kind, path, forms }) => `${kind} ${path} ${forms.map((one) => one.form || "plain").join()}`,
  );
}

test("indices are chosen with their forms, the smallest first", (t) => {
  t.deepEqual(planned({}, UNSPLIT), [
    "source main/source/Sources xz,gz,plain",
    "deb main/binary-amd64/Packages gz",
  ]);
});

test("packages for all have an index of their own where the Release splits them off", (t) => {
  t.true(planned({}).includes("deb main/binary-all/Packages xz"));
  t.false(planned({}, UNSPLIT).some((index) => index.includes("binary-all")));
  t.false(
    planned({}, { Architectures: "amd64 arm64" }).some((index) => index.includes("binary-all")),
  );
});

test("a suite of sources alone needs no architecture", (t) => {
  t.deepEqual(planned({ architectures: [] }), ["source main/source/Sources xz,gz,plain"]);
});

test("installer packages are read of the components that have them", (t) => {
  const both = planned({ udebs: true, components: ["main", "contrib"] }, UNSPLIT);
  t.deepEqual(
    both.filter((index) => index.startsWith("udeb")),
    ["udeb main/debian-installer/binary-amd64/Packages xz"],
  );
  t.throws(() => planned({ udebs: true, components: ["contrib"] }, UNSPLIT), {
    code: "SUITE_LACKS_INDEX",
  });
});

test("what the suite lacks is an error that says what it has", (t) => {
  t.throws(() => planned({ components: ["main", "non-free"] }), {
    code: "SUITE_LACKS_COMPONENT",
    message: "The suite bookworm has no component non-free; it has main, contrib.",
  });
  t.throws(() => planned({ architectures: ["riscv64"] }), {
    code: "SUITE_LACKS_ARCHITECTURE",
    message: "The suite bookworm has no architecture riscv64; it has all, amd64, arm64.",
  });
  t.throws(() => planned({ architectures: ["arm64"] }, UNSPLIT), {
    code: "SUITE_LACKS_INDEX",
    message: "The Release of bookworm lists no main/binary-arm64/Packages.",
  });
});
