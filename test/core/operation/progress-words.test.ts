import test from "ava";
import { progressLines } from "../../../core/operation/progress-words.ts";

test("progress says how far, how fast and how long", (t) => {
  t.deepEqual(
    progressLines({
      step: "trixie: reading",
      done: 3_000_000,
      total: 9_000_000,
      unit: "bytes",
      packages: 4_000,
      parts: [{ name: "main/source/Sources", done: 1, total: 2 }],
      rate: 1_000_000,
      packagesRate: 1_333,
      secondsLeft: 66,
    }),
    [
      "trixie: reading main/source/Sources ▓▓▓░░░░░░░ 33 % (3 MB of 9 MB)",
      "1 MB and 1,333 packages a second, about 1m 6s left",
    ],
  );
});

test("what is done at once is named, and what is not known is not said", (t) => {
  t.deepEqual(
    progressLines({
      step: "reading",
      done: 1_500,
      unit: "bytes",
      parts: [
        { name: "Sources", done: 500, total: 1_000 },
        { name: "Packages", done: 1_000 },
      ],
    }),
    ["reading: 1.5 kB", "at once: Sources 50 %, Packages 1 kB"],
  );
  t.deepEqual(progressLines({ step: "asking" }), ["asking"]);
});

test("an unknown total has no end, slow steps keep a decimal, and a stall is named", (t) => {
  t.deepEqual(progressLines({ step: "storing", done: 5, unit: "steps", rate: 1.25 }), [
    "storing: 5 steps",
    "1.3 steps a second",
  ]);
  t.deepEqual(progressLines({ step: "storing", done: 5, total: 9, rate: 0 }), [
    "storing ▓▓▓▓▓▓░░░░ 55 % (5 of 9)",
    "nothing came for a while",
  ]);
});
