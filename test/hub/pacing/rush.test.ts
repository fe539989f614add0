import test from "ava";
import { createRushWatch } from "../../../hub/pacing/rush.ts";

const start = Date.UTC(2026, 10, 22, 12);

test("many events within seconds are a rush, however they come", (t) => {
  const oneBatch = createRushWatch();
  t.true(oneBatch(31, new Date(start)));
  const oneByOne = createRushWatch();
  const verdicts = Array.from({ length: 31 }, (_, n) => oneByOne(1, new Date(start + n * 100)));
  t.is(verdicts.indexOf(true), 30);
});

test("events that come by and by are none, and a rush ends", (t) => {
  const watch = createRushWatch();
  for (let n = 0; n < 100; n++) t.false(watch(1, new Date(start + n * 1_000)));
  t.true(watch(200, new Date(start + 100_000)));
  t.false(watch(1, new Date(start + 110_000)));
});
