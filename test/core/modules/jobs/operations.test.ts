import { randomUUID } from "node:crypto";
import test from "ava";
import { database } from "../../../../core/database/connect.ts";
import { setUpEvents } from "../../../../core/events/setup.ts";
import { renderText } from "../../../../core/message.ts";
import { Event } from "../../../../core/model/event.ts";
import { Job, Worker } from "../../../../core/model/job.ts";
import { addJobs, holdJobs, type NewJob, releaseJobs } from "../../../../core/model/job-store.ts";
import { applyDistro, exportDistro } from "../../../../core/modules/distro/apply.ts";
import { jobs } from "../../../../core/modules/jobs/index.ts";
import { policySection } from "../../../../core/modules/jobs/policy-section.ts";
import { loadPolicy } from "../../../../core/modules/jobs/policy.ts";
import { ask } from "../../../../core/operation/ask.ts";
import type { Answer, Caller } from "../../../../core/operation/declare.ts";
import { testDatabase } from "../../../support/database.ts";
import { ADMIN, testEnvironment } from "../../../support/environment.ts";

const environment = testEnvironment([jobs]);

test.before(async () => {
  await testDatabase();
  setUpEvents(environment);
});
test.after.always(() => database().close());
test.beforeEach(async () => {
  await database().query("delete from job");
  await database().query("delete from worker");
});

const HELLO: NewJob = {
  module: "ariadne",
  kind: "package-build",
  version: "2.10-1",
  architecture: "amd64",
  repository: "master",
  suite: "landing",
  data: { package_name: "hello" },
};

async function run(
  operation: string,
  parameters: Record<string, unknown> = {},
  caller: Caller = ADMIN,
): Promise<Answer> {
  const outcome = await ask(environment, { operation, parameters, caller });
  if (!("answer" in outcome)) throw new Error("it was queued");
  return outcome.answer;
}

async function text(operation: string, parameters: Record<string, unknown> = {}): Promise<string> {
  return (await run(operation, parameters)).messages.map(renderText).join("\n");
}

/** A job that a worker has. */
async function held(uuid: string, name = "anise"): Promise<string> {
  const worker = randomUUID();
  await Worker.create({ uuid: worker, name, keyId: `${name}-spark`, architectures: ["amd64"] });
  await database().query(
    `update job set status = 'running', worker = $2, attempts = 1, assigned_at = now(),
            lease_until = now() + interval '1 hour' where uuid = $1`,
    [uuid, worker],
  );
  return worker;
}

test.serial("jobs are listed, shown by the beginning of their id, and filtered", async (t) => {
  t.regex(await text("job list"), /There is no such job/);
  const [first = "", second = ""] = await addJobs([HELLO, { ...HELLO, architecture: "arm64" }]);
  await held(first);
  const list = await text("job list");
  t.regex(list, /hello 2\.10-1 for amd64 +landing +0 +runs on anise/);
  t.regex(list, /hello 2\.10-1 for arm64 +landing +0 +waits for a worker/);
  const { data } = await run("job list", { architecture: "arm64" });
  t.deepEqual(
    (data as { uuid: string }[]).map(({ uuid }) => uuid),
    [second],
  );
  t.is((await run("job list", { worker: "anise" })).messages.length, 1);
  t.like((await run("job show", { job: first.slice(0, 8) })).data, {
    uuid: first,
    workerName: "anise",
  });
  await t.throwsAsync(run("job show", { job: "ffff" }), { code: "JOB_UNKNOWN" } as never);
  await t.throwsAsync(run("job list", { worker: "nobody" }), { code: "WORKER_UNKNOWN" } as never);
});

test.serial("a cancelled job is taken from its worker and told; retried, it waits", async (t) => {
  const [uuid = ""] = await addJobs([HELLO]);
  await held(uuid);
  t.regex(await text("job cancel", { jobs: [uuid] }), /was given up/);
  t.like((await Job.findByPk(uuid))?.get(), { status: "terminated", leaseUntil: null });
  const event = await Event.findOne({ order: [["id", "DESC"]] });
  t.is(event?.tag, "_lk.jobs.job-terminated");
  t.is(event?.data["reason"], "cancelled by local:test");
  t.true((await run("job cancel", { jobs: [uuid] })).failed);
  t.regex(await text("job retry", { jobs: [uuid] }), /waits for a worker/);
  t.like((await Job.findByPk(uuid))?.get(), { status: "waiting", attempts: 0, worker: null });
});

test.serial("a running job is not retried under its worker's hands", async (t) => {
  const [uuid = ""] = await addJobs([HELLO]);
  await held(uuid);
  t.true((await run("job retry", { jobs: [uuid] })).failed);
  t.is((await Job.findByPk(uuid))?.status, "running");
});

test.serial("a priority is set within its bounds", async (t) => {
  const [uuid = ""] = await addJobs([HELLO]);
  await run("job prioritize", { job: uuid, priority: 5 });
  t.is((await Job.findByPk(uuid))?.priority, 5);
  const tooMuch = run("job prioritize", { job: uuid, priority: 21 });
  await t.throwsAsync(tooMuch, { code: "BAD_ARGUMENTS" } as never);
});

test.serial("a job added by hand must have what its kind needs", async (t) => {
  const data = '{"package_name":"hello"}';
  const bad = run("job add", { kind: "package-build", data });
  await t.throwsAsync(bad, { code: "JOB_DATA", message: /dsc_url/ } as never);
  await t.throwsAsync(run("job add", { kind: "x", data: "[]" }), { code: "JOB_DATA" } as never);
  const answer = await run("job add", { kind: "of-ours", data: '{"a":1}', architecture: "arm64" });
  const { uuid } = answer.data as { uuid: string };
  t.like((await Job.findByPk(uuid))?.get(), { kind: "of-ours", data: { a: 1 } });
});

test.serial("jobs wait for dependencies and are released", async (t) => {
  const [one = "", two = ""] = await addJobs([HELLO, { ...HELLO, waitsFor: "libx-dev" }]);
  t.deepEqual(await holdJobs([one, two], "liby-dev"), [one]);
  t.regex(await text("job show", { job: one }), /waits for a dependency[^]*liby-dev/);
  t.deepEqual((await releaseJobs([one, two])).toSorted(), [one, two].toSorted());
});

test.serial("workers are entered, switched and removed; what they had waits again", async (t) => {
  t.regex(await text("spark list"), /No build worker was here yet/);
  await run("spark add", { name: "anise", owner: "ACME" });
  const id = "a38fe3a8-f2fa-56af-a171-d1b7b6987e6d";
  t.like((await Worker.findByPk(id))?.get(), { keyId: "anise-spark", owner: "ACME" });
  await t.throwsAsync(run("spark add", { name: "anise" }), { code: "WORKER_KNOWN" } as never);
  await run("spark disable", { worker: "anise" });
  t.like((await run("spark show", { worker: "anise" })).data, { state: "disabled" });
  await Worker.update({ failures: 6, pausedUntil: new Date(Date.now() + 600_000) }, { where: {} });
  t.regex(await text("spark show", { worker: id }), /paused for 9m|paused for 10m/);
  await run("spark enable", { worker: "anise" });
  t.like((await Worker.findByPk(id))?.get(), { enabled: true, failures: 0, pausedUntil: null });
  const [uuid = ""] = await addJobs([HELLO]);
  const basil = await held(uuid, "basil");
  t.regex(await text("spark list"), /basil +active/);
  await run("spark remove", { worker: "basil" });
  t.is(await Worker.findByPk(basil), null);
  t.like((await Job.findByPk(uuid))?.get(), { status: "waiting", worker: null });
});

test.serial("status, doctor and why tell of jobs, and nothing where there are none", async (t) => {
  t.deepEqual(await jobs.status?.(), []);
  t.deepEqual(await jobs.check?.(environment), []);
  const [uuid = ""] = await addJobs([HELLO, { ...HELLO, architecture: "riscv64" }]);
  await held(uuid);
  await Worker.update({ lastPing: new Date() }, { where: {} });
  const status = ((await jobs.status?.()) ?? []).map(({ message }) => renderText(message));
  t.regex(status.join("\n"), /jobs: 1 wait, 1 run on 1 workers[^]*riscv64: 1 wait/);
  const checks = ((await jobs.check?.(environment)) ?? []).map(renderText).join("\n");
  t.regex(checks, /1 jobs wait for ⚙riscv64, and no worker/);
  const facts = (await jobs.explain?.("hello")) ?? [];
  t.deepEqual(facts.map(({ data }) => String(data["status"])).toSorted(), ["running", "waiting"]);
  t.deepEqual(await jobs.explain?.("nothing"), []);
});

test.serial("the description of the distribution says who builds arch:all", async (t) => {
  const sections = [policySection];
  t.deepEqual(await exportDistro(sections), {});
  const document = { jobs: { indep_architecture: "arm64", max_attempts: 3 } };
  const options = { folder: "/", dryRun: false, prune: false };
  t.is((await applyDistro(sections, document, options)).length, 2);
  t.deepEqual(await loadPolicy(), {
    indepArchitecture: "arm64",
    maxAttempts: 3,
    leaseMinutes: 150,
  });
  t.deepEqual(await applyDistro(sections, await exportDistro(sections), options), []);
});
