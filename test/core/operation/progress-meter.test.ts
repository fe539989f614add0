import test from "ava";
import type { Progress } from "../../../core/operation/declare.ts";
import { createProgressMeter, type ProgressMeter } from "../../../core/operation/progress-meter.ts";

/** A meter with a clock that only the test moves. */
function metered(): { meter: ProgressMeter; heard: Progress[]; clock: { at: number } } {
  const heard: Progress[] = [];
  const clock = { at: 0 };
  const meter = createProgressMeter(
    (progress) => heard.push(progress),
    () => clock.at,
  );
  return { meter, heard, clock };
}

test("what is read of several files at once is one sum, with each of them", (t) => {
  const { meter, heard } = metered();
  const reading = meter.begin("trixie: reading", 300);
  const sources = reading.part("Sources", 200);
  const packages = reading.part("Packages", 100);
  sources.add(50, 2);
  packages.add(60, 3);
  sources.end();
  t.deepEqual(heard.at(-1), {
    step: "trixie: reading",
    done: 110,
    total: 300,
    unit: "bytes",
    packages: 5,
    parts: [{ name: "Packages", done: 60, total: 100 }],
  });
});

test("it reports at most each tenth of a second, however often it is fed", (t) => {
  const { meter, heard, clock } = metered();
  const part = meter.begin("reading", 1_000_000).part("Packages");
  const before = heard.length;
  for (let chunk = 0; chunk < 1_000; chunk++) {
    clock.at += 1;
    part.add(10);
  }
  t.is(heard.length - before, 10);
  part.end();
  t.is(heard.at(-1)?.done, 10_000);
});

test("several suites at once are told together, and the sum never goes back", (t) => {
  const { meter, heard, clock } = metered();
  const one = meter.begin("bookworm: reading", 100);
  const other = meter.begin("trixie: fetching", 50);
  const first = one.part("Sources", 100);
  const second = other.part("Packages", 50);
  first.add(100);
  first.end();
  t.is(heard.at(-1)?.step, "bookworm, trixie: reading, fetching");
  one.end();
  clock.at += 200;
  second.add(10);
  t.like(heard.at(-1), { step: "trixie: fetching", done: 110, total: 150 });
  const shares = heard.map((progress) => progress.done ?? 0);
  t.deepEqual(
    shares,
    shares.toSorted((a, b) => a - b),
  );
  second.end();
  other.end();
  meter.begin("sid: reading", 10).part("Sources");
  t.like(heard.at(-1), { step: "sid: reading", done: 0, total: 10 });
});

test("very many suites at once have a short name", (t) => {
  const { meter, heard } = metered();
  for (let number = 0; number < 50; number++)
    meter.begin(`suite${number}: reading`).part("Sources");
  t.is(heard.at(-1)?.step, "suite0, suite1, suite2 and 47 more: reading");
});

test("a part of unknown size makes the whole unknown, unless that is known", (t) => {
  const { meter, heard } = metered();
  const open = meter.begin("reading");
  open.part("Sources", 10);
  open.part("Packages");
  t.false("total" in (heard.at(-1) ?? {}));
  open.end();
  meter.begin("reading", 20).part("Packages");
  t.is(heard.at(-1)?.total, 20);
});

test("what is fetched again counts once, and never more than there is", (t) => {
  const { meter, heard } = metered();
  const part = meter.begin("fetching", 100).part("Packages", 100);
  part.add(80);
  part.restart();
  part.add(30);
  part.end();
  t.is(heard.at(-1)?.done, 30);
  part.add(500);
  part.end();
  t.is(heard.at(-1)?.done, 100);
});

test("of very many parts at once only the first are shown, and all are counted", (t) => {
  const { meter, heard } = metered();
  const reading = meter.begin("reading", 100);
  const parts = Array.from({ length: 30 }, (_, number) => reading.part(`index ${number}`, 10));
  for (const part of parts) part.add(1);
  parts[29]?.end();
  t.is(heard.at(-1)?.parts?.length, 8);
  t.is(heard.at(-1)?.done, 30);
});
