import test from "ava";
import { rateLine } from "../../bot/progress-message.ts";
import type { Progress } from "../../core/operation/declare.ts";

function sample(seconds: number, progress: Progress): { progress: Progress; at: Date } {
  return { progress, at: new Date(Date.UTC(2026, 10, 22) + seconds * 1_000) };
}

test("two samples of a step tell its rate and how long it will take", (t) => {
  const before = sample(0, { step: "reading", done: 1_000_000, total: 9_000_000, unit: "bytes" });
  const now = sample(2, { step: "reading", done: 3_000_000, total: 9_000_000, unit: "bytes" });
  t.is(rateLine(before, now), "1 MB a second, about 6s left");
});

test("an unknown total has no end, and slow steps keep a decimal", (t) => {
  const before = sample(0, { step: "storing", done: 0, unit: "packages" });
  t.is(
    rateLine(before, sample(4, { step: "storing", done: 5, unit: "packages" })),
    "1.3 packages a second",
  );
  t.is(
    rateLine(before, sample(4, { step: "storing", done: 48_000, unit: "packages" })),
    "12,000 packages a second",
  );
});

test("what does not tell a rate says none", (t) => {
  const now = sample(2, { step: "reading", done: 10 });
  t.is(rateLine(undefined, now), undefined);
  t.is(rateLine(sample(0, { step: "fetching", done: 5 }), now), undefined);
  t.is(rateLine(sample(2, { step: "reading", done: 5 }), now), undefined);
  t.is(rateLine(sample(0, { step: "reading", done: 10 }), now), undefined);
  t.is(rateLine(sample(0, { step: "reading", done: 11 }), now), undefined);
  t.is(rateLine(sample(0, { step: "reading" }), sample(1, { step: "reading" })), undefined);
});
