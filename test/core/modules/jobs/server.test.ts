import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { Dealer } from "zeromq";
import { database } from "../../../../core/database/connect.ts";
import { setUpEmitting } from "../../../../core/events/emit.ts";
import { newKeyPair, readKeyFile } from "../../../../core/events/key-file.ts";
import { Keyring } from "../../../../core/events/keyring.ts";
import { silentLog } from "../../../../core/log.ts";
import { Repository } from "../../../../core/model/archive-suite.ts";
import { Event } from "../../../../core/model/event.ts";
import { Job, Worker } from "../../../../core/model/job.ts";
import { addJobs, type NewJob, settleJob } from "../../../../core/model/job-store.ts";
import { jobs } from "../../../../core/modules/jobs/index.ts";
import { machineId } from "../../../../core/modules/jobs/machine-id.ts";
import { createJobServerOf, type JobServer } from "../../../../core/modules/jobs/service.ts";
import { sweepLeases } from "../../../../core/modules/jobs/sweep.ts";
import { frameBytes, greetingOf } from "../../../../core/events/zmtp.ts";
import { createRegistry } from "../../../../core/operation/registry.ts";
import { testDatabase } from "../../../support/database.ts";
import {
  connectSpark,
  curveOf,
  type Spark,
  type SparkKey,
  trustedSparkKey,
} from "../../../support/spark.ts";

const directory = mkdtempSync(join(tmpdir(), "lk-job-server-"));
const keyring = new Keyring(directory, { host: "master", recheckMilliseconds: 0 });
const log = silentLog();
let server: JobServer;
let endpoint = "";
let serverKey = "";

test.before(async () => {
  await testDatabase();
  setUpEmitting({ catalogue: createRegistry([jobs]).events, keyring, log });
  keyring.ensureOwnKey("lighthouse");
  serverKey = readKeyFile(keyring.secretFile("lighthouse")).curve?.publicKey ?? "";
  await Repository.create({ name: "master", mirrors: ["file:/a"], keyring: "/k" });
  server = createJobServerOf({
    endpoints: ["tcp://127.0.0.1:*"],
    keyring,
    uploadUrl: "https://master.example.org/_upload",
    log,
  });
  await server.start();
  endpoint = server.endpoints()[0] ?? "";
});
test.after.always(async () => {
  await server.stop();
  await database().close();
  rmSync(directory, { recursive: true });
});
test.beforeEach(async () => {
  await database().query("delete from job");
  await database().query("delete from worker");
  await database().query("delete from event");
});

function spark(t: ExecutionContext, name: string, key?: SparkKey, patience?: number): Spark {
  const own = key ?? trustedSparkKey(keyring, `${name}-spark`);
  const options = { name, endpoint, serverKey, key: own };
  const made = connectSpark(patience === undefined ? options : { ...options, patience });
  t.teardown(() => made.close());
  return made;
}

const AMD64 = { owner: "ACME", accepts: ["package-build"], architectures: ["amd64"] };
const HELLO: NewJob = {
  module: "ariadne",
  kind: "package-build",
  version: "2.10-1",
  architecture: "amd64",
  repository: "master",
  suite: "landing",
  data: {
    package_name: "hello",
    package_version: "2.10-1",
    maintainer: "A B <a@b.c>",
    suite: "landing",
    dsc_url: "https://repo.example.org/master/pool/main/h/hello/hello_2.10-1.dsc",
    sha256sum: "a".repeat(64),
  },
};

async function add(job: Partial<NewJob> = {}): Promise<string> {
  const [uuid = ""] = await addJobs([{ ...HELLO, ...job }]);
  return uuid;
}

async function given(one: Spark, wish: object = AMD64): Promise<string | null> {
  const answer = JSON.parse(await one.ask("job", { ...wish })) as { uuid: string } | null;
  return answer?.uuid ?? null;
}

async function jobOf(uuid: string): Promise<Job> {
  return Job.findOne({ where: { uuid }, rejectOnEmpty: true });
}

async function tags(): Promise<string[]> {
  const events = await Event.findAll({ order: ["id"] });
  return events.map((event) => event.tag.replace("_lk.jobs.", ""));
}

test.serial("the sample exchange of the reference comes back byte for byte", async (t) => {
  const anise = spark(t, "anise");
  const uuid = await add({ architecture: "all" });
  await database().query(
    "update job set uuid = '9b6bd980-a044-4cbc-974e-d3f129ec865e', created_at = $2 where uuid = $1",
    [uuid, "2026-11-22T12:19:38.163820Z"],
  );
  const id = "9b6bd980-a044-4cbc-974e-d3f129ec865e";
  const machine = '{"machine_name":"anise","machine_id":"a38fe3a8-f2fa-56af-a171-d1b7b6987e6d"';
  t.is(
    await anise.send(`${machine},"request":"archive-info"}`),
    '{"archive_repos":{"master":{"upload_fqdn":"master.example.org/_upload","upload_method":"https"}}}',
  );
  const ask = `${machine},"request":"job","owner":"ACME","accepts":["package-build"],"architectures":["amd64"]}`;
  t.is(
    await anise.send(ask),
    '{"architecture":"amd64","data":{"do_indep":true,"dsc_url":"https://repo.example.org/master/pool/main/h/hello/hello_2.10-1.dsc","maintainer":"A B <a@b.c>","package_name":"hello","package_version":"2.10-1","sha256sum":"' +
      `${"a".repeat(64)}","suite":"landing"},"kind":"package-build","module":"ariadne","repo":"master","time_created":"2026-11-22T12:19:38.163820","uuid":"${id}","version":"2.10-1"}`,
  );
  t.is(await anise.send(ask), "null");
  const image = await add({
    module: "isotope",
    kind: "os-image-build",
    version: null,
    architecture: "any",
    data: {
      architecture: "arm64",
      distribution: "PureOS",
      environment: "gnome",
      git_url: "https://g/x.git",
      image_format: "iso",
      style: "live",
      suite: "landing",
    },
  });
  await database().query("update job set created_at = $2 where uuid = $1", [
    image,
    "2026-11-22T12:19:38Z",
  ]);
  t.is(
    await anise.send(
      `${machine},"request":"job","owner":"ACME","accepts":["os-image-build"],"architectures":["i386"]}`,
    ),
    '{"architecture":"any","data":{"architecture":"arm64","distribution":"PureOS","environment":"gnome","git_url":"https://g/x.git","image_format":"iso","style":"live","suite":"landing"},"kind":"os-image-build","module":"isotope","repo":"master","time_created":"2026-11-22T12:19:38","uuid":"' +
      `${image}","version":null}`,
  );
  t.is(await anise.send(`${machine},"request":"job-accepted","uuid":"${id}"}`), "true");
  t.is(
    await anise.send(`${machine},"request":"job-status","uuid":"${id}","log_excerpt":"a\\u0000b"}`),
    "",
  );
  t.is((await jobOf(id)).logExcerpt, "ab");
  t.is(await anise.send(`${machine},"request":"job-success","uuid":"${id}"}`), "true");
  t.like((await jobOf(id)).get(), { status: "done", result: "success-pending", attempts: 1 });
  t.deepEqual(await tags(), ["job-assigned", "job-assigned", "job-accepted", "job-finished"]);
  const [assigned] = await Event.findAll({ order: ["id"], limit: 1 });
  t.deepEqual(assigned?.data, {
    job_id: id,
    client_name: "anise",
    client_id: "a38fe3a8-f2fa-56af-a171-d1b7b6987e6d",
    job_module: "ariadne",
    job_kind: "package-build",
    job_version: "2.10-1",
    job_architecture: "amd64",
  });
});

test.serial("errors have the peer's words, and what cannot be read is answered too", async (t) => {
  const anise = spark(t, "anise");
  const error = (text: string): string => `{"error":"${text}"}`;
  t.is(await anise.send("{}"), error("Request was malformed."));
  t.is(await anise.send("no json"), error("Request was malformed."));
  t.is(await anise.send("[1]"), error("Request was malformed."));
  t.is(await anise.send('{"request":"job"}', "and more"), error("Request was malformed."));
  t.is(await anise.send('{"request":"x"}'), error("Request type is unknown."));
  t.is(
    await anise.send('{"request":"job"}'),
    error("Name of the machine making this request was missing."),
  );
  t.is(await anise.ask("job-accepted"), error("Job ID was missing."));
  t.is(
    await anise.ask("job-success", { uuid: "6e6dcd6c-13c5-4ef5-9e70-94a9c6ed7a2f" }),
    error("Unable to find job with the requested ID."),
  );
  // A DEALER that sends no empty frame could not read an answer; the others are served on.
  const key = trustedSparkKey(keyring, "bare-spark");
  const bare = new Dealer({
    curveServerKey: serverKey,
    curvePublicKey: key.publicKey,
    curveSecretKey: key.secretKey,
    linger: 0,
  });
  t.teardown(() => bare.close());
  bare.connect(endpoint);
  await bare.send("{}");
  t.is(await anise.ask("job", AMD64), "null");
});

test.serial("only a trusted key is let in, and only until it is revoked", async (t) => {
  const stranger = spark(t, "stranger", curveOf(newKeyPair("stranger").secret), 700);
  await t.throwsAsync(stranger.ask("job", AMD64), { code: "EAGAIN" });
  const anise = spark(t, "anise", undefined, 700);
  t.is(await anise.ask("job", AMD64), "null");
  rmSync(keyring.trustedFile("anise-spark"));
  await add();
  await t.throwsAsync(anise.ask("job", AMD64), { code: "EAGAIN" });
  t.is(await Job.count({ where: { status: "waiting" } }), 1);
});

test.serial("whoever does not speak CURVE is cut off, and others are served on", async (t) => {
  const port = Number(endpoint.split(":").at(-1));
  const greeting = greetingOf("CURVE");
  const said = [
    Buffer.from(`GET / HTTP/1.1\r\n\r\n${" ".repeat(64)}`),
    greetingOf("NULL"),
    Buffer.concat([greeting, Buffer.from([0b010, 0, 0, 0, 0, 0, 1, 0, 0, 0])]),
    Buffer.concat([greeting, frameBytes(Buffer.from("\x05HELLO"), "command")]),
    ...Array.from({ length: 50 }, (_, size) => Buffer.concat([greeting, randomBytes(200 + size)])),
  ];
  for (const bytes of said) {
    const tcp = connectTcp(port, "127.0.0.1");
    tcp.on("error", () => undefined).resume();
    tcp.write(bytes);
    // Random bytes may be the beginning of a frame that goes on.
    setTimeout(() => tcp.end(), 50);
    await new Promise((closed) => tcp.once("close", closed));
  }
  t.is(await given(spark(t, "anise")), null);
});

test.serial("signs of life of ZeroMQ are answered", async (t) => {
  const own = trustedSparkKey(keyring, "basil-spark");
  const basil = new Dealer({
    curveServerKey: serverKey,
    curvePublicKey: own.publicKey,
    curveSecretKey: own.secretKey,
    heartbeatInterval: 20,
    heartbeatTimeout: 300,
    receiveTimeout: 5_000,
    linger: 0,
  });
  t.teardown(() => basil.close());
  let lost = 0;
  basil.events.on("disconnect", () => (lost += 1));
  basil.connect(endpoint);
  const ask = JSON.stringify({
    machine_name: "basil",
    machine_id: machineId("basil"),
    request: "archive-info",
  });
  for (let round = 0; round < 3; round += 1) {
    await basil.send(["", ask]);
    t.regex(String((await basil.receive())[1]), /archive_repos/);
    await sleep(400);
  }
  t.is(lost, 0);
});

test.serial("a machine belongs to its key, and a key to its machine", async (t) => {
  const key = trustedSparkKey(keyring, "anise-spark");
  const anise = spark(t, "anise", key);
  t.is(await anise.ask("job", AMD64), "null");
  const refusal = '{"error":"The key of this connection belongs to another machine."}';
  await add();
  t.is(await spark(t, "basil", key).ask("job", AMD64), refusal);
  t.is(await spark(t, "anise", trustedSparkKey(keyring, "thief")).ask("job", AMD64), refusal);
  t.is(await Job.count({ where: { status: "waiting" } }), 1);
  // The same signer under a new key is the same machine.
  t.truthy(await given(spark(t, "anise", trustedSparkKey(keyring, "anise-spark"))));
});

test.serial("only the worker that has a job may say anything of it", async (t) => {
  const anise = spark(t, "anise");
  const thief = spark(t, "anise", trustedSparkKey(keyring, "thief"));
  const basil = spark(t, "basil");
  t.is(await basil.ask("job", AMD64), "null");
  const uuid = await add();
  t.is(await given(anise), uuid);
  const before = (await jobOf(uuid)).get();
  for (const other of [thief, basil]) {
    for (const kind of ["accepted", "rejected", "status", "success", "failed"]) {
      const answer = await other.ask(`job-${kind}`, { uuid, log_excerpt: "lies" });
      t.is(answer, '{"error":"Job is not assigned to this worker."}', kind);
    }
  }
  t.deepEqual((await jobOf(uuid)).get(), before);
});

test.serial("a higher priority comes first, and the older of equals", async (t) => {
  const low = await add({ priority: -1 });
  const old = await add();
  const young = await add();
  const high = await add({ priority: 1 });
  const anise = spark(t, "anise");
  const order = [];
  for (let count = 0; count < 5; count += 1) order.push(await given(anise));
  t.deepEqual(order, [high, old, young, low, null]);
});

test.serial("what waited long enough overtakes what matters more", async (t) => {
  const old = await add({ priority: -20 });
  const high = await add({ priority: 20 });
  await database().query(
    "update job set created_at = now() - interval '20 days 1 hour' where uuid = $1",
    [old],
  );
  const anise = spark(t, "anise");
  t.is(await given(anise), old);
  t.is(await given(anise), high);
});

test.serial("arch:all goes to the architecture that builds it, and first", async (t) => {
  const here = await add();
  const anywhere = await add({ architecture: "any" });
  const all = await add({ architecture: "all" });
  const arm = spark(t, "arm");
  const anise = spark(t, "anise");
  const wish = { ...AMD64, architectures: ["arm64"] };
  t.is(await given(anise), all);
  t.is(await given(arm, wish), anywhere);
  t.is(await given(arm, wish), null);
  t.is(await given(anise, { ...AMD64, accepts: ["os-image-build"] }), null);
  t.is(await given(anise), here);
});

test.serial("hundreds that ask at once get a job each, none twice", async (t) => {
  const uuids = await addJobs(Array.from({ length: 60 }, () => HELLO));
  const sparks = Array.from({ length: 40 }, (_, place) => spark(t, `farm${place}`));
  const first = await Promise.all(sparks.map((one) => given(one)));
  const second = await Promise.all(sparks.map((one) => given(one)));
  const all = [...first, ...second].filter((uuid) => uuid !== null);
  t.is(all.length, 60);
  t.deepEqual(all.toSorted(), uuids.toSorted());
  // The oldest went first, whoever got which.
  t.deepEqual(first.map(String).toSorted(), uuids.slice(0, 40).toSorted());
});

test.serial(
  "who asks twice within a moment is written once, and anew with other words",
  async (t) => {
    const anise = spark(t, "anise");
    const heard = async (): Promise<unknown> => {
      const [row] = await database().query("select xmin::text, architectures from worker");
      return row;
    };
    t.is(await given(anise), null);
    const first = await heard();
    t.is(await given(anise), null);
    t.deepEqual(await heard(), first);
    t.is(await given(anise, { ...AMD64, architectures: ["riscv64"] }), null);
    t.like(await heard(), { architectures: ["riscv64"] });
    await database().query("update worker set last_ping = now() - interval '6 seconds'");
    t.is(await given(anise), null);
    const [row] = await database().query(
      "select last_ping > now() - interval '1 minute' as near, architectures from worker",
    );
    t.like(row, { near: true, architectures: ["amd64"] });
  },
);

test.serial("jobs that another Lighthouse has in hand are passed over, however many", async (t) => {
  const anise = spark(t, "anise");
  const uuids = [];
  for (let place = 0; place < 30; place += 1) uuids.push(await add());
  const other = await database().client();
  t.teardown(() => other.end());
  await other.query("begin");
  await other.query("select from job where uuid = any($1) for update", [uuids.slice(0, 29)]);
  t.is(await given(anise), uuids[29] ?? "");
  await other.query("rollback");
});

test.serial("two Lighthouses share a queue without giving a job twice", async (t) => {
  const options = { endpoints: ["tcp://127.0.0.1:*"], keyring, uploadUrl: "", log };
  const second = createJobServerOf(options);
  await second.start();
  t.teardown(() => second.stop());
  const uuids = await addJobs(Array.from({ length: 60 }, () => HELLO));
  const sparks = Array.from({ length: 20 }, (_, place) => {
    const name = `twin${place}`;
    const key = trustedSparkKey(keyring, `${name}-spark`);
    const at = place % 2 === 0 ? endpoint : (second.endpoints()[0] ?? "");
    const one = connectSpark({ name, endpoint: at, serverKey, key });
    t.teardown(() => one.close());
    return one;
  });
  const all: (string | null)[] = [];
  for (let round = 0; round < 3; round += 1) {
    all.push(...(await Promise.all(sparks.map((one) => given(one)))));
  }
  t.deepEqual(all.map(String).toSorted(), uuids.toSorted());
});

test.serial(
  "a job that lacks what its kind needs is given up, and the next is given",
  async (t) => {
    const broken = await add({ data: { package_name: "hello" } });
    const whole = await add();
    t.is(await given(spark(t, "anise")), whole);
    const job = await jobOf(broken);
    t.is(job.status, "terminated");
    t.regex(job.reason ?? "", /dsc_url/);
    t.deepEqual(await tags(), ["job-terminated", "job-assigned"]);
  },
);

test.serial("a job given back pauses, and is given up after five attempts", async (t) => {
  const uuid = await add();
  const sparks = ["a", "b", "c", "d", "e"].map((name) => spark(t, name));
  for (const [place, one] of sparks.entries()) {
    t.is(await given(one), uuid);
    t.is(await one.ask("job-accepted", { uuid }), "true");
    t.is(await one.ask("job-rejected", { uuid }), "true");
    t.is(await given(one), null, "it pauses");
    const job = await jobOf(uuid);
    t.like(job.get(), { status: place < 4 ? "waiting" : "terminated", attempts: place + 1 });
    await database().query("update job set ready_at = now() where uuid = $1", [uuid]);
  }
  t.deepEqual((await tags()).slice(-2), ["job-rejected", "job-terminated"]);
});

test.serial("a worker that gives everything back is passed over for a while", async (t) => {
  const anise = spark(t, "anise");
  await addJobs(Array.from({ length: 7 }, () => HELLO));
  for (let count = 0; count < 5; count += 1) {
    const uuid = await given(anise);
    t.is(await anise.ask("job-rejected", { uuid }), "true");
  }
  t.is(await given(anise), null);
  const basil = spark(t, "basil");
  const uuid = await given(basil);
  t.truthy(uuid);
  await database().query("update worker set paused_until = now()");
  const again = await given(anise);
  t.truthy(again);
  t.is(await anise.ask("job-failed", { uuid: again }), "true");
  t.is((await Worker.findOne({ where: { name: "anise" }, rejectOnEmpty: true })).failures, 0);
});

test.serial("a worker that is switched off gets nothing and may finish what it has", async (t) => {
  const anise = spark(t, "anise");
  const uuid = await add();
  t.is(await given(anise), uuid);
  await add();
  await Worker.update({ enabled: false }, { where: { name: "anise" } });
  t.is(await given(anise), null);
  t.is(await anise.ask("job-success", { uuid }), "true");
});

test.serial(
  "a silent worker loses its job to another and may not report it any more",
  async (t) => {
    const anise = spark(t, "anise");
    const basil = spark(t, "basil");
    const uuid = await add();
    t.is(await given(anise, { ...AMD64, heartbeat: 20 }), uuid);
    t.is(await anise.ask("job-accepted", { uuid }), "true");
    const lease = (await jobOf(uuid)).leaseUntil?.getTime() ?? 0;
    t.true(Math.abs(lease - Date.now() - 60_000) < 30_000, "three heartbeats");
    t.is(await sweepLeases(), 0);
    await database().query("update job set lease_until = now() - interval '1 second'");
    t.is(await sweepLeases(), 1);
    await database().query("update job set ready_at = now()");
    t.is(await given(basil), uuid);
    t.regex(await anise.ask("job-success", { uuid }), /not assigned/);
    t.is((await jobOf(uuid)).status, "scheduled");
    t.deepEqual(await tags(), ["job-assigned", "job-accepted", "job-lost", "job-assigned"]);
  },
);

test.serial("time in which nobody listened is not held against workers", async (t) => {
  const uuid = await add();
  t.is(await given(spark(t, "anise")), uuid);
  await database().query("update job set lease_until = now() - interval '50 minutes'");
  await database().query("update job_policy set watched_at = now() - interval '1 hour'");
  t.is(await sweepLeases(), 0);
  t.is((await jobOf(uuid)).status, "scheduled");
});

test.serial("a worker that says what it is at gives the rest back", async (t) => {
  const anise = spark(t, "anise");
  const [first = "", second = ""] = await addJobs([HELLO, HELLO]);
  t.is(await given(anise, { ...AMD64, holds: [] }), first);
  t.is(await given(anise, { ...AMD64, holds: [first] }), second);
  t.is(await given(anise, { ...AMD64, holds: [second] }), null);
  t.is((await jobOf(first)).status, "waiting");
  t.is((await jobOf(second)).status, "scheduled");
});

test.serial("a verified result stays, whatever the worker reports after it", async (t) => {
  const anise = spark(t, "anise");
  await addJobs([HELLO, HELLO]);
  const [first, second] = [await given(anise), await given(anise)];
  const worker = "a38fe3a8-f2fa-56af-a171-d1b7b6987e6d";
  const other = "6e6dcd6c-13c5-4ef5-9e70-94a9c6ed7a2f";
  t.false(await settleJob(first ?? "", { result: "success", worker: other }));
  t.true(await settleJob(first ?? "", { result: "success", worker }));
  t.true(await settleJob(second ?? "", { result: "failure-dependency", worker }));
  t.is(await anise.ask("job-success", { uuid: first }), "true");
  t.is(await anise.ask("job-failed", { uuid: second }), "true");
  t.like((await jobOf(first ?? "")).get(), { status: "done", result: "success" });
  t.like((await jobOf(second ?? "")).get(), { status: "depwait", result: "failure-dependency" });
});

test.serial("an unreachable database costs nothing: reports wait for it", async (t) => {
  const anise = spark(t, "anise");
  const uuid = await add();
  t.is(await given(anise), uuid);
  // All sessions are cut, again and again, while the report is under way.
  const killer = await database().client();
  t.teardown(() => killer.end());
  let answer = "";
  const report = anise.ask("job-success", { uuid }).then((text) => (answer = text));
  for (let round = 0; round < 5; round += 1) {
    await killer.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`,
    );
  }
  await report;
  t.is(answer, "true");
  // The sessions of this test were cut too.
  const kept = await jobOf(uuid).catch(() => jobOf(uuid));
  t.is(kept.status, "done");
});
