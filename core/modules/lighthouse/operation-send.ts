import { hostname } from "node:os";
import { z } from "zod";
import { inTransaction } from "../../database/connect.ts";
import { fromPlain, toPlain } from "../../events/canonical.ts";
import { eventFaults } from "../../events/catalogue.ts";
import { emitEvent, moduleOfTag, newEvent } from "../../events/emit.ts";
import { isObject, JsonError, parseJson } from "../../events/json.ts";
import type { Outcome } from "../../events/producer/delivery.ts";
import { openProducer } from "../../events/producer/producer.ts";
import { producerOptions } from "../../events/producer/setup.ts";
import { openKeyring } from "../../events/setup.ts";
import type { SigningKey } from "../../events/signature.ts";
import { submitEvent, type SubmitOutcome } from "../../events/submit.ts";
import { OperatorError } from "../../errors.ts";
import type { Message } from "../../message.ts";
import { type Answer, declareOperation, type OperationContext } from "../../operation/declare.ts";

const to = z
  .string()
  .regex(/^(tcp|ipc):\/\/./, "an endpoint is written like tcp://bus.example.org:5571")
  .optional()
  .meta({ description: "submit endpoint (default: lighthouse.servers.submit, else our journal)" });

const wait = z
  .number()
  .min(0.1)
  .max(600)
  .default(3)
  .meta({ description: "seconds to wait for Lighthouse to answer" });

const spool = z
  .boolean()
  .default(false)
  .meta({ description: "only put it into the spool of this machine, without waiting" });

/** Where an event goes, and for how long we listen for an answer. */
interface Target {
  to?: string | undefined;
  wait: number;
  spool: boolean;
}

export const eventSend = declareOperation({
  name: "event send",
  summary: "put an event on the bus",
  description:
    "Checks the data against what the tag declares, signs with the key of the tag's module, and hands it to Lighthouse. When none of lighthouse.servers answers, the event waits in the spool of this machine.",
  examples: [
    `event send _lk.core.ping '{"node": "anise", "message": "Hello"}'`,
    `event send _lk.core.ping '{"node": "anise", "message": "Hello"}' --to tcp://bus.example.org:5571`,
  ],
  parameters: z.object({
    tag: z.string().meta({ description: "a declared tag", positional: true, complete: "tag" }),
    json: z.string().meta({ description: "the data, a JSON object", positional: true }),
    to,
    wait,
    spool,
  }),
  role: "admin",
  kind: "act",
  async run(context, { tag, json, ...target }) {
    return send(context, tag, readData(json), target);
  },
});

export const eventPing = declareOperation({
  name: "event ping",
  summary: "send an event that says hello, to see whether it arrives",
  examples: ["event ping", "event ping --to tcp://bus.example.org:5571"],
  parameters: z.object({
    message: z.string().max(200).default("Hello World!").meta({ description: "what it says" }),
    to,
    wait,
    spool,
  }),
  role: "admin",
  kind: "act",
  async run(context, { message, ...target }) {
    const data = { node: hostname(), message, time_sent: new Date().toISOString() };
    return send(context, "_lk.core.ping", data, target);
  },
});

async function send(
  context: OperationContext,
  tag: string,
  data: Record<string, unknown>,
  target: Target,
): Promise<Answer> {
  const faults = eventFaults(context.registry.events, tag, data);
  if (faults.length > 0) {
    throw new OperatorError(
      "EVENT_DATA",
      `This is no ${tag}: ${faults.join("; ")}.`,
      "The catalogue of events in the documentation lists tags and their fields.",
      { exitStatus: 2 },
    );
  }
  const { to: endpoint, spool: spoolOnly } = target;
  if (endpoint !== undefined) return submitTo(context, tag, data, { endpoint, wait: target.wait });
  const { submit } = context.settings.config.lighthouse.servers;
  if (submit.length > 0 || spoolOnly) return submitThroughSpool(context, tag, data, target);
  const uuid = await inTransaction(() => emitEvent(tag, data));
  return {
    messages: [{ tone: "good", headline: ["The event is in the journal: ", { code: uuid }] }],
    data: { uuid, tag, outcome: "journalled" },
  };
}

/** To one Lighthouse that was named for it: there or not at all. */
async function submitTo(
  context: OperationContext,
  tag: string,
  data: Record<string, unknown>,
  { endpoint, wait: seconds }: { endpoint: string; wait: number },
): Promise<Answer> {
  const key = signingKey(context, tag);
  const event = newEvent(tag, data, key);
  const uuid = String(toPlain(event)["uuid"]);
  const outcome = await submitEvent(event, endpoint, seconds * 1000);
  if (outcome.kind !== "unreachable") {
    const message = outcomeMessage(outcome, endpoint, key.signer);
    return { messages: [message], data: { uuid, tag, endpoint, outcome: outcome.kind } };
  }
  throw new OperatorError(
    "LIGHTHOUSE_UNREACHABLE",
    `No Lighthouse answers at ${endpoint}.`,
    "Check that it runs (lk lighthouse) and that the port is open.",
  );
}

/** To the servers of the configuration; on disk before anything else, whoever answers or not. */
async function submitThroughSpool(
  context: OperationContext,
  tag: string,
  data: Record<string, unknown>,
  { spool: spoolOnly, wait: seconds }: Target,
): Promise<Answer> {
  const key = signingKey(context, tag);
  const outcomes: Outcome[] = [];
  const options = producerOptions(context);
  const producer = openProducer({
    ...options,
    key,
    servers: spoolOnly ? [] : options.servers,
    // Both together are less than the wait, so that also a silent Lighthouse is told of in time.
    patience: { connect: seconds * 400, handOver: seconds * 300 },
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  try {
    const uuid = await producer.emit(tag, data);
    if (!spoolOnly) await producer.drain(seconds * 1000);
    const outcome = outcomes.find(({ text }) => text.includes(`"uuid":"${uuid}"`));
    if (outcome === undefined) return spooledAnswer(uuid, tag);
    const { kind, server: endpoint } = outcome;
    const message = outcomeMessage(outcome, endpoint, key.signer);
    return { messages: [message], data: { uuid, tag, endpoint, outcome: kind } };
  } finally {
    await producer.close();
  }
}

function signingKey(context: OperationContext, tag: string): SigningKey {
  const module = moduleOfTag(tag);
  const key = openKeyring(context).signingKey(module);
  if (key !== undefined) return key;
  throw new OperatorError(
    "KEY_MISSING",
    `There is no key to sign events of the module ${module} with.`,
    `Make one and install it: key new ID, then key install ${module} ID.key_secret`,
  );
}

function spooledAnswer(uuid: string, tag: string): Answer {
  const message: Message = {
    tone: "attention",
    headline: ["The event waits in the spool of this machine: ", { code: uuid }],
    details: [
      [
        "lk up, lk lighthouse and lk scheduler deliver it; so does: ",
        { code: "event spool flush" },
      ],
    ],
  };
  return { messages: [message], data: { uuid, tag, outcome: "spooled" } };
}

function outcomeMessage(outcome: SubmitOutcome, endpoint: string, signer: string): Message {
  switch (outcome.kind) {
    case "refused":
      throw new OperatorError(
        "EVENT_REFUSED",
        `Lighthouse at ${endpoint} refused the event: ${outcome.reason}.`,
        `The machine it runs on has to trust our key: key trust ${signer}.key`,
      );
    case "handed-over":
      return {
        tone: "attention",
        headline: ["The event was handed to ", { code: endpoint }, ", which does not say more."],
        details: [["Python Laniakea never acknowledges; whether it was accepted is in its log."]],
      };
    default:
      return {
        tone: "good",
        headline: ["Lighthouse at ", { code: endpoint }, " accepted the event."],
      };
  }
}

function readData(text: string): Record<string, unknown> {
  try {
    const value = parseJson(text);
    if (isObject(value)) {
      const data = toPlain(value);
      // Refuses what Python could read but nobody should send: NaN and Infinity.
      fromPlain(data);
      return data;
    }
  } catch (thrown) {
    if (!(thrown instanceof JsonError) && !(thrown instanceof TypeError)) throw thrown;
    throw notJson(thrown.message);
  }
  throw notJson("it is not an object");
}

function notJson(why: string): OperatorError {
  return new OperatorError(
    "EVENT_DATA",
    `The data is not a JSON object: ${why}.`,
    `Quote it for the shell: '{"node": "anise"}'`,
    { exitStatus: 2 },
  );
}
