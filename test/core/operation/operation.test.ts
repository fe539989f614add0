import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { z } from "zod";
import { database } from "../../../core/database/connect.ts";
import { OperatorError } from "../../../core/errors.ts";
import { Audit } from "../../../core/model/access.ts";
import { Operation } from "../../../core/model/operation.ts";
import { admit, ask } from "../../../core/operation/ask.ts";
import { verifyAudit } from "../../../core/operation/audit.ts";
import { declareOperation } from "../../../core/operation/declare.ts";
import { perform } from "../../../core/operation/perform.ts";
import { isFinished, requestCancel } from "../../../core/operation/queue.ts";
import { createRegistry } from "../../../core/operation/registry.ts";
import { createRunner } from "../../../core/operation/runner.ts";
import { begin, lockOperation } from "../../../core/operation/run.ts";
import { queueOnce } from "../../../core/scheduler/schedule.ts";
import { considerEvents } from "../../../core/scheduler/triggers.ts";
import { testDatabase } from "../../support/database.ts";
import { ADMIN, STRANGER, testEnvironment } from "../../support/environment.ts";

const ran: string[] = [];
let atOnce = 0;
let mostAtOnce = 0;

const toil = declareOperation({
  name: "toil",
  summary: "works on something for a while",
  examples: ["toil field"],
  parameters: z.object({
    on: z.string().meta({ description: "what", positional: true }),
    steps: z.int().default(1).meta({ description: "how long" }),
    fails: z.boolean().default(false).meta({ description: "fails" }),
  }),
  role: "operator",
  kind: "work",
  locks: ({ on }) => [on],
  schedule: { default: "0 * * * *", parameters: { on: "clock" } },
  triggers: {
    tags: ["_lk.test.dig"],
    parameters: (data) => Promise.resolve({ on: (data as { field: string }).field }),
  },
  async run({ signal, progress }, { on, steps, fails }) {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    try {
      for (let step = 0; step < steps; step++) {
        progress({ step: "digging", done: step, total: steps, unit: "steps" });
        await sleep(20, undefined, { signal });
      }
    } finally {
      atOnce--;
    }
    if (fails) throw new OperatorError("STONES", `${on} is full of stones.`, "Buy a plough.");
    ran.push(on);
    return { messages: [{ tone: "good", headline: ["dug ", on] }], data: { on } };
  },
});

const environment = testEnvironment([{ name: "test", summary: "test", operations: [toil] }]);
const runner = createRunner(environment);

test.before(async () => {
  await testDatabase();
  await runner.start();
});
test.after.always(async () => {
  await runner.stop();
  await database().close();
});

async function queued(parameters: Record<string, unknown>): Promise<Operation> {
  const outcome = await ask(environment, { operation: "toil", parameters, caller: ADMIN });
  if (!("queued" in outcome)) throw new Error("it was not queued");
  return outcome.queued;
}

async function ended(operation: Operation): Promise<Operation> {
  for (;;) {
    await operation.reload();
    if (isFinished(operation.state)) return operation;
    await sleep(20);
  }
}

async function running(operation: Operation): Promise<void> {
  for (;;) {
    await operation.reload();
    if (operation.state === "running" && operation.progress !== null) return;
    await sleep(20);
  }
}

test.serial("work is queued, run, and its answer kept", async (t) => {
  const operation = await ended(await queued({ on: "acre" }));
  t.is(operation.state, "done");
  t.deepEqual(operation.answer?.data, { on: "acre" });
  t.true(ran.includes("acre"));
});

test.serial("a failure keeps code, sentence and hint", async (t) => {
  const operation = await ended(await queued({ on: "moor", fails: true }));
  t.is(operation.state, "failed");
  t.deepEqual(operation.error, {
    code: "STONES",
    message: "moor is full of stones.",
    hint: "Buy a plough.",
  });
});

test.serial("two operations on one lock take turns, others run beside them", async (t) => {
  mostAtOnce = 0;
  const same = [await queued({ on: "one", steps: 5 }), await queued({ on: "one", steps: 5 })];
  await Promise.all(same.map(ended));
  t.is(mostAtOnce, 1);
  const apart = [await queued({ on: "left", steps: 20 }), await queued({ on: "right", steps: 20 })];
  await Promise.all(apart.map(ended));
  t.is(mostAtOnce, 2);
});

test.serial("running work is cancelled by its number, and says by whom", async (t) => {
  const operation = await queued({ on: "long", steps: 10_000 });
  await running(operation);
  t.truthy(await requestCancel(operation.number, "@boss:example.org"));
  await ended(operation);
  t.is(operation.state, "cancelled");
  t.is(operation.error?.message, "Cancelled by @boss:example.org.");
  t.is(await requestCancel(operation.number, "@boss:example.org"), undefined);
});

test.serial(
  "work of a process that died is taken up again, and the dead one cannot end it",
  async (t) => {
    const dead = await database().client();
    const row = await Operation.create({
      id: "7f3c1a52-5b1e-4b7e-9a43-0d3a41a3b001",
      name: "toil",
      parameters: { on: "orphan", steps: 1, fails: false },
      dryRun: false,
      caller: "local:test",
      callerRole: "admin",
      origin: "cli",
      room: null,
      locks: [],
      cancelRequestedBy: null,
      progress: null,
      answer: null,
      error: null,
      startedAt: null,
      finishedAt: null,
      state: "queued",
    });
    // Whoever is first: make sure the "dead" process is the one that began it.
    if (await lockOperation(dead, row.id)) await begin(dead, row.id);
    await row.reload();
    const attempts = row.attempts;
    await dead.end();
    await ended(row);
    t.is(row.state, "done");
    t.true(row.attempts >= attempts);
  },
);

test.serial(
  "the command line runs work itself, seen in the queue, and waits for a lock",
  async (t) => {
    const blocker = await queued({ on: "shared", steps: 60 });
    await running(blocker);
    const steps: string[] = [];
    const parameters = { on: "shared" };
    const admitted = await admit(environment.registry, {
      operation: "toil",
      parameters,
      caller: ADMIN,
    });
    const operation = await perform(admitted, {
      environment,
      signal: new AbortController().signal,
      onProgress: ({ step }) => steps.push(step),
    });
    t.is(operation?.state, "done");
    t.regex(steps[0] ?? "", /Waiting.*shared/);
    t.is((await ended(blocker)).state, "done");
  },
);

test.serial(
  "a stranger is refused with the missing role named, and the audit has it",
  async (t) => {
    const request = { operation: "toil", parameters: { on: "x" }, caller: STRANGER };
    const error = await t.throwsAsync(ask(environment, request), { instanceOf: OperatorError });
    t.is(error?.code, "FORBIDDEN");
    t.regex(error?.message ?? "", /needs the role operator; @stranger:example\.org has no role/);
    t.regex(error?.hint ?? "", /role grant operator @stranger:example\.org/);
    const record = await Audit.findOne({ order: [["id", "DESC"]] });
    t.is(record?.decision, "refused");
    t.is(record?.caller, "@stranger:example.org");
  },
);

test.serial("files of the machine are named only by who sits at it", async (t) => {
  const files: string[] = [];
  const read = declareOperation({
    name: "read",
    summary: "reads a file",
    examples: ["read FILE"],
    parameters: z.object({ file: z.string().meta({ description: "file", complete: "file" }) }),
    role: "reader",
    kind: "answer",
    run(_context, { file }) {
      files.push(file);
      return Promise.resolve({ messages: [], data: null });
    },
  });
  const reading = testEnvironment([{ name: "read", summary: "read", operations: [read] }]);
  const request = { operation: "read", parameters: { file: "/etc/passwd" } };
  for (const origin of ["chat", "http"] as const) {
    const caller = { ...ADMIN, origin };
    await t.throwsAsync(ask(reading, { ...request, caller }), { code: "CLI_ONLY" });
  }
  await ask(reading, { ...request, caller: ADMIN });
  t.deepEqual(files, ["/etc/passwd"]);
});

test.serial("wrong parameters are all named, with an example", async (t) => {
  const request = { operation: "toil", parameters: { onn: 1 }, caller: ADMIN };
  const error = await t.throwsAsync(ask(environment, request), { instanceOf: OperatorError });
  t.regex(error?.message ?? "", /on: .*unknown parameter onn/);
  t.is(error?.hint, "For example: toil field");
});

test.serial("the schedule queues an operation once, whoever asks", async (t) => {
  const results = await Promise.all([1, 2, 3].map(() => queueOnce(environment.registry, toil)));
  t.is(results.filter(Boolean).length, 1);
});

test.serial("an event queues what it asks for, once", async (t) => {
  await database().query(
    `insert into event (uuid, tag, time, origin, body, data)
     values (gen_random_uuid(), '_lk.test.dig', now(), 'bus', '{}', '{"field": "garden"}')`,
  );
  t.is(await considerEvents(environment.registry), 1);
  t.is(await considerEvents(environment.registry), 0);
  t.is(await Operation.count({ where: { caller: "event:_lk.test.dig" } }), 1);
});

test.serial("the audit chain holds, and a changed byte is found", async (t) => {
  const sound = await verifyAudit();
  t.is(sound.brokenAt, undefined);
  t.true(sound.records > 5);
  await database().query("update audit set reason = reason || '!' where id = 3");
  t.is((await verifyAudit()).brokenAt, "3");
});

test("the same name declared twice is a mistake", (t) => {
  const one = { name: "a", summary: "a", operations: [toil] };
  t.throws(() => createRegistry([one, { ...one, name: "b" }]), {
    message: /toil is declared twice/,
  });
  t.throws(() => createRegistry([one, one]), { message: /module a is declared twice/ });
});
