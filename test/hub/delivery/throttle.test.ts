import test from "ava";
import { createThrottle, type Throttle } from "../../../hub/delivery/throttle.ts";

/** A throttle of eight places with a clock that the test sets. */
function throttled(): { throttle: Throttle; clock: { now: number } } {
  const clock = { now: 1_000 };
  return { throttle: createThrottle(8, () => clock.now), clock };
}

test("a room that is limited again and again holds up nobody", (t) => {
  const { throttle } = throttled();
  for (let n = 0; n < 20; n++) throttle.limited("matrix:!a", 600_000);
  t.is(throttle.wait(), 0);
  t.is(throttle.places(), 8);
});

test("many rooms that are limited while others pass hold up nobody", (t) => {
  const { throttle } = throttled();
  for (let n = 0; n < 20; n++) {
    throttle.limited(`matrix:!${n}`, 600_000);
    throttle.passed();
  }
  t.is(throttle.wait(), 0);
});

test("when room after room is limited and none passes, it is the account: all wait", (t) => {
  const { throttle, clock } = throttled();
  for (const room of ["a", "b", "c"]) throttle.limited(`matrix:!${room}`, 2_000);
  t.is(throttle.wait(), 2_000);
  clock.now += 1_999;
  t.is(throttle.wait(), 1);
  clock.now += 1;
  t.is(throttle.wait(), 0);
  t.is(throttle.places(), 1);
});

test("after a pause one goes first, and the next that is limited makes all wait again", (t) => {
  const { throttle, clock } = throttled();
  for (const room of ["a", "b", "c"]) throttle.limited(`matrix:!${room}`, 2_000);
  clock.now += 2_000;
  throttle.passed();
  t.is(throttle.places(), 2);
  throttle.limited("matrix:!d", 3_000);
  t.is(throttle.wait(), 3_000);
  t.is(throttle.places(), 1);
  clock.now += 3_000;
  for (let n = 0; n < 20; n++) throttle.passed();
  t.is(throttle.places(), 8);
});

test("an error about the account costs seconds, not the ten minutes that rooms were told", (t) => {
  const { throttle, clock } = throttled();
  for (const room of ["a", "b", "c"]) throttle.limited(`matrix:!${room}`, 600_000);
  t.is(throttle.wait(), 5_000);
  clock.now += 5_000;
  throttle.limited("matrix:!d", 600_000);
  t.is(throttle.wait(), 10_000);
  clock.now += 10_000;
  throttle.passed();
  t.is(throttle.wait(), 0);
});
