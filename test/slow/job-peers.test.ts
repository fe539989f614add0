import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { database } from "../../core/database/connect.ts";
import { setUpEmitting } from "../../core/events/emit.ts";
import { newKeyPair } from "../../core/events/key-file.ts";
import { Keyring, writeKeyFile } from "../../core/events/keyring.ts";
import { silentLog } from "../../core/log.ts";
import { Repository } from "../../core/model/archive-suite.ts";
import { Job, Worker } from "../../core/model/job.ts";
import { addJobs } from "../../core/model/job-store.ts";
import { jobs } from "../../core/modules/jobs/index.ts";
import { machineId } from "../../core/modules/jobs/machine-id.ts";
import { createJobServerOf, type JobServer } from "../../core/modules/jobs/service.ts";
import { createRegistry } from "../../core/operation/registry.ts";
import { testDatabase } from "../support/database.ts";

/**
 * The job server and workers in Python: Debian's python3-zmq, and Spark's own connection code where
 * LANIAKEA_SPARK names a checkout of laniakea-spark (LANIAKEA_SPARK_INTERPRETER: a Python that has
 * what it imports).
 */
const PYTHON = "/usr/bin/python3";
const CHECKOUT = process.env["LANIAKEA_SPARK"];
const INTERPRETER = process.env["LANIAKEA_SPARK_INTERPRETER"] ?? PYTHON;
const SCRIPTS = "test/fixtures/jobs";

const directory = mkdtempSync(join(tmpdir(), "lk-job-peers-"));
const keyring = new Keyring(join(directory, "keys"), { recheckMilliseconds: 0 });
const serverPublic = join(directory, "anise_lighthouse-server.pub");
const log = silentLog();
let server: JobServer;

test.before(async () => {
  await testDatabase();
  setUpEmitting({ catalogue: createRegistry([jobs]).events, keyring, log });
  const pair = newKeyPair("master-lighthouse");
  writeKeyFile(keyring.secretFile("lighthouse"), pair.secret, 0o600);
  writeFileSync(serverPublic, pair.public);
  await Repository.create({ name: "master", mirrors: ["file:/a"], keyring: "/k" });
  server = createJobServerOf({
    endpoints: ["tcp://127.0.0.1:*"],
    keyring,
    uploadUrl: "https://master.example.org/_upload",
    log,
  });
  await server.start();
});
test.after.always(async () => {
  await server.stop();
  await database().close();
  rmSync(directory, { recursive: true });
});

/** Tests that are skipped, and say why, where something is not there. */
function needs(
  there: boolean,
  reason: string,
): (title: string, run: (t: ExecutionContext) => Promise<void>) => void {
  function skip(title: string): void {
    test.skip(`${title} (skipped: ${reason})`, () => undefined);
  }
  return there ? test.serial : skip;
}

/** A worker's key, trusted here. @returns its secret file, as it lies on the worker */
function install(machine: string): string {
  const pair = newKeyPair(`${machine}-spark`);
  const secret = join(directory, `${machine}-spark_private.sec`);
  writeKeyFile(secret, pair.secret, 0o600);
  writeKeyFile(keyring.trustedFile(`${machine}-spark`), pair.public, 0o644);
  return secret;
}

/** Runs a program beside this one, which serves it. */
async function runProgram(program: string, args: string[]): Promise<unknown> {
  const child = spawn(program, ["-B", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return JSON.parse(text);
}

async function addHello(): Promise<string> {
  const [uuid = ""] = await addJobs([
    {
      module: "ariadne",
      kind: "package-build",
      version: "2.10-1",
      architecture: "all",
      repository: "master",
      suite: "landing",
      data: {
        package_name: "hello",
        package_version: "2.10-1",
        maintainer: "Ä B <a@b.c>",
        suite: "landing",
        dsc_url: "https://repo.example.org/master/pool/main/h/hello/hello_2.10-1.dsc",
        sha256sum: "a".repeat(64),
      },
    },
  ]);
  return uuid;
}

const zmq = needs(
  spawnSync(PYTHON, ["-c", "import zmq.auth"]).status === 0,
  "python3-zmq is not installed",
);

zmq("a worker with Debian's python3-zmq gets the answers of the sample exchange", async (t) => {
  const uuid = await addHello();
  const base = { machine_name: "basil", machine_id: machineId("basil") };
  const wish = { owner: null, accepts: ["package-build"], architectures: ["amd64"] };
  const requests = [
    { ...base, request: "archive-info" },
    { ...base, request: "job", ...wish },
    { ...base, request: "job", ...wish },
    { ...base, request: "job-accepted", uuid },
    { ...base, request: "job-status", uuid, log_excerpt: "x" },
    { ...base, request: "job-failed", uuid },
    { request: "dance" },
  ];
  const answers = (await runProgram(PYTHON, [
    join(SCRIPTS, "zmq_worker.py"),
    server.endpoints()[0] ?? "",
    serverPublic,
    install("basil"),
    ...requests.map((request) => JSON.stringify(request)),
  ])) as string[][];
  t.true(answers.every((frames) => frames.length === 1));
  const [info, job, ...others] = answers.flat();
  t.is(
    info,
    '{"archive_repos":{"master":{"upload_fqdn":"master.example.org/_upload","upload_method":"https"}}}',
  );
  t.true(job?.startsWith('{"architecture":"amd64","data":{"do_indep":true,"dsc_url":"https:'));
  t.true(job?.includes(`"maintainer":"Ä B <a@b.c>"`));
  t.deepEqual(others, ["null", "true", "", "true", '{"error":"Request type is unknown."}']);
  t.like((await Job.findByPk(uuid))?.get(), { status: "done", result: "failure-pending" });
});

const spark = needs(CHECKOUT !== undefined, "LANIAKEA_SPARK names no checkout of laniakea-spark");

spark("Spark's own connection code takes a job through its life", async (t) => {
  const uuid = await addHello();
  const said = await runProgram(INTERPRETER, [
    join(SCRIPTS, "spark_worker.py"),
    CHECKOUT ?? "",
    server.endpoints()[0] ?? "",
    "anise",
    serverPublic,
    install("anise"),
  ]);
  const [info, job, last] = said as [unknown, Record<string, unknown>, unknown];
  const upload = { upload_fqdn: "master.example.org/_upload", upload_method: "https" };
  t.deepEqual(info, { archive_repos: { master: upload } });
  t.like(job, { uuid, kind: "package-build", architecture: "amd64", repo: "master" });
  t.is(last, null);
  t.like((await Job.findByPk(uuid))?.get(), {
    status: "done",
    result: "success-pending",
    logExcerpt: "dpkg-buildpackage é\n",
    worker: machineId("anise"),
  });
  t.like((await Worker.findByPk(machineId("anise")))?.get(), {
    name: "anise",
    owner: "ACME",
    keyId: "anise-spark",
    architectures: ["amd64"],
  });
});
