import test from "ava";
import fc from "fast-check";
import { retryDelay } from "../../../hub/delivery/retry.ts";

test("delays double from a second to an hour", (t) => {
  const middle = [1, 2, 3, 4, 12, 13, 40].map((attempt) => retryDelay(attempt, 0.5));
  t.deepEqual(middle, [1000, 2000, 4000, 8000, 2_048_000, 3_600_000, 3_600_000]);
});

test("chance spreads a delay by a quarter either way", (t) => {
  t.is(retryDelay(3, 0), 3000);
  t.is(retryDelay(3, 1), 5000);
});

test("no attempt comes back sooner than a second or later than an hour", (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.double({ min: 0, max: 1 }),
      (count, chance) => {
        fc.pre(!Number.isNaN(chance));
        const delay = retryDelay(count, chance);
        return delay >= 1000 && delay <= 3_600_000;
      },
    ),
  );
  t.pass();
});
