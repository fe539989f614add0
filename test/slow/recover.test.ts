import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { connect, database, type DatabaseAddress } from "../../core/database/connect.ts";
import { setUpEvents } from "../../core/events/setup.ts";
import { coreModules } from "../../core/modules/index.ts";
import type { Service } from "../../core/service.ts";
import { createHub } from "../../hub/main.ts";
import { defineHubModels } from "../../hub/model/index.ts";
import { hubModule } from "../../hub/module.ts";
import {
  AMD64,
  configure,
  importOne,
  index,
  source,
  SOURCES,
  tinyArchive,
  type TinyArchive,
} from "../support/archive.ts";
import { testDatabaseAddress } from "../support/database.ts";
import { testEnvironment } from "../support/environment.ts";
import { eventually } from "../support/eventually.ts";
import { type MailServer, startMailServer } from "../support/smtp.ts";

/**
 * Eight hours without events: changes of packages and jobs that only the database knows. Two hubs
 * look for them at once, killed with -9 meanwhile; then a hub tells a room and a mailbox. Here
 * 2,000 changes; LK_FULL=1 makes it 20,000.
 */
const FULL = process.env["LK_FULL"] === "1";
const CHANGES = FULL ? 20_000 : 2_000;
const JOBS = CHANGES / 10;
const RUNS = 200;
const KILLS = 6;

const directory = mkdtempSync(join(tmpdir(), "lk-downtime-"));
let address: DatabaseAddress;
let mail: MailServer;
let archive: TinyArchive;

test.before(async () => {
  address = await testDatabaseAddress();
  defineHubModels((await connect(address)).sequelize);
  mail = await startMailServer();
  setUpEvents(testEnvironment([...coreModules, hubModule]));
  archive = await tinyArchive({ indices: { [SOURCES]: index(source("alpha", "1")), [AMD64]: "" } });
  await configure(archive);
  await importOne(archive.content.name);
  await database().query("truncate event, event_seen, event_to_route, event_to_consider cascade");
});
test.after.always(async () => {
  await mail.close();
  await archive.remove();
  await database().close();
  rmSync(directory, { recursive: true, force: true });
});

/** What somebody else's programs wrote in the last eight hours. */
async function writeWithoutWords(): Promise<void> {
  await database().query(
    `with run as (
       insert into import_run (suite_id, started_at, finished_at, outcome)
       select suite.id, at, at, 'done'
         from suite, generate_series(1, $1) as n,
              lateral (select now() - interval '8 hours' * (n / $1::float8) as at)
       returning id, suite_id, finished_at
     ), numbered as (select *, row_number() over (order by id) - 1 as place from run)
     insert into archive_change (run_id, suite_id, changed_at, type, name, source_name, component,
                                 architecture, change, version_old, version_new)
     select id, suite_id, finished_at, 'source', 'p' || n, 'p' || n, 'main', 'source', 'updated',
            '1', '2'
       from generate_series(1, $2) as n join numbered on place = n % $1`,
    [RUNS, CHANGES],
  );
  await database().query(
    "insert into worker (uuid, name, key_id) values (gen_random_uuid(), 'anise', 'anise-spark')",
  );
  await database().query(
    `insert into job (module, kind, status, result, worker, attempts, fence, assigned_at, finished_at)
     select 'ariadne', 'package-build', 'done', 'failure-pending', worker.uuid, 1, 1, at,
            at + interval '1 minute'
       from worker, generate_series(1, $1) as n,
            lateral (select now() - interval '7 hours' * (n / $1::float8) - interval '5 minutes' as at)`,
    [JOBS],
  );
  await database().query(
    `insert into recovery (source, looked_until)
     values ('archive', now() - interval '8 hours'), ('jobs', now() - interval '8 hours')`,
  );
}

function look(): ChildProcess {
  const program = resolve("dist/test/slow/recover-child.js");
  return spawn(process.execPath, [program, JSON.stringify(address), directory], {
    stdio: "inherit",
  });
}

/** Two at once, both killed after a moment that is another each time; then once in peace. */
async function lookThroughKills(): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 2) {
    const pair = [look(), look()];
    const ended = pair.map((one) => once(one, "exit"));
    await sleep(700 + Math.random() * 1_500);
    for (const one of pair) one.kill("SIGKILL");
    await Promise.all(ended);
  }
  const pair = [look(), look()];
  await Promise.all(pair.map((one) => once(one, "exit")));
  // The one that found the other at work has left it to that.
  const [status] = (await once(look(), "exit")) as [number];
  if (status !== 0) throw new Error("the last look failed");
}

test("eight hours without events are told once, and do not flood anybody", async (t) => {
  await writeWithoutWords();
  await lookThroughKills();
  const told = await database().query<{ tag: string; count: number; different: number }>(
    `select tag, count(*)::int as count,
            count(distinct coalesce(data ->> 'pkg_name', data ->> 'job_id'))::int as different
       from event where data @> '{"recovered": true}' group by tag order by tag`,
  );
  t.deepEqual(told, [
    { tag: "_lk.archive.package-changed", count: CHANGES, different: CHANGES },
    { tag: "_lk.jobs.job-assigned", count: JOBS, different: JOBS },
    { tag: "_lk.jobs.job-finished", count: JOBS, different: JOBS },
  ]);

  const rooms = await tellAll();
  t.log(`${rooms.length} messages: ${rooms.map(({ destination }) => destination).join(", ")}`);
  t.true(rooms.filter(({ destination }) => destination === "room:local").length <= 10);
  t.true(mail.mails.length >= 1 && mail.mails.length <= 2, `${mail.mails.length} mails`);
});

/** Runs a hub until everything is told that there is. @returns the messages */
async function tellAll(): Promise<{ destination: string }[]> {
  const file = join(directory, "config.toml");
  const to = `smtp = "${mail.url}"\nfrom = "L <laniakea@example.org>"\nto = "news@example.org"\n`;
  writeFileSync(file, `[email]\n${to}`);
  const { services } = createHub(testEnvironment([...coreModules, hubModule], file));
  const started: Service[] = [];
  try {
    for (const service of services) {
      await service.start();
      started.push(service);
    }
    await eventually(nothingToRoute, "everything is routed");
    await eventually(nothingWaits, "everything is told");
  } finally {
    started.reverse();
    for (const service of started) await service.stop();
  }
  return database().query("select destination from delivery where state = 'sent' order by number");
}

async function nothingWaits(): Promise<boolean> {
  const [row] = await database().query<{ routing: number; waiting: number; sent: number }>(
    `select (select count(*) from event_to_route)::int as routing,
            (select count(*) from bundle where waiting > 0 and closed_at is null)::int
            + (select count(*) from delivery where state = 'pending')::int as waiting,
            (select count(*) from delivery where state = 'sent')::int as sent`,
  );
  // All has come: nobody has to sit out the time for which summaries wait for more.
  if (row?.routing === 0)
    await database().query("update bundle set due_at = now() where due_at > now()");
  return row?.routing === 0 && row.waiting === 0 && row.sent > 0;
}

async function nothingToRoute(): Promise<boolean> {
  const rows = await database().query("select from event_to_route limit 1");
  return rows.length === 0;
}
