import test from "ava";
import { newUuid, uuidTime } from "../../../core/events/uuid.ts";

test("a new UUID is of version 1 and tells its time", (t) => {
  const now = Date.now() + 60_000;
  const uuid = newUuid(now);
  t.regex(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.is(uuidTime(uuid)?.getTime(), now);
});

test("many in one millisecond differ, and so do they when the clock goes back", (t) => {
  const now = Date.now() + 120_000;
  const made = Array.from({ length: 5000 }, (_, index) => newUuid(now - index * (index % 7)));
  t.is(new Set(made).size, made.length);
});

test("a clock that was set back far is believed again", (t) => {
  newUuid(Date.parse("2030-01-01T00:00:00Z"));
  const past = Date.parse("2020-01-01T00:00:00Z");
  t.is(uuidTime(newUuid(past))?.getTime(), past);
});

test("the time of a UUID made elsewhere is read", (t) => {
  // From RFC 9562, appendix A.1: February 22, 2022 2:22:22 PM GMT-05:00.
  const uuid = "C232AB00-9414-11EC-B3C8-9F6BDECED846";
  t.is(uuidTime(uuid)?.toISOString(), "2022-02-22T19:22:22.000Z");
  t.is(uuidTime("919108f7-52d1-4320-9bac-f847db4148a8"), undefined);
  t.is(uuidTime("not a uuid"), undefined);
});
