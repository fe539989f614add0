import test from "ava";
import {
  backOffMinutes,
  decideReport,
  type HeldJob,
  pauseMinutes,
} from "../../../../core/modules/jobs/decide-report.ts";
import { jobObject } from "../../../../core/modules/jobs/job-object.ts";
import { REPORTS } from "../../../../core/modules/jobs/request.ts";

const JOB: HeldJob = { status: "running", result: "unknown", worker: "w", attempts: 1 };

test("each state takes the reports that fit it, from its own worker", (t) => {
  const table: Record<HeldJob["status"], string[]> = {
    // job-accepted, job-rejected, job-status, job-success, job-failed
    waiting: ["foreign", "foreign", "foreign", "foreign", "foreign"],
    depwait: ["foreign", "foreign", "foreign", "known", "known"],
    scheduled: ["accepted", "given-back", "alive", "finished", "finished"],
    running: ["known", "given-back", "alive", "finished", "finished"],
    done: ["foreign", "foreign", "foreign", "known", "known"],
    terminated: ["foreign", "foreign", "foreign", "foreign", "foreign"],
  };
  for (const [status, decisions] of Object.entries(table)) {
    const job = { ...JOB, status: status as HeldJob["status"] };
    t.deepEqual(
      REPORTS.map((report) => decideReport(job, report, "w").kind),
      decisions as never,
      status,
    );
  }
});

test("another worker may say nothing, whatever the state", (t) => {
  for (const status of ["waiting", "depwait", "scheduled", "running", "done"] as const) {
    for (const report of REPORTS) {
      t.is(decideReport({ ...JOB, status }, report, "x").kind, "foreign");
      t.is(decideReport({ ...JOB, status, worker: null }, report, "x").kind, "foreign");
    }
  }
});

test("pauses double and end", (t) => {
  t.deepEqual([1, 2, 3, 4, 20].map(backOffMinutes), [1, 2, 4, 8, 60]);
  t.deepEqual([1, 4, 5, 6, 30].map(pauseMinutes), [0, 0, 5, 10, 1_440]);
});

test("arch:all parts are built where arch:all is built, or where the job demands it", (t) => {
  const data = {
    package_name: "hello",
    package_version: "2",
    maintainer: "",
    suite: "landing",
    dsc_url: "u",
    sha256sum: "s",
  };
  const job = {
    uuid: "u",
    module: "ariadne",
    kind: "package-build",
    version: "2",
    repository: null,
    created: "2026-11-22T12:19:38.000000",
    data,
  };
  const built = (architecture: string, more: object = {}): unknown => {
    const made = jobObject({ ...job, architecture, data: { ...data, ...more } }, "amd64");
    return "broken" in made ? made : [made.architecture, made.data["do_indep"], made.time_created];
  };
  const time = "2026-11-22T12:19:38";
  t.deepEqual(built("all"), ["amd64", true, time]);
  t.deepEqual(built("amd64"), ["amd64", true, time]);
  t.deepEqual(built("arm64"), ["arm64", false, time]);
  t.deepEqual(built("arm64", { do_indep: true }), ["arm64", true, time]);
  t.deepEqual(built("arm64", { dsc_url: 7 }), {
    broken: "its package-build data has no usable dsc_url",
  });
});
