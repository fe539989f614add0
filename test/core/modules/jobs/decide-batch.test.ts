import test from "ava";
import { decideBatch } from "../../../../core/modules/jobs/decide-batch.ts";
import type { Ask } from "../../../../core/modules/jobs/serve.ts";

const machine = { name: "anise", id: "a38fe3a8-f2fa-56af-a171-d1b7b6987e6d" };

function waits(kind: "job" | "job-success", worker: string): { ask: Ask } {
  const identity = { keyId: worker, curveKey: "" };
  const request =
    kind === "job"
      ? { kind, machine, owner: null, accepts: [], architectures: [], heartbeat: null, holds: null }
      : { kind, machine, job: "9b6bd980-a044-4cbc-974e-d3f129ec865e", logExcerpt: "" };
  return { ask: { request, identity } };
}

test("who wants a job does not wait for hundreds of reports before it", (t) => {
  const reports = Array.from({ length: 500 }, (_, place) => waits("job-success", `w${place}`));
  const wish = waits("job", "hungry");
  const batch = decideBatch([...reports, wish]);
  t.true(batch.has(wish));
  t.true(batch.size < 100);
  t.true(batch.has(reports[0] ?? wish), "the longest waiting report goes along");
});

test("reports are served though others ask without end", (t) => {
  const wishes = Array.from({ length: 1_000 }, (_, place) => waits("job", `w${place}`));
  const report = waits("job-success", "late");
  t.true(decideBatch([...wishes, report]).has(report));
});

test("what a worker reported before it asks is taken in with it", (t) => {
  const reports = Array.from({ length: 500 }, (_, place) => waits("job-success", `w${place}`));
  const wish = waits("job", "w499");
  const batch = decideBatch([...reports, wish]);
  t.true(batch.has(reports[499] ?? wish));
  t.false(batch.has(reports[498] ?? wish));
});
