import test from "ava";
import {
  decideRights,
  defaultRights,
  maySay,
  moduleOfSigner,
} from "../../../core/events/rights.ts";

const TAGS = [
  "_lk.core.ping",
  "_lk.archive.package-src-removed",
  "_lk.archive.package-build-success",
  "_lk.archive.package-upload-accepted",
  "_lk.synchrotron.src-package-imported",
  "_lk.spears.new-excuse",
  "_lk.debcheck.issue-found",
  "_lk.isotope.recipe-created",
  "_lk.isotope.image-build-success",
  "_lk.rubicon.job-upload-accepted",
  "_lk.jobs.job-assigned",
  "_lk.jobs.job-finished",
  "_lk.lighthouse.silent",
  "_lk.nonsense.x",
  "org.example.x",
] as const;

/** Numbers of the tags that each signer may say; every other pair is refused. */
const MATRIX: Record<string, readonly number[]> = {
  "anise-core": [0],
  "anise-archive": [1, 2, 3],
  "archive-host": [1, 2, 3],
  "master-rubicon": [2, 3, 8, 9],
  "anise-synchrotron": [1, 4],
  "anise-spears": [5],
  "anise-debcheck": [6],
  "anise-admin-cli": [7, 8],
  "anise-isotope": [7, 8],
  "anise-jobs": [10, 11],
  "lighthouse-main": [10, 11, 12],
  "anise-spark": [11],
  "builder.worker": [11],
  "archive-spark": [11],
  "anise-general": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
  "anise-ariadne": [],
  anise: [],
  stranger: [],
  archiver: [],
};

for (const [signer, fine] of Object.entries(MATRIX)) {
  test(`${signer} says what its module says and nothing else`, (t) => {
    const rights = defaultRights(moduleOfSigner({ id: signer }));
    t.deepEqual(
      TAGS.filter((tag) => maySay(rights, tag)),
      fine.map((number) => TAGS[number] ?? ""),
    );
  });
}

test("the module is what the metadata says, else the signer id, else the file", (t) => {
  const names = { id: "anise-core", file: "anise-spears" };
  t.is(moduleOfSigner({ ...names, metadata: "images" }), "images");
  t.is(moduleOfSigner({ ...names, metadata: "../x" }), "core");
  t.is(moduleOfSigner({ id: "anise", file: "anise-spears" }), "spears");
  t.is(moduleOfSigner({ id: "anise", file: "pear" }), undefined);
});

test("what was decided stands instead of the default; denials beat it", (t) => {
  const given = defaultRights("archive");
  const list = decideRights(given, { allow: ["_lk.core.*", "_lk.*.new-*"] });
  t.true(maySay(list, "_lk.core.ping"));
  t.true(maySay(list, "_lk.spears.new-excuse"));
  t.false(maySay(list, "_lk.archive.package-src-removed"));
  const less = decideRights(given, { deny: ["_lk.archive.package-src-*"] });
  t.false(maySay(less, "_lk.archive.package-src-removed"));
  t.true(maySay(less, "_lk.archive.suite-changed"));
  t.false(maySay(decideRights(given, { allow: [] }), "_lk.archive.suite-changed"));
});

test("a star stands for anything, and nothing else is special", (t) => {
  const may = (pattern: string, tag: string) => maySay({ allow: [pattern], deny: [] }, tag);
  t.true(may("*", "x"));
  t.true(may("_lk.a*b", "_lk.ab"));
  t.true(may("a*b*b", "ab.b"));
  t.false(may("a*b*b", "ab"));
  t.false(may("a*b*ba", "a.ba"));
  t.false(may("_lk.a.b", "_lk.axb"));
  t.false(may("_lk.a", "_lk.a.b"));
  t.false(may("", "x"));
});
