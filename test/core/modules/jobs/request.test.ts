import test from "ava";
import fc from "fast-check";
import { machineId } from "../../../../core/modules/jobs/machine-id.ts";
import { readRequest } from "../../../../core/modules/jobs/request.ts";
import { z85 } from "../../../../core/events/z85.ts";

const MACHINE = { machine_name: "anise", machine_id: machineId("anise") };
const JOB = "9b6bd980-a044-4cbc-974e-d3f129ec865e";

function read(fields: unknown): ReturnType<typeof readRequest> {
  return readRequest(Buffer.from(JSON.stringify(fields)));
}

test("a worker's id follows from its name, as Spark makes it", (t) => {
  t.is(machineId("anise"), "a38fe3a8-f2fa-56af-a171-d1b7b6987e6d");
});

test("keys are spelt as ZeroMQ spells them (RFC 32)", (t) => {
  t.is(z85(Buffer.from("864fd26fb559f75b", "hex")), "HelloWorld");
});

test("each request is read with what it says", (t) => {
  t.deepEqual(read({ request: "archive-info" }), { kind: "archive-info" });
  const machine = { name: "anise", id: MACHINE.machine_id };
  t.deepEqual(
    read({
      ...MACHINE,
      request: "job",
      owner: null,
      accepts: "package-build",
      architectures: ["amd64", "amd64"],
    }),
    {
      kind: "job",
      machine,
      owner: null,
      accepts: ["package-build"],
      architectures: ["amd64"],
      heartbeat: null,
      holds: null,
    },
  );
  t.deepEqual(read({ ...MACHINE, request: "job-failed", uuid: JOB.toUpperCase() }), {
    kind: "job-failed",
    machine,
    job: JOB,
    logExcerpt: "",
  });
});

test("of a log only the end is kept, without NUL", (t) => {
  const long = `\0${"é".repeat(70_000)}end\0`;
  const report = read({ ...MACHINE, request: "job-status", uuid: JOB, log_excerpt: long });
  const { logExcerpt } = report as { logExcerpt: string };
  t.is(logExcerpt.length, 65_536);
  t.true(logExcerpt.endsWith("éend"));
});

test("what is missing or wrong is named in the peer's words", (t) => {
  const cases: [unknown, string][] = [
    [{ request: "" }, "Request was malformed."],
    [{ request: "dance" }, "Request type is unknown."],
    [{ request: 7 }, "Request type is unknown."],
    [{ request: "job", machine_id: "x" }, "Name of the machine making this request was missing."],
    [{ request: "job", machine_name: "a" }, "ID of the machine making this request was missing."],
    [
      { ...MACHINE, request: "job", machine_id: "x" },
      "Failed to parse client UUID: badly formed hexadecimal UUID string",
    ],
    [{ ...MACHINE, request: "job", accepts: [1] }, "Request was malformed."],
    [{ ...MACHINE, request: "job", accepts: Array(51).fill("a") }, "Request was malformed."],
    [{ ...MACHINE, request: "job-accepted" }, "Job ID was missing."],
    [
      { ...MACHINE, request: "job-accepted", uuid: "x" },
      "Unable to find job with the requested ID.",
    ],
  ];
  for (const [fields, error] of cases) t.deepEqual(read(fields), { error });
});

test("arbitrary bytes and deep nesting are malformed, nothing worse", (t) => {
  const deep = Buffer.from("[".repeat(10_000));
  t.deepEqual(readRequest(deep), { error: "Request was malformed." });
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      t.deepEqual(readRequest(Buffer.from(bytes)), { error: "Request was malformed." });
    }),
    { numRuns: 300 },
  );
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom("job", "job-status", JOB, "anise"));
  const names = ["request", "machine_name", "machine_id", "uuid", "accepts", "holds", "owner"];
  const record = fc.dictionary(fc.constantFrom(...names), value);
  fc.assert(
    fc.property(record, (fields) => {
      const request = read(fields);
      t.true("error" in request || "kind" in request);
    }),
    { numRuns: 500 },
  );
});
