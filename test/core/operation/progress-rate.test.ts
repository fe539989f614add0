import test from "ava";
import fc from "fast-check";
import { createRateMeter } from "../../../core/operation/progress-rate.ts";

test("a steady pace is told exactly, with the time left", (t) => {
  const rated = createRateMeter();
  let last;
  for (let second = 0; second <= 10; second++) {
    last = rated(
      { step: "reading", done: second * 1e6, total: 25e6, packages: second * 500 },
      second * 1_000,
    );
  }
  t.like(last, { rate: 1e6, packagesRate: 500, secondsLeft: 15 });
});

test("nothing is foretold before something is known, nor where nothing is counted", (t) => {
  const rated = createRateMeter();
  t.deepEqual(rated({ step: "asking" }, 0), { step: "asking" });
  t.false("rate" in rated({ step: "reading", done: 0, total: 10 }, 0));
  t.false("rate" in rated({ step: "reading", done: 5, total: 10 }, 100));
  t.false("secondsLeft" in rated({ step: "reading", done: 50 }, 2_000));
});

test("a change of pace is followed within seconds, without a jump", (t) => {
  const rated = createRateMeter();
  let done = 0;
  const rates: number[] = [];
  for (let at = 0; at <= 40_000; at += 500) {
    done += at <= 20_000 ? 1_000 : 100;
    rates.push(rated({ step: "reading", done, total: 1e6 }, at).rate ?? 0);
  }
  t.is(rates[40], 2_000);
  const first = rates[41] ?? 0;
  t.true(first > 1_500 && first < 2_000, `${first}`);
  t.true((rates[80] ?? 0) < 250, `${rates[80]}`);
});

test("a count that begins again begins anew, whatever the step is called", (t) => {
  const rated = createRateMeter();
  rated({ step: "fetching", done: 0 }, 0);
  t.is(rated({ step: "fetching", done: 1_000 }, 1_000).rate, 1_000);
  t.is(rated({ step: "fetching, reading", done: 2_000 }, 2_000).rate, 1_000);
  t.false("rate" in rated({ step: "reading", done: 0 }, 3_000));
  t.is(rated({ step: "reading", done: 100 }, 4_000).rate, 100);
});

test("whatever is reported, neither rate nor time left is negative or no number", (t) => {
  const report = fc.record({
    done: fc.nat(1_000_000),
    total: fc.option(fc.nat(1_000_000), { nil: undefined }),
    packages: fc.option(fc.nat(1_000), { nil: undefined }),
    elapsed: fc.nat(5_000),
  });
  fc.assert(
    fc.property(fc.array(report, { maxLength: 30 }), (reports) => {
      const rated = createRateMeter();
      let at = 0;
      for (const { done, total, packages, elapsed } of reports) {
        at += elapsed;
        const progress = {
          step: "reading",
          done,
          ...(total === undefined ? {} : { total }),
          ...(packages === undefined ? {} : { packages }),
        };
        const { rate = 0, packagesRate = 0, secondsLeft = 0 } = rated(progress, at);
        for (const number of [rate, packagesRate, secondsLeft]) {
          if (!(number >= 0 && Number.isFinite(number))) return false;
        }
      }
      return true;
    }),
  );
  t.pass();
});
