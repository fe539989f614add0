import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { database } from "../../../core/database/connect.ts";
import { understand } from "../../../core/events/catalogue.ts";
import { setUpEmitting } from "../../../core/events/emit.ts";
import { Keyring } from "../../../core/events/keyring.ts";
import { verifyFrame } from "../../../core/events/verify.ts";
import { silentLog } from "../../../core/log.ts";
import { renderText } from "../../../core/message.ts";
import { Event } from "../../../core/model/event.ts";
import { addJobs } from "../../../core/model/job-store.ts";
import { coreModules } from "../../../core/modules/index.ts";
import { machineId } from "../../../core/modules/jobs/machine-id.ts";
import { serve } from "../../../core/modules/jobs/serve.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { preview, recoverySources, sweep } from "../../../hub/recover/sweep.ts";
import {
  AMD64,
  binary,
  configure,
  importOne,
  index,
  source,
  SOURCES,
  tinyArchive,
  type TinyArchive,
} from "../../support/archive.ts";
import { testDatabase } from "../../support/database.ts";

const directory = mkdtempSync(join(tmpdir(), "lk-recover-"));
const keyring = new Keyring(directory, { host: "master", recheckMilliseconds: 0 });
const registry = createRegistry(coreModules);
const NOW = { graceMs: 0 };
const [archiveSource, jobSource] = ["archive", "jobs"].map((name) => {
  const found = recoverySources(registry).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no source ${name}`);
  return found;
}) as [ReturnType<typeof recoverySources>[number], ReturnType<typeof recoverySources>[number]];
let archive: TinyArchive;

test.before(async () => {
  await testDatabase();
  keyring.ensureOwnKey("general");
  setUpEmitting({ catalogue: registry.events, keyring, log: silentLog() });
  archive = await tinyArchive({ indices: indices({ alpha: "1", beta: "1" }) });
  await configure(archive);
  await importOne(archive.content.name);
});
test.beforeEach(async () => {
  await database().query(
    "truncate job, worker, event, event_seen, archive_change, recovery cascade",
  );
});
test.after.always(async () => {
  await archive.remove();
  await database().close();
  rmSync(directory, { recursive: true });
});

function indices(versions: Record<string, string>): Record<string, string> {
  const all = Object.entries(versions);
  return {
    [SOURCES]: index(...all.map(([name, version]) => source(name, version))),
    [AMD64]: index(
      ...all.map(([name, version]) => binary(`lib${name}`, version, { Source: name })),
    ),
  };
}

async function publish(versions: Record<string, string>): Promise<void> {
  await archive.publish({ indices: indices(versions) });
  await importOne(archive.content.name);
}

async function tags(): Promise<string[]> {
  const events = await Event.findAll({ order: ["id"] });
  return events.map(({ tag }) => tag.replace("_lk.", ""));
}

async function forget(tag: string): Promise<void> {
  await database().query("delete from event where tag = $1", [`_lk.${tag}`]);
}

const anise = { name: "anise", id: machineId("anise") };
const identity = { keyId: "anise-spark", curveKey: "" };

/** A worker takes a job and does it. */
async function work(upTo: "assigned" | "accepted" | "finished"): Promise<string> {
  const [job = ""] = await addJobs([{ module: "test", kind: "dance", architecture: "amd64" }]);
  const wish = { owner: null, accepts: ["dance"], architectures: ["amd64"] };
  const ask = { kind: "job" as const, machine: anise, ...wish, heartbeat: null, holds: null };
  await serve([{ request: ask, identity }], "");
  const steps = {
    assigned: [],
    accepted: ["job-accepted"],
    finished: ["job-accepted", "job-success"],
  };
  for (const kind of steps[upTo] as ("job-accepted" | "job-success")[]) {
    await serve([{ request: { kind, machine: anise, job, logExcerpt: "" }, identity }], "");
  }
  return job;
}

test.serial("what was told when it happened is not told again", async (t) => {
  await publish({ alpha: "2", gamma: "1" });
  await publish({ alpha: "3", gamma: "1", delta: "1" });
  await work("assigned");
  await work("accepted");
  await work("finished");
  const before = await tags();
  t.true(before.includes("archive.package-changed"));
  for (const one of recoverySources(registry)) t.is(await sweep(one, NOW), 0, one.name);
  t.deepEqual(await tags(), before);
});

test.serial("lost events of jobs are found in one sweep and told once", async (t) => {
  const assigned = await work("assigned");
  const accepted = await work("accepted");
  const finished = await work("finished");
  await database().query("delete from event");
  const planned = await preview(jobSource, 100, 0);
  t.is(planned.length, 5);
  t.deepEqual(await tags(), [], "a look changes nothing");
  t.is(await sweep(jobSource, NOW), 5);
  const told = await Event.findAll({ order: ["id"] });
  const of = (job: string): string[] =>
    told
      .filter(({ data }) => (data as { job_id: string }).job_id === job)
      .map(({ tag }) => tag.replace("_lk.jobs.job-", ""));
  t.deepEqual(of(assigned), ["assigned"]);
  t.deepEqual(of(accepted).toSorted(), ["accepted", "assigned"]);
  t.deepEqual(of(finished), ["assigned", "finished"], "whether it was accepted nobody knows");
  t.is(await sweep(jobSource, NOW), 0);
  t.like(told.find(({ tag }) => tag.endsWith("finished"))?.data, {
    client_name: "anise",
    client_id: anise.id,
    result: "success-pending",
    recovered: true,
  });
});

test.serial(
  "a job that somebody else's program wrote is told, with when it happened",
  async (t) => {
    await database().query(
      `insert into job (module, kind, status, finished_at, reason)
     values ('foreign', 'dance', 'terminated', now() - interval '3 minutes', 'no floor')`,
    );
    t.is(await sweep(jobSource, NOW), 1);
    const [event] = await Event.findAll();
    t.is(event?.tag, "_lk.jobs.job-terminated");
    t.like(event?.data, { job_module: "foreign", reason: "no floor", recovered: true });
    const age = Date.now() - (event?.time.getTime() ?? 0);
    t.true(age > 170_000 && age < 600_000);
  },
);

test.serial("lost changes of packages are told, each with its own versions", async (t) => {
  await publish({ alpha: "4", beta: "1", gamma: "1" });
  await forget("archive.package-changed");
  // The same package changed again, and that was told.
  await publish({ alpha: "5", beta: "1", gamma: "1" });
  t.is(await sweep(archiveSource, NOW), 3);
  const recovered = await database().query<{ data: Record<string, unknown> }>(
    "select data from event where data @> '{\"recovered\": true}' order by data ->> 'pkg_name'",
  );
  t.deepEqual(
    recovered.map(({ data }) => [data["pkg_name"], data["version_old"], data["version_new"]]),
    [
      ["alpha", "3", "4"],
      ["beta", null, "1"],
      ["delta", "1", null],
    ],
  );
  t.is(await sweep(archiveSource, NOW), 0);
});

test.serial("rows that a foreign program adds to a told run are told", async (t) => {
  await publish({ alpha: "6", beta: "1", gamma: "1" });
  await database().query(
    `insert into archive_change (run_id, suite_id, type, name, source_name, component, architecture,
                                 change, version_new)
     select run_id, suite_id, 'source', 'zeta', 'zeta', 'main', 'source', 'added', '1'
       from archive_change limit 1`,
  );
  t.is(await sweep(archiveSource, NOW), 1);
  const last = await Event.findOne({ order: [["id", "DESC"]] });
  t.like(last?.data, { pkg_name: "zeta", change: "added", version_new: "1", recovered: true });
});

test.serial("two hubs at once, and one that starts anew, tell it once", async (t) => {
  for (let count = 0; count < 5; count += 1) await work("finished");
  await database().query("delete from event");
  const told = await Promise.all(Array.from({ length: 6 }, () => sweep(jobSource, NOW)));
  t.is(
    told.reduce((sum, one) => sum + one, 0),
    10,
  );
  t.is((await tags()).length, 10);
  // As after a crash that lost where it was.
  const uuids = async (): Promise<string[]> =>
    (await Event.findAll()).map(({ uuid }) => uuid).toSorted();
  const before = await uuids();
  await database().query("delete from recovery");
  t.is(await sweep(jobSource, NOW), 0);
  // What left the journal stays known; in another database the same events get the same uuids.
  await database().query("delete from event");
  t.is(await sweep(jobSource, NOW), 0);
  await database().query("truncate event_seen");
  t.is(await sweep(jobSource, NOW), 10);
  t.deepEqual(await uuids(), before);
});

test.serial("a transaction that is not committed yet is waited for", async (t) => {
  const other = await database().client();
  t.teardown(() => other.end());
  await other.query("begin");
  await other.query(
    `insert into job (module, kind, status, finished_at) values ('x', 'y', 'terminated', now())`,
  );
  t.is(await sweep(jobSource, NOW), 0);
  await other.query("commit");
  t.is(await sweep(jobSource, NOW), 1, "though the sweep before came after its time");
});

test.serial(
  "what just happened is left to those who tell it; what expired is not told",
  async (t) => {
    await work("finished");
    await database().query("delete from event");
    t.is(await sweep(jobSource), 0);
    await database().query(
      "insert into event_number (sequence, event_id, numbered_at, end_byte) values (7, 7, now(), 1)",
    );
    t.is(await sweep(jobSource, NOW), 0);
    await database().query("delete from event_number");
    t.is(await sweep(jobSource, NOW), 2);
  },
);

test.serial("a recovered event is signed as others are, and says what it is", async (t) => {
  await work("assigned");
  await database().query("delete from event");
  await sweep(jobSource, NOW);
  const [event] = await Event.findAll();
  if (event === null || event === undefined) throw new Error("nothing told");
  const verdict = verifyFrame(Buffer.from(event.body), keyring);
  t.true(verdict.accepted);
  const { uuid, time } = event;
  const message = understand(registry.events, event.tag, event.data).render({
    web: undefined,
    event: { uuid, time },
  });
  t.regex(renderText(message ?? { tone: "bad", headline: [] }), /found in the database/);
});
