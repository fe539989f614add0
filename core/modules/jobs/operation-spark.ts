import { z } from "zod";
import { inTransaction } from "../../database/connect.ts";
import { emitEvents } from "../../events/emit.ts";
import { checkKeyId } from "../../events/key-file.ts";
import { OperatorError } from "../../errors.ts";
import type { Message } from "../../message.ts";
import { Worker } from "../../model/job.ts";
import { type Answer, declareOperation } from "../../operation/declare.ts";
import { period, shortId } from "./describe-job.ts";
import { findWorker } from "./find.ts";
import { machineId } from "./machine-id.ts";
import { takeAllJobs } from "./serve.ts";
import { loadWorkers, type WorkerView } from "./workers.ts";

const worker = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .meta({ description: "name or id of the worker", positional: true });

export const sparkList = declareOperation({
  name: "spark list",
  summary: "the build workers, and what each is doing",
  examples: ["spark list"],
  parameters: z.object({}),
  role: "reader",
  kind: "answer",
  async run() {
    const workers = await loadWorkers();
    return { messages: [workerTable(workers, new Date())], data: workers };
  },
});

export const sparkShow = declareOperation({
  name: "spark show",
  summary: "one build worker: its key, what it can do, what it is doing",
  examples: ["spark show anise"],
  parameters: z.object({ worker }),
  role: "reader",
  kind: "answer",
  async run(_context, { worker: name }) {
    const { uuid } = await findWorker(name);
    const view = (await loadWorkers()).find((one) => one.uuid === uuid);
    if (view === undefined) throw new Error(`worker ${uuid} vanished`);
    return { messages: [workerMessage(view, new Date())], data: view };
  },
});

export const sparkAdd = declareOperation({
  name: "spark add",
  summary: "enter a build worker before it is first seen, so that no other key can take its name",
  examples: ["spark add anise", "spark add anise --key master-anise"],
  parameters: z.object({
    name: z
      .string()
      .trim()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "the name of a machine")
      .max(255)
      .meta({ description: "machine name of the worker", positional: true }),
    key: z
      .string()
      .optional()
      .meta({ description: "signer id of its key, by default NAME-spark", complete: "signer" }),
    owner: z.string().max(255).optional().meta({ description: "who runs it" }),
  }),
  role: "admin",
  kind: "act",
  async run(_context, { name, key, owner }) {
    const keyId = key ?? `${name}-spark`;
    checkKeyId(keyId);
    const uuid = machineId(name);
    const others = await Worker.findAll();
    const other = others.find((one) => one.uuid === uuid || one.keyId === keyId);
    if (other !== undefined) throw known(other);
    await Worker.create({ uuid, name, keyId, owner: owner ?? null });
    const headline = [{ strong: name }, " may work under the key ", { code: keyId }, "."];
    const next = [`Its key must be trusted: key trust ${keyId}.key`];
    return { messages: [{ tone: "good", headline, next }], data: { uuid, name, keyId } };
  },
});

export const sparkEnable = declareOperation({
  name: "spark enable",
  summary: "give jobs to a build worker again, at once",
  examples: ["spark enable anise"],
  parameters: z.object({ worker }),
  role: "operator",
  kind: "act",
  async run(_context, { worker: name }) {
    const found = await findWorker(name);
    await found.update({ enabled: true, failures: 0, pausedUntil: null });
    return said(found, "gets jobs.", { enabled: true });
  },
});

export const sparkDisable = declareOperation({
  name: "spark disable",
  summary: "give a build worker no more jobs; it may finish what it has",
  examples: ["spark disable anise"],
  parameters: z.object({ worker }),
  role: "operator",
  kind: "act",
  async run(_context, { worker: name }) {
    const found = await findWorker(name);
    await found.update({ enabled: false });
    return said(found, "gets no more jobs and may finish what it has.", { enabled: false });
  },
});

export const sparkRemove = declareOperation({
  name: "spark remove",
  summary: "forget a build worker; the jobs that it has wait for another",
  examples: ["spark remove anise"],
  parameters: z.object({ worker }),
  role: "admin",
  kind: "act",
  run(_context, { worker: name }) {
    return inTransaction(async () => {
      const found = await findWorker(name);
      await emitEvents(await takeAllJobs(found.uuid, (job) => `${job.workerName} was removed`));
      await found.destroy();
      const answer = said(found, "is forgotten.", { removed: true });
      const next = [`As long as its key is trusted it may come back: key revoke ${found.keyId}`];
      return { ...answer, messages: answer.messages.map((message) => ({ ...message, next })) };
    });
  },
});

function said(found: Worker, what: string, data: Record<string, unknown>): Answer {
  const headline = [{ strong: found.name }, ` ${what}`];
  return {
    messages: [{ tone: "good", headline }],
    data: { uuid: found.uuid, name: found.name, ...data },
  };
}

function known(other: Worker): OperatorError {
  return new OperatorError(
    "WORKER_KNOWN",
    `The worker ${other.name} is known already, under the key ${other.keyId}.`,
    `To give its name or key away: spark remove ${other.name}`,
  );
}

function workerTable(workers: WorkerView[], now: Date): Message {
  if (workers.length === 0) {
    return {
      tone: "neutral",
      headline: ["No build worker was here yet."],
      next: ["Trust the key of one and start it: key trust NAME-spark.key"],
    };
  }
  const columns = ["worker", "state", "architectures", "jobs", "heard"];
  const rows = workers.map((one) => [
    one.name,
    stateWords(one, now),
    one.architectures.join(" "),
    one.jobs.map(shortId).join(" "),
    heard(one, now),
  ]);
  return { tone: "neutral", headline: ["Build workers:"], table: { columns, rows } };
}

function workerMessage(one: WorkerView, now: Date): Message {
  const promise = one.heartbeat === null ? "" : `, a heartbeat every ${one.heartbeat} s`;
  const details = [
    [`key ${one.keyId}, id ${one.uuid}${one.owner === null ? "" : `, of ${one.owner}`}`],
    [`does ${one.accepts.join(", ") || "nothing yet"} for ${one.architectures.join(", ") || "?"}`],
    [`heard ${heard(one, now)}${promise}`],
  ];
  if (one.jobs.length > 0) details.push([`has ${one.jobs.map(shortId).join(", ")}`]);
  if (one.failures > 0) details.push([`gave back or lost ${one.failures} jobs in a row`]);
  return {
    tone: one.state === "silent" || one.pausedUntil !== null ? "attention" : "neutral",
    headline: [{ strong: one.name }, ` is ${stateWords(one, now)}`],
    details,
  };
}

function stateWords(one: WorkerView, now: Date): string {
  const pause = one.pausedUntil === null ? "" : `, paused for ${period(one.pausedUntil, now)}`;
  const off = !one.enabled && one.state === "active" ? ", disabled" : "";
  return `${one.state}${off}${pause}`;
}

function heard(one: WorkerView, now: Date): string {
  return one.lastPing === null ? "never" : `${period(one.lastPing, now)} ago`;
}
