import test from "ava";
import { fromPlain, toPlain } from "../../../core/events/canonical.ts";
import { eventTime, makeEnvelope, readEnvelope, wireText } from "../../../core/events/envelope.ts";
import type { JsonObject } from "../../../core/events/json.ts";
import { newUuid } from "../../../core/events/uuid.ts";

const good = {
  tag: "_lk.archive.package-build-failed",
  uuid: "5C8F5D4E-1DD2-11B2-8080-808080808080",
  format: "1.0",
  time: "2026-04-01T06:01:17.000123",
  data: { pkgname: "libfoo" },
};

function read(change: Record<string, unknown>): ReturnType<typeof readEnvelope> {
  return readEnvelope(fromPlain({ ...good, ...change }) as JsonObject);
}

test("a new envelope is valid and says what it was given", (t) => {
  const now = new Date("2026-11-22T10:11:12.345Z");
  const made = makeEnvelope("_lk.core.ping", { node: "é", count: 1 }, now);
  const envelope = readEnvelope(made);
  t.like(envelope, { tag: "_lk.core.ping", time: now });
  t.like(toPlain(made), {
    format: "1.0",
    time: "2026-11-22T10:11:12.345+00:00",
    data: { node: "é", count: 1 },
  });
  t.regex(wireText(made), /^\{"data":\{"count":1,"node":"é"\},"format":"1\.0","tag":/);
});

test("the five members are read, the uuid in lower case", (t) => {
  t.like(read({}), { tag: good.tag, uuid: "5c8f5d4e-1dd2-11b2-8080-808080808080" });
});

test("a member that is missing is named", (t) => {
  for (const name of Object.keys(good)) {
    t.deepEqual(read({ [name]: undefined }), {
      code: "member-missing",
      reason: `the member ${name} is missing`,
    });
  }
});

test("a member of the wrong kind is named", (t) => {
  const wrong: Record<string, unknown[]> = {
    tag: [1, "", "has space", "line\nbreak", "x".repeat(201), "-dash", null, "bidi\u202e", ["_lk"]],
    uuid: [1, "", "919108f7-52d1-4320-9bac-f847db4148a8", "{5c8f5d4e-1dd2-11b2-8080-808080808080}"],
    format: [1, "2.0", "1", null],
    time: [1, "", "yesterday", "2026-13-01T00:00:00", "2026-04-01", "0000-01-01T00:00:00", "1e9"],
    data: [1, "x", null, [], true],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const result = read({ [name]: value });
      t.is("code" in result && result.code, "member-invalid", `${name} ${JSON.stringify(value)}`);
      t.true("code" in result && result.reason.startsWith(`${name} is not`));
    }
  }
});

test("time with a zone is taken as it is", (t) => {
  const uuid = newUuid(Date.parse("2026-04-01T12:00:00Z"));
  for (const text of [
    "2026-04-01T08:01:17.5+02:00",
    "2026-04-01T06:01:17.500Z",
    "2026-04-01 01:31:17.5-0430",
  ]) {
    t.is(eventTime(text, uuid)?.toISOString(), "2026-04-01T06:01:17.500Z", text);
  }
});

test("time without a zone is local time of the sender, and its uuid tells which", (t) => {
  const made = new Date("2026-04-01T12:01:17.000Z");
  const uuid = newUuid(made.getTime());
  for (const local of [
    "2026-04-01T06:01:17.000123",
    "2026-04-01T12:01:17",
    "2026-04-02T02:01:17",
  ]) {
    t.deepEqual(eventTime(local, uuid), made, local);
  }
});

test("time without a zone counts as UTC when the uuid is of another day", (t) => {
  const uuid = newUuid(Date.parse("2036-01-01T00:00:00Z"));
  t.is(eventTime("2026-04-01T06:01:17", uuid)?.toISOString(), "2026-04-01T06:01:17.000Z");
});
